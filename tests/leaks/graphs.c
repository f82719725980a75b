/* Programs that leak, or do not, by the shape of what they build. */
#include <stdlib.h>

#include "programs.h"

static void clean(void)
{
    struct node *list = new_list(100);
    void *big = NEW(300000);
    while (list) {
        struct node *next = list->next;
        DELETE(list);
        list = next;
    }
    DELETE(big);
}

static void clean_churn(void)
{
    static void *volatile slots[64];
    unsigned random = 1;
    for (int i = 0; i < 10000; i++) {
        random = random * 1103515245 + 12345;
        size_t slot = random >> 16 & 63;
        DELETE(slots[slot]);
        slots[slot] = NEW(random >> 20);
    }
    for (size_t i = 0; i < 64; i++) {
        DELETE(slots[i]);
        slots[i] = NULL;
    }
}

static void single(void)
{
    kept[0] = NEW(24);
    kept[0] = NULL;
}

enum { SIZES = 9, SIZES_SUM = 1 + 15 + 16 + 17 + 100 + 1000 + 5000 + 70000 + 300000 };

static void sizes(void)
{
    static const size_t all[SIZES] = {1, 15, 16, 17, 100, 1000, 5000, 70000, 300000};
    for (size_t i = 0; i < SIZES; i++)
        kept[0] = NEW(all[i]);
    kept[0] = NULL;
}

static void size_zero(void)
{
    kept[0] = NEW(0);
    kept[0] = NULL;
}

static void huge(void)
{
    kept[0] = NEW(3 << 20);
    kept[0] = NULL;
}

static void one_place(void)
{
    for (int i = 0; i < 10; i++)
        kept[0] = NEW(40);
    kept[0] = NULL;
}

static void overwritten(void)
{
    kept[0] = NEW(48);
    kept[0] = NEW(56);
}

static void chain(void)
{
    kept[0] = new_list(10);
    kept[0] = NULL;
}

static void long_chain(void)
{
    kept[0] = new_list(100000);
    kept[0] = NULL;
}

static void headless(void)
{
    struct node *list = new_list(5);
    DELETE(list);
}

/* a, b, c: b is freed, and a still points to where it was. */
static void gap_in_list(void)
{
    struct node *list = new_list(3);
    kept[0] = list;
    DELETE(list->next);
}

static void self(void)
{
    struct node *n = new_node(NULL, NULL);
    n->other = n;
}

/* The larger of the two stands for the cycle. */
static void cycle_of_two(void)
{
    void *volatile *small = NEW(32), *volatile *large = NEW(64);
    *small = (void *)(uintptr_t)large;
    *large = (void *)(uintptr_t)small;
}

static void ring(void)
{
    struct node *last;
    new_ring(50, &last);
}

static void ring_with_tail(void)
{
    struct node *last;
    new_ring(3, &last);
    last->other = new_list(2);
}

static void ring_to_ring(void)
{
    struct node *last, *last_of_second;
    new_ring(4, &last);
    last->other = new_ring(3, &last_of_second);
}

static void list_to_ring(void)
{
    struct node *last;
    new_node(NULL, new_ring(3, &last));
}

static void two_rings(void)
{
    struct node *last;
    new_ring(2, &last);
    new_ring(5, &last);
}

static void both_ways(void)
{
    struct node *last;
    struct node *first = new_ring(100, &last);
    for (struct node *n = first; n != last; n = n->next)
        n->next->other = n;
    last->next = NULL;
}

static struct node *tree(int depth)
{
    return depth ? new_node(tree(depth - 1), tree(depth - 1)) : NULL;
}

static void lost_tree(void)
{
    tree(5);
}

static void kept_tree(void)
{
    kept[0] = tree(5);
}

static void shared(void)
{
    struct node *child = new_node(NULL, NULL);
    new_node(child, NULL);
    new_node(NULL, child);
}

static void diamond(void)
{
    struct node *bottom = new_node(NULL, NULL);
    new_node(new_node(bottom, NULL), new_node(bottom, NULL));
}

enum { WEB = 2000 };

