/* Everything at once for some seconds: threads that allocate, free each other's objects,
 * start, end, fork, and are interrupted by signals whose handlers allocate. */
#include <gcalloc/gcalloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PLACES = 4096, THREADS_MOST = 64 };

/* An object says how large it is, and has a pattern. */
struct thing {
    struct thing *other;
    size_t size;
    unsigned char contents[];
};

static struct thing *places[PLACES]; /* exchanged atomically */
static int enough;
static time_t end;
static unsigned long operations;

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "storm: %s\n", what);
    abort();
}

static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    return *state ^= *state << 5;
}

static struct thing *make(uint32_t *state)
{
    uint32_t r = next_random(state);
    size_t size = r % 64 ? 16 + r % 500 : r % 1024 ? 16 + r % 20000 : 70000 + r % 200000;
    struct thing *t =
        r & 1 << 30 ? gc_alloc(size + sizeof *t) : gc_alloc_manual(size + sizeof *t);
    if (!t)
        fail("no memory");
    for (size_t i = 0; i < size; i += 64)
        if (t->contents[i])
            fail("not zero");
    t->size = size;
    memset(t->contents, (int)(size & 0x7f) | 0x80, size);
    return t;
}

static void check(const struct thing *t)
{
    for (; t; t = t->other)
        for (size_t i = 0; i < t->size; i += 61)
            if (t->contents[i] != (unsigned char)((t->size & 0x7f) | 0x80))
                fail("contents");
}

/* Takes what lies in a place, and puts something else there. */
static void step(uint32_t *state)
{
    struct thing *mine = make(state);
    if (next_random(state) % 4 == 0)
        mine->other = make(state);
    struct thing **place = &places[next_random(state) % PLACES];
    struct thing *taken = __atomic_exchange_n(place, mine, __ATOMIC_ACQ_REL);
    check(taken);
    if (!taken)
        return;
    if (taken->other)
        gc_free(taken->other);
    gc_free(taken);
}

/* Whoever waits for a thread to end does not say when it is enough. */
static bool is_over(unsigned long steps)
{
    return __atomic_load_n(&enough, __ATOMIC_RELAXED) ||
           (steps % 16 == 0 && time(NULL) >= end);
}

static void *work(void *argument)
{
    uint32_t state = (uint32_t)(uintptr_t)argument | 1;
    unsigned long steps = 1000 + next_random(&state) % 20000, i = 0;
    for (; i < steps && !is_over(i); i++)
        step(&state);
    __atomic_fetch_add(&operations, i, __ATOMIC_RELAXED);
    return make(&state);
}

static void on_alarm(int number)
{
    static uint32_t state = 99;
    uint32_t own = __atomic_add_fetch(&state, 2, __ATOMIC_RELAXED);
    (void)number;
    struct thing *t = make(&own);
    check(t);
    gc_free(t);
}

static void fork_once(void)
{
    pid_t pid = fork();
    if (pid < 0)
        fail("fork");
    if (pid == 0) {
        uint32_t state = 12345;
        for (int i = 0; i < 2000; i++)
            step(&state);
        gc_collect();
        for (int i = 0; i < PLACES; i++)
            check(places[i]);
        _exit(0);
    }
    int status;
    if (waitpid(pid, &status, 0) != pid || status != 0)
        fail("the child");
}

int main(int count, char **arguments)
{
    int threads = count > 1 ? atoi(arguments[1]) : 16;
    int seconds = count > 2 ? atoi(arguments[2]) : 5;
    struct itimerval often = {{0, 5000}, {0, 5000}};
    pthread_t running[THREADS_MOST];
    if (threads < 1 || threads > THREADS_MOST)
        return 2;
    end = time(NULL) + seconds;
    signal(SIGALRM, on_alarm);
    for (int i = 0; i < threads; i++)
        if (pthread_create(&running[i], NULL, work, (void *)(uintptr_t)(i + 1)))
            fail("pthread_create");
    setitimer(ITIMER_REAL, &often, NULL);
    for (unsigned n = 0; time(NULL) < end; n++) {
        void *result;
        unsigned i = n % (unsigned)threads;
        pthread_join(running[i], &result);
        check(result);
        gc_free(result);
        if (n % 16 == 0)
            fork_once();
        if (pthread_create(&running[i], NULL, work, (void *)(uintptr_t)(n + 1000)))
            fail("pthread_create");
    }
    __atomic_store_n(&enough, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < threads; i++)
        pthread_join(running[i], NULL);
    setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
    struct gc_stats s = {.size = sizeof s};
    gc_stats_get(&s);
    printf("storm: %d threads, %lu steps, %lu collections: passed\n", threads, operations,
           (unsigned long)s.collections);
    return 0;
}
