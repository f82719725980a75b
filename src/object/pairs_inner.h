/* What the parts of the engine for pairs share: those that wait, and what is known of them.  For
 * whoever has pairs there is pairs.h. */
#ifndef GCALLOC_OBJECT_PAIRS_INNER_H
#define GCALLOC_OBJECT_PAIRS_INNER_H

#include "collect/cycle.h"
#include "object/pairs.h"
#include "object/reached.h"

enum {
    PAIRS_AHEAD = 16,  /* pairs whose state bytes are on their way to the cache */
    PAIRS_BATCH = 256, /* values that are marked together */
};

#define PAIRS_NONE UINT32_MAX

/* It waits for its key, whose state byte it has.  With a source the value is the key itself, and
 * what the source lists for it is to be named.  Done: no state. */
struct pair {
    const uint8_t *state;
    uintptr_t value;
    const struct pair_source *source;
};

/* A pair that was named and not looked at yet. */
struct named {
    const uint8_t *key_state, *value_state; /* NULL: it does not lie in the heap */
    uintptr_t value;
    const struct pair_source *source;
};

enum mode {
    COLLECTING, /* what waits is looked at by rounds */
    TELLING,    /* what waits is on chains by key */
    KEEPING,    /* nothing waits, everything is alive */
};

/* In a pause only, by its thread; in a pass that markers share each has a part of what waits. */
struct pairs {
    struct cycle *cycle;
    uint8_t always; /* the state byte of what does not lie in the heap: marked */
    enum mode mode;
    bool gave_up; /* there was no memory, in this run */
    struct pair *waiting;
    size_t count, capacity, most; /* most: that there were in this cycle */
    /* A ring of those named last, from `oldest` to `newest` - 1. */
    struct named named[PAIRS_AHEAD];
    uint32_t oldest, newest;
    uintptr_t batch[PAIRS_BATCH]; /* values to be marked */
    size_t filled;
    /* While telling: for each pair that waits the next on its chain, or among those whose
     * keys have come to be marked; the first of each chain. */
    uint32_t *next, *chains;
    size_t next_count, chain_count;
    uint32_t resolved; /* the first of those */
    uint64_t work;
    struct pair_source *sources;
};

/* Relaxed, as another marker may mark it at the same time. */
INLINE bool pairs_is_marked(const struct pairs *p, const uint8_t *state)
{
    return __atomic_load_n(state, __ATOMIC_RELAXED) == p->cycle->heap->numbers->mark;
}

/* Has the markers share a list: pairs whose keys are marked have their values marked, and the others come to
 * wait, for their owners first.  Returns how many of the first it has seen to, which may be none. */
uint32_t pairs_share_list(struct pairs *p, const struct pair_list *l);

/* Has the markers share a round over those that wait, with all that it leads to: values of keys that are marked
 * are marked, and their pairs done, but for those that have a source.  Returns whether there is anything for
 * the thread of the pause to do. */
bool pairs_share_round(struct pairs *p);

#endif
