/* Memory of objects of one size: 100 MB of them, without pointers, all in use and written to.
 *
 * usage: waste BYTES
 * The memory is what the process holds more than before, in KiB; after the peer's numbers comes
 * how many times the objects' size that is. */
#include "measure.h"

#include <unistd.h>

enum { TOTAL = 100000000 };

static const char usage[] = "BYTES";

/* In KiB. */
static long resident(void)
{
    long all, pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    if (!file || fscanf(file, "%ld %ld", &all, &pages) != 2) {
        perror("waste: /proc/self/statm");
        exit(1);
    }
    fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) >> 10);
}

int main(int argc, char **argv)
{
    measure_count(argc, argv, 1, usage);
    size_t size = (size_t)measure_number(argv, 1, 1000, TOTAL / 10, usage);
    size_t count = TOTAL / size;
    peer_init();
    unsigned char **objects = peer_alloc(count * sizeof *objects);
    long before = resident();
    uint64_t began = measure_now_ns(), checksum = 0;
    for (size_t i = 0; i < count; i++) {
        objects[i] = peer_alloc_atomic(size);
        memset(objects[i], (int)(i % 255 + 1), size);
    }
    uint64_t time_ns = measure_now_ns() - began;
    long added = resident() - before;
    for (size_t i = 0; i < count; i++)
        checksum += objects[i][size - 1];
    measure_report_with_rss(time_ns, count, checksum, added);
    printf("times=%.3f\n", (double)added * 1024 / ((double)count * (double)size));
    return 0;
}
