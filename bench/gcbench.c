/* GCBench, after Ellis, Kovac and Boehm: a stretch tree, then a tree and an array of
 * numbers that live to the end, and meanwhile short-lived trees of depths 4, 6, 8, ...,
 * half of them populated top-down and half built bottom-up; about as many nodes for each
 * depth.
 *
 * usage: gcbench DEPTH [THREADS]: the depth of the long-lived tree and of the largest
 * short-lived ones; the stretch tree is two deeper.  With more threads, each of them does
 * all of that; an operation is what one of them does. */
#include "measure.h"

#define MIN_DEPTH 4
#define ARRAY_SIZE 500000

/* The original's node: two pointers and two ints.  It leaves the ints alone; here they
 * say where the node belongs, so that a node that was lost and reused shows up. */
struct node {
    struct node *left, *right;
    int height;
    int tree;
};

static __thread int tree_number; /* of the tree that is being built */

static struct node *node_new(struct node *left, struct node *right, int height)
{
    struct node *node = peer_alloc(sizeof(*node));

    node->left = left;
    node->right = right;
    node->height = height;
    node->tree = tree_number;
    return node;
}

static void tree_populate(struct node *node)
{
    int height = node->height - 1;

    if (height < 0)
        return;
    node->left = node_new(NULL, NULL, height);
    node->right = node_new(NULL, NULL, height);
    tree_populate(node->left);
    tree_populate(node->right);
}

static struct node *tree_top_down(int height)
{
    struct node *root = node_new(NULL, NULL, height);

    tree_populate(root);
    return root;
}

static struct node *tree_bottom_up(int height)
{
    struct node *left, *right;

    if (height == 0)
        return node_new(NULL, NULL, 0);
    left = tree_bottom_up(height - 1);
    right = tree_bottom_up(height - 1);
    return node_new(left, right, height);
}

static void tree_free(struct node *node)
{
    if (node->left) {
        tree_free(node->left);
        tree_free(node->right);
    }
    peer_free(node);
}

/* The original does not look at its short-lived trees.  This looks at one path only, so
 * that nearly all of the time is still construction. */
static uint64_t tree_path(const struct node *node)
{
    uint64_t sum = 0;

    for (int turn = 0; node; turn++) {
        sum += (uint64_t)(node->height + node->tree);
        node = turn % 2 ? node->left : node->right;
    }
    return sum;
}

static uint64_t tree_sum(const struct node *node)
{
    if (!node)
        return 0;
    return (uint64_t)(node->height + node->tree) + tree_sum(node->left) +
           tree_sum(node->right);
}

/* Builds a tree and lets it go.  Not inline: no frame that lives on keeps a dead tree. */
__attribute__((noinline)) static uint64_t tree_pass(struct node *build(int height),
                                                    int height)
{
    struct node *tree = build(height);
    uint64_t sum = tree_path(tree);

    if (!PEER_COLLECTS)
        tree_free(tree);
    tree_number++;
    return sum;
}

static long tree_size(int height)
{
    return (2L << height) - 1;
}

/* Only its first half is written, as in the original. */
static double *array_new(void)
{
    double *array = peer_alloc_atomic(ARRAY_SIZE * sizeof(*array));

    for (int i = 0; i < ARRAY_SIZE / 2; i++)
        array[i] = 1.0 / (i + 1);
    return array;
}

static uint64_t array_sum(const double *array)
{
    uint64_t sum = 0;

    for (int i = 0; i < ARRAY_SIZE / 2; i++)
        sum += (uint64_t)(array[i] * 1e6);
    return sum;
}

static uint64_t run(int max_depth)
{
    uint64_t checksum = tree_pass(tree_bottom_up, max_depth + 2);
    struct node *long_lived = tree_top_down(max_depth);
    double *array;

    tree_number++;
    array = array_new();
    for (int depth = MIN_DEPTH; depth <= max_depth; depth += 2) {
        long passes = 2 * tree_size(max_depth + 2) / tree_size(depth);

        for (long i = 0; i < passes; i++)
            checksum += tree_pass(tree_top_down, depth);
        for (long i = 0; i < passes; i++)
            checksum += tree_pass(tree_bottom_up, depth);
    }
    return checksum + tree_sum(long_lived) + array_sum(array);
}

int main(int argc, char **argv)
{
    int threads = measure_threads(argc, argv, "DEPTH [THREADS]");
    int max_depth = (int)measure_number(argv, 1, MIN_DEPTH, 24, "DEPTH [THREADS]");
    uint64_t start = measure_now_ns(), checksum;

    peer_init();
    checksum = measure_run(threads, run, max_depth);
    measure_report(measure_now_ns() - start, (uint64_t)threads, checksum);
    return 0;
}
