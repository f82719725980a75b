/* A pass over things that have numbers, in parts that the markers share.  Which marker sees to a
 * part, and in which order they come, is not known: so a part changes nothing that another one
 * looks at. */
#ifndef GCALLOC_COLLECT_SHARE_H
#define GCALLOC_COLLECT_SHARE_H

#include <config.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bits.h"

struct marker;

enum {
    /* Numbers in a part, but for the last one; whole words of a bitmap.  At some 5 ns for each
     * number to take a part costs nothing. */
    SHARE_PART = GC_CHECKING ? 64 : 1024,
    SHARE_FROM = 16 * SHARE_PART, /* fewer are seen to before a helper is awake */
};

struct share {
    /* Sees to [first, end).  It may mark, by this marker, and what that leads to is marked when the
     * pass is over. */
    void (*part)(struct share *s, struct marker *m, uint32_t first, uint32_t end);
    uint32_t first, end; /* of all */
    size_t next;         /* nobody has taken [next, end) yet.  Atomic */
};

INLINE struct share share_of(void (*part)(struct share *s, struct marker *m,
                                          uint32_t first, uint32_t end),
                             uint32_t first, uint32_t end)
{
    return (struct share){part, first, end, first};
}

INLINE bool share_is_left(const struct share *s)
{
    return __atomic_load_n(&s->next, __ATOMIC_RELAXED) < s->end;
}

/* Sees to parts until all are taken. */
INLINE void share_run(struct share *s, struct marker *m)
{
    size_t first;
    while ((first = __atomic_fetch_add(&s->next, SHARE_PART, __ATOMIC_RELAXED)) < s->end)
        s->part(s, m, (uint32_t)first, (uint32_t)min_size(first + SHARE_PART, s->end));
}

#endif
