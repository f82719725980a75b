/* Counted objects that nothing reaches, though their counts are not 0: circles, and what was
 * forgotten.
 *
 * A cycle finds them by going through the blocks of counted objects, and keeps them, and what
 * they reach, until their destroy functions have been called.  What an object with a finalizer
 * leads to is none of them yet, and those that they lead to wait in turn (unreachable.c).  What is
 * weak has lost them when the cycle is over.  Destroying them begins with those that no
 * other one of them points to: what they release comes to 0 and follows at once, as it would
 * have.  What is left then are circles, which are opened at the one that was found first.  No
 * memory is freed meanwhile, so that a pointer around the circle never dangles: the next
 * collection takes it. */
#include <config.h>
#include <string.h>

#include "base/check.h"
#include "base/critical.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/meta.h"
#include "base/track.h"
#include "collect/cycle.h"
#include "heap/block.h"
#include "heap/heap.h"
#include "heap/layout.h"
#include "mutator/init.h"
#include "mutator/object.h"
#include "object/capability.h"
#include "object/counted.h"
#include "object/hook.h"
#include "object/reached.h"
#include "object/ready.h"
#include "object/watch.h"
#include "world/fork.h"

/* Slots, one after the other. */
struct slots {
    uintptr_t *items;
    size_t count, capacity;
};

/* Under the lock; in a pause without. */
static struct {
    struct lock lock;
    struct slots dead;     /* found by cycles, and not destroyed yet */
    struct slots suspects; /* destroyed at count 0, with option verify */
    bool lost;             /* in this cycle there was no memory for `dead` */
    size_t taken;          /* of `dead`, the first so many: a thread destroys them */
} state PRIVATE_DATA;

size_t counted_found PRIVATE_DATA;

/* The calling thread destroys those that are taken. */
static __thread bool mine __attribute__((tls_model("initial-exec")));

/* false with ENOMEM. */
static bool add(struct slots *s, uintptr_t slot)
{
    uintptr_t *items =
        meta_grow(ACCOUNT_ENDS, s->items, s->count, &s->capacity, sizeof *items);
    if (!items)
        return false;
    s->items = items;
    items[s->count++] = slot;
    return true;
}

static void lock(void)
{
    critical_take(&state.lock, RANK_OBJECT);
}

static void unlock(void)
{
    critical_release(&state.lock, RANK_OBJECT);
}

/* ---- In a cycle ----------------------------------------------------------------------------------- */

static void mark(struct cycle *c, const struct slots *s, size_t from)
{
    marker_scan_roots(c->marker, (uintptr_t)(s->items + from),
                      (uintptr_t)(s->items + s->count));
    cycle_roots_drain(&c->roots, c->marker);
}

/* For each block of counted objects. */
static void each_block(struct cycle *c, void (*visit)(struct cycle *c, uint32_t head))
{
    for (BLOCKS(c->heap, head)) {
        struct cell o = block_cell(c->heap, head, 0);
        if (counted_head(c->heap, &o))
            visit(c, head);
    }
}

static void mark_slot(struct cycle *c, uintptr_t slot)
{
    marker_scan_roots(c->marker, (uintptr_t)&slot, (uintptr_t)(&slot + 1));
}

/* Those on lists of threads. */
static void mark_dying(struct cycle *c, uint32_t head)
{
    uint32_t count = geometries[word_class(c->heap->words[head])].count;
    for (uint32_t i = 0; i < count; i++) {
        struct cell o = block_cell(c->heap, head, i);
        if (*o.state >= STATE_NEW &&
            ((struct gc_counted_head *)o.address)->word & COUNTED_DYING)
            mark_slot(c, o.address);
    }
}

static void mark_known(struct cycle *c)
{
    if (__atomic_load_n(&counted_dying, __ATOMIC_SEQ_CST))
        each_block(c, mark_dying);
    if (state.dead.count || counted_dying)
        mark(c, &state.dead, 0);
}

