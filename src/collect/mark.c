/* Marking ranges and objects, a batch of words or of objects at a time, and the heap as a whole.
 * What happens to each word is in mark_front.h; stacks are in mark_stack.c.  Whatever a range holds,
 * what is marked is an object, and what is marked and not scanned is in a queue, or known to be lost
 * from it. */
#include "collect/mark.h"

#include "base/check.h"
#include "base/options.h"
#include "base/os.h"
#include "collect/far.h"
#include "collect/mark_front.h"
#include "collect/mark_read.h"
#include "collect/pool.h"
#include "heap/altered.h"
#include "heap/block.h"

enum {
    FILTER_LEAST = 512,    /* bytes; what is smaller does not pay for the calls */
    SHARE_LEAST = 64,      /* a shorter grey queue is not worth sharing */
    NEIGHBOUR_BYTES = 256, /* objects that begin so close follow one another */
    STREAM_BYTES = 2048,   /* how far ahead memory is wanted soon where they do */
    SAMPLE_WORDS = 2,      /* every scanned object has as many */
    NEARBY_BYTES = 256 << 10,
    /* From this size on pages that were never touched are not read: to ask which costs some
     * microseconds, to read so much, which makes page tables too, a hundred. */
    SPARSE_FROM = 1 << 20,
    /* Parts that fill the table of PARTS within less than this are scanned as one. */
    SPARSE_WITHIN = 4 << 20,
    NEAR_BYTES = 64 << 20, /* state bytes, a 16th or less, are in the cache or close */
};

READS_ANYTHING INLINE void scan(struct front *f, uintptr_t low, uintptr_t high, bool near)
{
    for (const uintptr_t *p = (uintptr_t *)low; p < (uintptr_t *)high; p++)
        consider(f, *p, near);
}

typedef uintptr_t word_anywhere __attribute__((aligned(1), may_alias));

/* The words that begin half a word behind others, and end in the range. */
READS_ANYTHING INLINE void scan_between(struct front *f, uintptr_t low, uintptr_t high,
                                        bool near)
{
    for (low += HALF_WORD; low + sizeof(uintptr_t) <= high; low += sizeof(uintptr_t))
        consider(f, *(const word_anywhere *)low, near);
}

READS_ANYTHING static void scan_range(struct marker *m, uintptr_t low, uintptr_t high)
{
    struct front f = front_load(m);
    while (low < high) {
        struct words w = take_words(m, &low, high, f.bytes, true);
        scan(&f, (uintptr_t)w.first, (uintptr_t)w.end, false);
    }
    front_store(&f);
}

void marker_scan_roots(struct marker *m, uintptr_t low, uintptr_t high)
{
    low = align_up(low, sizeof(uintptr_t));
    high = align_down(high, sizeof(uintptr_t));
    scan_range(m, low, high);
    m->root_bytes += high > low ? high - low : 0;
}

void marker_scan_code(struct marker *m, uintptr_t low, uintptr_t high)
{
    bool unaligned = m->unaligned;
    m->unaligned = false;
    for (size_t i = 1; i < sizeof(uintptr_t) && low + i < high; i++)
        scan_range(m, low + i, low + i + align_down(high - low - i, sizeof(uintptr_t)));
    m->unaligned = unaligned;
}

/* Fills the second queue up to `full` from the grey queue, last in first; returns where
 * the queue goes on.  (The address of a front is passed to inlined functions only: else
 * the compiler could not keep its fields in registers.) */
NOINLINE static struct grey *take_grey(struct grey_queue *l, struct grey *next,
                                       const struct grey *full)
{
    while (next < full && l->first < l->end) {
        struct grey w = l->items[--l->end];
        __builtin_prefetch((void *)w.address);
        next->address = w.address;
        next++->bytes = w.bytes;
    }
    return next;
}

/* As take_grey, for an empty half of the second queue, which gets the objects next in order.  What it had, and was
 * found in any order, goes to the grey queue before that. */
NOINLINE static struct grey *take_far(struct marker *m, struct grey *half,
                                      const struct grey *next)
{
    m->overflowed |= !grey_queue_push(&m->grey, half, (size_t)(next - half));
    return half + far_take(m->far, &m->grey, half, PENDING);
}

/* Shares the grey queue if another marker has nothing to do. */
NOINLINE static void share_grey(struct marker *m)
{
    if (m->pool && pool_is_hungry(m->pool))
        pool_give(m->pool, &m->grey);
}

/* Changes the halves of the second queue: the one that was filled is to be scanned now,
 * and the other one to be filled.  Returns how many objects there are to scan; 0 means
 * that marking is complete. */
