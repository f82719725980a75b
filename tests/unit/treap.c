/* The search tree against a sorted array: here, which keys are present. */
#include "base/treap.h"

#include <stdlib.h>

#include "support.h"

/* Node numbers are multiples of `stride`, as first units of extents may be. */
struct forest {
    uint32_t count, stride;
    uint32_t *keys;
    struct treap_links *links;
    struct treap tree;
};

static struct treap_links *links(void *owner, uint32_t node)
{
    struct forest *f = owner;
    return &f->links[node / f->stride];
}

static bool less(void *owner, uint32_t a, uint32_t b)
{
    const struct forest *f = owner;
    return f->keys[a / f->stride] < f->keys[b / f->stride];
}

/* Node i * stride has key i, for i from 1 to count. */
static struct forest forest_create(uint32_t count, uint32_t stride)
{
    struct forest f = {.count = count, .stride = stride};
    f.keys = calloc(count + 1, sizeof *f.keys);
    f.links = calloc(count + 1, sizeof *f.links);
    for (uint32_t i = 1; i <= count; i++)
        f.keys[i] = i;
    f.tree = (struct treap){.links = links, .less = less};
    return f;
}

static void forest_destroy(struct forest *f)
{
    free(f->keys);
    free(f->links);
}

struct visits {
    const struct forest *forest;
    const bool *present; /* by key */
    uint32_t last_key, count;
};

/* Keys between the last and this one must be absent. */
static void visit(void *argument, uint32_t node)
{
    struct visits *v = argument;
    uint32_t key = v->forest->keys[node / v->forest->stride];
    ENSURE(key > v->last_key && v->present[key]);
    for (uint32_t k = v->last_key + 1; k < key; k++)
        ENSURE(!v->present[k]);
    v->last_key = key;
    v->count++;
}

START_TEST(agrees_with_a_sorted_array)
{
    enum { NODES = 500, STEPS = 20000 };
    static bool present[NODES + 1];
    struct forest f = forest_create(NODES, 1);
    f.tree.owner = &f;
    shuffle(f.keys + 1, NODES);
    uint32_t expected = 0;
    for (int i = 0; i < STEPS; i++) {
        uint32_t node = 1 + roll(NODES);
        bool *is_in = &present[f.keys[node]];
        if (*is_in)
            treap_remove(&f.tree, node);
        else
            treap_insert(&f.tree, node);
        *is_in = !*is_in;
        expected += *is_in ? 1u : -1u;
        struct visits v = {&f, present, 0, 0};
        treap_walk(&f.tree, visit, &v);
        ENSURE(v.count == expected && treap_check(&f.tree) == expected);
    }
    forest_destroy(&f);
}
END_TEST

static unsigned depth(struct forest *f, uint32_t node)
{
    if (!node)
        return 0;
    const struct treap_links *l = links(f, node);
    unsigned left = depth(f, l->left), right = depth(f, l->right);
    return 1 + (left > right ? left : right);
}

/* A random tree of 100000 nodes is about 40 deep; the order of insertion and regular
 * numbers must not change that. */
START_TEST(stays_shallow)
{
    enum { NODES = 100000, DEPTH_MOST = 60 };
    static const uint32_t strides[] = {1, 2, 3, 8, 16, 256, 4096, 40000};
    struct forest f = forest_create(NODES, strides[_i]);
    f.tree.owner = &f;
    for (uint32_t i = 1; i <= NODES; i++)
        treap_insert(&f.tree, i * f.stride);
    ck_assert_uint_eq(treap_check(&f.tree), NODES);
    ck_assert_uint_le(depth(&f, f.tree.root), DEPTH_MOST);
    for (uint32_t i = 1; i <= NODES; i += 2)
        treap_remove(&f.tree, i * f.stride);
    ck_assert_uint_eq(treap_check(&f.tree), NODES / 2);
    ck_assert_uint_le(depth(&f, f.tree.root), DEPTH_MOST);
    forest_destroy(&f);
}
END_TEST

START_TEST(empty_tree)
{
    struct forest f = forest_create(1, 1);
    f.tree.owner = &f;
    ck_assert_uint_eq(treap_check(&f.tree), 0);
    treap_insert(&f.tree, 1);
    ck_assert_uint_eq(treap_check(&f.tree), 1);
    treap_remove(&f.tree, 1);
    ck_assert_uint_eq(f.tree.root, 0);
    forest_destroy(&f);
}
END_TEST

static void remove_absent(void *argument)
{
    struct forest *f = argument;
    treap_insert(&f->tree, 1);
    treap_remove(&f->tree, 2);
}

static void check_disorder(void *argument)
{
    struct forest *f = argument;
    for (uint32_t i = 1; i <= f->count; i++)
        treap_insert(&f->tree, i);
    f->keys[3] = 7;
    treap_check(&f->tree);
}

START_TEST(misuse_aborts)
{
    struct forest f = forest_create(9, 1);
    f.tree.owner = &f;
    expect_abort(remove_absent, &f, "treap.c");
    expect_abort(check_disorder, &f, "treap.c");
    forest_destroy(&f);
}
END_TEST

TCase *treap_tests(void)
{
    TCase *t = tcase_create("treap");
    tcase_add_test(t, agrees_with_a_sorted_array);
    tcase_add_loop_test(t, stays_shallow, 0, 8);
    tcase_add_test(t, empty_tree);
    tcase_add_test(t, misuse_aborts);
    return t;
}
