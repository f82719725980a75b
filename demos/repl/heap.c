/* What read-eval-print loops, and an option of the command line, tell of the heap. */
#include "heap.h"

#include <gcalloc/gcalloc.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

static struct timespec started;

static double milliseconds_since(const struct timespec *start)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - start->tv_sec) * 1e3 +
           (double)(now.tv_nsec - start->tv_nsec) / 1e6;
}

static double mebibytes(uint64_t bytes)
{
    return (double)bytes / (1 << 20);
}

static unsigned long long kibibytes(uint64_t bytes)
{
    return bytes >> 10;
}

static struct gc_stats stats_now(void)
{
    struct gc_stats stats = {.size = sizeof stats};
    gc_stats_get(&stats);
    return stats;
}

void heap_watch(void)
{
    clock_gettime(CLOCK_MONOTONIC, &started);
}

void heap_report(void)
{
    struct gc_stats s = stats_now();
    double run = milliseconds_since(&started), pauses = (double)s.pause_ns_total / 1e6;
    fprintf(stderr,
            "collector: %llu collections in %.0f ms of running\n"
            "  time     %.1f ms in all, %.1f %% of the run; the longest pause %.2f ms\n"
            "  memory   %.1f MiB allocated in all, never freed by hand\n"
            "  heap     %.1f MiB now, %.1f MiB at most\n"
            "  live     %.1f MiB in %llu objects after the last collection\n",
            (unsigned long long)s.collections, run, pauses, 100 * pauses / run,
            (double)s.pause_ns_max / 1e6, mebibytes(s.allocated_bytes),
            mebibytes(s.heap_bytes), mebibytes(s.heap_bytes_max), mebibytes(s.live_bytes),
            (unsigned long long)s.live_objects);
}

void heap_show(void)
{
    struct gc_stats s = stats_now();
    printf("%llu KiB in use, of a heap of %llu KiB\n",
           kibibytes(s.allocated_bytes - s.freed_bytes), kibibytes(s.heap_bytes));
    printf("%llu collections; %llu objects of %llu KiB lived through the last\n",
           (unsigned long long)s.collections, (unsigned long long)s.live_objects,
           kibibytes(s.live_bytes));
}

void heap_collect(void)
{
    struct gc_stats before = stats_now();
    gc_collect();
    struct gc_stats after = stats_now();
    printf("%llu objects of %llu KiB went; %llu of %llu KiB live\n",
           (unsigned long long)(after.reclaimed_objects - before.reclaimed_objects),
           kibibytes(after.reclaimed_bytes - before.reclaimed_bytes),
           (unsigned long long)after.live_objects, kibibytes(after.live_bytes));
}