INLINE uint32_t turn_over(struct front *f)
{
    if (UNLIKELY(f->m->far != NULL)) {
        while (f->oldest != f->newest)
            visit_oldest(f);
        f->next = take_far(f->m, f->full - PENDING, f->next);
    } else {
        if (grey_queue_size(&f->m->grey) >= SHARE_LEAST)
            share_grey(f->m);
        if (filled(f) < PENDING / 2)
            f->next = take_grey(&f->m->grey, f->next, f->full);
        while (filled(f) == 0 && f->oldest != f->newest)
            visit_oldest(f);
    }
    uint32_t count = filled(f);
    f->full = f->other;
    f->other = f->next - count + PENDING;
    f->next = f->full - PENDING;
    return count;
}

INLINE void push(struct marker *m, uintptr_t low, uintptr_t high)
{
    struct grey w = {low, high - low};
    m->overflowed |= !grey_queue_push(&m->grey, &w, 1);
}

/* Pushes the parts of a large object that have memory to the grey queue.  Where the
 * program has mapped something else over a part of it, a page that is not there yet may
 * hold anything; and so may a page of a heap that processes share which this one has not touched. */
NOINLINE static void push_parts(struct marker *m, uintptr_t low, uintptr_t high)
{
    bool altered = altered_block(m->heap, unit_head(m->heap, unit_of(m->heap, low)));
    bool told = !altered && !m->heap->space->shared;
    int file = !told ? -1 : m->beside ? m->pages : os_pages_open();
    while (low < high) {
        uintptr_t from = low;
        size_t count = os_pages_find(file, &low, high, m->parts, PARTS);
        if (count == PARTS && low - from < SPARSE_WITHIN) {
            push(m, from, low);
            continue;
        }
        for (size_t i = 0; i < count; i++)
            push(m, m->parts[i].low, m->parts[i].high);
    }
    if (!m->beside)
        os_pages_close(file);
}

/* Objects over PIECE_BYTES are scanned a piece at a time: what follows the first goes
 * back to the grey queue.  Returns the bytes of the first.  A large object's size is in
 * its descriptor, where it was written before the state by which the object was found. */
NOINLINE READS_RACING static size_t first_piece(struct marker *m, const struct grey *w)
{
    size_t bytes = w->bytes;
    if (bytes == UINT32_MAX) {
        bytes = RACING(block_at(m->heap, unit_of(m->heap, w->address))->bytes);
        if (bytes >= SPARSE_FROM)
            return push_parts(m, w->address, w->address + bytes), 0;
    }
    if (bytes <= PIECE_BYTES)
        return bytes;
    push(m, w->address + PIECE_BYTES, w->address + bytes);
    return PIECE_BYTES;
}

/* Takes the words of a larger object that are to be scanned at once. */
NOINLINE static struct words large_words(struct marker *m, const struct grey *w)
{
    _Static_assert(PIECE_BYTES == FILTER_WORDS * sizeof(uintptr_t), "a piece at once");
    if (grey_is_typed(w))
        return (struct words){m->found, m->found + mark_typed_words(m, w)};
    size_t bytes = w->bytes > PIECE_BYTES ? first_piece(m, w) : w->bytes;
    uintptr_t low = w->address;
    /* A word may lie across the end of the piece. */
    size_t across =
        w->bytes > PIECE_BYTES && bytes == PIECE_BYTES ? sizeof(uintptr_t) : 0;
    return take_words(m, &low, low + bytes + across, RACING(m->heap->bytes),
                      bytes >= OS_PAGE || w->bytes > PIECE_BYTES);
}

/* Whether the pointers in these words lead to their neighbourhood. */
READS_ANYTHING INLINE bool leads_nearby(const struct front *f, const uintptr_t *words)
{
    for (size_t i = 0; i < SAMPLE_WORDS; i++) {
        uintptr_t distance = words[i] - (uintptr_t)words + NEARBY_BYTES;
        if (words[i] - f->base < f->bytes && distance > 2 * NEARBY_BYTES)
            return false;
    }
    return true;
}

/* Scans a typed object of shape LAYOUT_BITS, as most are.  Returns false if it is of
 * another shape. */
READS_ANYTHING INLINE bool scan_bits(struct front *f, const struct grey *w, bool near)
{
    const struct layout *l = layout_at(f->m->heap, grey_bin(w));
    const uintptr_t *words = (const uintptr_t *)w->address;
    if (UNLIKELY(l->shape != LAYOUT_BITS))
        return false;
    for (uint64_t bits = l->bits; bits; bits &= bits - 1)
        consider(f, words[__builtin_ctzll(bits)], near);
    return true;
}