/* Without memory for the list it stays for the next cycle, with all that it reaches. */
static void find(struct cycle *c, struct gc_counted_head *head)
{
    if (head->word & COUNTED_DYING)
        counted_orphaned(head);
    if (!add(&state.dead, (uintptr_t)head)) {
        c->keeps_more = state.lost = true;
        mark_slot(c, (uintptr_t)head);
    } else {
        head->word |= COUNTED_DEAD;
        counted_found++;
    }
}

static void find_in(struct cycle *c, uint32_t head)
{
    const struct heap *h = c->heap;
    uint32_t count = geometries[word_class(h->words[head])].count;
    for (uint32_t i = 0; i < count; i++) {
        struct cell o = block_cell(h, head, i);
        if (*o.state < STATE_NEW || *o.state == h->numbers->mark)
            continue;
        struct gc_counted_head *counted = (struct gc_counted_head *)o.address;
        if (counted->destroy && !(counted->word & COUNTED_DESTROYED))
            find(c, counted);
    }
}

/* Those that there was no room for keep what they lead to, so that no circle is found in part. */
static void keep_reached(struct cycle *c, size_t from)
{
    size_t left = from;
    cycle_roots_drain(&c->roots, c->marker);
    pairs_settle();
    for (size_t i = from; i < state.dead.count; i++) {
        struct gc_counted_head *head = (struct gc_counted_head *)state.dead.items[i];
        if (is_reached(c->heap, (uintptr_t)head))
            head->word &= ~(uint64_t)COUNTED_DEAD;
        else
            state.dead.items[left++] = (uintptr_t)head;
    }
    counted_found -= state.dead.count - left;
    state.dead.count = left;
}

static void find_dead(struct cycle *c)
{
    size_t before = state.dead.count;
    state.lost = false;
    each_block(c, find_in);
    if (state.lost)
        keep_reached(c, before);
    if (state.dead.count == before)
        return;
    mark(c, &state.dead, before);
    pairs_settle();
    watch_note_more();
}

bool counted_is_found(const struct heap *h, uintptr_t address)
{
    struct cell o = lookup_cell(h, address);
    const struct gc_counted_head *head = o.state ? counted_head(h, &o) : NULL;
    return head && head->word & COUNTED_DEAD;
}

/* In the lowest bit of a suspect: a cycle has reached it. */
enum { REACHED_ONCE = 1 };

static void accuse(uintptr_t slot)
{
    log_line(
        "verify: the counted object at %p was destroyed when its count came to 0, and "
        "is still reachable: the count was too low",
        (void *)(slot + sizeof(struct gc_counted_head)));
}

/* One that is still reached was pointed to from somewhere when its count came to 0.  A word that
 * a call left behind on a stack may have led there once; the next cycle decides. */
static void judge_suspects(struct cycle *c)
{
    size_t left = 0;
    for (size_t i = 0; i < state.suspects.count; i++) {
        uintptr_t slot = state.suspects.items[i];
        if (!is_reached(c->heap, slot & ~(uintptr_t)REACHED_ONCE))
            continue;
        if (slot & REACHED_ONCE)
            accuse(slot - REACHED_ONCE);
        else
            state.suspects.items[left++] = slot | REACHED_ONCE;
    }
    state.suspects.count = left;
}

static void check(struct cycle *c)
{
    for (size_t i = 0; GC_CHECKING && i < state.dead.count; i++) {
        struct cell o = lookup_cell(c->heap, state.dead.items[i]);
        CHECK(o.address == state.dead.items[i] && counted_head(c->heap, &o));
    }
}

static void reach_dying(struct naive *n, uint32_t head)
{
    uint32_t count = geometries[word_class(n->heap->words[head])].count;
    for (uint32_t i = 0; i < count; i++) {
        struct cell o = block_cell(n->heap, head, i);
        if (*o.state >= STATE_NEW &&
            ((struct gc_counted_head *)o.address)->word & COUNTED_DYING)
            naive_reach(n, o.address);
    }
}

static void verify(struct naive *n)
{
    for (size_t i = 0; i < state.dead.count; i++)
        naive_reach(n, state.dead.items[i]);
    for (BLOCKS(n->heap, head)) {
        struct cell o = block_cell(n->heap, head, 0);
        if (counted_dying && counted_head(n->heap, &o))
            reach_dying(n, head);
    }
}

