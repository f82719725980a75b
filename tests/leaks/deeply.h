/* Running something without leaving a pointer behind by accident: far down the stack, which
 * is overwritten afterwards. */
#ifndef GCALLOC_TESTS_LEAKS_DEEPLY_H
#define GCALLOC_TESTS_LEAKS_DEEPLY_H

/* A function with a frame of its own, and with the arguments that it says. */
#ifdef __clang__
#define NOINLINE __attribute__((noinline))
#else
#define NOINLINE __attribute__((noipa))
#endif

void deeply(void (*work)(void));

#endif