/* A ring with chords all over. */
static void web(void)
{
    struct node **nodes = NEW_DATA(WEB * sizeof *nodes), *last;
    struct node *n = new_ring(WEB, &last);
    for (size_t i = 0; i < WEB; i++, n = n->next)
        nodes[i] = n;
    for (size_t i = 0; i < WEB; i++)
        nodes[i]->other = nodes[i * 7919 % WEB];
    DELETE(nodes);
}

static void table(void)
{
    char **strings = NEW(50 * sizeof *strings);
    for (size_t i = 0; i < 50; i++)
        strings[i] = NEW_DATA(i + 1);
    kept[0] = strings;
}

static void lost_table(void)
{
    table();
    kept[0] = NULL;
}

const struct program graph_programs[] = {
    {.name = "clean", clean},
    {.name = "clean_churn", clean_churn},
    {.name = "single", single, .definite = {1, 24}},
    {.name = "sizes", sizes, .definite = {SIZES, SIZES_SUM}},
    {.name = "size_zero", size_zero, .definite = {1, 0}},
    {.name = "huge", huge, .definite = {1, 3 << 20}},
    {.name = "one_place", one_place, .definite = {10, 400}},
    {.name = "overwritten", overwritten, .definite = {1, 48}, .reachable = {1, 56}},
    {.name = "chain",
     chain,
     .definite = {1, NODE},
     .indirect = {9, 9 * NODE},
     .kept = {9, 9 * NODE}},
    {.name = "long_chain",
     long_chain,
     .definite = {1, NODE},
     .indirect = {99999, 99999 * NODE},
     .kept = {99999, 99999 * NODE}},
    {.name = "headless",
     headless,
     .definite = {1, NODE},
     .indirect = {3, 3 * NODE},
     .kept = {3, 3 * NODE}},
    {.name = "gap_in_list", gap_in_list, .definite = {1, NODE}, .reachable = {1, NODE}},
    {.name = "self", self, .definite = {1, NODE}, .cycles = 1},
    {.name = "cycle_of_two",
     cycle_of_two,
     .definite = {1, 64},
     .indirect = {1, 32},
     .kept = {1, 32},
     .cycles = 1},
    {.name = "ring",
     ring,
     .definite = {1, NODE},
     .indirect = {49, 49 * NODE},
     .kept = {49, 49 * NODE},
     .cycles = 1},
    {.name = "ring_with_tail",
     ring_with_tail,
     .definite = {1, NODE},
     .indirect = {4, 4 * NODE},
     .kept = {4, 4 * NODE},
     .cycles = 1},
    {.name = "ring_to_ring",
     ring_to_ring,
     .definite = {1, NODE},
     .indirect = {6, 6 * NODE},
     .kept = {6, 6 * NODE},
     .cycles = 1},
    {.name = "list_to_ring",
     list_to_ring,
     .definite = {1, NODE},
     .indirect = {3, 3 * NODE},
     .kept = {3, 3 * NODE}},
    {.name = "two_rings",
     two_rings,
     .definite = {2, 2 * NODE},
     .indirect = {5, 5 * NODE},
     .kept = {5, 5 * NODE},
     .cycles = 2},
    {.name = "both_ways",
     both_ways,
     .definite = {1, NODE},
     .indirect = {99, 99 * NODE},
     .kept = {99, 99 * NODE},
     .cycles = 1},
    {.name = "lost_tree",
     lost_tree,
     .definite = {1, NODE},
     .indirect = {30, 30 * NODE},
     .kept = {30, 30 * NODE}},
    {"kept_tree", kept_tree, .reachable = {31, 31 * NODE}},
    {.name = "shared", shared, .definite = {2, 2 * NODE}, .indirect = {1, NODE}},
    {.name = "diamond",
     diamond,
     .definite = {1, NODE},
     .indirect = {3, 3 * NODE},
     .kept = {3, 3 * NODE}},
    {.name = "web",
     web,
     .definite = {1, NODE},
     .indirect = {WEB - 1, (WEB - 1) * NODE},
     .kept = {WEB - 1, (WEB - 1) * NODE},
     .cycles = 1},
    {"table", table, .reachable = {51, 400 + 51 * 25}},
    {.name = "lost_table",
     lost_table,
     .definite = {1, 400},
     .indirect = {50, 51 * 25},
     .kept = {50, 51 * 25}},
    {.name = NULL},
};