static struct phase phases[] PRIVATE_DATA = {
    {.rank = PHASE_ROOTS, .run = mark_known},
    {.rank = PHASE_COUNTED, .run = find_dead},
    {.rank = PHASE_VERIFY, .run = judge_suspects},
    {.rank = PHASE_CHECK, .run = check},
};

static struct capability counting PRIVATE_DATA = {
    .phases = phases,
    .phase_count = sizeof phases / sizeof phases[0],
    .verify = {.reach = verify},
};

static void suspect(struct gc_counted_head *head)
{
    struct cell o;
    if (!mutator_enter())
        return;
    if (object_around(head, &o))
        track_clear(head + 1, o.size - sizeof *head);
    lock();
    add(&state.suspects, (uintptr_t)head);
    unlock();
    mutator_leave();
}

/* What another thread destroyed it may have been in the midst of: those that it had come to have
 * their flags, and the others are this process's. */
static void forked(void)
{
    counted_dying_forked();
    if (mine)
        return;
    counted_found += state.taken;
    state.taken = 0;
}

static size_t count_found(void)
{
    lock();
    size_t count = counted_found;
    unlock();
    return count;
}

/* ---- Destroying them ------------------------------------------------------------------------------- */

static struct gc_counted_head *head_at(size_t i)
{
    lock();
    struct gc_counted_head *head = (struct gc_counted_head *)state.dead.items[i];
    unlock();
    return head;
}

static void set_flag(struct gc_counted_head *head, uint64_t flag)
{
    __atomic_fetch_or(&head->word, flag, __ATOMIC_RELAXED);
}

/* Those that this one points to are not the first to go. */
READS_ANYTHING static void note_inner(const struct gc_counted_head *head)
{
    struct cell o, to;
    if (!object_around(head, &o) || !word_has_pointers(o.word))
        return;
    if (o.word & UNIT_ALTERED) /* there may be pages without access */
        return;
    const uintptr_t *end = (const uintptr_t *)(o.address + o.size);
    for (const uintptr_t *p = (const uintptr_t *)(head + 1); p < end; p++) {
        if (!object_around((void *)*p, &to) || to.address == o.address)
            continue;
        struct gc_counted_head *other = counted_head(&process_heap, &to);
        if (other && other->word & COUNTED_DEAD)
            set_flag(other, COUNTED_INNER);
    }
}

static void destroy_unless(size_t i, uint64_t flags)
{
    struct gc_counted_head *head = head_at(i);
    if (!(head->word & (flags | COUNTED_DESTROYED | COUNTED_DYING)))
        counted_destroy(head);
}

static void destroy_all(size_t count)
{
    for (size_t i = 0; i < count; i++)
        note_inner(head_at(i));
    for (size_t i = 0; i < count; i++)
        destroy_unless(i, COUNTED_INNER);
    for (size_t i = 0; i < count; i++)
        destroy_unless(i, 0);
}

/* Those that were there to begin with; false: there are none, or another thread is at it. */
static bool begin(size_t *count)
{
    lock();
    *count = state.taken ? 0 : state.dead.count;
    if (*count > 0) {
        state.taken = *count;
        counted_found -= *count;
        mine = true;
    }
    unlock();
    return *count > 0;
}

static void finish(size_t count)
{
    lock();
    state.dead.count -= count;
    for (size_t i = 0; i < state.dead.count; i++)
        state.dead.items[i] = state.dead.items[count + i];
    state.taken = 0;
    mine = false;
    unlock();
}

static size_t destroy_found(void)
{
    size_t count = 0;
    if (counted_postpone_dead() || !mutator_enter())
        return 0;
    if (begin(&count)) {
        destroy_all(count);
        finish(count);
    }
    mutator_leave();
    return count;
}

/* ---- The capability ---------------------------------------------------------------------------------- */

void counted_begin(void)
{
    capability_begin(&watching); /* which also sees to the end of the program */
    capability_begin(&counting);
    ready_also(destroy_found, count_found);
    counted_destroy_found = destroy_found;
    fork_hook = forked;
    counted_suspect = suspect;
    hook_begin();
}
