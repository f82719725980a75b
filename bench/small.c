/* A small program, such as an interpreter: a tree stays, and between the short lists that are built and
 * dropped there is something to compute.  What counts is its memory, at the same time.
 *
 * usage: small DEPTH LISTS WORK, LISTS in thousands
 * The tree has 2^(DEPTH + 1) - 1 nodes of 32 bytes, a list 100; WORK steps of a random generator are
 * made for each node.  An operation is one node of a list. */
#include "tree.h"

static const char usage[] = "DEPTH LISTS WORK";

enum { LIST_NODES = 100 };

static uint64_t compute(uint64_t *random, long steps)
{
    uint64_t sum = 0;

    for (long i = 0; i < steps; i++)
        sum += measure_random(random);
    return sum;
}

static uint64_t list_pass(uint64_t *random, long work)
{
    struct node *list = NULL;
    uint64_t sum = 0;

    for (uint64_t i = 0; i < LIST_NODES; i++)
        list = node_new(list, NULL, i + compute(random, work) % 2);
    while (list) {
        struct node *next = list->left;

        sum += list->number;
        if (!PEER_COLLECTS)
            peer_free(list);
        list = next;
    }
    return sum;
}

int main(int argc, char **argv)
{
    uint64_t random = 1, checksum = 0, start, time_ns;
    long depth, lists, work;

    measure_count(argc, argv, 3, usage);
    depth = measure_number(argv, 1, 2, 26, usage);
    lists = 1000 * measure_number(argv, 2, 1, 1000000, usage);
    work = measure_number(argv, 3, 0, 1000000, usage);

    peer_init();
    root = tree_new(depth);
    start = measure_now_ns();
    for (long i = 0; i < lists; i++)
        checksum += list_pass(&random, work);
    time_ns = measure_now_ns() - start;
    measure_report(time_ns, (uint64_t)lists * LIST_NODES, checksum + root->number);
    return 0;
}
