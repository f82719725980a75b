/* The table of nodes against an array: which keys it holds, in order, while nodes come and go. */
#include "base/node_table.h"

#include "support.h"

enum { KEYS = 3000, STEPS = 20000 };

/* Larger than its links, so that numbers are not offsets. */
struct node {
    struct treap_links links;
    uint64_t key, twice;
};

static bool less(void *table, uint32_t a, uint32_t b);

static struct node_table table = NODE_TABLE(table, struct node, less);

static struct node *at(uint32_t node)
{
    return (struct node *)table.nodes + node;
}

static bool less(void *owner, uint32_t a, uint32_t b)
{
    ENSURE(owner == &table);
    return at(a)->key < at(b)->key;
}

/* By key; 0: it is not there. */
static uint32_t numbers[KEYS];

static void visit(void *argument, uint32_t node)
{
    uint64_t *next = argument;
    uint64_t key = at(node)->key;
    ENSURE(key >= *next && numbers[key] == node && at(node)->twice == 2 * key);
    for (; *next < key; ++*next)
        ENSURE(!numbers[*next]);
    *next = key + 1;
}

/* Each node is found in order, and has kept what was stored in it when the table moved. */
static void compare(uint32_t count)
{
    uint64_t next = 0;
    ck_assert_uint_eq(node_table_check(&table), count);
    treap_walk(&table.tree, visit, &next);
    for (; next < KEYS; next++)
        ENSURE(!numbers[next]);
}

static void add(uint64_t key)
{
    uint32_t node = node_table_make(&table);
    ck_assert_uint_ne(node, 0);
    *at(node) = (struct node){.key = key, .twice = 2 * key};
    node_table_insert(&table, node);
    numbers[key] = node;
}

static void drop(uint64_t key)
{
    node_table_remove(&table, numbers[key]);
    numbers[key] = 0;
}

START_TEST(nodes_come_and_go)
{
    uint32_t count = 0, most = 0;
    compare(0);
    for (int step = 0; step < STEPS; step++) {
        uint64_t key = roll(KEYS);
        count = numbers[key] ? count - 1 : count + 1;
        (numbers[key] ? drop : add)(key);
        most = count > most ? count : most;
        ENSURE(table.count ==
               most + 1); /* no number is new while another one is unused */
        if (step % 1000 == 0)
            compare(count);
    }
    compare(count);
    for (uint64_t key = 0; key < KEYS; key++)
        if (numbers[key])
            drop(key);
    compare(0);
}
END_TEST

static void check_disorder(void *argument)
{
    (void)argument;
    at(numbers[2])->key = 7;
    node_table_check(&table);
}

static void check_missing(void *argument)
{
    (void)argument;
    node_table_make(&table);
    node_table_check(&table);
}

START_TEST(broken_tables)
{
    for (uint64_t key = 1; key <= 3; key++)
        add(key);
    expect_abort(check_disorder, NULL, "less");
    expect_abort(check_missing, NULL, "used + unused");
}
END_TEST

TCase *node_table_tests(void)
{
    TCase *t = tcase_create("node_table");
    tcase_add_test(t, nodes_come_and_go);
    tcase_add_test(t, broken_tables);
    return t;
}
