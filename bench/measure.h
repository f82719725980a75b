/* What every workload does around its work: take the time, read its argument and print
 * the lines that bench/run reads. */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include "peer.h"

#include <inttypes.h>
#include <sys/resource.h>
#include <time.h>

static inline uint64_t measure_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* The program's only argument, a number from `min` to `max`; `preset` without one. */
static inline int measure_argument(int argc, char **argv, int preset, int min, int max)
{
    char *end;
    long value;

    if (argc < 2)
        return preset;
    value = strtol(argv[1], &end, 10);
    if (argc > 2 || end == argv[1] || *end || value < min || value > max) {
        fprintf(stderr, "usage: %s [DEPTH], DEPTH from %d to %d (default %d)\n", argv[0],
                min, max, preset);
        exit(2);
    }
    return (int)value;
}

/* Ends the output, and so main.  The checksum is over all results and must not depend on
 * the peer. */
static inline int measure_report(uint64_t time_ns, uint64_t checksum)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    printf("peer %s %s\n", peer_name(), peer_version());
    printf("checksum %" PRIu64 "\n", checksum);
    printf("time_ns=%" PRIu64 " peak_rss_kb=%ld collections=%" PRIu64 "\n", time_ns,
           usage.ru_maxrss, peer_collections());
    return 0;
}

#endif
