/* How threads wait: under one lock, in queues, until they are woken, a time has come, or they are terminated. */
#include "control.h"
#include "number.h"
#include "primitive.h"
#include "thread.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void threads_lock(void)
{
    pthread_mutex_lock(&lock);
}

void threads_unlock(void)
{
    pthread_mutex_unlock(&lock);
}

/* ---- Queues ------------------------------------------------------------------------------ */

static void enqueue(struct queue *queue, struct waiter *waiter)
{
    if (!queue->first)
        queue->end = &queue->first;
    *queue->end = waiter;
    queue->end = &waiter->next;
}

static void dequeue(struct queue *queue, struct waiter *waiter)
{
    struct waiter **link = &queue->first;
    while (*link != waiter)
        link = &(*link)->next;
    *link = waiter->next;
    if (queue->end == &waiter->next)
        queue->end = link;
}

void thread_wake(struct thread *thread)
{
    sem_post(&thread->wake);
}

void queue_wake(struct queue *queue)
{
    struct waiter *waiter = queue->first;
    if (!waiter)
        return;
    dequeue(queue, waiter);
    waiter->woken = true;
    thread_wake(waiter->thread);
}

void queue_wake_all(struct queue *queue)
{
    while (queue->first)
        queue_wake(queue);
}

/* Returns false if the deadline has passed; true may mean nothing. */
static bool sleep_until(struct thread *thread, const struct deadline *deadline)
{
    threads_unlock();
    int failed = deadline->never
                     ? sem_wait(&thread->wake)
                     : sem_clockwait(&thread->wake, CLOCK_MONOTONIC, &deadline->when);
    bool in_time = !failed || errno != ETIMEDOUT;
    threads_lock();
    return in_time;
}

/* A thread that is terminated or interrupted passes on what it was woken for. */
bool queue_wait(struct queue *queue, const struct deadline *deadline)
{
    struct thread *self = vm.thread;
    struct waiter waiter = {.thread = self};
    enqueue(queue, &waiter);
    while (!waiter.woken && !vm.interrupted && sleep_until(self, deadline))
        continue;
    bool interrupted = vm.interrupted;
    if (!waiter.woken)
        dequeue(queue, &waiter);
    else if (interrupted)
        queue_wake(queue);
    if (!interrupted)
        return waiter.woken;
    threads_unlock();
    raise_interrupt();
}

/* ---- Times --------------------------------------------------------------------------------- */

struct time_object { /* atomic */
    struct object object;
    double seconds; /* since 1970 */
};

static double now(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static value time_new(double seconds)
{
    struct time_object *time = allocate_atomic(sizeof *time);
    time->object.type = TYPE_TIME;
    time->seconds = seconds;
    return &time->object;
}

static double seconds_of(value v)
{
    return ((struct time_object *)want(v, TYPE_TIME))->seconds;
}

/* So many seconds from now on; far beyond any run of a program is never. */
static struct deadline deadline_after(double seconds)
{
    const double never = 1e9;
    if (seconds > never)
        return (struct deadline){.never = true};
    double when = now(CLOCK_MONOTONIC) + (seconds > 0 ? seconds : 0);
    struct timespec time = {.tv_sec = (time_t)when};
    time.tv_nsec = (long)((when - floor(when)) * 1e9);
    return (struct deadline){.when = time};
}

struct deadline want_deadline(int argc, value *args, int i)
{
    if (i >= argc || args[i] == FALSE)
        return (struct deadline){.never = true};
    if (has_type(args[i], TYPE_TIME))
        return deadline_after(seconds_of(args[i]) - now(CLOCK_REALTIME));
    if (!is_number(args[i]))
        fail_type("a time-out, which is a number of seconds, a time or #f", args[i]);
    double seconds = want_double(args[i]);
    if (isnan(seconds))
        fail_type("a time-out, which is a number of seconds, a time or #f", args[i]);
    return deadline_after(seconds);
}

SIMPLE(p_now, time_new(now(CLOCK_REALTIME)))
SIMPLE(p_is_time, boolean(has_type(args[0], TYPE_TIME)))
SIMPLE(p_time_to_seconds, flonum(seconds_of(args[0])))
SIMPLE(p_seconds_to_time, time_new(want_double(args[0])))

/* (thread-sleep! time-out): nothing wakes it. */
PRIMITIVE(p_sleep)
{
    struct queue queue = {0};
    if (args[0] == FALSE)
        fail_type("a time-out that is not #f", args[0]);
    struct deadline deadline = want_deadline(argc, args, 0);
    threads_lock();
    queue_wait(&queue, &deadline);
    threads_unlock();
    return UNSPECIFIED;
}

static const struct definition definitions[] = {
    {"current-time-object", p_now, 0, 0},
    {"time?", p_is_time, 1, 1},
    {"time->seconds", p_time_to_seconds, 1, 1},
    {"seconds->time", p_seconds_to_time, 1, 1},
    {"thread-sleep!", p_sleep, 1, 1},
};

void define_times(void)
{
    DEFINE_PRIMITIVES(definitions);
}
