/* Counters that every thread adds to, and what is charged to the budget.  They are atomic
 * and relaxed: each is right by itself, but two of them need not tell of the same moment. */
#ifndef GCALLOC_HEAP_COUNT_H
#define GCALLOC_HEAP_COUNT_H

#include "heap/types.h"

INLINE void count_add(uint64_t *counter, uint64_t n)
{
    __atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

INLINE uint64_t count_get(const uint64_t *counter)
{
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

/* Charges the budget with bytes that were handed out. */
INLINE void heap_charge(struct heap *h, size_t bytes)
{
    __atomic_fetch_add(&h->numbers->charged, bytes, __ATOMIC_RELAXED);
}

/* Takes off the charge bytes that came back before a cycle; it does not fall below 0. */
INLINE void heap_credit(struct heap *h, size_t bytes)
{
    size_t charged = __atomic_load_n(&h->numbers->charged, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&h->numbers->charged, &charged,
                                        charged - min_size(charged, bytes), true,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        continue;
}

#endif
