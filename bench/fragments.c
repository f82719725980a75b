/* A heap whose objects die at random: a table of objects without pointers is filled, and all but a few are dropped
 * and collected, or freed.  What counts is the memory that is held then: what the kernel calls Pss, as a page that
 * lies at several addresses (option compact) is one page.
 *
 * usage: fragments OBJECTS LEAST MOST KEPT_OF, OBJECTS in thousands
 * Objects have LEAST to MOST bytes; one of KEPT_OF stays.  The time is that of dropping, collection included, and an
 * operation is an object that is dropped. */
#include "measure.h"

static const char usage[] = "OBJECTS LEAST MOST KEPT_OF";

static unsigned char **objects;

static long held_kb(void)
{
    char line[256];
    long kb = 0;
    FILE *f = fopen("/proc/self/smaps_rollup", "r");

    while (f && fgets(line, sizeof(line), f))
        if (sscanf(line, "Pss: %ld", &kb) == 1)
            break;
    if (f)
        fclose(f);
    return kb;
}

static void fill(uint64_t *random, size_t count, size_t least, size_t most)
{
    for (size_t i = 0; i < count; i++) {
        size_t size = least + measure_random(random) % (most - least + 1);

        objects[i] = peer_alloc_atomic(size);
        memset(objects[i], (int)i, size);
    }
}

/* Returns how many were dropped. */
static size_t drop(uint64_t *random, size_t count, size_t kept_of)
{
    size_t dropped = 0;

    for (size_t i = 0; i < count; i++) {
        if (measure_random(random) % kept_of == 0)
            continue;
        if (!PEER_COLLECTS)
            peer_free(objects[i]);
        objects[i] = NULL;
        dropped++;
    }
#if PEER_COLLECTS
    peer_collect();
#endif
    return dropped;
}

int main(int argc, char **argv)
{
    uint64_t random = 1, checksum = 0, start, time_ns;
    size_t count, least, most, kept_of, dropped;

    measure_count(argc, argv, 4, usage);
    count = 1000 * (size_t)measure_number(argv, 1, 1, 1000000, usage);
    least = (size_t)measure_number(argv, 2, 1, 1000000, usage);
    most = (size_t)measure_number(argv, 3, (long)least, 1000000, usage);
    kept_of = (size_t)measure_number(argv, 4, 1, 1000000, usage);

    peer_init();
    objects = peer_alloc_zeroed(count * sizeof(*objects));
    fill(&random, count, least, most);
    start = measure_now_ns();
    dropped = drop(&random, count, kept_of);
    time_ns = measure_now_ns() - start;
    for (size_t i = 0; i < count; i++)
        checksum += objects[i] ? objects[i][0] + i : 0;
    measure_report_with_rss(time_ns, dropped, checksum, held_kb());
    return 0;
}
