/* The reservations of a heap: its units, and the tables beside them.  An arena only
 * grows; which of its units are free is not known here but in extent.c.  Invariant: units
 * below numbers->bytes are committed, and each table is committed at least as far as they
 * need it. */
#ifndef GCALLOC_HEAP_ARENA_H
#define GCALLOC_HEAP_ARENA_H

#include "heap/types.h"

/* Reserves up to `bytes` of address space from h->space, halving until the system grants
 * it (what is shared has just as many), and sets base, words, states, maps, units, unit_limit, tables_bytes.  The heap has
 * one unit after that, number 0, which is never used.  Returns false with errno ENOMEM if
 * not even the least is granted. */
bool arena_create(struct heap *h, size_t bytes);

/* Sets the process's view of a heap that another one has made, whose tables lie at `tables` and whose
 * unit 0 is at `base`.  Returns false with errno EINVAL if the numbers that are constant are not
 * those of a heap of that many units. */
bool arena_attach(struct heap *h, void *tables, uintptr_t base);

/* The bytes of the tables of a heap of so many units, for which nothing is recorded. */
size_t arena_tables_bytes(size_t units);

/* Sees how far another process has made a shared heap grow.  The view only grows: a thread that was held up
 * between the two steps would else take back what another one of the process has seen, or added, meanwhile, and
 * units that are in use would be added once more. */
INLINE void arena_look(struct heap *h)
{
    if (!h->space->shared)
        return;
    size_t bytes = __atomic_load_n(&h->numbers->bytes, __ATOMIC_ACQUIRE);
    size_t had = __atomic_load_n(&h->bytes, __ATOMIC_RELAXED);
    while (UNLIKELY(had < bytes) &&
           !__atomic_compare_exchange_n(&h->bytes, &had, bytes, true, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED))
        continue;
}

/* Releases both reservations.  The heap has no numbers any more. */
void arena_destroy(struct heap *h);

/* Makes *units more units usable, or more than that where it is cheap, and sets *units to
 * how many.  They are clean, and at the end, as a rule just behind the last.  Returns the
 * first, or 0 with errno ENOMEM.  The extent lock is held. */
uint32_t arena_grow(struct heap *h, uint32_t *units);

/* Commits memory for typed bin t, before which all have theirs.  Returns false if there
 * is none. */
bool arena_commit_typed(struct heap *h, uint32_t t);

/* Commits all that is in use of the tables of a heap that came in a file, once more.  Returns false if there
 * is no memory. */
bool arena_back_tables(struct heap *h);

/* Gives back the states of the free units [first, end), which are all FREE, as untouched
 * memory reads.  At the end of the heap it gives back what has been committed ahead as well.  Those of a
 * heap that is shared stay, as nobody sets memory aside for them again. */
void arena_return_states(struct heap *h, uint32_t first, uint32_t end);

#endif
