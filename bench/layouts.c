/* The time of a full collection of many objects of 64 bytes, two words of which are pointers, all
 * reachable from one root: with a layout, and without.
 *
 * usage: layouts typed|scanned sequential|random numbers|pointers COUNT
 *   typed: a layout names the two words; scanned: there is none, and all eight are looked at
 *   sequential: one pointer leads to the object allocated before, the other to one close to it;
 *   random: they lead anywhere
 *   numbers: the other six words are small numbers; pointers: they look like pointers to
 *     objects of the same heap
 * The result is the median of a few collections; an operation is one object. */
#include "measure.h"

#include <gcalloc/layout.h>
#include <sys/mman.h>

#define COLLECTIONS 5

static const char usage[] = "typed|scanned sequential|random numbers|pointers COUNT";

struct node {
    struct node *next, *other;
    uint64_t numbers[6];
};

/* volatile: stores to a variable that nobody reads may otherwise be left out. */
static struct node *volatile root;

static void connect(struct node **table, uint64_t count, bool sequential)
{
    uint64_t random = 1;

    for (uint64_t i = count - 1; !sequential && i > 0; i--) {
        uint64_t j = measure_random(&random) % (i + 1);
        struct node *node = table[i];

        table[i] = table[j];
        table[j] = node;
    }
    for (uint64_t i = 0; i < count; i++) {
        uint64_t j = sequential ? i + 8 : measure_random(&random);

        table[i]->next = table[(i + 1) % count];
        table[i]->other = table[j % count];
    }
}

static void fill(struct node **table, uint64_t count, bool numbers)
{
    uint64_t random = 2;

    for (uint64_t i = 0; i < count; i++)
        for (int k = 0; k < 6; k++) {
            uint64_t roll = measure_random(&random);

            table[i]->numbers[k] = numbers ? roll >> 40 : (uintptr_t)table[roll % count];
        }
}

/* Nothing is allocated while the nodes are connected, so none can be lost meanwhile. */
static void build(bool typed, bool sequential, bool numbers, uint64_t count)
{
    size_t size = count * sizeof(struct node *), offsets[] = {0, 8};
    gc_layout layout = gc_layout_new(sizeof(struct node), offsets, 2);
    struct node **table =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (table == MAP_FAILED) {
        perror("layouts: table");
        exit(1);
    }
    for (uint64_t i = 0; i < count; i++) {
        struct node *node =
            peer_opaque(typed ? gc_alloc_layout(layout) : gc_alloc(sizeof(*node)));

        node->next = root;
        root = table[i] = node;
    }
    connect(table, count, sequential);
    fill(table, count, numbers);
    root = table[0];
    munmap(table, size);
}

int main(int argc, char **argv)
{
    uint64_t times[COLLECTIONS];

    measure_count(argc, argv, 4, usage);
    bool typed = measure_choice(argv, 1, "typed", "scanned", usage);
    bool sequential = measure_choice(argv, 2, "sequential", "random", usage);
    bool numbers = measure_choice(argv, 3, "numbers", "pointers", usage);
    uint64_t count = (uint64_t)measure_number(argv, 4, 1, 100000000, usage);
    peer_init();
    build(typed, sequential, numbers, count);
    peer_collect(); /* the first, which may set things up, does not count */
    for (int i = 0; i < COLLECTIONS; i++) {
        struct gc_stats stats = {.size = sizeof(stats)};

        gc_stats_get(&stats);
        uint64_t before = stats.mark_ns_total;
        peer_collect();
        gc_stats_get(&stats);
        times[i] = stats.mark_ns_total - before;
    }
    measure_report(measure_median(times, COLLECTIONS), count, count);
    return 0;
}
