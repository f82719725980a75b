/* Making blocks and their words, listing them, and giving them back to the extents. */
#include "heap/block_words.h"

#include <string.h>

#include "base/crash.h"
#include "base/os.h"
#include "heap/count.h"
#include "heap/extent.h"
#include "heap/holes.h"
#include "heap/mesh_pages.h"
#include "heap/sample.h"
#include "heap/state.h"
#include "heap/tenured.h"

/* From this size of heap on, a new small block gets its memory at once: one request costs
 * less than 16 page faults, and a heap that has come so far will use it.  A thread's
 * first block does not, as the thread may need no more than one object of it. */
enum { POPULATE_FROM = MIB(4) };

uint32_t block_units(const struct heap *h, uint32_t head)
{
    unsigned class = word_class(h->words[head]);
    return class == CLASS_LARGE ? block_large_units(block_at(h, head)->bytes)
                                : sizeclass_units(class);
}

/* A walk over the heap may look at the unit meanwhile. */
static void set_type(struct heap *h, uint32_t unit, uint32_t t)
{
    __atomic_store_n(&h->types[unit], (uint16_t)t, __ATOMIC_RELAXED);
}

void block_set_words(struct heap *h, uint32_t head, uint32_t from, uint32_t to,
                     unit_word word)
{
    for (uint32_t u = from; u < to; u++) {
        unit_word distance = min_size(u - head, UNIT_DISTANCE_MAX);
        if (word_typed(word))
            set_type(h, u, h->types[head]);
        block_set_word(h, u,
                       word | (h->words[u] & (UNIT_DIRTY | UNIT_ALTERED)) |
                           distance << UNIT_DISTANCE_SHIFT);
        CRASH_POINT("block words: one");
    }
}

unit_word block_used_word(const struct heap *h, uint32_t head, unsigned bin,
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
    return UNIT_TYPED | block_used_word(h, head, typed_bin_word_bin(&h->typed[t]), shard);
}

void block_note_kind(struct heap *h, enum kind kind)
{
    if (!(kind & KIND_MANUAL) && !__atomic_load_n(&h->numbers->managed, __ATOMIC_RELAXED))
        __atomic_store_n(&h->numbers->managed, true, __ATOMIC_RELAXED);
}

/* Takes units for a block, which get their words later.  It counts as taken from before these tell of it, as whoever
 * makes a list of a shared heap anew releases blocks without objects that nobody has taken.  *populates says that
 * the units left of the unit run are to get their memory with it. */
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
        (struct block){.free_count = count, .touched = dirty ? count : 0, .taken = true};
    *populates =
        !dirty && units == 1 && !next_of_unit_run && r->start > 1 &&
        __atomic_load_n(&h->numbers->used_bytes, __ATOMIC_RELAXED) > POPULATE_FROM;
    return head;
}

static void give_words(struct heap *h, uint32_t head, unit_word word,
                       const struct unit_run *r, bool populates)
{
    /* Memory that is read before it is written is common zeroes until then, and costs two
     * page faults, the second of which interrupts all processors. */
    memset(h->states + word_states(word), STATE_FREE,
           h->space->shared ? (size_t)1 << sizeclass_state_shift(word_class(word)) : 1);
    block_set_words(h, head, head, head + sizeclass_units(word_class(word)), word);
    block_note_kind(h, word_kind(word));
    tenured_note_block(h, head);
    CRASH_POINT("block create: words set");
    if (populates)
        os_populate((void *)unit_address(h, head), (size_t)(r->end - head) << UNIT_SHIFT);
}

uint32_t block_create(struct heap *h, enum kind kind, unsigned class, unsigned shard,
                      struct unit_run *r)
{
    bool populates;
    uint32_t head = take_units(h, class, r, &populates);
    if (head)
        give_words(h, head, block_used_word(h, head, bin_of(kind, class), shard), r,
                   populates);
    return head;
}

