/* A search in breadth over what the roots lead to, in tables of its own.  The calling thread's stack is left out: it is one
 * of the library's, and has the address that is looked for. */
#include "report/path.h"

#include <unistd.h>

#include "base/bits.h"
#include "base/meta.h"
#include "collect/collector.h"
#include "collect/naive.h"
#include "collect/phase.h"
#include "heap/block.h"
#include "mutator/site.h"
#include "world/stop.h"
#include "world/thread.h"

enum { FROM_NOTHING = UINT32_MAX, WORD = sizeof(uintptr_t) };

/* An object that was reached, in the order in which it was. */
struct edge {
    uintptr_t address, at, pointer; /* as in struct path_step */
    uint32_t from;                  /* whose word `at` is, by place; FROM_NOTHING */
};

static struct search {
    pid_t process; /* that looks; a child of fork may have it from its parent */
    uintptr_t
        address; /* with all of its bits turned: no word that somebody takes for a pointer */
    struct path *path;
    size_t data,
        named; /* edges from static data, and from what root callbacks named; stacks come behind */
    struct naive seen;
    struct edge *edges;
    size_t count, capacity;
    uintptr_t object; /* that is looked for */
    bool found;       /* it is the last edge */
} search PRIVATE_DATA;

/* ---- The search ------------------------------------------------------------------------------------------ */

static void reach(struct search *s, const struct found *f, uintptr_t at,
                  uintptr_t pointer, uint32_t from)
{
    struct edge *edges =
        meta_grow(ACCOUNT_REPORTS, s->edges, s->count, &s->capacity, sizeof *edges);
    if (!edges || s->count == FROM_NOTHING) {
        s->seen.failed = true;
        return;
    }
    s->edges = edges;
    edges[s->count++] = (struct edge){f->address, at, pointer, from};
    s->seen.reached[f->number] = 1;
    s->found = f->address == s->object;
}

static bool is_over(const struct search *s)
{
    return s->found || s->seen.failed;
}

/* `at` is where the first of the words is, or 0. */
static void look_at(struct search *s, const struct copied *c, uintptr_t at, uint32_t from)
{
    struct found f;
    for (size_t i = 0; i < c->count && !is_over(s); i++)
        if (naive_find(&s->seen, c->words[i], &f) && !s->seen.reached[f.number])
            reach(s, &f, at ? at + i * WORD : 0, c->words[i], from);
}

static void look_at_object(struct search *s, uint32_t place)
{
    struct found f;
    struct copied c;
    uintptr_t address = s->edges[place].address;
    if (!naive_find(&s->seen, address, &f) || !naive_has_words(&f))
        return;
    bool traced = f.layout && f.layout->shape == LAYOUT_TRACED;
    for (size_t at = 0, before = 0; !is_over(s) && naive_words(&s->seen, &f, &at, &c);
         before = at)
        look_at(s, &c, traced ? 0 : address + before, place);
}

/* Looks at what was reached, from the edge of this place on. */
static void follow(struct search *s, size_t place)
{
    for (; place < s->count && !is_over(s); place++)
        look_at_object(s, (uint32_t)place);
}

static bool is_mine(struct range r)
{
    const struct mutator *m = thread_self;
    return r.low < m->stack_high && r.high > m->stack_low;
}

static void look_at_roots(struct search *s, const struct range_list *l)
{
    struct copied c;
    for (size_t i = 0; i < l->count; i++) {
        uintptr_t low = align_up(l->ranges[i].low, WORD), from;
        while (!is_mine(l->ranges[i]) && (from = low) < l->ranges[i].high &&
               !is_over(s)) {
            c = naive_copy(&low, l->ranges[i].high);
            look_at(s, &c, from, FROM_NOTHING);
        }
    }
}

/* From each manual object that nothing leads to in turn. */
static void look_at_leaks(struct search *s, struct heap *h)
{
    struct found f;
    for (BLOCKS(h, head)) {
        if (!(word_kind(h->words[head]) & KIND_MANUAL))
            continue;
        const struct geometry *g = word_geometry(h->words[head]);
        for (uint32_t i = 0; i < g->count && !is_over(s); i++) {
            uintptr_t address = block_cell(h, head, i).address;
            size_t first = s->count;
            if (address == s->object || !naive_find(&s->seen, address, &f) ||
                s->seen.reached[f.number])
                continue;
            reach(s, &f, 0, address, FROM_NOTHING);
            follow(s, first);
        }
    }
}

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

static void keep_steps(struct search *s, const struct heap *h)
{
    struct path *p = s->path;
    size_t count = 0;
    uint32_t first = 0;
    for (uint32_t i = (uint32_t)s->count - 1; i != FROM_NOTHING; i = s->edges[i].from) {
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
    for (uint32_t i = (uint32_t)s->count - 1; i != FROM_NOTHING; i = s->edges[i].from)
        p->steps[--count] = step_of(h, &s->edges[i]);
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

static void tell_root(struct search *s)
{
    struct path *p = s->path;
    for (const struct mutator *m = registry_first(); m; m = m->next)
        if (tell_thread(p, m, p->steps[0].at))
            return;
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

static void look(struct search *s, struct cycle *c)
{
    struct path *p = s->path;
    look_at_roots(s, &c->roots.data);
    s->data = s->count;
    look_at_roots(s, &c->roots.named);
    s->named = s->count;
    look_at_roots(s, &c->roots.stacks);
    follow(s, 0);
    p->result = PATH_FROM_ROOT;
    if (!is_over(s)) {
        p->result = PATH_FROM_LEAK;
        look_at_leaks(s, c->heap);
    }
}

static void search_in_pause(struct cycle *c)
{
    struct found f;
    struct search *s = &search;
    struct path *p = s->path;
    if (c->cause != CAUSE_LEAKS || !s->process || s->process != getpid())
        return;
    s->process = 0;
    s->seen.heap = c->heap;
    if (!naive_find(&s->seen, ~s->address, &f)) {
        tell_dead(p, c->heap, ~s->address);
        return;
    }
    s->object = f.address;
    p->of = step_of(c->heap, &(struct edge){.address = f.address});
    p->manual = f.kind & KIND_MANUAL;
    if (!naive_create(&s->seen, c->heap, false))
        return;
    look(s, c);
    if (s->seen.failed)
        p->result = PATH_UNKNOWN;
    else if (!s->found)
        p->result = PATH_NONE;
    else
        keep_steps(s, c->heap);
    if (p->result == PATH_FROM_ROOT)
        tell_root(s);
    naive_destroy(&s->seen);
}

void path_find(struct path *p, uintptr_t address)
{
    static struct phase phase PRIVATE_DATA = {.rank = PHASE_LEAKS,
                                              .run = search_in_pause};
    *p = (struct path){.result = PATH_UNKNOWN};
    search = (struct search){.process = getpid(), .address = ~address, .path = p};
    bool taken = world_hold();
    phase_add(&phase);
    world_let_go(taken);
    collector_run(&process_collector, CAUSE_LEAKS);
    meta_free(search.edges, search.capacity * sizeof *search.edges);
    search = (struct search){0};
}

void path_free(struct path *p)
{
    meta_free(p->steps, p->count * sizeof *p->steps);
    p->steps = NULL;
}
