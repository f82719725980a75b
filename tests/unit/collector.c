/* When a thread that wants to collect does not, as the budget is not used up; and what a
 * cycle takes from idle threads. */
#include "collect/collector.h"

#include <gcalloc/gcalloc.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"
#include "world/look.h"
#include "world/next.h"
#include "world/stop.h"

static size_t budget(void)
{
    return __atomic_load_n(&process_heap.numbers->budget, __ATOMIC_RELAXED);
}

static void charge(size_t bytes)
{
    __atomic_store_n(&process_heap.numbers->charged, bytes, __ATOMIC_RELAXED);
}

/* A thread may have been stopped for a collection after it saw that one is due, and before
 * it counted those that there had been. */
START_TEST(only_when_due)
{
    gc_init();
    charge(budget() - 1);
    collector_run(&process_collector, CAUSE_BUDGET);
    ck_assert_uint_eq(collector_count(&process_collector), 0);
    charge(budget());
    collector_run(&process_collector, CAUSE_BUDGET);
    ck_assert_uint_eq(collector_count(&process_collector), 1);
    ck_assert_uint_lt(process_heap.numbers->charged, budget());
    collector_run(&process_collector, CAUSE_BUDGET);
    ck_assert_uint_eq(collector_count(&process_collector), 1);
}
END_TEST

/* Every other cause is one by itself. */
START_TEST(others_need_no_budget)
{
    static const enum cause others[] = {CAUSE_MEMORY, CAUSE_REQUEST, CAUSE_STRESS,
                                        CAUSE_LEAKS};
    gc_init();
    for (unsigned i = 0; i < COUNT_OF(others); i++) {
        charge(0);
        collector_run(&process_collector, others[i]);
        ck_assert_uint_eq(collector_count(&process_collector), i + 1);
    }
}
END_TEST

static struct mutator *collecting;
static bool go;

static void *collect(void *argument)
{
    ck_assert_int_eq(gc_thread_register(), 0);
    __atomic_store_n(&collecting, thread_self, __ATOMIC_RELEASE);
    while (!__atomic_load_n(&go, __ATOMIC_ACQUIRE))
        sched_yield();
    collector_run(&process_collector, CAUSE_BUDGET);
    return argument;
}

/* It waits for the world lock when the budget is used up, and has the lock when that is no
 * more so: it has not seen another collection, and does without one of its own. */
START_TEST(not_due_any_more)
{
    pthread_t thread;
    gc_init();
    ck_assert_int_eq(pthread_create(&thread, NULL, collect, NULL), 0);
    while (!__atomic_load_n(&collecting, __ATOMIC_ACQUIRE))
        sched_yield();
    world_lock();
    charge(budget());
    __atomic_store_n(&go, true, __ATOMIC_RELEASE);
    while (__atomic_load_n(&collecting->safety, __ATOMIC_ACQUIRE) == SAFETY_NONE)
        sched_yield();
    charge(0);
    world_unlock();
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_uint_eq(collector_count(&process_collector), 0);
}
END_TEST

/* ---- Idle threads ------------------------------------------------------------------------ */

static int allocated; /* threads that have.  Atomic */

/* What calls that have returned left below the stack pointer says nothing of where the thread
 * is; where a signal's frame has gaps, it stays there. */
NOINLINE READS_ANYTHING static void leave_remains(uintptr_t word)
{
    volatile uintptr_t frame[2048];
    size_t later =
        COUNT_OF(frame) - 128; /* from here up other frames will lie, with gaps */
    for (size_t i = 0; i < COUNT_OF(frame); i++)
        frame[i] = i < later ? word : 0;
}

static void allocate(void)
{
    for (size_t size = 16; size < 10000; size *= 2)
        gc_free(gc_alloc(size));
}

static void *idle_by(void (*idle)(void))
{
    __atomic_fetch_add(&allocated, 1, __ATOMIC_RELEASE);
    while (!__atomic_load_n(&go, __ATOMIC_ACQUIRE))
        idle();
    return NULL;
}

/* A sanitizer's frame would have gaps. */
NOINLINE READS_ANYTHING static void compute(void)
{
    for (volatile int i = 0; i < 1000; i++)
        continue;
}

static void *allocate_and_compute(void *argument)
{
    (void)argument;
    allocate();
    leave_remains((uintptr_t)gc_alloc);
    return idle_by(compute);
}

static void wait_a_little(void)
{
    usleep(1000);
}

static void *allocate_and_wait(void *argument)
{
    (void)argument;
    allocate();
    leave_remains(0); /* the C library's frames have gaps, too */
    return idle_by(wait_a_little);
}

static unsigned taken_blocks(void)
{
    unsigned taken = 0;
    world_lock();
    for (BLOCKS(&process_heap, head))
        taken += block_at(&process_heap, head)->taken;
    world_unlock();
    return taken;
}

