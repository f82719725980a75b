/* The time of a collection, and of recovery, of a region with many objects of 64 bytes, each of which leads to
 * two others at random places, all reachable from one root.
 *
 * usage: regions collect region|process COUNT
 *   process: the heap of the process, for comparison; an operation is one object
 *   regions recover shared|file COUNT
 *   The region is opened after the process that made it was killed: an operation is one object.
 * The result is the median of a few. */
#include "measure.h"

#include <gcalloc/region.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define TIMES 5

static const char usage[] = "collect region|process COUNT | recover shared|file COUNT";

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

int main(int argc, char **argv)
{
    measure_count(argc, argv, 3, usage);
    bool collects = measure_choice(argv, 1, "collect", "recover", usage);
    bool first = collects ? measure_choice(argv, 2, "region", "process", usage)
                          : measure_choice(argv, 2, "shared", "file", usage);
    uint64_t count = (uint64_t)measure_number(argv, 3, 1, 1L << 30, usage);

    flags = collects || first ? 0 : GC_REGION_FILE;
    name = flags ? "gcalloc-bench.region" : "/gcalloc-bench";
    peer_init();
    measure_report(collects ? measure_collections(count, first) : measure_recoveries(count),
                   count, count);
    if (!collects || first)
        gc_region_unlink(name, flags);
    return 0;
}
