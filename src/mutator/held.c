/* A queue of addresses that grows by what magazines hold, and is looked at as a whole. */
#include "mutator/held.h"

#include "base/bits.h"
#include "base/cancel.h"
#include "base/critical.h"
#include "base/os.h"
#include "collect/caches.h"
#include "collect/collector.h"
#include "heap/altered.h"
#include "heap/block.h"
#include "heap/cache.h"
#include "heap/count.h"
#include "mutator/ring.h"
#include "mutator/shadow.h"
#include "mutator/turn.h"
#include "world/registry.h"
#include "world/self.h"

enum {
    BATCH = 256, /* slots that become free together */
    /* What is freed between two looks: so many 16ths of the heap, and MiB at least. */
    SHARE_LEAST = 2,
    SHARE_MOST = 5,
    TIME_PART = 25,   /* a look is to take less than this part of the time */
    PART_AT_MOST = 2, /* of the heap, whatever points to it */
};

#define LEAST_AT_MOST MIB(64)

/* `fresh` is guarded by the lock, but in a pause; what was looked at, and has stayed, is the poller's. */
static struct {
    struct lock lock;
    struct ring fresh, looked_at;
    size_t bytes, due; /* atomic */
    size_t share;
    uint64_t last; /* os_processor_time when the last look ended */
    struct turn polling;
    bool wanted;        /* who polls waits for a look */
    bool all;           /* it wants what caches have, too */
    struct shadow seen; /* by it */
} held PRIVATE_DATA;

size_t held_bytes(void)
{
    return __atomic_load_n(&held.bytes, __ATOMIC_RELAXED);
}

/* ---- Coming --------------------------------------------------------------------------- */

/* By a cache, in a critical section or in a pause. */
static bool hold(struct heap *h, const struct slot *slots, uint32_t count, size_t bytes)
{
    lock_take(&held.lock, RANK_HELD);
    bool kept = ring_make_room(&held.fresh, count);
    if (kept) {
        for (uint32_t i = 0; i < count; i++)
            ring_put(&held.fresh, (uintptr_t)slots[i].object);
        __atomic_fetch_add(&held.bytes, bytes, __ATOMIC_RELAXED);
        __atomic_fetch_add(&h->numbers->reserved_apart, count, __ATOMIC_RELAXED);
    }
    lock_release(&held.lock, RANK_HELD);
    return kept;
}

/* ---- Leaving --------------------------------------------------------------------------- */

static size_t limit_of(const struct heap *h)
{
    return ring_share(h, 1, PART_AT_MOST, LEAST_AT_MOST);
}

struct batch {
    struct slot slots[BATCH];
    uint32_t count;
    size_t size; /* of each */
};

static void let_go(struct heap *h, struct batch *b)
{
    uint32_t count = b->count;
    if (count == 0)
        return;
    critical_begin();
    __atomic_fetch_sub(&h->numbers->reserved_apart, count, __ATOMIC_RELAXED);
    cache_give_back(h, b->slots, count, (uint32_t)b->size);
    __atomic_fetch_sub(&held.bytes, count * b->size, __ATOMIC_RELAXED);
    critical_end();
    b->count = 0;
}

/* What stays out of use for good is held no more. */
static void lose(struct heap *h, size_t bytes)
{
    __atomic_fetch_sub(&held.bytes, bytes, __ATOMIC_RELAXED);
    count_add(&h->numbers->counters.freed_bytes, bytes);
}

/* Where the program has changed what may be done with its pages, they are new first, or stay out of use. */
static bool is_usable(struct heap *h, const struct cell *o)
{
    return LIKELY(!__atomic_load_n(&h->numbers->altered, __ATOMIC_RELAXED)) ||
           !altered_block(h, unit_head(h, unit_of(h, o->address))) ||
           altered_renew_object(h, o);
}

static void add(struct heap *h, struct batch *b, const struct cell *o)
{
    if (!is_usable(h, o)) {
        lose(h, o->size);
        return;
    }
    if (b->count == BATCH || b->size != o->size)
        let_go(h, b);
    b->size = o->size;
    b->slots[b->count++] = (struct slot){(void *)o->address, o->state};
}

/* Where nothing is known, something points to each of them. */
static void let_unseen_go(struct heap *h)
{
    struct ring *r = &held.looked_at;
    struct batch b = {.count = 0};
    for (size_t left = held.seen.bits ? r->count : 0; left > 0; left--) {
        struct cell o = lookup_cell(h, ring_take(r));
        if (shadow_has(&held.seen, o.address, o.size))
            ring_put(r, o.address);
        else
            add(h, &b, &o);
    }
    let_go(h, &b);
    shadow_free(&held.seen);
}

