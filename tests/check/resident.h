/* How much memory the process has, exactly.  What /proc/self/statm says may be wrong by 64 pages of each kind for
 * each processor, from Linux 6.2 on: the counters are summed up from time to time only. */
#ifndef TESTS_CHECK_RESIDENT_H
#define TESTS_CHECK_RESIDENT_H

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Bytes of a kind of memory of the process, by its name in /proc/self/smaps_rollup; 0 if the kernel does not
 * tell. */
static inline size_t memory_by_kernel(const char *name)
{
    char line[200];
    size_t kib = 0, length = strlen(name);
    FILE *file = fopen("/proc/self/smaps_rollup", "r");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, name, length) == 0 && sscanf(line + length, ": %zu", &kib) == 1)
            break;
    if (file)
        fclose(file);
    return kib << 10;
}

static inline size_t resident_bytes(void)
{
    return memory_by_kernel("Rss");
}

/* Of those what no file holds: heaps, stacks, and static data that was written to. */
static inline size_t anonymous_bytes(void)
{
    return memory_by_kernel("Anonymous");
}

#endif
