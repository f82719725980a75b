/* Deaths after each instruction: a process makes one call, instruction by instruction, and is killed
 * after so many; then another one looks at what it has left.  Where that would take too long it is not after
 * each, but after some that are others in each run. */
#include "ipc.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    SEGMENT = 104, /* objects until a queue goes on to another piece of memory */
    FULL = 12,     /* keys of a map that gets a larger table with the next */
    SKIPPED = 77,
    MOST = 10000, /* instructions that are made in one test, roughly */
};

/* What a call is about, which is told beside the region. */
static struct {
    gc_queue *queue;
    gc_map *map;
    gc_rwlock *lock;
    gc_event *event;
} now;

static uint64_t *guarded;
static uint32_t *ended;
static void *item;
static unsigned fill;

/* One call, and what may be found after a death in it. */
struct victim {
    void *(*prepare)(void); /* returns what keeps all */
    void (*call)(void);
    bool (*happened)(void); /* and requires that all is well */
};

/* The call has been made once before, with something else: so nothing is done for the first time. */
static int be_killed(void *data)
{
    const struct victim *v = data;
    begin();
    typeof(now) kept = now;
    item = number_new(7);
    v->prepare();
    v->call();
    now = kept;
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
        return SKIPPED;
    syscall(SYS_kill, syscall(SYS_getpid), SIGSTOP);
    v->call();
    __atomic_store_n(ended, 1, __ATOMIC_SEQ_CST);
    _exit(0);
}

/* Returns how many instructions the call has made when it was killed, after so many at most; -1: it
 * cannot be traced. */
static long let_step(const struct victim *v, long most)
{
    int status = 0;
    long steps = 0;
    *ended = 0;
    pid_t process = spawn(be_killed, (void *)(uintptr_t)v);
    ck_assert_int_eq(waitpid(process, &status, 0), process);
    if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED)
        return -1;
    ck_assert(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
    for (; steps < most && !*ended; steps++) {
        ck_assert_int_eq(ptrace(PTRACE_SINGLESTEP, process, NULL, NULL), 0);
        ck_assert_int_eq(waitpid(process, &status, 0), process);
        ck_assert(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP);
    }
    kill(process, SIGKILL);
    ck_assert_int_eq(waitpid(process, &status, 0), process);
    return steps;
}

/* Now and then a collection buries the dead before anybody finds what they have left. */
static long kill_after(const struct victim *v, long steps, bool collects)
{
    begin();
    ck_assert_int_eq(gc_region_root_set(region, "victim", v->prepare()), 0);
    end();
    steps = let_step(v, steps);
    if (steps < 0)
        return steps;
    if (collects)
        ck_assert_msg(gc_region_collect(region) == 0, "%s", gc_region_error());
    begin();
    bool happened = v->happened();
    end();
    ck_assert(happened || !*ended);
    ck_assert_msg(gc_region_check(region) == 0, "%s", gc_region_error());
    return steps;
}

static void run(const struct victim *v)
{
    ended = share(sizeof *ended);
    long all = kill_after(v, LONG_MAX, false), stride = all / 2 * all / MOST + 1;
    if (all < 0)
        puts("skipped: no process can be traced");
    for (long steps = getpid() % stride; steps < all; steps += stride)
        kill_after(v, steps, steps / stride % 4 == 0);
}

/* ---- Queues -------------------------------------------------------------------------------------- */

static void *prepare_queue(void)
{
    now.queue = gc_queue_new(region, 3);
    for (unsigned i = 0; i < fill; i++) {
        REQUIRE(gc_queue_put(region, now.queue, number_new(i), 0) == 0);
        REQUIRE(number_of(gc_queue_get(region, now.queue, 0)) == i);
    }
    for (uint64_t i = 1; i <= 2; i++)
        REQUIRE(gc_queue_put(region, now.queue, number_new(i), 0) == 0);
    return now.queue;
}

/* What is in the queue is 1, 2 and 7, or only some of them; then it works as it did. */
static bool drained(uint64_t first, uint64_t last)
{
    bool found = false;
    void *object;
    while ((object = gc_queue_get(region, now.queue, 0))) {
        uint64_t n = number_of(object);
        ck_assert(n == first || (n == first + 1 && n == 2) || (n == 7 && first == 3));
        found |= n == last;
        first = n == 2 ? 3 : n + 1;
    }
    ck_assert_uint_eq(first, last == 7 && found ? 8 : 3);
    for (uint64_t i = 0; i < 3; i++)
        ck_assert_int_eq(gc_queue_put(region, now.queue, number_new(i), 0), 0);
    ck_assert_int_eq(gc_queue_put(region, now.queue, now.queue, 0), -1);
    for (uint64_t i = 0; i < 3; i++)
        ck_assert_uint_eq(number_of(gc_queue_get(region, now.queue, 0)), i);
    return found;
}

static void put_item(void)
{
    REQUIRE(gc_queue_put(region, now.queue, item, 0) == 0);
}

static bool was_put(void)
{
    return drained(1, 7);
}

static void get_item(void)
{
    REQUIRE(number_of(gc_queue_get(region, now.queue, 0)) == 1);
}

/* The first one is there still, or was in the dead one's hand. */
static bool was_got(void)
{
    bool there = gc_queue_count(region, now.queue) == 2;
    ck_assert(drained(there ? 1 : 2, 1) == there);
    return !there;
}

START_TEST(test_put)
{
    static const struct victim v = {prepare_queue, put_item, was_put};
    fill = (unsigned)_i;
    run(&v);
}
END_TEST

START_TEST(test_get)
{
    static const struct victim v = {prepare_queue, get_item, was_got};
    fill = (unsigned)_i;
    run(&v);
}
END_TEST

/* ---- Maps ---------------------------------------------------------------------------------------- */

