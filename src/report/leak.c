/* Checking for leaks: a collection finds them, and what they are is printed after it. */
#include "report/leak.h"

#include <gcalloc/gcalloc.h>
#include <stdlib.h>

#include "base/cancel.h"
#include "base/log.h"
#include "base/meta.h"
#include "base/options.h"
#include "base/probe.h"
#include "collect/collector.h"
#include "collect/phase.h"
#include "heap/heap.h"
#include "mutator/init.h"
#include "report/loader.h"
#include "report/out.h"
#include "report/suppress.h"
#include "report/symbolize.h"
#include "trace/depot.h"
#include "trace/modules.h"
#include "world/faults.h"
#include "world/stop.h"
#include "world/thread.h"

static struct leak_set found PRIVATE_DATA;
static bool checks PRIVATE_DATA;         /* a leak check waits for a cycle */
static bool wants_possible PRIVATE_DATA; /* the present check */
static bool was_collected PRIVATE_DATA;  /* in the present check; false: not yet */

/* Only a check runs such a cycle, and waits for its end. */
static void find_in_pause(struct cycle *c)
{
    if (c->cause != CAUSE_LEAKS || !checks)
        return;
    was_collected = true;
    leak_set_find(&found, c->heap, &c->roots, wants_possible);
}

static struct phase find_leaks PRIVATE_DATA = {.rank = PHASE_LEAKS, .run = find_in_pause};

