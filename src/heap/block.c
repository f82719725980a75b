/* Making blocks and their words, listing them, and giving them back to the extents. */
#include "heap/block.h"

#include <errno.h>
#include <string.h>

#include "base/crash.h"
#include "base/os.h"
#include "heap/count.h"
#include "heap/extent.h"
#include "heap/holes.h"
#include "heap/state.h"
#include "heap/tenured.h"

/* From this size of heap on, a new small block gets its memory at once: one request costs
 * less than 16 page faults, and a heap that has come so far will use it.  A thread's
 * first block does not, as the thread may need no more than one object of it. */
enum { POPULATE_FROM = MIB(4) };

/* Requests from this size on are worth the system calls that tell whether the system would give as
 * much to anybody. */
enum { PROMISE_FROM = MIB(64) };

/* From this size on, memory to be zeroed is first asked for the pages that are there.
 * That takes two microseconds, a third of what filling half a megabyte takes where all of
 * it is there; where none is, filling takes two hundred. */
enum { ZERO_FROM = KIB(512) };

/* From this size on, memory on huge pages is given back rather than filled with zeroes:
 * it costs half of what filling costs if a quarter of it is used then, and twice as much
 * if all of it is.  (On small pages it costs more in any case.)  malloc of the C library
 * gives back from here on, too. */
enum { GIVE_BACK_FROM = MIB(32) };

/* A large object takes whole pages, and as many units as a byte more would need, so that
 * a pointer one past the end lies inside. */
static size_t large_bytes(size_t bytes)
{
    return align_up(max_size(bytes, 1), OS_PAGE);
}

static uint32_t large_units(size_t whole_bytes)
{
    return (uint32_t)((whole_bytes >> UNIT_SHIFT) + 1);
}

uint32_t block_units(const struct heap *h, uint32_t head)
{
    unsigned class = word_class(h->words[head]);
    return class == CLASS_LARGE ? large_units(block_at(h, head)->bytes)
                                : sizeclass_units(class);
}

/* Other threads may look meanwhile whether the unit is free: it is used before and after. */
static void set_word(struct heap *h, uint32_t unit, unit_word word)
{
    __atomic_store_n(&h->words[unit], word, __ATOMIC_RELAXED);
}

/* Gives units [from, to) of a block their words. */
static void set_words(struct heap *h, uint32_t head, uint32_t from, uint32_t to,
                      unit_word word)
{
    for (uint32_t u = from; u < to; u++) {
        unit_word distance = min_size(u - head, UNIT_DISTANCE_MAX);
        if (word_typed(word))
            h->types[u] = h->types[head];
        set_word(h, u,
                 word | (h->words[u] & (UNIT_DIRTY | UNIT_ALTERED)) |
                     distance << UNIT_DISTANCE_SHIFT);
        CRASH_POINT("block words: one");
    }
}

static unit_word used_word(const struct heap *h, uint32_t head, unsigned bin,
                           unsigned shard)
{
    unsigned shift = sizeclass_state_shift(bin_class(bin));
    size_t states = h->numbers->maps[STATE_SHIFT_MOST - shift] + ((size_t)head << shift);
    return UNIT_USED | bin << UNIT_BIN_SHIFT | shard << UNIT_SHARD_SHIFT |
           (unit_word)states << UNIT_STATES_SHIFT;
}

static unit_word typed_word(const struct heap *h, uint32_t head, uint32_t t,
                            unsigned shard)
{
    return UNIT_TYPED | used_word(h, head, typed_bin_word_bin(&h->typed[t]), shard);
}

static void note_kind(struct heap *h, enum kind kind)
{
    if (!(kind & KIND_MANUAL) && !__atomic_load_n(&h->numbers->managed, __ATOMIC_RELAXED))
        __atomic_store_n(&h->numbers->managed, true, __ATOMIC_RELAXED);
}

/* Takes units for a block, which get their words later.  *populates says that the units
 * left of the unit run are to get their memory with it. */
