/* How the lost objects hang together.  They are the vertices of a graph, the words in them
 * that point to others its edges.  Its strongly connected components (Tarjan's algorithm)
 * to which no other component points are the definite leaks. */
#include "base/meta.h"
#include "collect/naive.h"
#include "report/leak_set.h"

/* A vertex while the graph is searched. */
struct vertex {
    uint32_t order;     /* in which it was found, from 1; 0: not yet */
    uint32_t low;       /* least order that is reached from it within its component */
    uint32_t component; /* from 1; 0: not complete yet */
};

struct frame {
    uint32_t leak;
    size_t at; /* the next byte of it to look at */
};

struct graph {
    struct leak_set *set;
    struct naive finder;
    uint32_t *places; /* numbered as the states: place of the leak, plus 1 */
    size_t places_bytes;
    struct vertex *vertices;
    struct frame *frames; /* of the search in depth */
    uint32_t *open;       /* vertices whose component is not complete */
    size_t depth, opened;
    uint32_t orders, components;
};

/* The leak that a word points to, plus 1; 0: none. */
static uint32_t target_of(const struct graph *g, uintptr_t word)
{
    struct found target;
    return naive_find(&g->finder, word, &target) ? g->places[target.number] : 0;
}

enum { HALF = sizeof(uintptr_t) / 2 };

/* The leak, plus 1, that the first word from byte *at on points to, of those that were copied from byte `start` on,
 * and of those between two of them; *at comes to lie behind it.  0: none. */
static uint32_t next_target(const struct graph *g, const struct copied *c, size_t start,
                            size_t *at)
{
    for (size_t k = 0; k < 2 * c->count; k++) {
        size_t place = start + k * HALF, i = k % 2 ? c->count + k / 2 : k / 2;
        uint32_t target = 0;
        if (place >= *at && i < c->count + c->halves)
            target = target_of(g, c->words[i]);
        if (target)
            return *at = place + HALF, target;
    }
    return 0;
}

/* The next leak that this one points to, from byte *at on; false: no more. */
static bool next_edge(const struct graph *g, uint32_t from, size_t *at, uint32_t *to)
{
    uintptr_t address = g->set->leaks[from].address;
    struct found f;
    struct copied c;
    size_t start = align_down(*at, sizeof(uintptr_t)), next = start;
    if (!naive_find(&g->finder, address, &f) || !naive_has_words(&f))
        return false;
    for (; naive_words(&g->finder, &f, &next, &c); start = next) {
        uint32_t target = next_target(g, &c, start, at);
        if (!target)
            continue;
        *to = target - 1;
        return true;
    }
    return false;
}

static void enter(struct graph *g, uint32_t leak)
{
    struct vertex *v = &g->vertices[leak];
    v->order = v->low = ++g->orders;
    g->open[g->opened++] = leak;
    g->frames[g->depth++] = (struct frame){leak, 0};
}

/* A vertex is left when all its edges have been followed.  If it is the first of its
 * component, the component is complete. */
static void leave(struct graph *g)
{
    uint32_t leak = g->frames[--g->depth].leak;
    struct vertex *v = &g->vertices[leak];
    if (g->depth) {
        struct vertex *parent = &g->vertices[g->frames[g->depth - 1].leak];
        parent->low = parent->low < v->low ? parent->low : v->low;
    }
    if (v->low != v->order)
        return;
    g->components++;
    uint32_t member;
    do {
        member = g->open[--g->opened];
        g->vertices[member].component = g->components;
    } while (member != leak);
}

static void search_from(struct graph *g, uint32_t start)
{
    enter(g, start);
    while (g->depth) {
        struct frame *top = &g->frames[g->depth - 1];
        struct vertex *v = &g->vertices[top->leak];
        uint32_t to;
        if (!next_edge(g, top->leak, &top->at, &to)) {
            leave(g);
        } else if (!g->vertices[to].order) {
            enter(g, to);
        } else if (!g->vertices[to].component) {
            uint32_t order = g->vertices[to].order;
            v->low = v->low < order ? v->low : order;
        }
    }
}

/* A component that no other points to has one definite leak: its largest manual object. */
struct component {
    bool pointed_to, has_cycle;
    uint32_t largest;
};

static void note_edges(const struct graph *g, struct component *components, uint32_t leak)
{
    uint32_t own = g->vertices[leak].component, to;
    for (size_t at = 0; next_edge(g, leak, &at, &to);) {
        uint32_t other = g->vertices[to].component;
        if (other == own)
            components[own].has_cycle = true;
        else
            components[other].pointed_to = true;
    }
}

static void choose_definite(struct graph *g)
{
    struct leak_set *s = g->set;
    size_t bytes = (g->components + 1) * sizeof(struct component);
    struct component *components = meta_alloc(ACCOUNT_REPORTS, bytes);
    if (!components) {
        s->incomplete = true;
        return;
    }
    for (uint32_t i = 0; i <= g->components; i++)
        components[i].largest = UINT32_MAX;
    for (uint32_t i = 0; i < s->lost; i++) {
        const struct leak *l = &s->leaks[i];
        struct component *c = &components[g->vertices[i].component];
        if (l->class == LEAK_SUPPRESSED)
            continue;
        note_edges(g, components, i);
        if (l->manual &&
            (c->largest == UINT32_MAX || l->bytes > s->leaks[c->largest].bytes))
            c->largest = i;
    }
    for (uint32_t i = 1; i <= g->components; i++) {
        if (components[i].pointed_to || components[i].largest == UINT32_MAX)
            continue;
        s->leaks[components[i].largest].class = LEAK_DEFINITE;
        s->leaks[components[i].largest].in_cycle = components[i].has_cycle;
    }
    meta_free(components, bytes);
}

