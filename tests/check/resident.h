/* How much memory the process has, exactly.  What /proc/self/statm says may be wrong by 64 pages of each kind for
 * each processor, from Linux 6.2 on: the counters are summed up from time to time only. */
#ifndef TESTS_CHECK_RESIDENT_H
#define TESTS_CHECK_RESIDENT_H

#include <stddef.h>
#include <stdio.h>

/* 0 if the kernel does not tell. */
static inline size_t resident_bytes(void)
{
    char line[200];
    size_t kib = 0;
    FILE *file = fopen("/proc/self/smaps_rollup", "r");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "Rss: %zu", &kib) == 1)
            break;
    if (file)
        fclose(file);
    return kib << 10;
}

#endif
