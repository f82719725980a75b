#include "collect/mark.h"

#include "base/os.h"
#include "heap/block.h"
#include "heap/lookup.h"

enum {
    PIECE_BYTES = 8192, /* larger objects are scanned in pieces, to bound the work list */
    WORK_SHARE = 8,     /* the work list may take an eighth of the heap's address space */
    CACHE_LINE = 64,
};

/* What the marker reads of the heap for every word, by value: stores of state bytes might
 * change anything that lies in memory, as far as the compiler knows. */
struct view {
    uintptr_t base;
    size_t bytes;
    const unit_word *words;
    uint8_t *states;
    uint8_t mark;
    uint32_t unmarked; /* bit n: state n is an object that has no mark of this cycle */
};

static struct view view_of(const struct heap *h)
{
    uint8_t stale = STATE_MARK_A + STATE_MARK_B - h->mark;
    return (struct view){
        .base = h->base,
        .bytes = h->bytes,
        .words = h->words,
        .states = h->states,
        .mark = h->mark,
        .unmarked = 1u << STATE_NEW | 1u << stale,
    };
}

static void add_pending(struct marker *m, struct work w)
{
    if (m->pending_count < PENDING) {
        m->pending[(m->pending_at + m->pending_count++) % PENDING] = w;
        return;
    }
    if (!worklist_push(&m->work, w))
        m->lost_work = true;
}

/* A candidate leaves the first queue. */
INLINE void visit(struct marker *m, struct view v, uint8_t *state)
{
    if (!(v.unmarked >> *state & 1))
        return;
    *state = v.mark;
    struct object o = lookup_object(m->heap, state);
    if (word_kind(o.word) & KIND_OPAQUE)
        return;
    __builtin_prefetch((void *)o.address);
    if (o.size > CACHE_LINE)
        __builtin_prefetch((void *)(o.address + CACHE_LINE));
    add_pending(m, (struct work){o.address, o.size});
}

/* A state byte enters the first queue, and the oldest one there is visited. */
INLINE void add_candidate(struct marker *m, struct view v, uint8_t *state)
{
    __builtin_prefetch(state, 1);
    uint32_t at = m->candidate_at;
    uint8_t *oldest = m->candidates[at];
    m->candidates[at] = state;
    m->candidate_at = (at + 1) % CANDIDATES;
    visit(m, v, oldest);
}

INLINE void consider(struct marker *m, struct view v, uintptr_t word)
{
    size_t offset = word - v.base;
    if (LIKELY(offset >= v.bytes))
        return;
    uint32_t unit = (uint32_t)(offset >> UNIT_SHIFT);
    unit_word w = v.words[unit];
    const struct geometry *g = &geometries[word_class(w)];
    uint32_t distance = w >> UNIT_DISTANCE_SHIFT;
    if (UNLIKELY(distance == UNIT_DISTANCE_MAX))
        distance = unit - unit_head(m->heap, unit);
    uint64_t in_block = (offset & (UNIT_BYTES - 1)) + ((uint64_t)distance << UNIT_SHIFT);
    size_t index = in_block * g->reciprocal >> GEOMETRY_SHIFT;
    if (UNLIKELY(index >= g->count))
        return;
    add_candidate(m, v, v.states + ((size_t)(unit - distance) << STATE_SHIFT) + index);
}

READS_ANYTHING static void scan(struct marker *m, uintptr_t low, uintptr_t high)
{
    struct view v = view_of(m->heap);
    for (const uintptr_t *p = (uintptr_t *)low; p < (uintptr_t *)high; p++)
        consider(m, v, *p);
}

/* An opaque object whose slot ends just at `word`, and that is too small to have a byte
 * beyond its end. */
static void consider_end(struct marker *m, struct view v, uintptr_t word)
{
    uint8_t *state = lookup_state(m->heap, word - 1);
    if (!state || *state < STATE_NEW)
        return;
    struct object o = lookup_object(m->heap, state);
    if ((word_kind(o.word) & KIND_OPAQUE) && o.address + o.size == word &&
        o.size < m->heap->pad_from)
        add_candidate(m, v, state);
}