static uint32_t take_units(struct heap *h, unsigned class, struct unit_run *r,
                           bool *populates)
{
    uint32_t units = sizeclass_units(class);
    bool next_of_unit_run = r->next < r->end;
    uint32_t head = units == 1 ? extent_take_from(h, r)
                               : extent_take(h, units, 1, (size_t)units << UNIT_SHIFT);
    if (!head)
        return 0;
    CRASH_POINT("block create: units taken");
    bool dirty = false;
    for (uint32_t u = head; u < head + units; u++)
        dirty |= (h->words[u] & UNIT_DIRTY) != 0;
    uint32_t count = geometries[class].count;
    *block_at(h, head) =
        (struct block){.free_count = count, .touched = dirty ? count : 0};
    *populates =
        !dirty && units == 1 && !next_of_unit_run && r->start > 1 &&
        __atomic_load_n(&h->numbers->used_bytes, __ATOMIC_RELAXED) > POPULATE_FROM;
    return head;
}

static void give_words(struct heap *h, uint32_t head, unit_word word,
                       const struct unit_run *r, bool populates)
{
    set_words(h, head, head, head + sizeclass_units(word_class(word)), word);
    note_kind(h, word_kind(word));
    tenured_note_block(h, head);
    CRASH_POINT("block create: words set");
    /* Memory that is read before it is written is common zeroes until then, and costs two
     * page faults, the second of which interrupts all processors. */
    memset(block_states(h, head), STATE_FREE,
           h->space->shared ? (size_t)1 << sizeclass_state_shift(word_class(word)) : 1);
    if (populates)
        os_populate((void *)unit_address(h, head), (size_t)(r->end - head) << UNIT_SHIFT);
}

uint32_t block_create(struct heap *h, enum kind kind, unsigned class, unsigned shard,
                      struct unit_run *r)
{
    bool populates;
    uint32_t head = take_units(h, class, r, &populates);
    if (head)
        give_words(h, head, used_word(h, head, bin_of(kind, class), shard), r, populates);
    return head;
}

uint32_t block_create_typed(struct heap *h, uint32_t t, struct unit_run *r)
{
    bool populates;
    unsigned class = bin_class(typed_bin_word_bin(&h->typed[t]));
    uint32_t head = take_units(h, class, r, &populates);
    if (!head)
        return 0;
    h->types[head] = (uint16_t)t;
    give_words(h, head, typed_word(h, head, t, SHARD_NOTED), r, populates);
    return head;
}

/* Memory that is shared has its own way of being refused, when it is committed. */
static bool is_promised(const struct heap *h, size_t bytes)
{
    return bytes < PROMISE_FROM || h->space->shared || os_can_promise(bytes);
}

uint32_t block_create_large(struct heap *h, enum kind kind, size_t bytes,
                            size_t alignment)
{
    if (bytes > (size_t)h->numbers->unit_limit << UNIT_SHIFT)
        return errno = ENOMEM, 0;
    if (!is_promised(h, bytes))
        return 0;
    bytes = large_bytes(bytes);
    uint32_t units = large_units(bytes);
    uint32_t step = (uint32_t)(max_size(alignment, UNIT_BYTES) >> UNIT_SHIFT);
    uint32_t head = extent_take(h, units, step, bytes);
    if (!head)
        return 0;
    *block_at(h, head) = (struct block){.free_count = 1, .bytes = bytes};
    CRASH_POINT("block create large: size set");
    set_words(h, head, head, head + units,
              used_word(h, head, bin_of(kind, CLASS_LARGE), 0));
    if (h->space->shared)
        memset(block_states(h, head), STATE_FREE, (size_t)1 << STATE_SHIFT_LEAST);
    note_kind(h, kind);
    tenured_note_block(h, head);
    return head;
}

/* A tenured block is that no more: somebody is about to have its slots, or its units. */
static void untenure(struct heap *h, uint32_t head)
{
    if (UNLIKELY(block_has(h, head, BLOCK_TENURED)))
        tenured_leave(h, head, block_units(h, head));
}

void block_set_kind(struct heap *h, uint32_t head, enum kind kind)
{
    uint32_t end = head + block_units(h, head);
    untenure(h, head);
    set_words(h, head, head, end, used_word(h, head, bin_of(kind, CLASS_LARGE), 0));
}

void block_set_typed(struct heap *h, uint32_t head, uint32_t t)
{
    uint32_t end = head + block_units(h, head);
    untenure(h, head);
    h->types[head] = (uint16_t)t;
    set_words(h, head, head, end, typed_word(h, head, t, 0));
}

static void zero(const struct heap *h, uintptr_t low, uintptr_t high)
{
    size_t bytes = high - low;
    if (bytes >= ZERO_FROM && !h->space->shared)
        os_zero((void *)low, bytes, bytes >= GIVE_BACK_FROM && heap_has_huge_pages(h));
    else
        memset((void *)low, 0, bytes);
}

