/* The time of a collection, and of recovery, of a region with many objects of 64 bytes, each of which leads to
 * two others at random places, all reachable from one root.
 *
 * usage: regions collect region|process COUNT
 *   process: the heap of the process, for comparison; an operation is one object
 *   regions recover shared|file COUNT
 *   The region is opened after the process that made it was killed: an operation is one object.
 *   regions larger atomic|scanned|scattered|nodes MIB
 *   A file of so many MiB is collected, and read here and there: in a control group that allows less memory.
 *   An index leads to objects of 4000 bytes in the order in which they lie or, scattered, in any; nodes
 *   are as above, a tree whose nodes lie anywhere.  It says how long both took; the result is that of
 *   the collection.
 *   regions fill atomic|scanned|scattered|nodes MIB
 *   Makes the file and leaves it to the next `larger` of the same kind: with all the memory that there is.
 * The result is the median of a few. */
#include "measure.h"

#include <gcalloc/region.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define TIMES 5

static const char usage[] = "collect region|process COUNT | recover shared|file COUNT | "
                            "larger|fill atomic|scanned|scattered|nodes MIB";

struct node {
    struct node *next, *other;
    uint64_t numbers[6];
};

static struct node *volatile root;
static gc_region *region;
static const char *name;
static unsigned flags;

static void fail(const char *what)
{
    fprintf(stderr, "regions: %s: %s\n", what, gc_region_error());
    exit(1);
}

/* The table is outside of all heaps, so nothing is collected meanwhile but in brackets, where it counts for
 * nothing: there is one, and none by the budget. */
static void build(uint64_t count, bool in_region)
{
    struct node **table = malloc(count * sizeof(*table));
    uint64_t random = 1;

    for (uint64_t i = 0; i < count; i++) {
        table[i] = in_region ? gc_region_alloc(region, sizeof(struct node))
                             : peer_alloc_zeroed(sizeof(struct node));
        if (!table[i])
            fail("an allocation");
        if (!in_region)
            table[i]->next = root, root = table[i];
    }
    for (uint64_t i = 0; i < count; i++) {
        table[i]->next = table[(i + 1) % count];
        table[i]->other = table[measure_random(&random) % count];
    }
    root = table[0];
    free(table);
}

static void make_region(uint64_t count)
{
    gc_region_unlink(name, flags);
    region = gc_region_create(name, (size_t)count * 80 + (64 << 20), flags, 0);
    if (!region || gc_region_begin(region) != 0)
        fail("a region");
    build(count, true);
    if (gc_region_root_set(region, "nodes", root) != 0)
        fail("a root");
    root = NULL;
    gc_region_end(region);
}

static uint64_t time_of_collection(bool in_region)
{
    uint64_t start = measure_now_ns();

    if (!in_region)
        gc_collect();
    else if (gc_region_collect(region) != 0)
        fail("a collection");
    return measure_now_ns() - start;
}

static uint64_t measure_collections(uint64_t count, bool in_region)
{
    uint64_t times[TIMES];

    if (in_region)
        make_region(count);
    else
        build(count, false);
    time_of_collection(in_region);
    for (int i = 0; i < TIMES; i++)
        times[i] = time_of_collection(in_region);
    return measure_median(times, TIMES);
}

static uint64_t measure_recoveries(uint64_t count)
{
    uint64_t times[TIMES];
    pid_t child = fork();

    if (child == 0) {
        make_region(count);
        kill(getpid(), SIGKILL);
    }
    waitpid(child, NULL, 0);
    for (int i = 0; i < TIMES; i++) {
        uint64_t start = measure_now_ns();

        region = gc_region_open(name, flags);
        if (!region)
            fail("recovery");
        times[i] = measure_now_ns() - start;
        gc_region_close(region);
    }
    return measure_median(times, TIMES);
}

/* ---- Larger than memory ---------------------------------------------------------------------------- */

static void **new_index(uint64_t count)
{
    void **index = gc_region_alloc(region, count * sizeof(*index));
    if (!index || gc_region_root_set(region, "index", index) != 0)
        fail("the index");
    return index;
}

/* A random order of the numbers below count (Fisher and Yates). */
static uint32_t *shuffled(uint64_t count)
{
    uint32_t *order = malloc(count * sizeof(*order));
    uint64_t random = 1;

    for (uint64_t i = 0; i < count; i++) {
        uint64_t k = measure_random(&random) % (i + 1);

        order[i] = order[k];
        order[k] = (uint32_t)i;
    }
    return order;
}

/* The index leads to all objects; those that come after one another lie side by side unless `scattered`. */
static void fill_with_pages(uint64_t count, bool atomic, bool scattered)
{
    uint32_t *order = shuffled(count);

    gc_region_begin(region);
    void **index = new_index(count);
    gc_region_end(region);
    for (uint64_t i = 0; i < count; i++) {
        gc_region_begin(region);
        uint64_t at = scattered ? order[i] : i;
        char *page =
            atomic ? gc_region_alloc_atomic(region, 4000) : gc_region_alloc(region, 4000);
        if (!page)
            fail("an allocation");
        page[0] = (char)at;
        index[at] = page;
        gc_region_end(region);
    }
    free(order);
}

