/* Work that is done far down the stack, where it leaves its words, and that part of the stack
 * overwritten: so that what the work made is held nowhere else than the test wants it. */
#ifndef TESTS_SYSTEM_DEEP_H
#define TESTS_SYSTEM_DEEP_H

#include <stddef.h>

#ifdef __clang__
#define NOINLINE __attribute__((noinline))
#else
#define NOINLINE __attribute__((noipa))
#endif

enum { DEEP = 32 << 10 };

static NOINLINE void overwrite(void)
{
    volatile char frame[DEEP + 4096];
    for (size_t i = 0; i < sizeof frame; i++)
        frame[i] = 0;
}

static NOINLINE void *call_deep(unsigned number, void *(*work)(unsigned))
{
    volatile char frame[DEEP];
    frame[0] = frame[DEEP - 1] = 1;
    void *result = work(number);
    return frame[0] ? result : NULL;
}

#endif