static bool is_dirty(const struct heap *h, uint32_t head, size_t offset)
{
    return h->words[head + (offset >> UNIT_SHIFT)] & UNIT_DIRTY;
}

/* Adjacent units that have been used are zeroed together. */
void block_clear_large(struct heap *h, uint32_t head, size_t from)
{
    size_t bytes = block_at(h, head)->bytes;
    uintptr_t address = unit_address(h, head);
    while (from < bytes) {
        bool dirty = is_dirty(h, head, from);
        size_t to = align_down(from, UNIT_BYTES) + UNIT_BYTES;
        while (to < bytes && is_dirty(h, head, to) == dirty)
            to += UNIT_BYTES;
        to = min_size(to, bytes);
        if (dirty)
            zero(h, address + from, address + to);
        from = to;
    }
}

/* What the last sweep counted of the block is less by so many bytes in each object. */
static void note_gone(struct heap *h, const struct block *b, size_t bytes)
{
    if (b->live)
        count_add(&h->numbers->gone_bytes, b->live * bytes);
}

bool block_grow_large(struct heap *h, uint32_t head, size_t bytes)
{
    if (bytes > (size_t)h->numbers->unit_limit << UNIT_SHIFT || !is_promised(h, bytes))
        return false;
    struct block *b = block_at(h, head);
    size_t whole = large_bytes(bytes);
    uint32_t end = head + large_units(b->bytes), new_end = head + large_units(whole);
    if (!extent_take_behind(h, end, new_end - end, whole - b->bytes))
        return false;
    untenure(h, head);
    unit_word own = UNIT_DIRTY | UNIT_ALTERED;
    set_words(h, head, end, new_end, h->words[head] & ~own);
    CRASH_POINT("block grow: words set");
    note_gone(h, b, b->bytes - whole);
    b->bytes = whole;
    return true;
}

/* Returns pages at the end of a large object's units to the system; the object may grow
 * into them again. */
static void give_pages_back(struct heap *h, void *address, size_t bytes, bool altered)
{
    if (h->space->shared) /* nobody would set it aside again */
        return;
    if (!altered || !os_renew(address, bytes))
        bytes = h->space->decommit(h->space, address, bytes);
    count_add(&h->numbers->counters.returned_bytes, bytes);
}

bool block_shrink_large(struct heap *h, uint32_t head, size_t bytes)
{
    struct block *b = block_at(h, head);
    size_t whole = large_bytes(bytes), old = b->bytes;
    uint32_t end = head + large_units(whole), old_end = head + large_units(old);
    if (h->marking) /* a marker may be at what would be gone */
        return false;
    untenure(h, head);
    note_gone(h, b, old - whole);
    b->bytes = whole;
    CRASH_POINT("block shrink: size set");
    if (end < old_end) {
        uint32_t touched = head + (uint32_t)(align_up(old, UNIT_BYTES) >> UNIT_SHIFT);
        extent_give(h, end, old_end - end, touched > end ? touched - end : 0,
                    old - whole);
    } else {
        extent_forget(h, old - whole);
    }
    uintptr_t address = unit_address(h, head);
    size_t kept_units = (size_t)(end - head) << UNIT_SHIFT;
    size_t rest = min_size(kept_units, old) - whole;
    /* The last unit counts as dirty, in case the memory does not go back. */
    set_word(h, end - 1, h->words[end - 1] | UNIT_DIRTY);
    if (rest)
        give_pages_back(h, (void *)(address + whole), rest,
                        h->words[end - 1] & UNIT_ALTERED);
    return true;
}

void block_release(struct heap *h, uint32_t head)
{
    struct block *b = block_at(h, head);
    uint32_t units = block_units(h, head);
    note_gone(h, b, b->bytes ? b->bytes : geometries[word_class(h->words[head])].size);
    count_add(&h->numbers->gone_objects, b->live);
    untenure(h, head);
    size_t bytes = b->bytes, touched = b->bytes;
    if (bytes == 0) {
        bytes = (size_t)units << UNIT_SHIFT;
        touched = (size_t)b->touched * geometries[word_class(h->words[head])].size;
    }
    extent_give(h, head, units, (uint32_t)((touched + UNIT_BYTES - 1) >> UNIT_SHIFT),
                bytes);
}