/* Whether the object is small, and so all of it can be read. */
INLINE bool is_readable(const struct front *f, const struct grey *w)
{
    return w->bytes < OS_PAGE ||
           (grey_is_typed(w) && layout_at(f->m->heap, grey_bin(w))->shape == LAYOUT_BITS);
}

/* Scans these objects.  Returns true if they followed one another in memory, and so it is
 * expected to go on. */
READS_ANYTHING INLINE bool scan_batch(struct front *f, const struct grey *first,
                                      const struct grey *end, bool near, bool unaligned)
{
    uint32_t neighbours = 0;
    uintptr_t last = f->m->last;
    for (const struct grey *w = first; w < end; w++) {
        uintptr_t low = w->address;
        size_t bytes = w->bytes;
        if (w->address - last < NEIGHBOUR_BYTES) {
            __builtin_prefetch((void *)(w->address + STREAM_BYTES));
            neighbours++;
        }
        last = w->address;
        if (UNLIKELY(bytes >= FILTER_LEAST)) {
            if (grey_is_typed(w) && scan_bits(f, w, near))
                continue;
            struct words words = large_words(f->m, w);
            low = (uintptr_t)words.first;
            bytes = (uintptr_t)words.end - low;
        } else if (unaligned) {
            scan_between(f, low, low + bytes, near);
        }
        scan(f, low, low + bytes, near);
    }
    f->m->last = last;
    return is_readable(f, end - 1) && 2 * neighbours > (uint32_t)(end - first) &&
           leads_nearby(f, (const uintptr_t *)last);
}

/* Marks until the queues are empty, or for so many batches; returns whether they are.  There are two copies
 * of the loop: a heap in the cache, and objects that follow one another, do not pay for hiding
 * latency. */
READS_ANYTHING INLINE bool drain_front(struct marker *m, const struct telling *t,
                                       bool beside, unsigned batches, bool unaligned)
{
    struct front f = front_load(m);
    f.telling = t;
    f.beside = beside;
    bool small = m->heap->bytes < m->near_bytes, near = small;
    uint32_t count = 1;
    while ((!beside || batches-- > 0) && (count = turn_over(&f)) > 0) {
        const struct grey *half = f.other - PENDING;
        if (near)
            near = scan_batch(&f, half, half + count, true, unaligned) || small;
        else
            near = scan_batch(&f, half, half + count, false, unaligned);
    }
    front_store(&f);
    return count == 0;
}

/* Another copy of the loop, apart, so that the ordinary one is as if there were none. */
NOINLINE READS_RACING static bool
drain_unaligned(struct marker *m, const struct telling *t, bool beside, unsigned batches)
{
    return drain_front(m, t, beside, batches, true);
}

READS_RACING static void drain_queues(struct marker *m)
{
    if (UNLIKELY(m->unaligned))
        drain_unaligned(m, NULL, false, 0);
    else
        drain_front(m, NULL, false, 0, false);
}

READS_RACING static void drain_telling(struct marker *m, const struct telling *t)
{
    if (UNLIKELY(m->unaligned))
        drain_unaligned(m, t, false, 0);
    else
        drain_front(m, t, false, 0, false);
}

READS_RACING bool marker_drain_beside(struct marker *m, unsigned batches, int pages)
{
    struct pool *pool = m->pool;
    m->pool = NULL;
    m->beside = true, m->pages = pages;
    bool done = UNLIKELY(m->unaligned) ? drain_unaligned(m, NULL, true, batches)
                                       : drain_front(m, NULL, true, batches, false);
    m->beside = false;
    m->pool = pool;
    return done;
}

/* The first marker is busy, and the others may be. */
static void drain_shared(struct marker *m)
{
    do
        drain_queues(m);
    while (pool_next(m->pool, &m->grey));
    m->overflowed |= pool_overflowed(m->pool);
}

static void drain_together(struct marker *m)
{
    if (!m->pool || m->far) /* who waits for a disk is one */
        return drain_queues(m);
    pool_begin(m->pool);
    drain_shared(m);
}

void marker_push_again(struct marker *m, const struct cell *o)
{
    if (word_atomic(o->word))
        push(m, o->address,
             o->address +
                 grey_typed_bytes(unit_type(m->heap, unit_of(m->heap, o->address)), 0));
    else
        marker_push_range(m, o->address, o->address + o->size);
}

