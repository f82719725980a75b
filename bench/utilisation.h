/* Minimum mutator utilisation (Cheng and Blelloch, 2001): of any stretch of so many milliseconds the part in which
 * the program got on, in the worst one.  Unlike the longest pause it also shows pauses that come in quick
 * succession.
 *
 * What counts as a pause is the whole of an operation that took longer than PAUSE_LEAST_NS, as the program sees
 * it: it comes from the collector, from page faults, or from the machine. */
#ifndef BENCH_UTILISATION_H
#define BENCH_UTILISATION_H

#include "measure.h"

enum {
    PAUSES_MOST = 1 << 16,
    PAUSE_LEAST_NS = 20000 /* many times what an operation takes that nothing holds up */
};

/* In order of time; `stopped` is the length of all pauses before. */
struct pause {
    uint64_t start, end, stopped;
};

/* In memory of the C library's, of which no collector scans what is not used. */
static struct pause *pauses;
static size_t pauses_count, pauses_lost;

static inline void utilisation_add(uint64_t start, uint64_t end)
{
    if (end - start < PAUSE_LEAST_NS)
        return;
    if (!pauses)
        pauses = malloc(PAUSES_MOST * sizeof(*pauses));
    if (!pauses || pauses_count == PAUSES_MOST) {
        pauses_lost++;
        return;
    }
    pauses[pauses_count++] = (struct pause){.start = start, .end = end};
}

/* How long the program had stood still by then. */
static inline uint64_t utilisation_stopped(uint64_t time)
{
    size_t low = 0, high = pauses_count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (pauses[middle].start < time)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return 0;
    const struct pause *last = &pauses[low - 1];
    return last->stopped + (time < last->end ? time : last->end) - last->start;
}

static inline uint64_t utilisation_within(uint64_t from, uint64_t length)
{
    return utilisation_stopped(from + length) - utilisation_stopped(from);
}

/* The worst stretch of that length between two moments begins with a pause or ends with one, or lies at an
 * end of the whole. */
static inline double utilisation_least(uint64_t begin, uint64_t end, uint64_t length)
{
    uint64_t most, stopped;

    if (length > end - begin)
        length = end - begin;
    most = utilisation_within(begin, length);
    stopped = utilisation_within(end - length, length);
    most = stopped > most ? stopped : most;
    for (size_t i = 0; i < pauses_count; i++) {
        if (pauses[i].start + length <= end) {
            stopped = utilisation_within(pauses[i].start, length);
            most = stopped > most ? stopped : most;
        }
        if (pauses[i].end >= begin + length) {
            stopped = utilisation_within(pauses[i].end - length, length);
            most = stopped > most ? stopped : most;
        }
    }
    return length ? 1 - (double)most / (double)length : 1;
}

/* Prints the utilisation in percent for stretches of 1 to 1000 ms, of which bench/run makes columns and a plot. */
static inline void utilisation_print(uint64_t begin, uint64_t end)
{
    uint64_t stopped = 0;

    for (size_t i = 0; i < pauses_count; i++) {
        pauses[i].stopped = stopped;
        stopped += pauses[i].end - pauses[i].start;
    }
    if (pauses_lost > 0)
        fprintf(stderr, "%zu pauses too many\n", pauses_lost);
    printf("also");
    for (int ms = 1; ms <= 1000 && pauses_lost == 0; ms *= 10)
        printf(" mmu_%dms=%.1f", ms,
               100 * utilisation_least(begin, end, (uint64_t)ms * 1000000));
    printf("\n");
}

#endif