static void *prepare_map(void)
{
    now.map = gc_map_new(region);
    for (unsigned i = 0; i < fill; i++)
        REQUIRE(gc_map_put(region, now.map, &i, sizeof i, number_new(i)) == 0);
    return now.map;
}

static int count_keys(const void *key, size_t length, void *object, void *data)
{
    (void)key;
    (void)length;
    number_of(object);
    ++*(size_t *)data;
    return 0;
}

/* What it has of its first key and of "new"; who comes next makes the lock and the counters whole. */
static bool map_has(bool first, bool new)
{
    size_t count = 0, others = 0;
    void *object = gc_map_get(region, now.map, "new", 3);
    unsigned zero = 0;
    bool has_new = object != NULL,
         has_first = gc_map_get(region, now.map, &zero, sizeof zero);
    ck_assert(!object || number_of(object) == 7);
    for (unsigned i = 1; i < fill; i++)
        ck_assert_uint_eq(number_of(gc_map_get(region, now.map, &i, sizeof i)), i);
    ck_assert_int_eq(gc_map_put(region, now.map, "other", 5, number_new(5)), 0);
    ck_assert_int_eq(gc_map_list(region, now.map, count_keys, &count), 0);
    others = fill - 1 + 1;
    ck_assert_uint_eq(count, others + has_new + has_first);
    ck_assert_uint_eq(gc_map_count(region, now.map), count);
    return first == has_first && new == has_new;
}

static void put_new(void)
{
    REQUIRE(gc_map_put(region, now.map, "new", 3, item) == 0);
}

static bool new_was_put(void)
{
    return map_has(true, true);
}

static void remove_first(void)
{
    unsigned zero = 0;
    REQUIRE(gc_map_remove(region, now.map, &zero, sizeof zero) == 0);
}

static bool first_was_removed(void)
{
    return map_has(false, false);
}

START_TEST(test_map_put)
{
    static const struct victim v = {prepare_map, put_new, new_was_put};
    fill = (unsigned)_i;
    run(&v);
}
END_TEST

START_TEST(test_map_remove)
{
    static const struct victim v = {prepare_map, remove_first, first_was_removed};
    fill = 5;
    run(&v);
}
END_TEST

/* ---- Locks and events ---------------------------------------------------------------------------- */

static void *prepare_lock(void)
{
    guarded[0] = guarded[1] = 0;
    now.lock = gc_rwlock_new(region);
    return now.lock;
}

static void write_guarded(void)
{
    REQUIRE(gc_rwlock_write(region, now.lock, 0) == 0);
    __atomic_store_n(&guarded[0], 1, __ATOMIC_SEQ_CST);
    __atomic_store_n(&guarded[1], 1, __ATOMIC_SEQ_CST);
    REQUIRE(gc_rwlock_unlock(region, now.lock) == 0);
}

/* Who died with the lock is told of. */
static bool was_written(void)
{
    int result = gc_rwlock_write(region, now.lock, -1);
    ck_assert(result == 0 || result == 1);
    ck_assert(result == 1 || guarded[0] == guarded[1]);
    ck_assert_int_eq(gc_rwlock_unlock(region, now.lock), 0);
    ck_assert_int_eq(gc_rwlock_read(region, now.lock, -1), 0);
    ck_assert_int_eq(gc_rwlock_unlock(region, now.lock), 0);
    return guarded[1];
}

static void read_guarded(void)
{
    REQUIRE(gc_rwlock_read(region, now.lock, 0) == 0);
    __atomic_store_n(&guarded[0], 1, __ATOMIC_SEQ_CST);
    REQUIRE(gc_rwlock_unlock(region, now.lock) == 0);
}

static bool was_read(void)
{
    ck_assert_int_eq(gc_rwlock_read(region, now.lock, 0), 0);
    ck_assert_int_eq(gc_rwlock_unlock(region, now.lock), 0);
    ck_assert_int_eq(gc_rwlock_write(region, now.lock, -1), 0);
    ck_assert_int_eq(gc_rwlock_unlock(region, now.lock), 0);
    return guarded[0];
}

static void *prepare_event(void)
{
    now.event = gc_event_new(region, GC_EVENT_AUTO);
    return now.event;
}

static void set_event(void)
{
    REQUIRE(gc_event_set(region, now.event) == 0);
}

static bool was_set(void)
{
    bool set = gc_event_wait(region, now.event, 0) == 0;
    ck_assert_int_eq(gc_event_wait(region, now.event, 0), -1);
    return set;
}

START_TEST(test_write)
{
    static const struct victim v = {prepare_lock, write_guarded, was_written};
    guarded = share(2 * sizeof *guarded);
    run(&v);
}
END_TEST

START_TEST(test_read)
{
    static const struct victim v = {prepare_lock, read_guarded, was_read};
    guarded = share(2 * sizeof *guarded);
    run(&v);
}
END_TEST

START_TEST(test_set)
{
    static const struct victim v = {prepare_event, set_event, was_set};
    run(&v);
}
END_TEST

TCase *steps_case(void)
{
    TCase *tc = case_with_region("steps");
    tcase_add_loop_test(tc, test_put, 0, 1);
    tcase_add_loop_test(tc, test_put, SEGMENT - 2, SEGMENT - 1);
    tcase_add_loop_test(tc, test_get, 0, 1);
    tcase_add_loop_test(tc, test_get, SEGMENT, SEGMENT + 1);
    tcase_add_loop_test(tc, test_map_put, FULL - 6, FULL - 5);
    tcase_add_loop_test(tc, test_map_put, FULL, FULL + 1);
    tcase_add_test(tc, test_map_remove);
    tcase_add_test(tc, test_write);
    tcase_add_test(tc, test_read);
    tcase_add_test(tc, test_set);
    return tc;
}
