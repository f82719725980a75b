/* All that the roots lead to is reached, and of each call stack the largest recorded object noted; of objects as large the
 * one that is reached first, whose way is the shortest. */
#include "report/holders.h"

#include "base/cancel.h"
#include "base/meta.h"
#include "base/options.h"
#include "base/table.h"
#include "collect/cycle.h"
#include "collect/question.h"
#include "heap/heap.h"
#include "mutator/init.h"
#include "mutator/site.h"
#include "profile/profile.h"
#include "profile/record.h"
#include "report/out.h"
#include "report/path.h"
#include "trace/modules.h"

/* As many as are looked at, where a report has some five. */
enum { WAYS_MOST = 100 };

/* The recorded objects of a call stack. */
struct held {
    uintptr_t stack; /* its number in the depot, times 8 */
    uint32_t next, edge;
    size_t bytes, largest;
};

static struct {
    struct table held;
    struct path ways[WAYS_MOST];
    size_t count;
} holders PRIVATE_DATA = {
    .held = {.account = ACCOUNT_REPORTS,
             .entry_bytes = sizeof(struct held),
             .key_count = 1,
             .keys = {{offsetof(struct held, stack), offsetof(struct held, next)}}},
};

/* ---- In the pause ---------------------------------------------------------------------------------------- */

/* 0: the object was not recorded. */
static uint32_t recorded_stack(const struct cell *o)
{
    return options.profile_every ? profile_stack(o->address) : site_stack(o);
}

/* An object without memory to note it is not looked at. */
static void note(const struct cell *o, uint32_t stack, uint32_t edge)
{
    struct held first = {.stack = (uintptr_t)stack << 3, .edge = edge};
    uint32_t number = table_find(&holders.held, 0, first.stack);
    if (!number && !(number = table_add(&holders.held, &first)))
        return;
    struct held *h = table_at(&holders.held, number);
    h->bytes += o->size;
    if (o->size <= h->largest)
        return;
    h->largest = o->size;
    h->edge = edge;
}

static void note_all(const struct reach *r)
{
    for (size_t i = 0; i < r->count; i++) {
        struct cell o = lookup_cell(r->seen.heap, r->edges[i].address);
        uint32_t stack = recorded_stack(&o);
        if (stack)
            note(&o, stack, (uint32_t)i);
    }
}

/* The one with most bytes; NULL: none has any. */
static struct held *heaviest(void)
{
    struct held *most = NULL;
    for (uint32_t i = 1; i <= holders.held.count; i++) {
        struct held *h = table_at(&holders.held, i);
        if (h->bytes && (!most || h->bytes > most->bytes))
            most = h;
    }
    return most;
}

/* Those of samples have no sites. */
static void name_steps(const struct heap *h, struct path *p)
{
    for (size_t i = 0; i < p->count; i++) {
        struct cell o = lookup_cell(h, p->steps[i].address);
        p->steps[i].stack = recorded_stack(&o);
    }
}

static void take_ways(const struct reach *r)
{
    struct held *h;
    while (holders.count < WAYS_MOST && (h = heaviest())) {
        struct path *p = &holders.ways[holders.count];
        *p = (struct path){0};
        path_take(p, r, h->edge);
        h->bytes = 0;
        if (p->result != PATH_FROM_ROOT)
            continue;
        name_steps(r->seen.heap, p);
        holders.count++;
    }
}

static void search_in_pause(struct cycle *c)
{
    struct reach r;
    if (!reach_begin(&r, c->heap, 0, NULL))
        return;
    reach_from_roots(&r, c);
    if (!r.seen.failed) {
        note_all(&r);
        take_ways(&r);
    }
    reach_end(&r);
}

/* ---- The recording --------------------------------------------------------------------------------------- */

static struct record_step step_of(const struct path_step *s, bool first)
{
    bool known = !first && s->at;
    return (struct record_step){
        .has_offset = known,
        .offset = known ? s->at - s[-1].address : 0,
        .inside = s->pointer - s->address,
        .bytes = s->bytes,
        .stack = s->stack,
    };
}

static void record_way(const struct path *p)
{
    static const enum recording_root roots[] = {
        [ROOT_DATA] = RECORDING_ROOT_DATA,     [ROOT_NAMED] = RECORDING_ROOT_NAMED,
        [ROOT_STACK] = RECORDING_ROOT_STACK,   [ROOT_REGISTER] = RECORDING_ROOT_REGISTER,
        [ROOT_LOCAL] = RECORDING_ROOT_LOCAL,   [ROOT_RECORD] = RECORDING_ROOT_THREAD,
        [ROOT_TIMER] = RECORDING_ROOT_TIMER,   [ROOT_POLLED] = RECORDING_ROOT_POLLED,
        [ROOT_STREAM] = RECORDING_ROOT_STREAM, [ROOT_VARIABLE] = RECORDING_ROOT_VARIABLE,
    };
    struct record_step steps[RECORDING_STEPS_MOST];
    size_t count = min_size(p->count, RECORDING_STEPS_MOST), left_out = p->count - count;
    for (size_t i = 0; i < count; i++) {
        size_t at = i < RECORDING_STEPS_FIRST ? i : i + left_out;
        steps[i] = step_of(&p->steps[at], at == 0);
    }
    record_held(&(struct record_way){.root = roots[p->root],
                                     .at = p->steps[0].at,
                                     .thread = p->thread,
                                     .left_out = left_out,
                                     .steps = steps,
                                     .count = count});
}

static void forget(void)
{
    while (holders.held.count)
        table_remove(&holders.held, holders.held.count);
    holders.count = 0;
}

void holders_record(void)
{
    if (!options.profile_holders || !profile_at_end() || !mutator_enter())
        return;
    if (out_lock()) {
        cancel_hold_off();
        modules_look();
        question_ask(search_in_pause);
        for (size_t i = 0; i < holders.count; i++) {
            record_way(&holders.ways[i]);
            path_free(&holders.ways[i]);
        }
        forget();
        cancel_let_in();
        out_unlock();
    }
    mutator_leave();
}
