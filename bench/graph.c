/* The time of a full collection of a live graph: objects with four pointers each, all
 * reachable from one root, nothing to reclaim.
 *
 * usage: graph sequential|random|arrays MIB [SIZE]: where the pointers of an object lead, how much
 * all objects take, and how much each of them, if not 48 bytes
 * (arrays: 4096).
 *   sequential: to the four objects that were allocated after it
 *   random: one to its successor in a random cycle through all objects, three anywhere
 *   arrays: the same, and one in 16 of an object's other words leads anywhere, too; the rest
 *     are doubles, small numbers and zeros
 * The result is the median of a few collections; an operation is one object. */
#include "measure.h"

#include <sys/mman.h>

#define EDGES 4
#define NODE_SIZE 48
#define ARRAY_SIZE 4096
#define COLLECTIONS 5

static const char usage[] = "sequential|random|arrays MIB [SIZE]";

struct node {
    struct node *edges[EDGES];
    uint64_t number;
};

/* volatile: stores to a variable that nobody reads may otherwise be left out. */
static struct node *volatile root;

/* Allocates the nodes as a list from the root, so that they live, and puts their
 * addresses into the table, which no collector scans. */
static void nodes_new(struct node **table, uint64_t count, size_t node_size)
{
    root = NULL;
    for (uint64_t i = 0; i < count; i++) {
        struct node *node = peer_alloc(node_size);

        node->edges[0] = root;
        node->number = i;
        root = table[i] = node;
    }
}

static void connect_sequential(struct node **table, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        for (uint64_t e = 0; e < EDGES; e++)
            table[i]->edges[e] = table[(i + e + 1) % count];
}

/* Shuffles the table: the neighbours in it make the cycle. */
static void connect_random(struct node **table, uint64_t count)
{
    uint64_t random = 1;

    for (uint64_t i = count - 1; i > 0; i--) {
        uint64_t j = measure_random(&random) % (i + 1);
        struct node *node = table[i];

        table[i] = table[j];
        table[j] = node;
    }
    for (uint64_t i = 0; i < count; i++) {
        table[i]->edges[0] = table[(i + 1) % count];
        for (int e = 1; e < EDGES; e++)
            table[i]->edges[e] = table[measure_random(&random) % count];
    }
}

/* What an array of numbers has in a word, or a table in one that is not used. */
static uint64_t number_word(uint64_t random)
{
    double number = (double)(random >> 12) / 1000;
    uint64_t word = 0;

    if (random % 4 < 2)
        memcpy(&word, &number, sizeof(word));
    else if (random % 4 == 2)
        word = random >> 48;
    return word;
}

static void fill_arrays(struct node **table, uint64_t count, size_t node_size)
{
    uint64_t random = 2;

    for (uint64_t i = 0; i < count; i++) {
        uint64_t *words = (uint64_t *)(table[i] + 1);
        size_t size = (node_size - sizeof(struct node)) / sizeof(*words);

        for (size_t w = 0; w < size; w++) {
            uint64_t roll = measure_random(&random);

            words[w] = number_word(measure_random(&random));
            if (roll % 16 == 0)
                words[w] = (uint64_t)(uintptr_t)table[(roll >> 4) % count];
        }
    }
}

/* Nothing is allocated while the nodes are connected, so none can be lost meanwhile. */
static void graph_build(const char *kind, uint64_t count, size_t node_size)
{
    size_t size = count * sizeof(struct node *);
    struct node **table =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (table == MAP_FAILED) {
        perror("graph: table");
        exit(1);
    }
    nodes_new(table, count, node_size);
    if (strcmp(kind, "sequential") == 0)
        connect_sequential(table, count);
    else
        connect_random(table, count);
    if (strcmp(kind, "arrays") == 0)
        fill_arrays(table, count, node_size);
    root = table[0];
    munmap(table, size);
}

/* Follows the cycle of the first edges and looks along one other edge of each node. */
static uint64_t graph_sum(uint64_t count)
{
    const struct node *node = root;
    uint64_t sum = 0;

    for (uint64_t i = 0; i < count; i++) {
        sum = 31 * sum + node->number + node->edges[1 + i % (EDGES - 1)]->number;
        node = node->edges[0];
    }
    return sum;
}

int main(int argc, char **argv)
{
    uint64_t times[COLLECTIONS], count;
    size_t node_size = NODE_SIZE;

    if (argc > 1 && strcmp(argv[1], "arrays") == 0)
        node_size = ARRAY_SIZE;
    else if (argc > 1)
        measure_choice(argv, 1, "sequential", "random", usage);
    if (argc == 4)
        node_size = (size_t)measure_number(argv, 3, sizeof(struct node), 1 << 20, usage);
    else
        measure_count(argc, argv, 2, usage);
    count = ((uint64_t)measure_number(argv, 2, 1, 100000, usage) << 20) / node_size;
    peer_init();
    graph_build(argv[1], count, node_size);
    peer_collect(); /* the first, which may set things up, does not count */
    for (int i = 0; i < COLLECTIONS; i++) {
        uint64_t start = measure_now_ns();

        peer_collect();
        times[i] = measure_now_ns() - start;
    }
    measure_report(measure_median(times, COLLECTIONS), count, graph_sum(count));
    return 0;
}
