/* What marking does for one word that may be a pointer, in its two queues: the inner part of
 * mark.c's loops, inlined there.  It knows nothing of ranges, of objects in pieces or of other
 * markers.
 *
 * Whoever has a front has taken the marker's queues out of it, and stores the front back before
 * anybody else looks at the marker. */
#ifndef GCALLOC_COLLECT_MARK_FRONT_H
#define GCALLOC_COLLECT_MARK_FRONT_H

#include "collect/mark.h"
#include "collect/mark_typed.h"
#include "heap/lookup.h"

/* What marking touches for every word, kept in the local variables of a loop: a store of
 * a state byte might change anything that lies in memory, as far as the compiler knows. */
struct front {
    struct marker *m;
    uintptr_t base;
    size_t bytes;
    const unit_word *words;
    uint8_t *states;
    uint32_t unmarked; /* bit n: state n is an object that has no mark of this cycle */
    uint8_t mark;
    uint32_t oldest, newest;
    /* Where the half of the second queue that is filled goes on, and where it ends. */
    struct grey *next, *full;
    struct grey *other; /* where the other half ends */
    /* These are NULL and false, as the compiler knows, in ordinary loops. */
    const struct telling *telling;
    bool beside; /* the program runs meanwhile */
};

INLINE struct front front_load(struct marker *m)
{
    const struct heap *h = m->heap;
    struct grey *half = m->pending[m->filling];
    unsigned stale = STATE_MARK_A + STATE_MARK_B - (unsigned)h->numbers->mark;
    return (struct front){
        .m = m,
        .base = h->base,
        .bytes = h->bytes,
        .words = h->words,
        .states = h->states,
        .unmarked = 1u << STATE_NEW | 1u << stale,
        .mark = h->numbers->mark,
        .oldest = m->oldest,
        .newest = m->newest,
        .next = half + m->filled,
        .full = half + PENDING,
        .other = m->pending[!m->filling] + PENDING,
    };
}

INLINE uint32_t filled(const struct front *f)
{
    return (uint32_t)(f->next - (f->full - PENDING));
}

INLINE void front_store(const struct front *f)
{
    f->m->oldest = f->oldest;
    f->m->newest = f->newest;
    f->m->filling = f->full == f->m->pending[1] + PENDING;
    f->m->filled = filled(f);
}

/* Puts an object into the second queue, which first moves to the grey queue if it is full. */
INLINE void add_pending(struct front *f, uintptr_t address, size_t bytes)
{
    if (UNLIKELY(f->next == f->full)) {
        f->next -= PENDING;
        f->m->overflowed |= !grey_queue_push(&f->m->grey, f->next, PENDING);
    }
    f->next->address = address;
    f->next++->bytes = bytes;
}

/* Marks a candidate.  Returns false if it is marked already, or no object.  Two markers
 * may come upon an object at the same instant: then both scan it, which does no harm.
 * (The accesses are plain, as atomic ones make the loops slower by far, so it is for
 * READS_ANYTHING and READS_RACING only.)  Beside the program they are atomic: the object may be freed at the
 * same instant, and its state is not to be another one then. */
INLINE bool test_and_mark(struct front *f, uint8_t *state)
{
    if (f->beside) {
        uint8_t was = __atomic_load_n(state, __ATOMIC_RELAXED);
        return f->unmarked >> was & 1 &&
               __atomic_compare_exchange_n(state, &was, f->mark, false, __ATOMIC_RELAXED,
                                           __ATOMIC_RELAXED);
    }
    if (!(f->unmarked >> *state & 1))
        return false;
    *state = f->mark;
    return true;
}

/* Whether something may be registered for an object of the block (block_note). */
INLINE bool may_be_noted(unit_word word)
{
    return word_shard(word) >= SHARDS_OWN || word_class(word) > CLASS_MEDIUM_LAST;
}

/* Handles an object newly marked: the one of this index in the block, in which the word
 * pointed to `offset`. */
INLINE void add_marked(struct front *f, unit_word word, size_t offset, size_t index)
{
    if (f->telling && may_be_noted(word))
        f->telling->marked(f->telling->argument, f->states + word_states(word) + index);
    size_t size = word_geometry(word)->size, bytes = size;
    if (word_atomic(word)) {
        if (!word_typed(word))
            return;
        uint32_t unit = (uint32_t)(offset >> UNIT_SHIFT);
        bytes = grey_typed_bytes(unit_type(f->m->heap, unit), 0);
    }
    size_t start = align_down(offset, UNIT_BYTES) - word_distance_bytes(word);
    if (UNLIKELY(size == UINT32_MAX)) /* perhaps farther than the word tells */
        start = (size_t)unit_head(f->m->heap, (uint32_t)(offset >> UNIT_SHIFT))
                << UNIT_SHIFT;
    uintptr_t address = f->base + start + index * size;
    __builtin_prefetch((void *)address);
    __builtin_prefetch((void *)(address + size - 1));
    add_pending(f, address, bytes);
}

/* The word of a unit.  Beside the program it may change, and is read once. */
INLINE unit_word front_word(const struct front *f, size_t offset)
{
    const unit_word *w = &f->words[offset >> UNIT_SHIFT];
    return f->beside ? __atomic_load_n(w, __ATOMIC_RELAXED) : *w;
}

/* Handles a candidate that leaves the first queue. */
INLINE void visit(struct front *f, uint8_t *state, size_t offset)
{
    if (!test_and_mark(f, state))
        return;
    unit_word w = front_word(f, offset);
    add_marked(f, w, offset, (size_t)(state - f->states) - word_states(w));
}

INLINE void visit_oldest(struct front *f)
{
    const struct candidate *c = &f->m->candidates[f->oldest++ % CANDIDATES];
    visit(f, c->state, c->offset);
}

/* Puts what a word led to into the first queue; if that is full, the oldest candidate
 * there is visited. */
INLINE void add_candidate(struct front *f, uint8_t *state, size_t offset)
{
    __builtin_prefetch(state, 1);
    if (LIKELY(f->newest - f->oldest == CANDIDATES))
        visit_oldest(f);
    struct candidate *c = &f->m->candidates[f->newest++ % CANDIDATES];
    c->state = state;
    c->offset = offset;
}

/* Finds the candidate that a word leads to.  Words that point to free units or behind the
 * last slot of a block need no test here: the state byte that they lead to is FREE.  With
 * `near`, the byte is expected to be in the cache, and does without the first queue. */
INLINE void consider(struct front *f, uintptr_t word, bool near)
{
    size_t offset = word - f->base;
    if (LIKELY(offset >= f->bytes))
        return;
    unit_word w = front_word(f, offset);
    /* In a large block the distance may be too small, but its one index is 0 in any case. */
    size_t in_block = offset % UNIT_BYTES + word_distance_bytes(w);
    size_t index = in_block * word_geometry(w)->reciprocal >> GEOMETRY_SHIFT;
    uint8_t *state = f->states + word_states(w) + index;
    if (!near)
        add_candidate(f, state, offset);
    else if (test_and_mark(f, state))
        add_marked(f, w, offset, index);
}

#endif