void marker_push_range(struct marker *m, uintptr_t low, uintptr_t high)
{
    if (high - low >= SPARSE_FROM)
        push_parts(m, low, high);
    else
        push(m, low, high);
}

/* Scans every marked object again, after a mark-stack overflow: some had no room in a grey
 * queue. */
static void rescan_marked(struct marker *m)
{
    const struct heap *h = m->heap;
    for (BLOCKS(h, head)) {
        if (!word_has_pointers(h->words[head]))
            continue;
        uint32_t count = geometries[word_class(h->words[head])].count;
        for (uint32_t i = 0; i < count; i++) {
            struct cell o = block_cell(h, head, i);
            if (*o.state != h->numbers->mark)
                continue;
            if (word_atomic(o.word))
                marker_push_again(m, &o);
            else
                scan_range(m, o.address, o.address + o.size);
            drain_together(m);
        }
    }
}

void marker_help(struct marker *m)
{
    struct share *s = pool_shared(m->pool);
    if (s)
        share_run(s, m);
    drain_queues(m);
}

static void finish(struct marker *m)
{
    while (m->overflowed) {
        m->overflowed = false, m->overflows++;
        rescan_marked(m);
    }
}

void marker_drain(struct marker *m)
{
    drain_together(m);
    finish(m);
}

bool marker_would_share(const struct marker *m, size_t count)
{
    return count >= SHARE_FROM && m->pool && pool_has_helpers(m->pool);
}

void marker_share(struct marker *m, struct share *s)
{
    if (!marker_would_share(m, s->end - s->first)) {
        s->part(s, m, s->first, s->end);
        return marker_drain(m);
    }
    pool_share(m->pool, s);
    share_run(s, m);
    pool_share_is_taken(m->pool);
    drain_shared(m);
    finish(m);
}

/* The other markers, which wait for work all along, must not be given any, as nobody
 * would wait for them. */
void marker_drain_alone(struct marker *m)
{
    struct pool *pool = m->pool;
    m->pool = NULL;
    drain_queues(m);
    finish(m);
    m->pool = pool;
}

READS_ANYTHING static void consider_words(struct marker *m, const uintptr_t *words,
                                          size_t count, const struct telling *t)
{
    struct front f = front_load(m);
    f.telling = t;
    for (size_t i = 0; i < count; i++)
        consider(&f, words[i], false);
    front_store(&f);
}

void marker_mark_words(struct marker *m, const uintptr_t *words, size_t count)
{
    consider_words(m, words, count, NULL);
}

bool marker_mark_telling(struct marker *m, const uintptr_t *words, size_t count,
                         const struct telling *t)
{
    struct pool *pool = m->pool;
    m->pool = NULL;
    consider_words(m, words, count, t);
    drain_telling(m, t);
    bool all = !m->overflowed;
    finish(m);
    m->pool = pool;
    return all;
}

READS_RACING void marker_mark_manual(struct marker *m)
{
    struct front f = front_load(m);
    const struct heap *h = m->heap;
    for (BLOCKS(h, head)) {
        if (!(word_kind(h->words[head]) & KIND_MANUAL))
            continue;
        uint32_t count = geometries[word_class(h->words[head])].count;
        for (uint32_t i = 0; i < count; i++)
            visit(&f, block_states(h, head) + i, (size_t)head << UNIT_SHIFT);
    }
    front_store(&f);
}

bool marker_create(struct marker *m, struct heap *h, size_t part)
{
    m->heap = h;
    m->near_bytes = NEAR_BYTES;
    m->filter = filter_best();
    m->unaligned = options_unaligned();
    size_t bytes = ((size_t)h->numbers->unit_limit << UNIT_SHIFT) / part;
    return grey_queue_create(&m->grey, bytes / sizeof(struct grey));
}

void marker_begin(struct marker *m, bool flips)
{
    struct heap *h = m->heap;
    if (flips)
        h->numbers->mark = (uint8_t)(STATE_MARK_A + STATE_MARK_B - h->numbers->mark);
    m->root_bytes = 0;
}

void marker_end(struct marker *m)
{
    grey_queue_trim(&m->grey);
}

void marker_check_queues(const struct marker *m)
{
    CHECK(m->oldest == m->newest && m->filled == 0);
    CHECK(grey_queue_size(&m->grey) == 0);
    grey_queue_check(&m->grey);
}

void marker_check(const struct marker *m)
{
    marker_check_queues(m);
    CHECK(!m->overflowed);
    CHECK(m->heap->numbers->mark == STATE_MARK_A ||
          m->heap->numbers->mark == STATE_MARK_B);
}