static struct bin_list *list_of(struct heap *h, uint32_t head)
{
    unit_word word = __atomic_load_n(&h->words[head], __ATOMIC_ACQUIRE);
    return block_list_of(h, word_shard(word), block_bin(h, head));
}

struct lock *block_lock(struct heap *h, uint32_t head)
{
    for (;;) {
        struct bin_list *list = list_of(h, head);
        lock_take(&list->lock, RANK_BIN);
        if (LIKELY(list == list_of(h, head)))
            return &list->lock;
        lock_release(&list->lock, RANK_BIN);
    }
}

/* The lock is held, but lock_unless_empty looks at `first` without it. */
static void set_first(struct bin_list *list, uint32_t head)
{
    __atomic_store_n(&list->first, head, __ATOMIC_RELAXED);
}

static void list_append(struct heap *h, uint32_t head)
{
    lock_check_held(RANK_BIN);
    struct bin_list *list = list_of(h, head);
    struct block *b = block_at(h, head);
    b->next = 0;
    b->previous = list->last;
    CRASH_POINT("block list: chained");
    if (list->last)
        block_at(h, list->last)->next = head;
    else
        set_first(list, head);
    CRASH_POINT("block list: last but one");
    list->last = head;
}

static void list_remove(struct heap *h, uint32_t head)
{
    lock_check_held(RANK_BIN);
    struct bin_list *list = list_of(h, head);
    const struct block *b = block_at(h, head);
    if (b->previous)
        block_at(h, b->previous)->next = b->next;
    else
        set_first(list, b->next);
    CRASH_POINT("block unlist: half");
    if (b->next)
        block_at(h, b->next)->previous = b->previous;
    else
        list->last = b->previous;
}

void block_unlist(struct heap *h, uint32_t head)
{
    if (!block_at(h, head)->taken && block_offers(h, head))
        list_remove(h, head);
}

void block_leave_tenure(struct heap *h, uint32_t head)
{
    block_unlist(h, head);
    tenured_leave(h, head, block_units(h, head));
    block_settle(h, head);
}

/* The head's word changes last, so that whoever finds the new shard there finds
 * everything else as it is now. */
void block_set_shard(struct heap *h, uint32_t head, unsigned shard)
{
    unit_word change = (unit_word)(word_shard(h->words[head]) ^ shard)
                       << UNIT_SHARD_SHIFT;
    if (change == 0)
        return;
    for (uint32_t u = head + block_units(h, head); u-- > head;) {
        __atomic_fetch_xor(&h->words[u], change, __ATOMIC_RELEASE);
        CRASH_POINT("block shard: a word");
    }
}

/* Takes the list's lock and returns the list, or NULL if the list is seen to be empty
 * without the lock.  It may have become empty by the time the lock is taken. */
static struct bin_list *lock_unless_empty(struct heap *h, unsigned shard, unsigned bin)
{
    struct bin_list *list = block_list_of(h, shard, bin);
    if (__atomic_load_n(&list->first, __ATOMIC_RELAXED) == 0)
        return NULL;
    lock_take(&list->lock, RANK_BIN);
    return list;
}

/* Whether a tenured block had better be left alone: there are free units with memory, or the
 * heap may grow, to halfway of where it would be before the next full cycle anyway.  To have a tenured block
 * back costs two calls of the system, and the scan of its old objects in the next young cycle; units
 * that a young cycle has freed cost nothing, and are in the processor's cache.  The numbers are guessed at, as
 * they change meanwhile. */
READS_RACING static bool is_left_alone(const struct heap *h)
{
    const struct heap_numbers *n = h->numbers;
    return n->dirty_bytes >= UNIT_BYTES ||
           n->used_bytes < n->live_full + n->until_full / 2;
}

uint32_t block_list_take(struct heap *h, unsigned shard, unsigned bin, unsigned to)
{
    struct bin_list *list = lock_unless_empty(h, shard, bin);
    if (!list)
        return 0;
    uint32_t head = list->first;
    if (head && UNLIKELY(block_has(h, head, BLOCK_TENURED)) && is_left_alone(h))
        head = 0;
    if (head) {
        list_remove(h, head);
        untenure(h, head);
        CRASH_POINT("block take: unlisted");
        block_at(h, head)->taken = true;
        CRASH_POINT("block take: taken");
        if (bin < TYPED_FIRST)
            block_set_shard(h, head, shard >= SHARDS_OWN ? shard : to);
    }
    lock_release(&list->lock, RANK_BIN);
    return head;
}

