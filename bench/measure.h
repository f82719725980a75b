/* What every workload does around its work: read its arguments, take the time, draw
 * random numbers and print the lines that bench/run reads. */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include "peer.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <time.h>

enum { MEASURE_THREADS = 64 }; /* at most */

/* ---- Arguments: what does not fit ends the program with the usage ---------------- */

static inline void measure_usage(char **argv, const char *usage)
{
    fprintf(stderr, "usage: %s %s\n", argv[0], usage);
    exit(2);
}

/* Requires `count` arguments. */
static inline void measure_count(int argc, char **argv, int count, const char *usage)
{
    if (argc != 1 + count)
        measure_usage(argv, usage);
}

/* Argument `i`, a number from `min` to `max`. */
static inline long measure_number(char **argv, int i, long min, long max,
                                  const char *usage)
{
    char *end;
    long value = strtol(argv[i], &end, 10);

    if (end == argv[i] || *end || value < min || value > max) {
        fprintf(stderr, "%s: %s is not a number from %ld to %ld\n", argv[0], argv[i], min,
                max);
        measure_usage(argv, usage);
    }
    return value;
}

/* Argument `i`, one of two words; true for the first of them. */
static inline bool measure_choice(char **argv, int i, const char *first,
                                  const char *second, const char *usage)
{
    if (strcmp(argv[i], first) != 0 && strcmp(argv[i], second) != 0) {
        fprintf(stderr, "%s: %s is neither %s nor %s\n", argv[0], argv[i], first, second);
        measure_usage(argv, usage);
    }
    return strcmp(argv[i], first) == 0;
}

/* Requires one argument, and allows a second one: a number of threads, which is 1 without
 * it. */
static inline int measure_threads(int argc, char **argv, const char *usage)
{
    return argc == 3 ? (int)measure_number(argv, 2, 1, MEASURE_THREADS, usage)
                     : (measure_count(argc, argv, 1, usage), 1);
}

/* ---- Threads ----------------------------------------------------------------------- */

struct measure_work {
    uint64_t (*run)(int argument);
    int argument;
    uint64_t result;
};

static inline void *measure_thread(void *argument)
{
    struct measure_work *work = argument;

    work->result = work->run(work->argument);
    return NULL;
}

/* Runs the same on so many threads, on the caller if it is one; returns the sum of the
 * results. */
static inline uint64_t measure_run(int threads, uint64_t run(int argument), int argument)
{
    struct measure_work work[MEASURE_THREADS];
    pthread_t ids[MEASURE_THREADS];
    uint64_t sum = 0;

    if (threads == 1)
        return run(argument);
    for (int i = 0; i < threads; i++) {
        work[i] = (struct measure_work){run, argument, 0};
        if (pthread_create(&ids[i], NULL, measure_thread, &work[i]) != 0) {
            fprintf(stderr, "cannot start thread %d\n", i);
            exit(1);
        }
    }
    for (int i = 0; i < threads; i++) {
        pthread_join(ids[i], NULL);
        sum += work[i].result;
    }
    return sum;
}

/* ---- Numbers --------------------------------------------------------------------- */

static inline uint64_t measure_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* The next number of a sequence that is the same for all peers (SplitMix64). */
static inline uint64_t measure_random(uint64_t *state)
{
    uint64_t x = *state += 0x9e3779b97f4a7c15u;

    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

/* A size from 2^low to 2^high (low < high): every doubling is as likely, and within it
 * every size. */
static inline size_t measure_random_size(uint64_t *state, unsigned low, unsigned high)
{
    size_t least = (size_t)1 << (low + measure_random(state) % (high - low));

    return least + measure_random(state) % (least + 1);
}

/* A size from 16 to 255 out of one random number: each doubling is half as likely as the
 * one below it. */
static inline size_t measure_small_size(uint64_t random)
{
    unsigned doublings = (unsigned)__builtin_ctz((unsigned)random | 8);
    size_t least = (size_t)16 << doublings;

    return least + (random >> 32) % least;
}

static inline int measure_compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* The median of an odd number of values, which it sorts. */
static inline uint64_t measure_median(uint64_t *values, size_t count)
{
    qsort(values, count, sizeof(*values), measure_compare);
    return values[count / 2];
}

/* ---- The result ------------------------------------------------------------------ */

/* Ends the output.  The time is that of all the operations together; the checksum is over
 * all results and must not depend on the peer. */
static inline void measure_report_with_rss(uint64_t time_ns, uint64_t operations,
                                           uint64_t checksum, long rss_kb)
{
    peer_check();
    printf("peer %s %s\n", peer_name(), peer_version());
    printf("checksum %" PRIu64 "\n", checksum);
    printf("time_ns=%" PRIu64 " operations=%" PRIu64 " rss_kb=%ld collections=%" PRIu64
           "\n",
           time_ns, operations, rss_kb, peer_collections());
}

/* The same with the peak resident set of this process. */
static inline void measure_report(uint64_t time_ns, uint64_t operations,
                                  uint64_t checksum)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    measure_report_with_rss(time_ns, operations, checksum, usage.ru_maxrss);
}

#endif
