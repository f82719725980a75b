#include "graph.h"

#include <stdlib.h>

static size_t some_size(void)
{
    if (roll(100) == 0)
        return roll(4) ? 8000 + roll(60000) : 66000 + roll(200000);
    return roll(10) ? 1 + roll(150) : 1 + roll(3000);
}

/* Mostly pointers to anywhere in an object; some to the end of one, to where nothing is,
 * and numbers that are no addresses. */
static uintptr_t some_word(const struct graph *g)
{
    const struct node *n = &g->nodes[roll(g->count)];
    switch (roll(12)) {
    case 0:
        return g->f.heap.base + roll((uint32_t)g->f.heap.bytes + UNIT_BYTES);
    case 1:
        return roll(1u << 31);
    case 2:
        return n->low + n->size;
    case 3:
    case 4:
        return n->low + roll((uint32_t)n->size);
    default:
        return n->low;
    }
}

static void add_node(struct graph *g)
{
    enum kind kind = (enum kind)(roll(30) ? roll(2) : roll(KIND_COUNT));
    void *object = fixture_alloc(&g->f, kind, some_size());
    ENSURE(object != NULL);
    struct cell o = object_of(&g->f, object);
    size_t covered = word_class(o.word) == CLASS_LARGE
                         ? align_down(o.size, UNIT_BYTES) + UNIT_BYTES
                         : o.size;
    g->nodes[g->count++] = (struct node){
        .low = o.address,
        .high = o.address + covered,
        .size = o.size,
        .state = o.state,
        .kind = kind,
    };
    memset(object, 0, o.size);
}

static int by_address(const void *a, const void *b)
{
    const struct node *x = a, *y = b;
    return x->low < y->low ? -1 : x->low > y->low;
}

/* A few words in random places; atomic objects have some too, which must not count. */
static void connect(struct graph *g, const struct node *n)
{
    uintptr_t *words = (uintptr_t *)n->low;
    for (uint32_t pointers = roll(4); pointers > 0; pointers--)
        words[roll((uint32_t)(n->size / sizeof *words))] = some_word(g);
}

void graph_grow(struct graph *g)
{
    while (g->count < NODES_MOST)
        add_node(g);
    qsort(g->nodes, g->count, sizeof g->nodes[0], by_address);
    for (uint32_t i = 0; i < g->count; i++)
        connect(g, &g->nodes[i]);
    for (int i = 0; i < GRAPH_ROOTS; i++)
        g->roots[i] = some_word(g);
}

void graph_clear(struct graph *g)
{
    for (uint32_t i = 0; i < g->count; i++)
        g->nodes[i].reached = false;
}

static struct node *find(struct graph *g, uintptr_t word)
{
    uint32_t low = 0, high = g->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        struct node *n = &g->nodes[middle];
        if (word >= n->low && word < n->high)
            return n;
        if (word < n->low)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* What a node points to waits on a stack, each node at most once. */
static struct node *waiting[NODES_MOST];
static uint32_t waiting_count;

static void reach(struct node *n)
{
    if (!n || n->reached)
        return;
    n->reached = true;
    if (!(n->kind & KIND_ATOMIC))
        waiting[waiting_count++] = n;
}

static void follow(struct graph *g)
{
    while (waiting_count) {
        const struct node *n = waiting[--waiting_count];
        const uintptr_t *words = (const uintptr_t *)n->low;
        for (size_t i = 0; i < n->size / sizeof *words; i++)
            reach(find(g, words[i]));
    }
}

void graph_reach(struct graph *g, const uintptr_t *low, const uintptr_t *high)
{
    for (const uintptr_t *p = low; p < high; p++)
        reach(find(g, *p));
    follow(g);
}

void graph_reach_manual(struct graph *g)
{
    for (uint32_t i = 0; i < g->count; i++)
        if (g->nodes[i].kind & KIND_MANUAL)
            reach(&g->nodes[i]);
    follow(g);
}

void graph_compare(const struct graph *g)
{
    for (uint32_t i = 0; i < g->count; i++)
        ENSURE((*g->nodes[i].state == g->f.heap.numbers->mark) == g->nodes[i].reached);
}

void graph_forget(struct graph *g)
{
    uint32_t left = 0;
    for (uint32_t i = 0; i < g->count; i++)
        if (g->nodes[i].reached)
            g->nodes[left++] = g->nodes[i];
    g->count = left;
}
