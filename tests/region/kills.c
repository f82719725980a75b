/* Processes that are killed at random while they allocate, link, free and collect. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "region.h"

enum { WORKERS = 8, PATIENCE = 120 /* seconds without an end are a deadlock */ };

static const char *name;

/* Puts a new tree, or none, in the place of one that it has looked at, which is garbage then. */
static void work_once(gc_region *r)
{
    ENSURE(gc_region_begin(r) == 0);
    struct table *t = gc_region_root_get(r, "table");
    ENSURE(t);
    struct node **slot = &t->slots[roll(SLOTS)];
    check_tree(__atomic_load_n(slot, __ATOMIC_ACQUIRE));
    struct node *n = roll(8) ? make_tree(r, (int)roll(5)) : NULL;
    if (n && roll(5) == 0)
        ENSURE(gc_region_hold(r, n) == 0 || errno == ENOSPC);
    void *mine = roll(2) ? gc_region_alloc(r, roll(2000)) : NULL;
    __atomic_store_n(slot, n, __ATOMIC_RELEASE);
    ENSURE(gc_region_free(r, mine) == 0);
    if (roll(20) == 0)
        ENSURE(gc_region_root_set(r, roll(2) ? "one" : "two", NULL) == 0);
    if (roll(40) == 0)
        gc_region_root_remove(r, "one");
    ENSURE(gc_region_end(r) == 0);
    if (roll(50) == 0 && gc_region_collect(r) != 0)
        ENSURE(errno == EBUSY || errno == ETIMEDOUT);
}

static _Noreturn void work(uint64_t number)
{
    alarm(PATIENCE);
    seed = number * 0x9e3779b97f4a7c15u | 1;
    gc_region *r = gc_region_open(name, 0);
    ENSURE(r);
    for (;;)
        work_once(r);
}

static void make(void *unused)
{
    (void)unused;
    gc_region *r = gc_region_create(name, 64 << 20, GC_REGION_EXCLUSIVE, 0);
    ENSURE(r);
    make_table(r);
}

/* While others are at work, and may be in the midst of a collection. */
static void look(void *unused)
{
    (void)unused;
    alarm(PATIENCE);
    gc_region *r = gc_region_open(name, 0);
    ENSURE(r);
    while (gc_region_check(r) != 0)
        ENSURE(errno == EBUSY || errno == ETIMEDOUT);
}

static void look_alone(void *unused)
{
    (void)unused;
    alarm(PATIENCE);
    gc_region *r = gc_region_open(name, 0);
    ENSURE(r);
    check_region(r);
}

/* With nothing left to hold anything, nothing is left. */
static void empty_it(void *unused)
{
    struct gc_region_stats s;
    (void)unused;
    alarm(PATIENCE);
    gc_region *r = gc_region_open(name, 0);
    ENSURE(r);
    ENSURE(gc_region_root_remove(r, "table") == 0);
    gc_region_root_remove(r, "one");
    gc_region_root_remove(r, "two");
    ENSURE(gc_region_collect(r) == 0 && gc_region_check(r) == 0);
    ENSURE(gc_region_stats(r, &s) == 0);
    ENSURE(s.live_objects == 0 && s.live_bytes == 0 && s.used_bytes == 0);
    ENSURE(s.processes == 1 && s.holds == 0 && s.roots == 0);
}

static void kill_one(pid_t *worker)
{
    int status;
    ck_assert_int_gt(*worker, 0);
    kill(*worker, SIGKILL);
    ck_assert_int_eq(waitpid(*worker, &status, 0), *worker);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    *worker = 0;
}

static int how_many(void)
{
    const char *kills = getenv("KILLS");
    return kills ? atoi(kills) : 200;
}

START_TEST(random_kills)
{
    pid_t workers[WORKERS] = {0};
    uint64_t number = 1;
    int kills = how_many();
    name = fresh_name();
    ck_assert_int_eq(in_child(make, NULL), 0);
    for (int i = 0; i < kills; i++) {
        for (int k = 0; k < WORKERS; k++, number++)
            if (!workers[k] && (workers[k] = fork_child()) == 0)
                work(number);
        nanosleep(&(struct timespec){.tv_nsec = (long)roll(5000000)}, NULL);
        kill_one(&workers[roll(WORKERS)]);
        if (i % 20 == 19)
            ck_assert_int_eq(in_child(look, NULL), 0);
        if (i % 100 != 99)
            continue;
        for (int k = 0; k < WORKERS; k++)
            if (workers[k])
                kill_one(&workers[k]);
        ck_assert_int_eq(in_child(look_alone, NULL), 0);
    }
    for (int k = 0; k < WORKERS; k++)
        if (workers[k])
            kill_one(&workers[k]);
    ck_assert_int_eq(in_child(look_alone, NULL), 0);
    ck_assert_int_eq(in_child(empty_it, NULL), 0);
    gc_region_unlink(name, 0);
}
END_TEST

TCase *kills_case(void)
{
    TCase *tc = tcase_create("kills");
    tcase_add_test(tc, random_kills);
    return tc;
}
