/* What the programs that measure shared heaps have in common, in C and in C++: processes that work at the
 * same time, and the lines that bench/run reads. */
#ifndef BENCH_SHARED_H
#define BENCH_SHARED_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SHARED_SLOTS = 1000, SHARED_PROCESSES = 64 };

static inline uint64_t shared_now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static inline uint64_t shared_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* The size of the next object: 16 to 527 bytes, small ones more often. */
static inline size_t shared_size(uint64_t *state)
{
    uint64_t roll = shared_random(state);

    return 16 + (size_t)(roll >> 20 & ((roll & 3) == 0 ? 511 : 63));
}

/* What the processes of a measurement share: they begin together. */
struct shared_start {
    uint32_t ready, go;
    uint64_t sums[SHARED_PROCESSES];
};

/* Has so many processes call work(process), and returns the time from when all were ready until the last
 * one ended; *sum becomes the sum of what they returned. */
static inline uint64_t shared_run(int processes, uint64_t (*work)(int process),
                                  uint64_t *sum)
{
    struct shared_start *start =
        (struct shared_start *)mmap(NULL, sizeof(*start), PROT_READ | PROT_WRITE,
                                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int status;

    for (int i = 0; i < processes; i++) {
        pid_t child = fork();

        if (child != 0)
            continue;
        __atomic_fetch_add(&start->ready, 1, __ATOMIC_SEQ_CST);
        while (!__atomic_load_n(&start->go, __ATOMIC_SEQ_CST))
            usleep(100);
        start->sums[i] = work(i);
        _exit(0);
    }
    while (__atomic_load_n(&start->ready, __ATOMIC_SEQ_CST) < (uint32_t)processes)
        usleep(100);
    uint64_t began = shared_now_ns();
    __atomic_store_n(&start->go, 1, __ATOMIC_SEQ_CST);
    for (int i = 0; i < processes; i++)
        if (wait(&status) < 0 || status != 0) {
            fprintf(stderr, "a process of the measurement failed\n");
            exit(1);
        }
    uint64_t time = shared_now_ns() - began;
    *sum = 0;
    for (int i = 0; i < processes; i++)
        *sum += start->sums[i];
    return time;
}

static inline void shared_report(const char *peer, const char *version, uint64_t sum,
                                 uint64_t time, uint64_t operations, uint64_t collections)
{
    struct rusage usage;

    getrusage(RUSAGE_CHILDREN, &usage);
    printf("peer %s %s\nchecksum %" PRIu64 "\n", peer, version, sum);
    printf("time_ns=%" PRIu64 " operations=%" PRIu64 " rss_kb=%ld collections=%" PRIu64
           "\n",
           time, operations, usage.ru_maxrss, collections);
}

/* Arguments PROCESSES COUNT from number `first` on. */
static inline void shared_arguments(int argc, char **argv, int first, int *processes,
                                    long *count)
{
    if (argc != first + 2 || (*processes = atoi(argv[first])) < 1 ||
        *processes > SHARED_PROCESSES || (*count = atol(argv[first + 1])) < 1) {
        fprintf(stderr, "usage: %s pairs PROCESSES COUNT\n", argv[0]);
        exit(2);
    }
}

#endif
