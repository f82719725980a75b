/* The calling thread's stack is left out: it is one of the library's, and has the address that is looked for. */
#include "report/path.h"

#include "base/bits.h"
#include "base/meta.h"
#include "collect/cycle.h"
#include "collect/question.h"
#include "heap/heap.h"
#include "mutator/site.h"
#include "roots/environment.h"
#include "roots/polled.h"
#include "roots/streams.h"
#include "roots/threads.h"
#include "world/thread.h"

static struct {
    /* With all of its bits turned: no word that somebody takes for a pointer. */
    uintptr_t address;
    struct path *path;
    struct range_list
        ranges; /* of one kind, while it is looked whether a word lies there */
} search PRIVATE_DATA;

/* ---- What was found -------------------------------------------------------------------------------------- */

static struct path_step step_of(const struct heap *h, const struct edge *e)
{
    struct cell o = lookup_cell(h, e->address);
    return (struct path_step){.address = e->address,
                              .at = e->at,
                              .pointer = e->pointer,
                              .bytes = site_requested(&o),
                              .stack = site_stack(&o)};
}

static void keep_steps(struct path *p, const struct reach *s, uint32_t edge)
{
    size_t count = 0;
    uint32_t first = 0;
    for (uint32_t i = edge; i != FROM_NOTHING; i = s->edges[i].from) {
        first = i;
        count++;
    }
    p->root = first < s->data ? ROOT_DATA : first < s->named ? ROOT_NAMED : ROOT_STACK;
    p->steps = meta_alloc(ACCOUNT_REPORTS, count * sizeof *p->steps);
    if (!p->steps) {
        p->result = PATH_UNKNOWN;
        return;
    }
    p->count = count;
    for (uint32_t i = edge; i != FROM_NOTHING; i = s->edges[i].from)
        p->steps[--count] = step_of(s->seen.heap, &s->edges[i]);
}

static bool is_in(uintptr_t at, const void *low, size_t bytes)
{
    return at - (uintptr_t)low < bytes;
}

/* Bytes on either side of a thread pointer that are its thread's, where no other root is said to be. */
enum { LOCAL_MOST = 32 << 10 };

/* Whose word it is.  What a stop has saved of a thread's registers lies below the place where it was
 * interrupted. */
static bool tell_thread(struct path *p, const struct mutator *m, uintptr_t at)
{
    p->thread = m->tid;
    if (is_in(at, m->registers, sizeof m->registers)) {
        p->root = ROOT_REGISTER;
    } else if (is_in(at, m, sizeof *m)) {
        p->root = ROOT_RECORD;
    } else if (at >= m->stack_low && at < m->stack_high && p->root == ROOT_STACK) {
        p->root = at < m->interrupted ? ROOT_REGISTER : ROOT_STACK;
        p->distance = at - m->interrupted;
    } else if (p->root == ROOT_DATA && at + LOCAL_MOST - m->pointer < 2 * LOCAL_MOST) {
        p->root = ROOT_LOCAL;
    } else {
        p->thread = 0;
    }
    return p->thread;
}

/* What the C library or the kernel has for the program. */
static const struct {
    enum root_kind root;
    void (*add)(struct range_list *l);
} systems[] = {
    {ROOT_TIMER, threads_add_timers},
    {ROOT_POLLED, polled_add},
    {ROOT_STREAM, streams_add},
    {ROOT_VARIABLE, environment_add},
};

static bool lies_there(void (*add)(struct range_list *l), uintptr_t at)
{
    struct range_list *l = &search.ranges;
    range_list_clear(l);
    add(l);
    return range_list_has(l, (struct range){at, at + 1});
}

static void tell_system(struct path *p)
{
    for (size_t i = 0; i < sizeof systems / sizeof systems[0]; i++)
        if (lies_there(systems[i].add, p->steps[0].at))
            p->root = systems[i].root;
}

static void tell_root(struct path *p)
{
    for (const struct mutator *m = registry_first(); m; m = m->next)
        if (tell_thread(p, m, p->steps[0].at))
            return;
    if (p->root == ROOT_DATA)
        tell_system(p);
}

void path_take(struct path *p, const struct reach *r, uint32_t edge)
{
    p->result = PATH_FROM_ROOT;
    keep_steps(p, r, edge);
    if (p->result == PATH_FROM_ROOT)
        tell_root(p);
}

/* ---- The object ------------------------------------------------------------------------------------------ */

/* What was there, where there is no object. */
static void tell_dead(struct path *p, const struct heap *h, uintptr_t address)
{
    struct cell o = lookup_cell(h, address);
    const struct site *site = o.state ? site_at(h, o.state) : NULL;
    p->result = lookup_owns(h, address) ? PATH_FREE : PATH_OUTSIDE;
    if (!site || !site->stack)
        return;
    p->result = PATH_FREED;
    p->of =
        (struct path_step){.address = o.address, .bytes = o.size, .stack = site->stack};
    p->freed = site_freed(site) ? site_freed_by(site) : 0;
}

/* From the roots, or else from what has leaked. */
static void look(struct path *p, struct reach *r, const struct cycle *c)
{
    reach_from_roots(r, c);
    bool leaked = !reach_is_over(r);
    if (leaked)
        reach_from_leaks(r);
    if (r->seen.failed)
        p->result = PATH_UNKNOWN;
    else if (!r->found)
        p->result = PATH_NONE;
    else
        path_take(p, r, (uint32_t)r->count - 1);
    if (leaked && p->result == PATH_FROM_ROOT)
        p->result = PATH_FROM_LEAK;
}

static void search_in_pause(struct cycle *c)
{
    struct found f;
    struct reach r;
    struct path *p = search.path;
    uintptr_t address = ~search.address;
    if (!naive_find(&(struct naive){.heap = c->heap}, address, &f)) {
        tell_dead(p, c->heap, address);
        return;
    }
    p->of = step_of(c->heap, &(struct edge){.address = f.address});
    p->manual = f.kind & KIND_MANUAL;
    if (!reach_begin(&r, c->heap, f.address, thread_self))
        return;
    look(p, &r, c);
    reach_end(&r);
}

void path_find(struct path *p, uintptr_t address)
{
    *p = (struct path){.result = PATH_UNKNOWN};
    search.address = ~address;
    search.path = p;
    question_ask(search_in_pause);
    search.address = 0;
}

void path_free(struct path *p)
{
    meta_free(p->steps, p->count * sizeof *p->steps);
    p->steps = NULL;
}
