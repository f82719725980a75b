/* Checking for leaks: a collection finds them, and what they are is printed after it. */
#include "report/leak.h"

#include <gcalloc/gcalloc.h>

#include "base/cancel.h"
#include "base/log.h"
#include "base/meta.h"
#include "base/options.h"
#include "collect/cycle.h"
#include "collect/question.h"
#include "heap/heap.h"
#include "mutator/init.h"
#include "report/loader.h"
#include "report/out.h"
#include "report/suppress.h"
#include "report/symbolize.h"
#include "trace/modules.h"
#include "world/faults.h"
#include "world/stop.h"
#include "world/thread.h"

static struct leak_set found PRIVATE_DATA;
static bool wants_possible PRIVATE_DATA; /* the present check */
static bool was_collected PRIVATE_DATA;  /* in the present check; false: not yet */

static void find_in_pause(struct cycle *c)
{
    was_collected = true;
    leak_set_find(&found, c->heap, &c->roots, wants_possible);
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
    leak_suppress(found.leaks, found.lost, false);
    leak_suppress(found.leaks + found.lost, found.count - found.lost, true);
    classify();
    if (!suppress_asks_for_class() || !leak_suppress(found.leaks, found.lost, true))
        return;
    leak_set_begin_again(&found);
    classify();
}

/* `possible`: those, too, that only pointers inside are found to. */
static void find(bool possible)
{
    wants_possible = possible;
    found = (struct leak_set){0}; /* a fork may have copied those of a check */
    was_collected = false;
    loader_look();
    question_ask(find_in_pause);
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
    leak_group(&r, &found);
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
