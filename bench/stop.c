/* Stopping the world: the time from the wish to the last thread's answer, with threads
 * that compute or that wait in the system.
 *
 * usage: stop running|blocked THREADS STOPS
 * A stop of gcalloc is that of a collection of an empty heap, as its statistics tell it;
 * one of libgc, GC_stop_world_external.  Built with PEER_SIGNALS there is no collector: a
 * bare loop of signals to all threads, each of which says that it is there and waits; what
 * stopping cannot do without.  The time is the median, the worst is in a line of its own. */
#ifdef PEER_SIGNALS
#define PEER_GLIBC
#define BARE 1
#else
#define BARE 0
#endif

#include "measure.h"

#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char usage[] = "running|blocked THREADS STOPS";

static bool blocked;
static int barrier_pipe[2]; /* blocked threads read it, until the program ends */
static atomic_uint ready;
static pid_t tids[MEASURE_THREADS];
static int threads;

/* ---- The bare loop ---------------------------------------------------------------- */

#if BARE
static atomic_uint epoch, arrived;

static void futex(atomic_uint *word, int operation, unsigned value)
{
    syscall(SYS_futex, word, operation | FUTEX_PRIVATE_FLAG, value, NULL, NULL, 0);
}

static void answer(int signal)
{
    unsigned now = atomic_load(&epoch);

    (void)signal;
    atomic_fetch_add(&arrived, 1);
    futex(&arrived, FUTEX_WAKE, 1);
    while (atomic_load(&epoch) == now)
        futex(&epoch, FUTEX_WAIT, now);
}

static uint64_t bare_stop(void)
{
    uint64_t start = measure_now_ns(), time_ns;
    unsigned seen;

    atomic_store(&arrived, 0);
    for (int i = 0; i < threads; i++)
        syscall(SYS_tgkill, getpid(), tids[i], SIGRTMIN);
    while ((seen = atomic_load(&arrived)) < (unsigned)threads)
        futex(&arrived, FUTEX_WAIT, seen);
    time_ns = measure_now_ns() - start;
    atomic_fetch_add(&epoch, 1);
    futex(&epoch, FUTEX_WAKE, INT_MAX);
    return time_ns;
}

static void bare_init(void)
{
    struct sigaction action = {.sa_handler = answer, .sa_flags = SA_RESTART};

    sigaction(SIGRTMIN, &action, NULL);
}
#endif

/* ---- The peers -------------------------------------------------------------------- */

static uint64_t stop(void)
{
#if defined(PEER_GCALLOC)
    struct gc_stats stats = {.size = sizeof(stats)};

    gc_collect();
    gc_stats_get(&stats);
    return stats.stop_ns_last;
#elif defined(PEER_LIBGC)
    uint64_t start = measure_now_ns(), time_ns;

    GC_stop_world_external();
    time_ns = measure_now_ns() - start;
    GC_start_world_external();
    return time_ns;
#else
    return bare_stop();
#endif
}

static void *live(void *argument)
{
    char byte;
    volatile uint64_t work = 0;
    uint64_t seed = (uint64_t)(uintptr_t)argument;

    *(pid_t *)argument = gettid();
    if (PEER_COLLECTS)
        peer_alloc(32);
    atomic_fetch_add(&ready, 1);
    if (!blocked)
        for (;;)
            work += measure_random(&seed);
    while (read(barrier_pipe[0], &byte, 1) < 0)
        continue;
    return NULL;
}

static void rest(long microseconds)
{
    struct timespec time = {0, microseconds * 1000};

    nanosleep(&time, NULL);
}

int main(int argc, char **argv)
{
    enum { STOPS_MOST = 10001 };
    static uint64_t times[STOPS_MOST];
    size_t stops;

    measure_count(argc, argv, 3, usage);
    blocked = !measure_choice(argv, 1, "running", "blocked", usage);
    threads = (int)measure_number(argv, 2, 1, MEASURE_THREADS, usage);
    stops = (size_t)measure_number(argv, 3, 1, STOPS_MOST, usage) | 1;
    peer_init();
#if BARE
    bare_init();
#endif
    if (pipe(barrier_pipe) != 0)
        return perror("stop: pipe"), 1;
    for (int i = 0; i < threads; i++) {
        pthread_t thread;

        if (pthread_create(&thread, NULL, live, &tids[i]) != 0)
            return fprintf(stderr, "stop: cannot start thread %d\n", i), 1;
    }
    while (atomic_load(&ready) < (unsigned)threads)
        rest(1000);
    for (size_t i = 0; i < stops; i++) {
        rest(1000); /* so that all are back at what they did */
        times[i] = stop();
    }
    printf("threads %d median_ns %" PRIu64, threads, measure_median(times, stops));
    printf(" worst_ns %" PRIu64 "\n", times[stops - 1]);
    measure_report(times[stops / 2], 1, (uint64_t)threads);
    fflush(stdout);
    _exit(0); /* the threads are still there */
}
