/* Binary trees, in the shape of the benchmarks game: a stretch tree, a tree that lives to
 * the end, and between them many short-lived trees of each depth, the more the smaller;
 * each tree is built bottom-up and then walked once.
 *
 * usage: bintrees DEPTH [THREADS]: with more threads, each of them does all of that; an
 * operation is what one of them does. */
#include "measure.h"

#define MIN_DEPTH 4

struct node {
    struct node *left, *right;
};

static struct node *tree_new(int depth)
{
    struct node *left = depth > 0 ? tree_new(depth - 1) : NULL;
    struct node *right = depth > 0 ? tree_new(depth - 1) : NULL;
    struct node *node = peer_alloc(sizeof(*node));

    node->left = left;
    node->right = right;
    return node;
}

static uint64_t tree_count(const struct node *node)
{
    return node->left ? 1 + tree_count(node->left) + tree_count(node->right) : 1;
}

static void tree_free(struct node *node)
{
    if (node->left) {
        tree_free(node->left);
        tree_free(node->right);
    }
    peer_free(node);
}

/* Builds a tree, counts its nodes and lets it go.  Not inline: no frame that lives on keeps
 * a dead tree. */
__attribute__((noinline)) static uint64_t tree_pass(int depth)
{
    struct node *tree = tree_new(depth);
    uint64_t count = tree_count(tree);

    if (!PEER_COLLECTS)
        tree_free(tree);
    return count;
}

static uint64_t run(int max_depth)
{
    uint64_t checksum = tree_pass(max_depth + 1);
    struct node *long_lived = tree_new(max_depth);

    for (int depth = MIN_DEPTH; depth <= max_depth; depth += 2) {
        long passes = 1L << (max_depth - depth + MIN_DEPTH);

        for (long i = 0; i < passes; i++)
            checksum += tree_pass(depth);
    }
    return checksum + tree_count(long_lived);
}

int main(int argc, char **argv)
{
    int threads = measure_threads(argc, argv, "DEPTH [THREADS]");
    int max_depth = (int)measure_number(argv, 1, MIN_DEPTH + 2, 26, "DEPTH [THREADS]");
    uint64_t start = measure_now_ns(), checksum;

    peer_init();
    checksum = measure_run(threads, run, max_depth);
    measure_report(measure_now_ns() - start, (uint64_t)threads, checksum);
    return 0;
}
