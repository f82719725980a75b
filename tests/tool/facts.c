/* A program for gdb: it has objects of which it says what is known of them, and stops in a function of its
 * own, where a breakpoint is set.  Other programs' tools look at it from outside. */
#include <gcalloc/gcalloc.h>
#include <gcalloc/layout.h>
#include <gcalloc/walk.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline))

struct link {
    struct link *next;
    long number;
};

/* What gdb asks for by name.  Hidden: all bits turned, so that these keep nothing alive. */
struct {
    struct link *first;
} table;
uintptr_t hidden_second, hidden_freed, hidden_garbage, hidden_large, hidden_stack,
    hidden_local, hidden_typed, hidden_pointed, hidden_unpointed, hidden_timed,
    hidden_polled, hidden_buffer, hidden_variable;
size_t objects, bytes;
static pthread_barrier_t both;
static __thread struct link *volatile of_thread;

static uintptr_t hide(const void *p)
{
    return ~(uintptr_t)p;
}

/* What was on the stack below is no root any more. */
NOINLINE static void clear(void)
{
    volatile char space[16384];
    for (size_t i = 0; i < sizeof space; i++)
        space[i] = 0;
}

NOINLINE static struct link *new_link(struct link *next, size_t size)
{
    struct link *l = gc_alloc(size);
    l->next = next;
    return l;
}

NOINLINE static void make_chain(void)
{
    struct link *second = new_link(NULL, 100);
    hidden_second = hide(second);
    table.first = new_link(second, 40);
    hidden_garbage = hide(new_link(NULL, 24));
    struct link *freed = new_link(NULL, 500);
    hidden_freed = hide(freed);
    gc_free(freed);
}

/* Memory that is registered leads to a large object without pointers, and to an object of two words of which
 * one is a pointer by its layout. */
NOINLINE static void make_others(void)
{
    void **memory =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    gc_root_add(memory, memory + 512);
    memory[3] = gc_alloc_atomic(3000000);
    hidden_large = hide(memory[3]);
    size_t first = 0;
    gc_layout pair = gc_layout_new(2 * sizeof(void *), &first, 1);
    gc_layout_name(pair, "pair");
    void **typed = memory[4] = gc_alloc_layout(pair);
    typed[0] = new_link(NULL, 48);
    typed[1] = new_link(NULL, 48);
    hidden_typed = hide(typed);
    hidden_pointed = hide(typed[0]);
    hidden_unpointed = hide(typed[1]);
}

/* Only the system leads there. */
NOINLINE static void make_for_system(void)
{
    timer_t timer;
    int ends[2], poll = epoll_create1(0);
    struct sigevent at_end = {.sigev_notify = SIGEV_NONE,
                              .sigev_value.sival_ptr = new_link(NULL, 24)};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = new_link(NULL, 24)};
    char *buffer = gc_alloc_atomic(600), *variable = gc_strdup("FACT=yes");
    FILE *null = fopen("/dev/null", "w");
    if (pipe(ends) != 0 || timer_create(CLOCK_MONOTONIC, &at_end, &timer) != 0 ||
        epoll_ctl(poll, EPOLL_CTL_ADD, ends[0], &event) != 0 || !null ||
        setvbuf(null, buffer, _IOFBF, 600) != 0 || putenv(variable) != 0)
        abort();
    hidden_timed = hide(at_end.sigev_value.sival_ptr);
    hidden_polled = hide(event.data.ptr);
    hidden_buffer = hide(buffer);
    hidden_variable = hide(variable);
}

static void *hold(void *unused)
{
    struct link *volatile held = new_link(NULL, 32);
    hidden_stack = hide(held);
    of_thread = new_link(NULL, 64);
    hidden_local = hide(of_thread);
    clear();
    pthread_barrier_wait(&both);
    pthread_barrier_wait(&both);
    return held->next ? unused : NULL;
}

static void count(const struct gc_type_count *c, void *unused)
{
    (void)unused;
    objects += c->objects;
    bytes += c->bytes;
}

NOINLINE void known(void)
{
    __asm__ volatile("");
}

NOINLINE void at_end(void)
{
    __asm__ volatile("");
}

int main(void)
{
    pthread_t thread;
    pthread_barrier_init(&both, NULL, 2);
    for (int i = 0; i < 1000; i++)
        new_link(NULL, 32);
    gc_collect();
    make_chain();
    make_others();
    make_for_system();
    clear();
    pthread_create(&thread, NULL, hold, NULL);
    pthread_barrier_wait(&both);
    gc_stats_types(count, NULL);
    clear();
    known();
    gc_collect();
    pthread_barrier_wait(&both);
    pthread_join(thread, NULL);
    at_end();
    return 0;
}