/* Calls `claim` for each edge that is reached from `start`.  The walk goes on from where an
 * edge leads only if the call returned true, which it does once for each leak of a walk: so
 * there are frames enough. */
static void spread(struct graph *g, uint32_t start,
                   bool (*claim)(struct leak *leaks, uint32_t start, uint32_t to))
{
    g->frames[g->depth++] = (struct frame){start, 0};
    while (g->depth) {
        struct frame *top = &g->frames[g->depth - 1];
        uint32_t to;
        if (!next_edge(g, top->leak, &top->at, &to)) {
            g->depth--;
        } else if (claim(g->set->leaks, start, to)) {
            g->frames[g->depth++] = (struct frame){to, 0};
        }
    }
}

/* What another leak already owns becomes shared. */
static bool own(struct leak *leaks, uint32_t owner, uint32_t to)
{
    struct leak *l = &leaks[to];
    if (to == owner || l->owner == owner || l->owner == OWNER_SHARED)
        return false;
    l->owner = l->owner == OWNER_NONE ? owner : OWNER_SHARED;
    return true;
}

static void find_owners(struct graph *g)
{
    struct leak_set *s = g->set;
    s->kept = meta_alloc(ACCOUNT_REPORTS, s->lost * sizeof *s->kept);
    s->incomplete |= !s->kept;
    for (uint32_t i = 0; i < s->lost; i++)
        if (s->leaks[i].class == LEAK_DEFINITE)
            spread(g, i, own);
    for (uint32_t i = 0; i < s->lost; i++) {
        const struct leak *l = &s->leaks[i];
        if (l->class != LEAK_INDIRECT || l->owner >= OWNER_NONE || !s->kept)
            continue;
        s->kept[l->owner].objects++;
        s->kept[l->owner].bytes += l->bytes;
    }
}

/* The suppression of a leak is that of all that is reached from there. */
static bool suppress(struct leak *leaks, uint32_t suppressed, uint32_t to)
{
    if (leaks[to].class == LEAK_SUPPRESSED)
        return false;
    leaks[to].class = LEAK_SUPPRESSED;
    leaks[to].suppression = leaks[suppressed].suppression;
    return true;
}

/* What a suppressed object keeps is suppressed too, whatever else keeps it.  Edges to
 * suppressed objects count no more. */
static void spread_suppressions(struct graph *g)
{
    struct leak *leaks = g->set->leaks;
    for (uint32_t i = 0; i < g->set->lost; i++)
        if (leaks[i].class == LEAK_SUPPRESSED)
            spread(g, i, suppress);
    for (uint32_t i = 0; i < g->set->lost; i++) {
        struct found f;
        if (leaks[i].class == LEAK_SUPPRESSED &&
            naive_find(&g->finder, leaks[i].address, &f))
            g->places[f.number] = 0;
    }
}

static bool graph_create(struct graph *g, struct leak_set *s, struct heap *h)
{
    size_t n = s->lost + 1;
    *g = (struct graph){.set = s, .finder = {.heap = h}};
    g->places_bytes = h->bytes / GRANULE * sizeof *g->places;
    g->places = meta_alloc(ACCOUNT_REPORTS, g->places_bytes);
    g->vertices = meta_alloc(ACCOUNT_REPORTS, n * sizeof *g->vertices);
    g->frames = meta_alloc(ACCOUNT_REPORTS, n * sizeof *g->frames);
    g->open = meta_alloc(ACCOUNT_REPORTS, n * sizeof *g->open);
    return g->places && g->vertices && g->frames && g->open;
}

static void graph_destroy(struct graph *g)
{
    size_t n = g->set->lost + 1;
    meta_free(g->places, g->places_bytes);
    meta_free(g->vertices, n * sizeof *g->vertices);
    meta_free(g->frames, n * sizeof *g->frames);
    meta_free(g->open, n * sizeof *g->open);
}

void leak_set_classify(struct leak_set *s, struct heap *h)
{
    struct graph g;
    if (!s->lost)
        return;
    if (!graph_create(&g, s, h)) {
        s->incomplete = true;
        graph_destroy(&g);
        return;
    }
    for (uint32_t i = 0; i < s->lost; i++) {
        struct found f;
        if (naive_find(&g.finder, s->leaks[i].address, &f))
            g.places[f.number] = i + 1;
    }
    spread_suppressions(&g);
    for (uint32_t i = 0; i < s->lost; i++)
        if (s->leaks[i].class != LEAK_SUPPRESSED && !g.vertices[i].order)
            search_from(&g, i);
    choose_definite(&g);
    find_owners(&g);
    graph_destroy(&g);
}