/* Whatever they are doing: what their caches held is nobody's after two cycles. */
START_TEST(idle_caches_are_emptied)
{
    enum { THREADS = 8 };
    pthread_t threads[THREADS];
    gc_init();
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL,
                                        i % 2 ? allocate_and_wait : allocate_and_compute,
                                        NULL),
                         0);
    while (__atomic_load_n(&allocated, __ATOMIC_ACQUIRE) < THREADS)
        sched_yield();
    ck_assert_uint_ge(taken_blocks(), THREADS);
    collector_run(&process_collector, CAUSE_REQUEST);
    collector_run(&process_collector, CAUSE_REQUEST);
    ck_assert_uint_eq(taken_blocks(), 0);
    ck_assert_uint_eq(process_heap.numbers->used_bytes, 0);
    __atomic_store_n(&go, true, __ATOMIC_RELEASE);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
}
END_TEST

/* ---- A stack in the place of unit 0 ------------------------------------------------------- */

static uint8_t *garbage[100]; /* the states of objects that nothing leads to, as a rule */

/* In the pause, behind the marker's back. */
static void mark_garbage(void *data)
{
    (void)data;
    for (size_t i = 0; i < COUNT_OF(garbage); i++)
        *garbage[i] = process_heap.numbers->mark;
}

static void *drop_and_collect(void *argument)
{
    for (size_t i = 0; i < COUNT_OF(garbage); i++) {
        uintptr_t object = (uintptr_t)gc_alloc_atomic(100000);
        garbage[i] = lookup_cell(&process_heap, object).state;
    }
    ck_assert_int_eq(gc_root_callback_add(mark_garbage, NULL), 0);
    gc_collect();
    return argument;
}

/* Memory in the place of unit 0: where that is mapped, it is as a rule by the heap's own tables,
 * the end of which a small heap never comes to.  NULL: it is another's. */
static void *map_unit_0(void)
{
    uintptr_t place = process_heap.base, tables = (uintptr_t)process_heap.numbers;
    bool by_tables = place - tables < process_heap.numbers->tables_bytes &&
                     place + UNIT_BYTES - tables <= process_heap.numbers->tables_bytes;
    void *p =
        mmap((void *)place, UNIT_BYTES, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | (by_tables ? MAP_FIXED : MAP_FIXED_NOREPLACE),
             -1, 0);
    return p == (void *)place ? p : NULL;
}

enum { SKIPPED = 77 };

static void collect_in_front(void)
{
    pthread_t thread;
    pthread_attr_t attributes;
    gc_init();
    ck_assert_int_eq(gc_option_set("verify", "1"), 0);
    void *stack = map_unit_0();
    if (!stack)
        _exit(SKIPPED);
    pthread_attr_init(&attributes);
    ck_assert_int_eq(pthread_attr_setstack(&attributes, stack, UNIT_BYTES), 0);
    ck_assert_int_eq(pthread_create(&thread, &attributes, drop_and_collect, NULL), 0);
    pthread_join(thread, NULL);
    _exit(EXIT_SUCCESS);
}

/* Unit 0 lies in front of what the heap has reserved, where the system puts other mappings.  The
 * collector that runs on such a stack runs on no root that it scans: it verifies. */
START_TEST(stack_in_front_of_the_heap)
{
    int status;
    pid_t child = fork();
    if (child == 0)
        collect_in_front();
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert((WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT) ||
              (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED));
}
END_TEST

/* ---- A thread that is not registered --------------------------------------------------------- */

static int told, handled; /* atomic */

static void on_user(int number)
{
    (void)number;
    __atomic_store_n(&handled, (gc_alloc(16) != NULL), __ATOMIC_RELEASE);
}

/* The number of times that the handler ran with the lock held, or waited for. */
static void *lock_world(void *argument)
{
    __atomic_store_n(&told, gettid(), __ATOMIC_RELEASE);
    world_lock();
    *(int *)argument = __atomic_load_n(&handled, __ATOMIC_ACQUIRE);
    world_unlock();
    return NULL;
}

/* It waits for the world lock as a foreign thread.  A handler of the program, which would wait for the
 * lock that its own thread has by then, runs afterwards. */
START_TEST(foreign_wait_without_handlers)
{
    pthread_t thread;
    int early = -1;
    gc_init();
    signal(SIGUSR1, on_user);
    world_lock();
    ck_assert_int_eq(next_create()(&thread, NULL, lock_world, &early), 0);
    while (!__atomic_load_n(&told, __ATOMIC_ACQUIRE) || !look_at(told).sleeps)
        sched_yield();
    ck_assert(world_stop());
    ck_assert(world_is_complete());
    world_restart();
    syscall(SYS_tgkill, getpid(), told, SIGUSR1);
    world_unlock(); /* the signal comes before the thread sees that */
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(early, 0);
    /* ThreadSanitizer may keep the signal until the thread has ended. */
    ck_assert(GC_TSAN || __atomic_load_n(&handled, __ATOMIC_ACQUIRE));
}
END_TEST

struct TCase *collector_tests(void)
{
    TCase *tc = tcase_create("collector");
    tcase_add_test(tc, only_when_due);
    tcase_add_test(tc, others_need_no_budget);
    tcase_add_test(tc, not_due_any_more);
    if (!GC_TSAN) /* its threads' stacks begin with 768 KiB of its own: too deep to be read */
        tcase_add_test(tc, idle_caches_are_emptied);
    if (!GC_TSAN) /* a unit is less than the stack that it asks for */
        tcase_add_test(tc, stack_in_front_of_the_heap);
    tcase_add_test(tc, foreign_wait_without_handlers);
    return tc;
}