/* From the store of the slot's state on, the caller holds the object's address. */
struct taken_slot block_take_slot(struct heap *h, uint32_t head)
{
    lock_check_held(RANK_BIN);
    struct block *b = block_at(h, head);
    uint8_t *states = block_states(h, head);
    const struct geometry *g = word_geometry(word_of(h, head));
    uint32_t index = state_find_free(states, 0, g->count);
    size_t offset = (size_t)index * g->size;
    void *object = (void *)(unit_address(h, head) + offset);
    bool clean = index >= b->touched;
    b->touched = (uint32_t)max_size(b->touched, index + 1);
    b->free_count--;
    holes_fill(h, head, offset, offset + g->size);
    object = hold_object(object);
    states[index] = STATE_NEW;
    return (struct taken_slot){object, clean};
}

uint32_t block_list_slot(struct heap *h, unsigned shard, unsigned bin,
                         struct taken_slot *slot)
{
    struct bin_list *list = lock_unless_empty(h, shard, bin);
    if (!list)
        return 0;
    uint32_t head = list->first;
    if (head) {
        untenure(h, head);
        *slot = block_take_slot(h, head);
        if (block_at(h, head)->free_count == 0)
            list_remove(h, head);
    }
    lock_release(&list->lock, RANK_BIN);
    return head;
}

static bool is_empty(const struct heap *h, uint32_t head)
{
    return block_at(h, head)->free_count == geometries[word_class(h->words[head])].count;
}

/* An empty block goes when markers are through with it.  When much has come together that waits for it, it is
 * time for that. */
static void keep_back(struct heap *h, uint32_t head)
{
    size_t kept =
        __atomic_add_fetch(&h->kept_back, block_at(h, head)->bytes, __ATOMIC_RELAXED);
    if (kept > __atomic_load_n(&h->numbers->budget, __ATOMIC_RELAXED) / 2 + MIB(1))
        __atomic_store_n(&h->marked, true, __ATOMIC_RELAXED);
}

void block_settle(struct heap *h, uint32_t head)
{
    lock_check_held(RANK_BIN);
    struct block *b = block_at(h, head);
    CRASH_POINT("block settle");
    b->cursor = 0;
    if (is_empty(h, head) && !h->marking)
        block_release(h, head);
    else if (block_at(h, head)->bytes && is_empty(h, head))
        keep_back(h, head);
    else if (block_offers(h, head))
        list_append(h, head);
}

/* A block that nobody has taken is on no list between the two locks, and counts as taken meanwhile. */
void block_set_aside(struct heap *h, uint32_t head, unsigned shard)
{
    struct lock *lock = block_lock(h, head);
    struct block *b = block_at(h, head);
    bool moves = word_shard(h->words[head]) < shard;
    bool settled = moves && !b->taken;
    if (settled && block_offers(h, head))
        list_remove(h, head);
    if (moves)
        untenure(h, head);
    b->taken |= settled;
    if (moves)
        block_set_shard(h, head, shard);
    lock_release(lock, RANK_BIN);
    if (!settled)
        return;
    lock = block_lock(h, head);
    b->taken = false;
    block_settle(h, head);
    lock_release(lock, RANK_BIN);
}

/* The flag is set before the block changes its list, so that a thread that comes to the
 * slow path finds it.  Objects of classes above CLASS_MEDIUM_LAST are always freed on the
 * slow path. */
void block_note(struct heap *h, uint32_t head)
{
    if (block_has(h, head, BLOCK_NOTED))
        return;
    __atomic_fetch_or(&block_at(h, head)->flags, BLOCK_NOTED, __ATOMIC_SEQ_CST);
    if (word_class(word_of(h, head)) <= CLASS_MEDIUM_LAST)
        block_set_aside(h, head, SHARD_NOTED);
}

void block_free_slots(struct heap *h, uint32_t head, uint32_t slots)
{
    lock_check_held(RANK_BIN);
    struct block *b = block_at(h, head);
    bool listed = block_offers(h, head);
    b->free_count += slots;
    CRASH_POINT("block free: counted");
    if (b->taken || (listed && !is_empty(h, head)))
        return;
    if (listed)
        list_remove(h, head);
    block_settle(h, head);
}
