/* Edges are kept in a table that grows; what has been reached is a map with a byte for each granule. */
#include "report/reach.h"

#include "base/bits.h"
#include "base/meta.h"
#include "heap/block.h"

enum { WORD = sizeof(uintptr_t) };

static void add(struct reach *s, const struct found *f, uintptr_t at, uintptr_t pointer,
                uint32_t from)
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

bool reach_is_over(const struct reach *s)
{
    return s->found || s->seen.failed;
}

/* `at` is where the first of the words is, or 0. */
static void look_at(struct reach *s, const struct copied *c, uintptr_t at, uint32_t from)
{
    struct found f;
    for (size_t i = 0; i < c->count + c->halves && !reach_is_over(s); i++)
        if (naive_find(&s->seen, c->words[i], &f) && !s->seen.reached[f.number])
            add(s, &f, at ? at + copied_offset(c, i) : 0, c->words[i], from);
}

static void look_at_object(struct reach *s, uint32_t place)
{
    struct found f;
    struct copied c;
    uintptr_t address = s->edges[place].address;
    if (!naive_find(&s->seen, address, &f) || !naive_has_words(&f))
        return;
    bool traced = f.layout && f.layout->shape == LAYOUT_TRACED;
    for (size_t at = 0, before = 0;
         !reach_is_over(s) && naive_words(&s->seen, &f, &at, &c); before = at)
        look_at(s, &c, traced ? 0 : address + before, place);
}

/* Looks at what was reached, from the edge of this place on. */
static void follow(struct reach *s, size_t place)
{
    for (; place < s->count && !reach_is_over(s); place++)
        look_at_object(s, (uint32_t)place);
}

static bool is_left_out(const struct reach *s, struct range r)
{
    const struct mutator *m = s->without;
    return m && r.low < m->stack_high && r.high > m->stack_low;
}

static void look_at_roots(struct reach *s, const struct range_list *l)
{
    struct copied c;
    for (size_t i = 0; i < l->count; i++) {
        uintptr_t low = align_up(l->ranges[i].low, WORD), from;
        while (!is_left_out(s, l->ranges[i]) && (from = low) < l->ranges[i].high &&
               !reach_is_over(s)) {
            c = naive_copy(&low, l->ranges[i].high);
            look_at(s, &c, from, FROM_NOTHING);
        }
    }
}

void reach_from_leaks(struct reach *s)
{
    struct found f;
    struct heap *h = s->seen.heap;
    for (BLOCKS(h, head)) {
        if (!(word_kind(h->words[head]) & KIND_MANUAL))
            continue;
        const struct geometry *g = word_geometry(h->words[head]);
        for (uint32_t i = 0; i < g->count && !reach_is_over(s); i++) {
            uintptr_t address = block_cell(h, head, i).address;
            size_t first = s->count;
            if (address == s->object || !naive_find(&s->seen, address, &f) ||
                s->seen.reached[f.number])
                continue;
            add(s, &f, 0, address, FROM_NOTHING);
            follow(s, first);
        }
    }
}

void reach_from_roots(struct reach *s, const struct cycle *c)
{
    look_at_roots(s, &c->roots.data);
    s->data = s->count;
    look_at_roots(s, &c->roots.named);
    s->named = s->count;
    look_at_roots(s, &c->roots.stacks);
    follow(s, 0);
}

bool reach_begin(struct reach *s, struct heap *h, uintptr_t object,
                 const struct mutator *without)
{
    *s = (struct reach){.object = object, .without = without};
    return naive_create(&s->seen, h, false);
}

void reach_end(struct reach *s)
{
    naive_destroy(&s->seen);
    meta_free(s->edges, s->capacity * sizeof *s->edges);
    *s = (struct reach){0};
}