uint32_t block_create_typed(struct heap *h, uint32_t t, struct unit_run *r)
{
    bool populates;
    unsigned class = bin_class(typed_bin_word_bin(&h->typed[t]));
    uint32_t head = take_units(h, class, r, &populates);
    if (!head)
        return 0;
    set_type(h, head, t);
    give_words(h, head, typed_word(h, head, t, SHARD_NOTED), r, populates);
    if (is_sampled(h))
        __atomic_fetch_or(&block_at(h, head)->flags, BLOCK_NOTED, __ATOMIC_RELAXED);
    return head;
}

void block_untenure(struct heap *h, uint32_t head)
{
    if (UNLIKELY(block_has(h, head, BLOCK_TENURED)))
        tenured_leave(h, head, block_units(h, head));
}

void block_set_kind(struct heap *h, uint32_t head, enum kind kind)
{
    uint32_t end = head + block_units(h, head);
    block_untenure(h, head);
    block_set_words(h, head, head, end,
                    block_used_word(h, head, bin_of(kind, CLASS_LARGE), 0));
}

void block_set_typed(struct heap *h, uint32_t head, uint32_t t)
{
    uint32_t end = head + block_units(h, head);
    block_untenure(h, head);
    set_type(h, head, t);
    block_set_words(h, head, head, end, typed_word(h, head, t, 0));
}

void block_note_gone(struct heap *h, const struct block *b, size_t bytes)
{
    if (b->live)
        count_add(&h->numbers->gone_bytes, b->live * bytes);
}

void block_release(struct heap *h, uint32_t head)
{
    struct block *b = block_at(h, head);
    uint32_t units = block_units(h, head);
    block_note_gone(h, b,
                    b->bytes ? b->bytes : geometries[word_class(h->words[head])].size);
    count_add(&h->numbers->gone_objects, b->live);
    block_untenure(h, head);
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
        block_untenure(h, head);
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
        block_untenure(h, head);
        *slot = block_take_slot(h, head);
        if (block_at(h, head)->free_count == 0)
            list_remove(h, head);
    }
    lock_release(&list->lock, RANK_BIN);
    return head;
}

uint32_t block_new_slot(struct heap *h, unsigned bin, unsigned shard,
                        struct taken_slot *slot)
{
    struct unit_run none = {0};
    uint32_t head = block_create(h, bin_kind(bin), bin_class(bin), shard, &none);
    if (!head)
        return 0;
    struct lock *lock = block_lock(h, head);
    *slot = block_take_slot(h, head);
    block_at(h, head)->taken = false;
    block_settle(h, head);
    lock_release(lock, RANK_BIN);
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

/* Pages in a file are replaced before the block goes. */
static bool lets_go(struct heap *h, uint32_t head)
{
    return LIKELY(!block_has(h, head, BLOCK_MESHED)) || mesh_let_go(h, head);
}

void block_settle(struct heap *h, uint32_t head)
{
    lock_check_held(RANK_BIN);
    struct block *b = block_at(h, head);
    CRASH_POINT("block settle");
    b->cursor = 0;
    if (is_empty(h, head) && !h->marking && lets_go(h, head))
        block_release(h, head);
    else if (RACING(b->bytes) && is_empty(h, head))
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
        block_untenure(h, head);
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

/* What the block counts has changed; `listed` says whether it offered slots before. */
static void relist(struct heap *h, uint32_t head, bool listed)
{
    if (block_at(h, head)->taken || (listed && !is_empty(h, head)))
        return;
    if (listed)
        list_remove(h, head);
    block_settle(h, head);
}

void block_free_slots(struct heap *h, uint32_t head, uint32_t slots)
{
    lock_check_held(RANK_BIN);
    bool listed = block_offers(h, head);
    block_at(h, head)->free_count += slots;
    CRASH_POINT("block free: counted");
    relist(h, head, listed);
}

void block_swept(struct heap *h, uint32_t head, uint32_t slots)
{
    lock_check_held(RANK_BIN);
    struct block *b = block_at(h, head);
    bool listed = block_offers(h, head);
    __atomic_fetch_and(&b->flags, (uint8_t)~BLOCK_UNSWEPT, __ATOMIC_RELAXED);
    b->free_count += slots;
    relist(h, head, listed);
}
