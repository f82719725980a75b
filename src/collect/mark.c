#include "collect/mark.h"

#include "base/os.h"
#include "heap/block.h"
#include "heap/lookup.h"

enum {
    PIECE_BYTES = 8192, /* larger objects are scanned in pieces, to bound the work list */
    WORK_SHARE = 8,     /* the work list may take an eighth of the heap's address space */
    CACHE_LINE = 64,
};

/* What marking touches for every word, in the local variables of a loop: a store of a
 * state byte might change anything that lies in memory, as far as the compiler knows. */
struct front {
    struct marker *m;
    uintptr_t base;
    size_t bytes;
    const unit_word *words;
    uint8_t *states;
    uint32_t unmarked; /* bit n: state n is an object that has no mark of this cycle */
    uint8_t mark;
    uint32_t candidate_at, pending_at, pending_count;
};

INLINE struct front front_load(struct marker *m)
{
    const struct heap *h = m->heap;
    unsigned stale = STATE_MARK_A + STATE_MARK_B - (unsigned)h->mark;
    return (struct front){
        .m = m,
        .base = h->base,
        .bytes = h->bytes,
        .words = h->words,
        .states = h->states,
        .unmarked = 1u << STATE_NEW | 1u << stale,
        .mark = h->mark,
        .candidate_at = m->candidate_at,
        .pending_at = m->pending_at,
        .pending_count = m->pending_count,
    };
}

INLINE void front_store(const struct front *f)
{
    f->m->candidate_at = f->candidate_at;
    f->m->pending_at = f->pending_at;
    f->m->pending_count = f->pending_count;
}

/* An object enters the second queue, or the work list if that is full. */
INLINE void add_pending(struct front *f, uintptr_t address, size_t bytes)
{
    struct marker *m = f->m;
    if (LIKELY(f->pending_count < PENDING)) {
        struct work *w = &m->pending[(f->pending_at + f->pending_count++) % PENDING];
        w->address = address;
        w->bytes = bytes;
    } else if (!worklist_push(&m->work, address, bytes)) {
        m->lost_work = true;
    }
}

/* A candidate leaves the first queue. */
INLINE void visit(struct front *f, uint8_t *state)
{
    if (!(f->unmarked >> *state & 1))
        return;
    *state = f->mark;
    size_t number = (size_t)(state - f->states);
    uint32_t head = (uint32_t)(number >> STATE_SHIFT);
    unit_word word = f->words[head];
    if (word_kind(word) & KIND_OPAQUE)
        return;
    size_t size = geometries[word_class(word)].size;
    size_t index = number & ((1u << STATE_SHIFT) - 1);
    uintptr_t address = f->base + ((uintptr_t)head << UNIT_SHIFT) + index * size;
    if (UNLIKELY(size == 0))
        size = f->m->heap->units[head].block.bytes;
    __builtin_prefetch((void *)address);
    if (size > CACHE_LINE)
        __builtin_prefetch((void *)(address + CACHE_LINE));
    add_pending(f, address, size);
}

/* A state byte enters the first queue, and the oldest one there is visited. */
INLINE void add_candidate(struct front *f, uint8_t *state)
{
    __builtin_prefetch(state, 1);
    uint8_t **at = &f->m->candidates[f->candidate_at];
    f->candidate_at = (f->candidate_at + 1) % CANDIDATES;
    uint8_t *oldest = *at;
    *at = state;
    visit(f, oldest);
}

INLINE void consider(struct front *f, uintptr_t word)
{
    size_t offset = word - f->base;
    if (LIKELY(offset >= f->bytes))
        return;
    uint32_t unit = (uint32_t)(offset >> UNIT_SHIFT);
    unit_word w = f->words[unit];
    const struct geometry *g = &geometries[word_class(w)];
    uint32_t distance = w >> UNIT_DISTANCE_SHIFT;
    if (UNLIKELY(distance == UNIT_DISTANCE_MAX))
        distance = unit - unit_head(f->m->heap, unit);
    uint64_t in_block = (offset & (UNIT_BYTES - 1)) + ((uint64_t)distance << UNIT_SHIFT);
    size_t index = in_block * g->reciprocal >> GEOMETRY_SHIFT;
    if (UNLIKELY(index >= g->count))
        return;
    add_candidate(f, f->states + ((size_t)(unit - distance) << STATE_SHIFT) + index);
}

