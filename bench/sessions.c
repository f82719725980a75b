/* Much that is old, while what is new dies at once: a large tree that stays, and short lists that are
 * built and dropped, one in a hundred after it hung from the tree for a moment.
 *
 * usage: sessions time|slowest DEPTH LISTS, the latter in thousands
 *   time: an operation is one node of a list; slowest: the slowest list is the only operation
 * The tree has 2^(DEPTH + 1) - 1 nodes of 32 bytes, a list 1000.  The tree is built before time is
 * taken. */
#include "tree.h"

static const char usage[] = "time|slowest DEPTH LISTS";

enum { LIST_NODES = 1000, HANG_EVERY = 100 };

static uint64_t tree_sum(const struct node *tree)
{
    return tree ? tree->number + tree_sum(tree->left) + tree_sum(tree->right) : 0;
}

/* Some leaf's parent. */
static struct node *find_parent(long depth, uint64_t random)
{
    struct node *node = root;

    for (long i = 1; i < depth; i++, random >>= 1)
        node = random & 1 ? node->left : node->right;
    return node;
}

/* Builds a list and drops it; returns the sum of its numbers. */
static uint64_t list_pass(struct node *hook)
{
    struct node *list = NULL, *leaf = hook ? hook->left : NULL;
    uint64_t sum = 0;

    for (uint64_t i = 0; i < LIST_NODES; i++) {
        list = node_new(list, NULL, i);
        if (hook)
            hook->left = list;
    }
    while (list) {
        struct node *next = list->left;

        sum += list->number;
        if (!PEER_COLLECTS)
            peer_free(list);
        list = next;
    }
    if (hook)
        hook->left = leaf;
    return sum;
}

int main(int argc, char **argv)
{
    uint64_t random = 1, checksum = 0, slowest = 0, start, time_ns;
    long depth, lists;
    bool all;

    measure_count(argc, argv, 3, usage);
    all = measure_choice(argv, 1, "time", "slowest", usage);
    depth = measure_number(argv, 2, 2, 26, usage);
    lists = 1000 * measure_number(argv, 3, 1, 1000000, usage);

    peer_init();
    root = tree_new(depth);
    start = measure_now_ns();
    for (long i = 0; i < lists; i++) {
        bool hangs = i % HANG_EVERY == 0;
        struct node *hook = hangs ? find_parent(depth, measure_random(&random)) : NULL;
        uint64_t began = measure_now_ns(), took;

        checksum += list_pass(hook);
        took = measure_now_ns() - began;
        slowest = took > slowest ? took : slowest;
    }
    time_ns = measure_now_ns() - start;
    checksum += tree_sum(root);
    if (all)
        measure_report(time_ns, (uint64_t)lists * LIST_NODES, checksum);
    else
        measure_report(slowest, 1, checksum);
    return 0;
}