READS_ANYTHING void marker_scan_stack(struct marker *m, uintptr_t low, uintptr_t high)
{
    struct view v = view_of(m->heap);
    for (const uintptr_t *p = (uintptr_t *)low; p < (uintptr_t *)high; p++) {
        uintptr_t word = *p;
        consider(m, v, word);
        if (word - 1 - v.base < v.bytes && word % GRANULE == 0)
            consider_end(m, v, word);
    }
    m->root_bytes += high - low;
}

void marker_scan_roots(struct marker *m, uintptr_t low, uintptr_t high)
{
    low = align_up(low, sizeof(uintptr_t));
    high = align_down(high, sizeof(uintptr_t));
    if (low >= high)
        return;
    scan(m, low, high);
    m->root_bytes += high - low;
}

/* Scans one piece of pending work, and puts the rest back. */
static void scan_pending(struct marker *m, struct work w)
{
    size_t bytes = w.bytes;
    if (UNLIKELY(bytes > PIECE_BYTES)) {
        bytes = PIECE_BYTES;
        if (!worklist_push(&m->work,
                           (struct work){w.address + bytes, w.bytes - bytes}))
            m->lost_work = true;
    }
    scan(m, w.address, w.address + bytes);
}

/* Empties the first queue by filling it with a byte that needs no visit. */
static void flush_candidates(struct marker *m)
{
    struct view v = view_of(m->heap);
    for (int i = 0; i < CANDIDATES; i++)
        add_candidate(m, v, &m->no_object);
}

/* Moves work from the list to the second queue; false: neither has any. */
static bool refill_pending(struct marker *m)
{
    while (m->pending_count < PENDING && m->work.count > 0) {
        struct work w = m->work.items[--m->work.count];
        __builtin_prefetch((void *)w.address);
        add_pending(m, w);
    }
    return m->pending_count > 0;
}

static void drain_queues(struct marker *m)
{
    do {
        while (refill_pending(m)) {
            struct work w = m->pending[m->pending_at];
            m->pending_at = (m->pending_at + 1) % PENDING;
            m->pending_count--;
            scan_pending(m, w);
        }
        flush_candidates(m);
    } while (m->pending_count > 0 || m->work.count > 0);
}

/* Calls visit for every object with the mark in blocks of scanned kinds. */
static void rescan_marked(struct marker *m)
{
    const struct heap *h = m->heap;
    for (BLOCKS(h, head)) {
        if (word_kind(h->words[head]) & KIND_OPAQUE)
            continue;
        const uint8_t *states = block_states(h, head);
        uint32_t count = geometries[word_class(h->words[head])].count;
        for (uint32_t i = 0; i < count; i++) {
            if (states[i] != h->mark)
                continue;
            struct object o = lookup_object(h, states + i);
            scan(m, o.address, o.address + o.size);
            drain_queues(m);
        }
    }
}

void marker_drain(struct marker *m)
{
    drain_queues(m);
    while (m->lost_work) {
        m->lost_work = false;
        rescan_marked(m);
    }
}

void marker_mark_manual(struct marker *m)
{
    struct view v = view_of(m->heap);
    const struct heap *h = m->heap;
    for (BLOCKS(h, head)) {
        if (!(word_kind(h->words[head]) & KIND_MANUAL))
            continue;
        uint8_t *states = block_states(h, head);
        uint32_t count = geometries[word_class(h->words[head])].count;
        for (uint32_t i = 0; i < count; i++)
            visit(m, v, states + i);
    }
}

bool marker_create(struct marker *m, struct heap *h)
{
    m->heap = h;
    for (int i = 0; i < CANDIDATES; i++)
        m->candidates[i] = &m->no_object;
    size_t bytes = ((size_t)h->unit_limit << UNIT_SHIFT) / WORK_SHARE;
    return worklist_create(&m->work, bytes / sizeof(struct work));
}

void marker_begin(struct marker *m)
{
    struct heap *h = m->heap;
    h->mark = (uint8_t)(STATE_MARK_A + STATE_MARK_B - h->mark);
    m->root_bytes = 0;
}

void marker_end(struct marker *m)
{
    worklist_trim(&m->work);
}