/* As long as there are too many. */
static void let_oldest_go(struct heap *h)
{
    struct batch b = {.count = 0};
    size_t limit = limit_of(h);
    while (held.looked_at.count > 0 && held_bytes() - b.count * b.size > limit) {
        struct cell o = lookup_cell(h, ring_take(&held.looked_at));
        add(h, &b, &o);
    }
    let_go(h, &b);
}

/* ---- Looking --------------------------------------------------------------------------- */

/* What has come since joins what has stayed, which is older; without memory no more than there is room for.  With
 * the lock, or in a pause. */
static void gather(void)
{
    struct ring *r = &held.looked_at, *fresh = &held.fresh, none = *r;
    if (r->count == 0) {
        *r = *fresh;
        *fresh = none;
        return;
    }
    size_t room = ring_make_room(r, fresh->count) ? fresh->count : r->capacity - r->count;
    for (; room > 0 && fresh->count > 0; room--)
        ring_put(r, ring_take(fresh));
}

/* In a pause. */
static void look(struct cycle *c)
{
    if (!held.wanted)
        return;
    held.wanted = false;
    if (held.all)
        caches_give_back(c->heap, CACHES_ALL);
    gather();
    shadow_make(&held.seen, c);
}

/* Where the world does not stop, or may not be asked to, nothing is known of them: the limit holds all the same. */
static void look_without_pause(void)
{
    critical_take(&held.lock, RANK_HELD);
    held.wanted = false;
    gather();
    critical_release(&held.lock, RANK_HELD);
}

static void find_due(const struct heap *h, uint64_t taken)
{
    uint64_t now = os_processor_time(), passed = now - held.last;
    if (taken * TIME_PART > passed && held.share < SHARE_MOST)
        held.share++;
    else if (taken * TIME_PART * 2 < passed && held.share > SHARE_LEAST)
        held.share--;
    held.last = now;
    size_t bytes = held_bytes(), limit = limit_of(h);
    size_t due = bytes + ring_share(h, held.share, 16, MIB(held.share));
    if (due > limit)
        due = max_size(limit, bytes + ring_share(h, SHARE_LEAST, 16, MIB(SHARE_LEAST)));
    __atomic_store_n(&held.due, due, __ATOMIC_RELAXED);
}

/* ---- Polling --------------------------------------------------------------------------- */

/* Those of a parent's that a thread which is not here may have been about to let go stay out of use. */
static void forget_parents(struct heap *h)
{
    size_t bytes = 0;
    critical_take(&held.lock, RANK_HELD);
    for (size_t i = 0; i < held.fresh.count; i++)
        bytes += lookup_cell(h, *ring_entry(&held.fresh, i)).size;
    lose(h, held_bytes() - bytes);
    held.looked_at.count = 0;
    critical_release(&held.lock, RANK_HELD);
    shadow_free(&held.seen);
}

/* Returns whether the thread has got the turn. */
static bool has_turn(struct heap *h, enum turn_got got)
{
    if (got == TURN_GOT_FROM_PARENT)
        forget_parents(h);
    return got != TURN_NONE;
}

static void poll(struct heap *h, bool all)
{
    uint64_t began = os_processor_time();
    held.wanted = true;
    held.all = all;
    if (!collector_is_disabled(&process_collector))
        collector_run(&process_collector, CAUSE_QUARANTINE);
    if (held.wanted)
        look_without_pause();
    let_unseen_go(h);
    let_oldest_go(h);
    find_due(h, os_processor_time() - began);
    turn_leave(&held.polling);
}

/* A child of vfork has its parent's memory, and does not poll. */
void held_poll(struct heap *h)
{
    if (LIKELY(held_bytes() < __atomic_load_n(&held.due, __ATOMIC_RELAXED)) ||
        !registry_is_here())
        return;
    cancel_hold_off();
    if (has_turn(h, turn_try(&held.polling)))
        poll(h, false);
    cancel_let_in();
}

static void await_poller(void)
{
    turn_await(&held.polling);
}

/* What another thread is about to let go may be what is wanted: it is waited for. */
void held_empty(struct heap *h)
{
    if (!h->hold || !registry_is_here())
        return;
    cancel_hold_off();
    critical_begin();
    cache_empty(thread_self->cache); /* what it has freed is held, too */
    critical_end();
    if (has_turn(h, turn_take(&held.polling, await_poller)))
        poll(h, true);
    cancel_let_in();
}

void held_begin(struct heap *h)
{
    held.share = SHARE_LEAST;
    held.due = MIB(SHARE_LEAST);
    held.last = os_processor_time();
    h->hold = hold;
    cycle_look_with(look);
}
