/* Threads: what the beginning and the end of one cost, and what one costs that waits.
 *
 * usage: thread churn|idle THREADS
 * churn: threads begin one after the other; each allocates an object, frees it where the peer
 * does not collect, and is joined.  The memory is the peak of the process.
 * idle: all of them allocate an object, one after the other, and wait; the time is that until
 * the last one waits.  The memory is what all of them add to the process, stacks and all. */
#include "measure.h"

#include <pthread.h>
#include <unistd.h>

enum { OBJECT_BYTES = 1000, STACK_BYTES = 64 << 10, THREADS_MOST = 20000 };

static const char usage[] = "churn|idle THREADS";

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER, lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t arrival = PTHREAD_COND_INITIALIZER;
static long arrived; /* under the lock */
static pthread_attr_t attributes;

static void *object_new(void)
{
    unsigned char *object = peer_alloc(OBJECT_BYTES);

    memset(object, 1, OBJECT_BYTES);
    return object;
}

/* What it returns goes into the checksum. */
static uintptr_t object_end(unsigned char *object)
{
    uintptr_t last = object[OBJECT_BYTES - 1];

    if (!PEER_COLLECTS)
        peer_free(object);
    return last;
}

static void *short_life(void *argument)
{
    (void)argument;
    return (void *)object_end(object_new());
}

static void *wait_at_gate(void *argument)
{
    void *volatile object = object_new();

    (void)argument;
    pthread_mutex_lock(&lock);
    arrived++;
    pthread_cond_signal(&arrival);
    pthread_mutex_unlock(&lock);
    pthread_mutex_lock(&gate);
    pthread_mutex_unlock(&gate);
    return (void *)object_end(object);
}

static pthread_t start(void *(*life)(void *))
{
    pthread_t thread;

    if (pthread_create(&thread, &attributes, life, NULL) != 0) {
        fprintf(stderr, "thread: cannot start a thread\n");
        exit(1);
    }
    return thread;
}

static uint64_t join(pthread_t thread)
{
    void *result;

    pthread_join(thread, &result);
    return (uintptr_t)result;
}

/* In KiB. */
static long resident(void)
{
    long all, pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    if (!file || fscanf(file, "%ld %ld", &all, &pages) != 2) {
        perror("thread: /proc/self/statm");
        exit(1);
    }
    fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) >> 10);
}

static void churn(long threads)
{
    uint64_t began = measure_now_ns(), checksum = 0;

    for (long i = 0; i < threads; i++)
        checksum += join(start(short_life));
    measure_report(measure_now_ns() - began, (uint64_t)threads, checksum);
}

static void idle(long threads)
{
    static pthread_t ids[THREADS_MOST];
    uint64_t checksum = 0, began, time_ns;
    long before = resident(), added;

    pthread_mutex_lock(&gate);
    began = measure_now_ns();
    for (long i = 0; i < threads; i++) {
        ids[i] = start(wait_at_gate);
        pthread_mutex_lock(&lock);
        while (arrived <= i)
            pthread_cond_wait(&arrival, &lock);
        pthread_mutex_unlock(&lock);
    }
    time_ns = measure_now_ns() - began;
    added = resident() - before;
    pthread_mutex_unlock(&gate);
    for (long i = 0; i < threads; i++)
        checksum += join(ids[i]);
    measure_report_with_rss(time_ns, (uint64_t)threads, checksum, added);
}

int main(int argc, char **argv)
{
    bool churns;
    long threads;

    measure_count(argc, argv, 2, usage);
    churns = measure_choice(argv, 1, "churn", "idle", usage);
    threads = measure_number(argv, 2, 1, THREADS_MOST, usage);
    peer_init();
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    object_end(object_new());
    if (churns)
        churn(threads);
    else
        idle(threads);
    return 0;
}
