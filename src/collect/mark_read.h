/* Reading the words of a range that are to be considered, a chunk at a time. */
#ifndef GCALLOC_COLLECT_MARK_READ_H
#define GCALLOC_COLLECT_MARK_READ_H

#include "collect/mark.h"

/* Some of the words of a range. */
struct words {
    const uintptr_t *first, *end;
};

/* Takes so many words of [low, high), and those that begin half a word behind them.  With
 * `guarded`, whole pages may be unreadable. */
struct words take_unaligned(struct marker *m, uintptr_t low, size_t count, uintptr_t high,
                            size_t bytes, bool guarded);

/* Takes words of memory of which whole pages may be unreadable: those hold no pointers. */
struct words take_guarded(struct marker *m, uintptr_t low, size_t count, size_t bytes);

/* Takes the first FILTER_WORDS words from `*low` on, which moves, without those that do
 * not lie among the `bytes` from the heap's base on.  Without vectors it is faster to
 * look at each word, and all are taken. */
READS_ANYTHING INLINE struct words take_words(struct marker *m, uintptr_t *low,
                                              uintptr_t high, size_t bytes, bool guarded)
{
    size_t count = min_size((high - *low) / sizeof(uintptr_t), FILTER_WORDS);
    const uintptr_t *words = (uintptr_t *)*low;
    *low += count * sizeof(uintptr_t);
    if (UNLIKELY(m->unaligned))
        return take_unaligned(m, (uintptr_t)words, count, high, bytes, guarded);
    if (guarded)
        return take_guarded(m, (uintptr_t)words, count, bytes);
    if (UNLIKELY(!m->filter))
        return (struct words){words, words + count};
    size_t found = m->filter(words, count, m->heap->base, bytes, m->found);
    return (struct words){m->found, m->found + found};
}

#endif
