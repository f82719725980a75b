/* Critical sections: where a thread may hold locks of the heap and its structures are
 * between two states.  A stop that arrives inside is put off to the way out.
 *
 * Inside one, a thread waits for locks of the heap only, never for another allocator, the
 * dynamic loader or the program: whoever holds those may be stopped. */
#ifndef GCALLOC_BASE_CRITICAL_H
#define GCALLOC_BASE_CRITICAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bits.h"
#include "base/lock.h"

/* What each thread has of critical sections; written by itself and its signal handlers only. */
struct critical {
    volatile unsigned depth; /* sections begun and not ended: they nest */
    volatile bool deferred;  /* something arrived inside, and waits for the way out */
};

SHARED_DATA __thread struct critical critical __attribute__((tls_model("initial-exec")));

/* While the gate is not 0, no section begins.  It changes only while the world is
 * stopped, and back when whoever closed it opens it. */
SHARED_DATA uint32_t critical_gate;

/* What the world does at the way out when something was deferred, and at a closed gate;
 * set once, before there is anything to defer. */
struct critical_hooks {
    void (*leave)(void);
    void (*wait_at_gate)(void);
};

SHARED_DATA struct critical_hooks critical_hooks;

void critical_leave(void);
void critical_wait_at_gate(void);

INLINE void critical_begin(void)
{
    critical.depth++;
    __asm__ volatile("" ::: "memory");
    if (UNLIKELY(__atomic_load_n(&critical_gate, __ATOMIC_RELAXED) != 0))
        critical_wait_at_gate();
}

INLINE void critical_end(void)
{
    __asm__ volatile("" ::: "memory");
    critical.depth--;
    __asm__ volatile("" ::: "memory");
    if (UNLIKELY(critical.deferred))
        critical_leave();
}

/* critical_take and critical_release are around a section in which the thread holds a
 * lock from the beginning to the end. */
INLINE void critical_take(struct lock *l, enum rank rank)
{
    critical_begin();
    lock_take(l, rank);
}

INLINE void critical_release(struct lock *l, enum rank rank)
{
    lock_release(l, rank);
    critical_end();
}

#endif
