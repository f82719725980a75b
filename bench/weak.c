/* The time of a full collection with many weak links, or a weak map, in a heap of objects of 32
 * bytes that one array keeps.
 *
 * usage: weak none|links|dying|map|bytes COUNT
 *   none: so many objects, and nothing registered: what the others are to be compared with
 *   links: each has a weak link, and all live
 *   dying: half of them die in each collection that counts, and are replaced before the next one
 *   map: a map from weak keys to as many values; half of the keys die, as above.  libgc has no maps: links to the
 *     keys in one table, the values in another, from which the program would have to take them
 *   bytes: of memory that a link takes, beside the word itself; these are counted instead of nanoseconds
 * The result is the median of a few collections; an operation is one object. */
#include "measure.h"

#include <unistd.h>

#if defined(PEER_GCALLOC)
#include <gcalloc/weak.h>
#include <gcalloc/weakmap.h>
#endif

#define NODE_SIZE 32
#define COLLECTIONS 5

static const char usage[] = "none|links|dying|map|bytes COUNT";

static struct state {
    size_t count;
    void ***kept;  /* an array of the heap: each object, or NULL */
    void **links;  /* memory of malloc's */
    void **values; /* of the map */
    void *map;
} state;

#if defined(PEER_GCALLOC)

static void link_add(void **link, void *object)
{
    if (gc_weak_link_add(link, object, 0))
        abort();
}

static void map_new(void)
{
    state.map = gc_weakmap_new(GC_WEAK_KEYS, NULL, NULL, NULL);
}

static void map_put(size_t i, void *key, void *value)
{
    (void)i;
    if (gc_weakmap_put(state.map, key, value))
        abort();
}

static size_t map_count(void)
{
    return gc_weakmap_count(state.map);
}

#else

static void link_add(void **link, void *object)
{
    if (GC_general_register_disappearing_link(link, object) == GC_NO_MEMORY)
        abort();
}

static void map_new(void)
{
    state.map = peer_alloc_atomic(state.count * sizeof(void *));
    state.values = peer_alloc_zeroed(state.count * sizeof(void *));
}

static void map_put(size_t i, void *key, void *value)
{
    ((void **)state.map)[i] = key;
    state.values[i] = value;
    link_add((void **)state.map + i, key);
}

static size_t map_count(void)
{
    size_t count = 0;

    for (size_t i = 0; i < state.count; i++)
        count += ((void **)state.map)[i] != NULL;
    return count;
}

#endif

static size_t links_left(void)
{
    size_t count = 0;

    for (size_t i = 0; i < state.count; i++)
        count += state.links[i] != NULL;
    return count;
}

/* Objects for all that are missing, registered. */
static void fill(const char *kind)
{
    for (size_t i = 0; i < state.count; i++) {
        if (state.kept[i])
            continue;
        state.kept[i] = peer_alloc_zeroed(NODE_SIZE);
        state.kept[i][0] = state.kept[i / 2];
        if (strcmp(kind, "none") == 0)
            continue;
        if (strcmp(kind, "map") == 0) {
            map_put(i, state.kept[i], peer_alloc_zeroed(NODE_SIZE));
        } else {
            state.links[i] = state.kept[i];
            link_add(&state.links[i], state.kept[i]);
        }
    }
}

/* Every other object is kept by nothing. */
static void drop_half(void)
{
    for (size_t i = 0; i < state.count; i++) {
        if (i % 2)
            state.kept[i] = NULL;
        else
            state.kept[i][0] = NULL;
    }
}

static bool is_dying(const char *kind)
{
    return strcmp(kind, "dying") == 0 || strcmp(kind, "map") == 0;
}

static uint64_t collect_once(const char *kind)
{
    uint64_t start;

    fill(kind);
    peer_collect();
    if (is_dying(kind))
        drop_half();
    start = measure_now_ns();
    peer_collect();
    return measure_now_ns() - start;
}

/* Bytes of memory that the process has. */
static uint64_t resident_bytes(void)
{
    unsigned long all, resident;
    FILE *file = fopen("/proc/self/statm", "r");

    if (!file || fscanf(file, "%lu %lu", &all, &resident) != 2)
        abort();
    fclose(file);
    return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t bytes_of_links(void)
{
    uint64_t before;

    fill("none");
    for (size_t i = 0; i < state.count; i++)
        state.links[i] = state.kept[i];
    peer_collect();
    before = resident_bytes();
    for (size_t i = 0; i < state.count; i++)
        link_add(&state.links[i], state.kept[i]);
    return resident_bytes() - before;
}

/* Ends the program unless about as many have died as should. */
static uint64_t checksum(const char *kind)
{
    size_t left = strcmp(kind, "map") == 0 ? map_count() : links_left();
    size_t expected = is_dying(kind) ? (state.count + 1) / 2 : state.count;

    if (strcmp(kind, "none") != 0 &&
        (left < expected || left > expected + state.count / 100 + 10)) {
        fprintf(stderr, "%zu are left, and not %zu\n", left, expected);
        exit(1);
    }
    return expected;
}

int main(int argc, char **argv)
{
    uint64_t results[COLLECTIONS];

    measure_count(argc, argv, 2, usage);
    state.count = (size_t)measure_number(argv, 2, 1, 100000000, usage);
    peer_init();
    state.kept = peer_alloc_zeroed(state.count * sizeof(void *));
    state.links = malloc(state.count * sizeof(void *));
    if (!state.links)
        return PEER_OUT_OF_MEMORY;
    map_new();
    for (int i = 0; i < COLLECTIONS; i++)
        results[i] =
            strcmp(argv[1], "bytes") == 0 ? bytes_of_links() : collect_once(argv[1]);
    if (strcmp(argv[1], "bytes") == 0)
        results[COLLECTIONS / 2] = results[0];
    else
        measure_median(results, COLLECTIONS);
    measure_report(results[COLLECTIONS / 2], state.count, checksum(argv[1]));
    return 0;
}
