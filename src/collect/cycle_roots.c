/* Listing the roots, root callbacks, and marking from all of them. */
#include "collect/cycle_roots.h"

#include <gcalloc/gcalloc.h>

#include "base/lock.h"
#include "base/options.h"
#include "roots/coroutines.h"
#include "roots/environment.h"
#include "roots/mappings.h"
#include "roots/polled.h"
#include "roots/registered.h"
#include "roots/streams.h"
#include "roots/unwritten.h"
#include "world/foreign.h"
#include "world/stop.h"
#include "world/systemstack.h"
#include "world/thread.h"

/* ---- Listing ----------------------------------------------------------------------- */

static void add_range(void *argument, struct range r)
{
    range_cover_add(argument, r);
}

/* Adds the registered ranges, which may overlap with each other and with static data. */
static void add_registered(struct range_list *data)
{
    struct range_cover cover;
    if (!registered_ranges())
        return;
    range_cover_begin(&cover, data);
    registered_walk(add_range, &cover);
}

void cycle_roots_list(struct cycle_roots *r, const struct heap *h,
                      const struct snapshot *s, bool leaks)
{
    lock_check_held(RANK_WORLD);
    range_list_clear(&r->stacks);
    range_list_clear(&r->data);
    range_list_clear(&r->code);
    range_list_clear(&r->named);
    range_list_clear(&r->unwritten);
    r->segments = &s->segments;
    threads_roots(h, s, &r->stacks, &r->data);
    if (leaks || options.collect)
        threads_add_kept(&r->data);
    threads_add_timers(&r->data);
    environment_add(&r->data);
    streams_add(&r->data);
    polled_add(&r->data);
    add_registered(&r->data);
    if (options.collect || (leaks && options.mappings) || foreign_is_anywhere())
        mappings_add(h, &r->data, &r->code);
}

bool cycle_roots_complete(const struct cycle_roots *r)
{
    return !r->stacks.incomplete && !r->data.incomplete;
}

size_t cycle_roots_leave_out(struct cycle_roots *r, const struct heap *h, bool young)
{
    if (!h->young || !h->tenures)
        return unwritten_forget(), 0;
    if (young)
        return unwritten_list(h, r->segments, &r->unwritten);
    return unwritten_begin(h, r->segments), 0;
}

static size_t bytes_of(const struct range_list *l)
{
    size_t bytes = 0;
    for (size_t i = 0; i < l->count; i++)
        bytes += l->ranges[i].high - l->ranges[i].low;
    return bytes;
}

size_t cycle_roots_static_bytes(const struct cycle_roots *r)
{
    return r->segments ? bytes_of(r->segments) - bytes_of(&r->unwritten) : 0;
}

/* ---- Root callbacks ---------------------------------------------------------------- */

/* What gc_mark_range adds to.  There is one of the process, as one thread at a time stops
 * the world; NULL while no root callback runs. */
static struct calling {
    struct cycle_roots *roots;
    struct marker *marker; /* NULL: nothing is marked */
} * calling PRIVATE_DATA;

static void call_back(void *argument)
{
    (void)argument;
    registered_callbacks_run();
}

/* Runs the root callbacks.  They may not use the heap: without a cache every use comes to
 * a slow path, which fails. */
static void run_callbacks(struct cycle_roots *r, struct marker *m)
{
    struct calling now = {r, m};
    struct thread_access had = thread_shut_out();
    calling = &now;
    systemstack_leave(call_back, NULL);
    calling = NULL;
    thread_let_in(had);
}

void gc_mark_range(const void *low, const void *high)
{
    if (!world_is_mine() || !calling)
        return;
    if (calling->marker)
        marker_scan_roots(calling->marker, (uintptr_t)low, (uintptr_t)high);
    if (calling->roots->keeps_named)
        range_list_add(&calling->roots->named, (uintptr_t)low, (uintptr_t)high);
}

void cycle_roots_name(struct cycle_roots *r)
{
    run_callbacks(r, NULL);
}

/* ---- Marking ----------------------------------------------------------------------- */

/* Marks from stacks in objects of the heap.  Such a stack counts once its object is
 * reached, and what lies on it may lead to others. */
static void mark_from_reached_stacks(struct cycle_roots *r, struct marker *m)
{
    size_t first = r->stacks.count;
    while (coroutine_add_reached(m->heap, &r->stacks)) {
        for (; first < r->stacks.count; first++)
            marker_scan_stack(m, r->stacks.ranges[first].low,
                              r->stacks.ranges[first].high);
        marker_drain(m);
    }
}

void cycle_roots_drain(struct cycle_roots *r, struct marker *m)
{
    marker_drain(m);
    mark_from_reached_stacks(r, m);
}

/* There is room in the list for stacks in objects, which get there when theirs is reached. */
void cycle_roots_scan_object(struct cycle_roots *r, struct marker *m,
                             const struct cell *o)
{
    size_t first = r->stacks.count;
    marker_scan_object(m, o);
    coroutine_add_within(o, &r->stacks);
    for (size_t i = first; i < r->stacks.count; i++)
        marker_scan_stack_in(m, r->stacks.ranges[i].low, r->stacks.ranges[i].high, o);
    r->stacks.count = first;
}

bool cycle_roots_push_object(struct marker *m, const struct cell *o)
{
    return !coroutine_any_within(o) && marker_push_object(m, o);
}

/* The first range of a sorted list that does not lie below the address. */
static size_t first_from(const struct range_list *l, uintptr_t address)
{
    size_t low = 0, high = l->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (l->ranges[middle].high <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Scans the range but for what has not been written to. */
static void scan_written(const struct cycle_roots *r, struct marker *m, struct range data)
{
    const struct range_list *l = &r->unwritten;
    for (size_t i = first_from(l, data.low); i < l->count && l->ranges[i].low < data.high;
         i++) {
        if (data.low < l->ranges[i].low)
            marker_scan_roots(m, data.low, l->ranges[i].low);
        data.low = l->ranges[i].high;
    }
    if (data.low < data.high)
        marker_scan_roots(m, data.low, data.high);
}

void cycle_roots_scan(const struct cycle_roots *r, struct marker *m)
{
    for (size_t i = 0; i < r->stacks.count; i++)
        marker_scan_stack(m, r->stacks.ranges[i].low, r->stacks.ranges[i].high);
    for (size_t i = 0; i < r->data.count; i++)
        scan_written(r, m, r->data.ranges[i]);
    for (size_t i = 0; i < r->code.count; i++)
        marker_scan_code(m, r->code.ranges[i].low, r->code.ranges[i].high);
}

void cycle_roots_mark(struct cycle_roots *r, struct marker *m)
{
    cycle_roots_scan(r, m);
    run_callbacks(r, m);
    cycle_roots_drain(r, m);
}

void cycle_roots_mark_manual(struct cycle_roots *r, struct marker *m)
{
    marker_mark_manual(m);
    cycle_roots_drain(r, m);
}

void cycle_roots_check(const struct cycle_roots *r)
{
    range_list_check(&r->stacks);
    range_list_check(&r->data);
    range_list_check(&r->named);
    range_list_check(&r->unwritten);
}
