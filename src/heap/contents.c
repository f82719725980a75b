/* A block's slots share its pages: each part of the block that is there is gone through slot by slot. */
#include "heap/contents.h"

#include "base/account.h"
#include "base/critical.h"
#include "heap/block.h"
#include "heap/mesh_pages.h"

enum { PARTS_MOST = 32 };

/* Bytes of a block by the states of their slots. */
struct tally {
    const struct heap *h;
    uint32_t head;
    size_t size; /* of a slot */
    uint32_t count;
    size_t by_state[STATE_MARK_B + 1];
    size_t tail, lent;
};

/* So many of the slot's bytes lie in [low, high), which are offsets in the block. */
static size_t overlap(size_t slot, size_t size, size_t low, size_t high)
{
    size_t from = max_size(slot * size, low), to = min_size((slot + 1) * size, high);
    return from < to ? to - from : 0;
}

READS_RACING static void add_part(struct tally *t, size_t low, size_t high)
{
    const uint8_t *states = block_states(t->h, t->head);
    size_t end = min_size((high + t->size - 1) / t->size, t->count), in_slots = 0;
    bool lends = block_has(t->h, t->head, BLOCK_MESHED);
    for (size_t slot = low / t->size; slot < end; slot++) {
        size_t bytes = overlap(slot, t->size, low, high);
        if (UNLIKELY(lends) && mesh_is_lent(t->h, t->head, (uint32_t)slot))
            t->lent += bytes;
        else
            t->by_state[states[slot]] += bytes;
        in_slots += bytes;
    }
    t->tail += high - low - in_slots;
}

static void add_to(struct heap_contents *c, const struct tally *t)
{
    uint8_t mark = t->h->numbers->mark;
    c->kept += t->by_state[mark];
    c->fresh += t->by_state[STATE_NEW] + t->by_state[mark ^ STATE_MARK_A ^ STATE_MARK_B];
    c->free_slots += t->by_state[STATE_FREE];
    c->reserved += t->by_state[STATE_RESERVED];
    c->tails += t->tail;
    c->lent += t->lent;
}

/* The lock of the block's list is held. */
static void add_block(struct heap_contents *c, struct heap *h, uint32_t head, int file)
{
    struct os_part parts[PARTS_MOST];
    uintptr_t start = unit_address(h, head), low = start;
    uintptr_t high = start + ((uintptr_t)block_units(h, head) << UNIT_SHIFT);
    struct tally t = {.h = h,
                      .head = head,
                      .size = block_slot_bytes(h, head),
                      .count = word_geometry(word_of(h, head))->count};
    while (low < high) {
        size_t count = os_pages_find(file, &low, high, parts, PARTS_MOST);
        for (size_t i = 0; i < count; i++)
            add_part(&t, parts[i].low - start, parts[i].high - start);
    }
    add_to(c, &t);
}

/* Returns how many units were looked at.  A unit that is in no block may be in a cache's unit run; where there are
 * gaps it may be somebody else's, and is left out. */
static uint32_t add_unit(struct heap_contents *c, struct heap *h, uint32_t unit, int file)
{
    uint32_t units = 1;
    if (unit_is_head(h, unit)) {
        struct lock *lock = block_lock(h, unit);
        bool found = unit_is_head(h, unit);
        if (found) {
            add_block(c, h, unit, file);
            units = block_units(h, unit);
        }
        lock_release(lock, RANK_BIN);
        return units;
    }
    unit_word word = word_of(h, unit);
    uintptr_t low = unit_address(h, unit);
    if (!word_used(word))
        c->free_units += account_held(file, low, low + UNIT_BYTES);
    else if (word_class(word) == CLASS_NONE && !h->space->gaps)
        c->unit_runs += account_held(file, low, low + UNIT_BYTES);
    return units;
}

static size_t held_between(int file, const void *low, const void *high)
{
    return account_held(file, align_down((uintptr_t)low, os_page_bytes()),
                        align_up((uintptr_t)high, os_page_bytes()));
}

/* The tables follow each other (heap/arena.c). */
static void add_tables(struct heap_contents *c, const struct heap *h, int file)
{
    const char *end = (const char *)h->numbers + h->numbers->tables_bytes;
    c->numbers = held_between(file, h->numbers, h->typed);
    c->states = held_between(file, h->states, h->words);
    c->words = held_between(file, h->words, h->units);
    c->descriptors = held_between(file, h->units, h->types);
    c->types = held_between(file, h->typed, h->states) +
               held_between(file, h->types, h->sites ? (const char *)h->sites : end);
    c->sites = h->sites ? held_between(file, h->sites, end) : 0;
}

struct heap_contents heap_contents(struct heap *h, int file)
{
    struct heap_contents c = {0};
    if (h->numbers == NO_NUMBERS)
        return c;
    for (uint32_t unit = 1; unit < (uint32_t)(RACING(h->bytes) >> UNIT_SHIFT);) {
        critical_begin();
        unit += add_unit(&c, h, unit, file);
        critical_end();
    }
    add_tables(&c, h, file);
    return c;
}
