/* Programs of several threads: what their test files share. */
#ifndef TESTS_THREADS_H
#define TESTS_THREADS_H

#include <check.h>
#include <gcalloc/gcalloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef __clang__
#define NOINLINE __attribute__((noinline))
#else
#define NOINLINE __attribute__((noipa))
#endif

TCase *lives_case(void);
TCase *standard_case(void);
TCase *places_case(void);
TCase *sigevent_case(void);
TCase *sort_case(void);
TCase *registers_case(void);
TCase *waits_case(void);
TCase *ends_case(void);
TCase *libraries_case(void);
TCase *forks_case(void);
TCase *callbacks_case(void);
TCase *foreign_case(void);
TCase *asleep_case(void);
TCase *signals_case(void);
TCase *handlers_case(void);
TCase *stops_case(void);
TCase *coroutines_case(void);

/* ---- Threads ------------------------------------------------------------------- */

pthread_t run(void *(*start)(void *), void *argument);
void *joined(pthread_t thread);

/* The collector is a shared library.  Where its static one is part of the program it does not
 * stand in front of posix_spawn, vfork, dl_iterate_phdr, the functions of contexts and of C11's
 * threads. */
bool library_is_shared(void);

/* A number that threads wait for. */
void set(int *number, int value);
void await(const int *number, int value);

/* Sets the thread's mask past the functions that leave the stop signal out. */
void mask_signals(const uint64_t *mask, uint64_t *old);

/* A thread that collects until the number it gets is not 0. */
void *collect_until_set(void *number);

/* ---- Objects that the test itself does not hold ------------------------------------ */

static inline uintptr_t hide(const void *p)
{
    return ~(uintptr_t)p;
}

static inline void *reveal(uintptr_t hidden)
{
    return (void *)~hidden;
}

/* Is there an object that starts at the hidden address? */
bool lives(uintptr_t hidden);

/* Calls work(argument) far down the stack, and overwrites what it left there. */
NOINLINE void deeply(void (*work)(void *), void *argument);

/* A new object of so many bytes, hidden.  Its contents are a pattern. */
uintptr_t new_hidden(size_t size);

/* Does the object still hold the pattern? */
bool is_intact(uintptr_t hidden, size_t size);

/* Stores the address in a word, or a null pointer, without leaving a copy. */
void store(void **word, uintptr_t hidden);

/* ---- Trees --------------------------------------------------------------------- */

struct tree {
    struct tree *left, *right;
    long number;
};

struct tree *grow_tree(int depth, long number);
bool tree_is_sound(const struct tree *t, int depth, long number);

#endif