static int compare(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

static int by_stack(const void *a, const void *b)
{
    const struct leak *x = a, *y = b;
    int stacks = compare(x->stack, y->stack);
    return stacks ? stacks : compare(x->address, y->address);
}

static int by_class_and_stack(const void *a, const void *b)
{
    const struct leak *x = a, *y = b;
    int classes = compare(x->class, y->class);
    return classes ? classes : by_stack(a, b);
}

/* Matches the suppressions with each distinct stack of the leaks of each class; `known`: the classes are.
 * Returns whether some leaks were left out. */
static bool suppress(struct leak *leaks, size_t count, bool known)
{
    size_t suppression = SUPPRESS_NONE;
    enum leak_class asked = LEAK_SUPPRESSED; /* with the stack of the leak before */
    bool some = false;
    if (count)
        qsort(leaks, count, sizeof *leaks, by_class_and_stack);
    for (size_t i = 0; i < count; i++) {
        struct leak *l = &leaks[i];
        if (l->class == LEAK_SUPPRESSED)
            continue;
        if (l->class != asked || l->stack != l[-1].stack)
            suppression =
                suppress_stack(l->stack, known ? 1 << l->class : SUPPRESS_NO_CLASS);
        asked = l->class;
        if (suppression == SUPPRESS_NONE)
            continue;
        l->class = LEAK_SUPPRESSED;
        l->suppression = suppression;
        some = true;
    }
    return some;
}

static int by_class_and_size(const void *a, const void *b)
{
    const struct leak_group *x = a, *y = b;
    int classes = compare(x->class, y->class);
    int sizes = compare(y->bytes + y->kept_bytes, x->bytes + x->kept_bytes);
    return classes ? classes : sizes ? sizes : compare(x->stack, y->stack);
}

static void add_to_group(struct leak_group *g, const struct leak *l)
{
    g->objects++;
    g->bytes += l->bytes;
    g->kept_objects += l->kept_objects;
    g->kept_bytes += l->kept_bytes;
    g->cycles += l->in_cycle;
    if (!g->example || l->bytes > g->example->bytes)
        g->example = l;
}

static struct leak_group *new_group(struct leak_report *r, const struct leak *l)
{
    struct leak_group *groups =
        meta_grow(ACCOUNT_REPORTS, r->groups, r->count, &r->capacity, sizeof *groups);
    if (!groups) {
        r->incomplete = true;
        return NULL;
    }
    r->groups = groups;
    groups[r->count] = (struct leak_group){.class = l->class, .stack = l->stack};
    return &groups[r->count++];
}

/* For tracers: the object, and the innermost place of the stack that allocated it. */
static void probe(const struct leak *l)
{
    const uintptr_t *frames;
    uintptr_t site = depot_get(l->stack, &frames) ? frames[0] : 0;
    PROBE3(leak, l->address, l->bytes, site);
}

static void add_total(struct leak_report *r, const struct leak *l)
{
    r->totals[l->class].objects++;
    r->totals[l->class].bytes += l->bytes;
    if (l->class == LEAK_SUPPRESSED)
        suppress_count(l->suppression, l->bytes);
}

static void group_leaks(struct leak_report *r)
{
    struct leak_group *g = NULL;
    if (found.count)
        qsort(found.leaks, found.count, sizeof *found.leaks, by_class_and_stack);
    for (size_t i = 0; i < found.count; i++) {
        const struct leak *l = &found.leaks[i];
        add_total(r, l);
        if (l->class == LEAK_SUPPRESSED)
            continue;
        probe(l);
        if (!g || g->class != l->class || g->stack != l->stack)
            g = new_group(r, l);
        if (g)
            add_to_group(g, l);
    }
    if (r->count)
        qsort(r->groups, r->count, sizeof *r->groups, by_class_and_size);
    r->reachable = (struct leak_total){found.reachable_objects, found.reachable_bytes};
}

static void limit_groups(struct leak_report *r)
{
    size_t limit = OPTION_NOW(groups);
    r->listed = limit && limit < r->count ? limit : r->count;
    r->unlisted_groups = r->count - r->listed;
    for (size_t i = r->listed; i < r->count; i++) {
        r->unlisted.objects += r->groups[i].objects;
        r->unlisted.bytes += r->groups[i].bytes;
    }
}

static void print(const struct leak_report *r, bool json)
{
    out_open();
    if (json)
        leak_print_json(r);
    else
        leak_print_text(r);
    out_close();
}

/* Lost objects may have pages that cannot be read.  The world goes on: nobody changes what nobody
 * reaches. */
static void classify(void)
{
    world_lock();
    faults_begin();
    leak_set_classify(&found, &process_heap);
    if (GC_CHECKING)
        leak_set_check(&found);
    faults_end();
    world_unlock();
}

/* Those that are for some classes only come when the classes are known, which they change then: a leak that
 * is left out takes with it what it keeps. */
static void suppress_and_classify(void)
{
    suppress(found.leaks, found.lost, false);
    suppress(found.leaks + found.lost, found.count - found.lost, true);
    classify();
    if (!suppress_asks_for_class() || !suppress(found.leaks, found.lost, true))
        return;
    leak_set_begin_again(&found);
    classify();
}

/* The first check adds the phase, so that other programs have none. */
static void collect(void)
{
    bool taken = world_hold();
    phase_add(&find_leaks);
    world_let_go(taken);
    checks = true;
    collector_run(&process_collector, CAUSE_LEAKS);
    checks = false;
}

/* `possible`: those, too, that only pointers inside are found to. */
static void find(bool possible)
{
    wants_possible = possible;
    found = (struct leak_set){0}; /* a fork may have copied those of a check */
    was_collected = false;
    loader_look();
    collect();
}

void leak_each_lost(void (*visit)(const struct leak *l, uintptr_t owner))
{
    thread_inside++;
    find(false);
    classify();
    for (size_t i = 0; i < found.lost; i++) {
        const struct leak *l = &found.leaks[i];
        visit(l, l->owner < OWNER_NONE ? found.leaks[l->owner].address : l->address);
    }
    leak_set_clear(&found);
    thread_inside--;
}

size_t leak_report(bool json)
{
    static bool suppressions_read PRIVATE_DATA;
    thread_inside++;
    if (!suppressions_read && options.suppressions.text[0])
        suppress_load(options.suppressions.text);
    suppressions_read = true;

    struct leak_report r = {0};
    find(true);
    modules_look();
    suppress_and_classify();
    r.unknown = !was_collected;
    r.incomplete = found.incomplete || r.unknown;
    group_leaks(&r);
    limit_groups(&r);
    print(&r, json);
    if (GC_CHECKING)
        suppress_check();
    symbolize_end();
    size_t lost = r.totals[LEAK_DEFINITE].objects + r.totals[LEAK_INDIRECT].objects;
    meta_free(r.groups, r.capacity * sizeof *r.groups);
    leak_set_clear(&found);
    thread_inside--;
    return lost;
}

size_t gc_leak_check(void)
{
    size_t lost = 0;
    if (!mutator_enter())
        return 0;
    if (out_lock()) {
        cancel_hold_off();
        lost = leak_report(OPTION_NOW(report_format) == FORMAT_JSON);
        cancel_let_in();
        out_unlock();
    }
    mutator_leave();
    return lost;
}