READS_ANYTHING INLINE void scan(struct front *f, uintptr_t low, uintptr_t high)
{
    for (const uintptr_t *p = (uintptr_t *)low; p < (uintptr_t *)high; p++)
        consider(f, *p);
}

/* An opaque object whose slot ends just at `word`, and that is too small to have a byte
 * beyond its end. */
static uint8_t *ends_at(const struct heap *h, uintptr_t word)
{
    uint8_t *state = lookup_state(h, word - 1);
    if (!state || *state < STATE_NEW)
        return NULL;
    struct object o = lookup_object(h, state);
    bool ends = (word_kind(o.word) & KIND_OPAQUE) && o.address + o.size == word &&
                o.size < h->pad_from;
    return ends ? state : NULL;
}

READS_ANYTHING void marker_scan_stack(struct marker *m, uintptr_t low, uintptr_t high)
{
    struct front f = front_load(m);
    low = align_up(low, sizeof(uintptr_t));
    high = align_down(high, sizeof(uintptr_t));
    for (const uintptr_t *p = (uintptr_t *)low; p < (uintptr_t *)high; p++) {
        uintptr_t word = *p;
        consider(&f, word);
        uint8_t *ending = word % GRANULE == 0 ? ends_at(m->heap, word) : NULL;
        if (ending)
            add_candidate(&f, ending);
    }
    front_store(&f);
    m->root_bytes += high > low ? high - low : 0;
}

READS_ANYTHING void marker_scan_roots(struct marker *m, uintptr_t low, uintptr_t high)
{
    struct front f = front_load(m);
    low = align_up(low, sizeof(uintptr_t));
    high = align_down(high, sizeof(uintptr_t));
    scan(&f, low, high);
    front_store(&f);
    m->root_bytes += high > low ? high - low : 0;
}

/* Empties the first queue by filling it with a byte that needs no visit. */
INLINE void flush_candidates(struct front *f)
{
    for (int i = 0; i < CANDIDATES; i++)
        add_candidate(f, &f->m->no_object);
}

/* Moves work from the list to the second queue. */
INLINE void refill_pending(struct front *f)
{
    struct worklist *l = &f->m->work;
    while (f->pending_count < PENDING && l->count > 0) {
        struct work w = l->items[--l->count];
        __builtin_prefetch((void *)w.address);
        add_pending(f, w.address, w.bytes);
    }
}

/* Scans the oldest pending object, or its first piece. */
READS_ANYTHING INLINE void scan_pending(struct front *f)
{
    struct marker *m = f->m;
    uintptr_t address = m->pending[f->pending_at].address;
    size_t bytes = m->pending[f->pending_at].bytes;
    f->pending_at = (f->pending_at + 1) % PENDING;
    f->pending_count--;
    if (UNLIKELY(bytes > PIECE_BYTES)) {
        if (!worklist_push(&m->work, address + PIECE_BYTES, bytes - PIECE_BYTES))
            m->lost_work = true;
        bytes = PIECE_BYTES;
    }
    scan(f, address, address + bytes);
}

READS_ANYTHING static void drain_queues(struct marker *m)
{
    struct front f = front_load(m);
    for (;;) {
        if (f.pending_count < PENDING / 2)
            refill_pending(&f);
        if (f.pending_count == 0)
            flush_candidates(&f);
        if (f.pending_count == 0 && m->work.count == 0)
            break;
        scan_pending(&f);
    }
    front_store(&f);
}

/* Scans every marked object again, after some could not be put on the work list. */
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
            marker_scan_roots(m, o.address, o.address + o.size);
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
    struct front f = front_load(m);
    const struct heap *h = m->heap;
    for (BLOCKS(h, head)) {
        if (!(word_kind(h->words[head]) & KIND_MANUAL))
            continue;
        uint8_t *states = block_states(h, head);
        uint32_t count = geometries[word_class(h->words[head])].count;
        for (uint32_t i = 0; i < count; i++)
            visit(&f, states + i);
    }
    front_store(&f);
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
