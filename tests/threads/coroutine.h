/* Coroutines for tests: a registered stack, and two ways of switching to it. */
#ifndef TESTS_COROUTINE_H
#define TESTS_COROUTINE_H

#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

/* Of switching: the one by hand is written for this processor only. */
#ifdef __x86_64__
enum { WAYS = 2 };
#else
enum { WAYS = 1 };
#endif

enum { STACK_BYTES = 1 << 16 };

struct coroutine {
    char *stack;
    void (*body)(struct coroutine *);
    ucontext_t context, caller;
    void *sp, *caller_sp; /* of the switch by hand */
    bool by_hand;
    uintptr_t hidden;
};

/* A registered stack in memory of mmap, or of malloc; it is filled with zeros. */
struct coroutine *new_coroutine(bool mapped);

/* Its stack is registered no more. */
void end_coroutine(struct coroutine *c, bool mapped);

/* The first resume() calls the function, which must not return. */
void prepare(struct coroutine *c, void (*body)(struct coroutine *), bool by_hand);

/* Each announces the switch, and switches: to the coroutine, and from it to who resumed it. */
void resume(struct coroutine *c);
void yield(struct coroutine *c);

#endif
