/* What the tests of regions have in common: trees that are checked, and lists. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "region.h"

struct node {
    struct node *left, *right;
    uint64_t id, sum;
    unsigned char *data;
    size_t size;
};

uint64_t seed = 1;

uint64_t roll(uint64_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % below;
}

/* Most are small; some have blocks of several units, or are large. */
static size_t some_size(void)
{
    switch (roll(40)) {
    case 0:
        return roll(300000);
    case 1:
        return 20000 + roll(20000);
    default:
        return roll(300);
    }
}

static bool is_zero(const void *object, size_t size)
{
    const char *p = object;
    return p[0] == 0 && memcmp(p, p + 1, size - 1) == 0;
}

/* Half of them say where their pointers are. */
static struct node *new_node(gc_region *r)
{
    static const size_t offsets[] = {offsetof(struct node, left),
                                     offsetof(struct node, right),
                                     offsetof(struct node, data)};
    if (roll(2))
        return gc_region_alloc(r, sizeof(struct node));
    gc_region_layout layout = gc_region_layout_get(r, sizeof(struct node), offsets, 3);
    ENSURE(layout);
    return gc_region_alloc_layout(r, layout);
}

struct node *make_tree(gc_region *r, int depth)
{
    struct node *n = new_node(r);
    if (!n)
        return NULL;
    ENSURE(is_zero(n, sizeof *n));
    n->id = roll(1u << 30);
    n->size = some_size();
    n->data = gc_region_alloc_atomic(r, n->size);
    if (!n->data)
        return NULL;
    memset(n->data, (int)(n->id & 255), n->size);
    n->sum = n->id * 7 + n->size;
    if (depth) {
        n->left = make_tree(r, depth - 1);
        n->right = make_tree(r, depth - 1);
    }
    return n;
}

size_t check_tree(const struct node *n)
{
    if (!n)
        return 0;
    ENSURE(n->sum == n->id * 7 + n->size);
    for (size_t i = 0; i < n->size; i++)
        ENSURE(n->data[i] == (n->id & 255));
    return 2 + check_tree(n->left) + check_tree(n->right);
}

void make_table(gc_region *r)
{
    ENSURE(gc_region_begin(r) == 0);
    struct table *t = gc_region_alloc(r, sizeof *t);
    ENSURE(t && gc_region_root_set(r, "table", t) == 0);
    ENSURE(gc_region_end(r) == 0);
}

static size_t count_reached(gc_region *r)
{
    size_t count = 1;
    ENSURE(gc_region_begin(r) == 0);
    struct table *t = gc_region_root_get(r, "table");
    ENSURE(t);
    for (size_t i = 0; i < SLOTS; i++)
        count += check_tree(t->slots[i]);
    ENSURE(gc_region_end(r) == 0);
    return count;
}

static int count_object(const struct gc_region_object *o, void *count)
{
    ENSURE(o->address && o->size);
    ++*(size_t *)count;
    return 0;
}

void check_region(gc_region *r)
{
    struct gc_region_stats s;
    size_t walked = 0;
    ENSURE(gc_region_check(r) == 0);
    size_t reached = count_reached(r);
    ENSURE(gc_region_collect(r) == 0);
    ENSURE(gc_region_check(r) == 0);
    ENSURE(count_reached(r) == reached);
    ENSURE(gc_region_stats(r, &s) == 0);
    ENSURE(gc_region_begin(r) == 0);
    ENSURE(gc_region_walk(r, count_object, &walked) == 0);
    ENSURE(gc_region_end(r) == 0);
    ENSURE(s.live_objects == reached && walked == reached);
}

/* ---- A region of each test's own, and lists ---------------------------------------------------------- */

gc_region *ours;
const char *our_name;

void make_ours(void)
{
    our_name = fresh_name();
    ours = gc_region_create(our_name, 64 << 20, 0, 0);
    ck_assert_msg(ours != NULL, "%s", gc_region_error());
}

void unlink_ours(void)
{
    ck_assert_int_eq(gc_region_unlink(our_name, 0), 0);
}

__attribute__((noinline)) void make_list(gc_region *region, const char *root, long count)
{
    struct link *list = NULL;
    ENSURE(gc_region_begin(region) == 0);
    for (long i = 0; i < count; i++) {
        struct link *l = gc_region_alloc(region, sizeof *l);
        ENSURE(l && gc_region_alloc(region, 40));
        l->next = list, l->value = i;
        list = l;
    }
    ENSURE(gc_region_root_set(region, root, list) == 0);
    ENSURE(gc_region_end(region) == 0);
}

long sum_list(gc_region *region, const char *root)
{
    long sum = 0;
    ENSURE(gc_region_begin(region) == 0);
    for (struct link *l = gc_region_root_get(region, root); l; l = l->next)
        sum += l->value;
    ENSURE(gc_region_end(region) == 0);
    return sum;
}

size_t live_objects(gc_region *region)
{
    struct gc_region_stats s;
    ENSURE(gc_region_collect(region) == 0);
    ENSURE(gc_region_stats(region, &s) == 0);
    return s.live_objects;
}
