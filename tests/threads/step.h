/* The single-step test: a process whose main thread is stepped through one call of the
 * library, and one that steps it and lets something happen at each instruction. */
#ifndef TESTS_STEP_H
#define TESTS_STEP_H

#include <semaphore.h>
#include <stdint.h>
#include <sys/types.h>

/* What is stepped through. */
enum operation {
    ALLOC_INLINE,
    ALLOC_FROM_RUN,
    ALLOC_FROM_MAGAZINE,
    ALLOC_ADVANCE,
    ALLOC_REFILL,
    ALLOC_LARGE,
    BLOCK,
    FREE_TO_MAGAZINE,
    FREE_SPILL,
    FREE_LARGE,
    RESIZE,
    OPERATIONS,
};

/* What happens at an instruction.  Those from HANDLER_ALLOCATES on are done by a signal
 * handler that interrupts it, those before by another thread. */
enum event {
    COLLECTION,
    FORK,
    HANDLER_ALLOCATES,
    HANDLER_COLLECTS,
    HANDLER_FORKS,
    HANDLER_JUMPS,
    TWO_HANDLERS,    /* at once: one interrupts the other at its first instruction */
    FOREIGN_HANDLER, /* unknown to the library; the thread is stopped in it */
    EVENTS,
};

enum phase {
    BEFORE,
    DURING, /* from the first breakpoint on */
    AFTER,  /* the second breakpoint comes next */
};

/* In memory that both processes have. */
struct stage {
    uintptr_t inline_low, inline_high; /* the code that ALLOC_INLINE steps through */
    volatile enum phase phase;
    volatile int more;            /* another call is to follow */
    volatile int asked, answered; /* of the other thread */
    volatile pid_t other;         /* its number */
    volatile int events;          /* that happened */
    sem_t ask;
};

/* The stepped process. */
_Noreturn void be_stepped(struct stage *stage, enum operation operation,
                          enum event event);

#endif