/* A tree by numbers, the children of i being 2 i + 1 and 2 i + 2, whose nodes lie in a random order. */
static void fill_with_nodes(uint64_t count)
{
    uint32_t *order = shuffled(count);
    struct node **nodes = malloc(count * sizeof(*nodes));

    gc_region_begin(region);
    for (uint64_t i = 0; i < count; i++)
        if (!(nodes[order[i]] = gc_region_alloc(region, sizeof(struct node))))
            fail("an allocation");
    for (uint64_t i = 0; i < count; i++) {
        nodes[i]->numbers[0] = i;
        nodes[i]->next = 2 * i + 1 < count ? nodes[2 * i + 1] : NULL;
        nodes[i]->other = 2 * i + 2 < count ? nodes[2 * i + 2] : NULL;
    }
    new_index(1)[0] = nodes[0];
    gc_region_end(region);
    free(nodes);
    free(order);
}

enum { READS = 2000 };

static void read_pages(uint64_t count)
{
    uint64_t random = 1;
    char **index = gc_region_root_get(region, "index");

    for (int n = 0; n < READS; n++) {
        uint64_t i = measure_random(&random) % count;

        if (index[i][0] != (char)i)
            fail("contents");
    }
}

/* Goes down the tree by random ways. */
static void read_nodes(void)
{
    uint64_t random = 1;
    struct node **index = gc_region_root_get(region, "index");
    const struct node *node = index[0];

    for (int n = 0; n < READS; n++) {
        bool right = measure_random(&random) % 2;
        const struct node *child = right ? node->other : node->next;

        if (child && child->numbers[0] != 2 * node->numbers[0] + 1 + right)
            fail("contents");
        node = child ? child : index[0];
    }
}

static bool is_kind(char **argv, const char *kind)
{
    return strcmp(argv[2], kind) == 0;
}

static void fill_file(char **argv, uint64_t mebibytes)
{
    bool atomic = is_kind(argv, "atomic"), scattered = is_kind(argv, "scattered");

    if (!atomic && !scattered && !is_kind(argv, "nodes"))
        measure_choice(argv, 2, "scanned", "nodes", usage);
    region = gc_region_create(name, (mebibytes * 5 / 4 + 64) << 20, flags, 0);
    if (!region)
        fail("a region");
    if (is_kind(argv, "nodes"))
        fill_with_nodes((mebibytes << 20) / sizeof(struct node));
    else
        fill_with_pages(mebibytes * 256, atomic, scattered);
}

static int measure_larger(char **argv, bool fills)
{
    uint64_t mebibytes = (uint64_t)measure_number(argv, 3, 1, 1L << 20, usage);
    uint64_t count = mebibytes * 256, times[TIMES];
    bool nodes = is_kind(argv, "nodes");

    name = "gcalloc-bench.region", flags = GC_REGION_FILE;
    if (fills)
        gc_region_unlink(name, flags);
    region = fills ? NULL : gc_region_open(name, flags);
    if (!region)
        fill_file(argv, mebibytes);
    if (fills)
        return gc_region_sync(region);
    for (int i = 0; i < TIMES; i++)
        times[i] = time_of_collection(true);
    uint64_t start = measure_now_ns();
    gc_region_begin(region);
    if (nodes)
        read_nodes();
    else
        read_pages(count);
    gc_region_end(region);
    fprintf(stderr, "%d reads here and there: %.1f ms\n", READS,
            (double)(measure_now_ns() - start) / 1e6);
    measure_report(measure_median(times, TIMES), count, count);
    return gc_region_unlink(name, flags);
}

int main(int argc, char **argv)
{
    measure_count(argc, argv, 3, usage);
    bool fills = strcmp(argv[1], "fill") == 0;
    if (fills || strcmp(argv[1], "larger") == 0) {
        peer_init();
        return measure_larger(argv, fills);
    }
    bool collects = measure_choice(argv, 1, "collect", "recover", usage);
    bool first = collects ? measure_choice(argv, 2, "region", "process", usage)
                          : measure_choice(argv, 2, "shared", "file", usage);
    uint64_t count = (uint64_t)measure_number(argv, 3, 1, 1L << 30, usage);

    flags = collects || first ? 0 : GC_REGION_FILE;
    name = flags ? "gcalloc-bench.region" : "/gcalloc-bench";
    peer_init();
    measure_report(collects ? measure_collections(count, first)
                            : measure_recoveries(count),
                   count, count);
    if (!collects || first)
        gc_region_unlink(name, flags);
    return 0;
}
