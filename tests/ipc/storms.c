/* Processes that work with each other and are killed at any time: the others go on, and nothing is lost but
 * what the dead had in hand. */
#include "ipc.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORKERS = 5, KILLS = 40, ITEMS = 1 << 22, KEYS = 300, MEMBERS = 1024 };

/* What is told beside the region, by single stores. */
struct tale {
    uint32_t stop;
    uint64_t next;        /* item */
    uint64_t lost;        /* ones that a dead worker may have had in hand, at most */
    uint64_t done, begun; /* changes */
    uint64_t a, b;        /* guarded */
    unsigned char put[ITEMS], got[ITEMS];
};

static struct tale *tale;
static gc_queue *queue;
static gc_map *map;
static gc_rwlock *lock;
static gc_event *event;

static bool is_over(void)
{
    return __atomic_load_n(&tale->stop, __ATOMIC_ACQUIRE);
}

static uint64_t add(uint64_t *to)
{
    return __atomic_fetch_add(to, 1, __ATOMIC_SEQ_CST);
}

/* While another process collects it is not looked at. */
static void check(void)
{
    while (gc_region_check(region) != 0)
        ck_assert_msg(errno == EBUSY, "%s", gc_region_error());
}

/* Has workers killed, each of which is followed by another, and waits for the last ones. */
static void run(int (*work)(void *number))
{
    static int numbers[WORKERS];
    pid_t workers[WORKERS];
    unsigned seed = (unsigned)getpid();
    for (int i = 0; i < WORKERS; i++) {
        numbers[i] = i;
        workers[i] = spawn(work, &numbers[i]);
    }
    for (int n = 0; n < KILLS; n++) {
        int victim = rand_r(&seed) % WORKERS;
        pause_for((unsigned)rand_r(&seed) % 4000);
        kill(workers[victim], SIGKILL);
        ck_assert_int_eq(status_of(workers[victim]), 256 + SIGKILL);
        workers[victim] = spawn(work, &numbers[victim]);
        if (n % 20 == 19)
            check();
    }
    __atomic_store_n(&tale->stop, 1, __ATOMIC_RELEASE);
    for (int i = 0; i < WORKERS; i++)
        REQUIRE_ENDS(workers[i]);
}

/* ---- Queues -------------------------------------------------------------------------------------- */

static int produce(void)
{
    while (!is_over()) {
        begin();
        uint64_t id = add(&tale->next);
        if (id >= ITEMS)
            return 0;
        if (gc_queue_put(region, queue, number_new(id), 10) == 0)
            tale->put[id] = 1;
        else
            REQUIRE(errno == ETIMEDOUT);
        end();
    }
    return 0;
}

static int consume(void)
{
    for (;;) {
        begin();
        bool over = is_over();
        void *object = gc_queue_get(region, queue, 10);
        if (object)
            REQUIRE(__atomic_fetch_add(&tale->got[number_of(object)], 1,
                                       __ATOMIC_SEQ_CST) == 0);
        else
            REQUIRE(errno == ETIMEDOUT);
        end();
        if (!object && over)
            return 0;
    }
}

static int produce_or_consume(void *number)
{
    return *(int *)number % 2 ? produce() : consume();
}

START_TEST(test_queue)
{
    uint64_t lost = 0, doubled = 0;
    begin();
    queue = gc_queue_new(region, 20);
    ck_assert_int_eq(gc_region_root_set(region, "queue", queue), 0);
    end();
    run(produce_or_consume);
    begin();
    for (void *object; (object = gc_queue_get(region, queue, 0));)
        tale->got[number_of(object)]++;
    end();
    for (size_t i = 0; i < ITEMS && i < tale->next; i++) {
        doubled += tale->got[i] > 1;
        lost += tale->put[i] && !tale->got[i];
    }
    ck_assert_uint_eq(doubled, 0);
    ck_assert_uint_gt(tale->next, 0);
    ck_assert_uint_le(lost, KILLS);
}
END_TEST

/* ---- Maps ---------------------------------------------------------------------------------------- */

static void count_up(void)
{
    void *before = gc_map_get(region, map, "sum", 3);
    add(&tale->begun);
    while (gc_map_swap(region, map, "sum", 3, &before,
                       number_new((before ? number_of(before) : 0) + 1)) != 1)
        continue;
    add(&tale->done);
}

static int change_map(void *data)
{
    char key[16];
    for (unsigned seed = (unsigned)getpid(); !is_over();) {
        begin();
        unsigned n = (unsigned)rand_r(&seed) % KEYS;
        size_t length = (size_t)snprintf(key, sizeof key, "%u", n);
        void *object = gc_map_get(region, map, key, length);
        REQUIRE(!object || number_of(object) == n);
        if (rand_r(&seed) % 2)
            REQUIRE(gc_map_put(region, map, key, length, number_new(n)) == 0);
        else
            REQUIRE(gc_map_remove(region, map, key, length) == 0 || errno == ENOENT);
        if (*(int *)data % 2)
            count_up();
        end();
    }
    return 0;
}

static int look_at(const void *key, size_t length, void *object, void *data)
{
    char expected[32];
    snprintf(expected, sizeof expected, "%u", (unsigned)number_of(object));
    if (strcmp(key, "sum") != 0)
        ck_assert(length == strlen(expected) && memcmp(key, expected, length) == 0);
    ++*(size_t *)data;
    return 0;
}

START_TEST(test_map)
{
    size_t count = 0;
    begin();
    map = gc_map_new(region);
    ck_assert_int_eq(gc_region_root_set(region, "map", map), 0);
    end();
    run(change_map);
    begin();
    ck_assert_int_eq(gc_map_put(region, map, "0", 1, number_new(0)), 0);
    ck_assert_int_eq(gc_map_list(region, map, look_at, &count), 0);
    ck_assert_uint_eq(gc_map_count(region, map), count);
    uint64_t sum = number_of(gc_map_get(region, map, "sum", 3));
    end();
    ck_assert_uint_le(tale->done, sum);
    ck_assert_uint_le(sum, tale->begun);
    ck_assert_uint_le(tale->begun - tale->done, KILLS);
}
END_TEST

/* ---- Locks --------------------------------------------------------------------------------------- */

static void write_once(void)
{
    int result = gc_rwlock_write(region, lock, -1);
    REQUIRE(result >= 0);
    REQUIRE(result == 1 || tale->a == tale->b);
    tale->b = tale->a;
    tale->a++;
    pause_for(50);
    tale->b++;
    REQUIRE(tale->a == tale->b);
    REQUIRE(gc_rwlock_unlock(region, lock) == 0);
}

static void read_once(void)
{
    int result = gc_rwlock_read(region, lock, -1);
    REQUIRE(result >= 0);
    uint64_t a = tale->a;
    pause_for(10);
    REQUIRE(tale->a == a && (result == 1 || tale->b == a));
    REQUIRE(gc_rwlock_unlock(region, lock) == 0);
}

static int use_lock(void *data)
{
    while (!is_over()) {
        begin();
        if (*(int *)data % 2)
            write_once();
        else
            read_once();
        end();
        pause_for(100);
    }
    return 0;
}

START_TEST(test_rwlock)
{
    begin();
    lock = gc_rwlock_new(region);
    ck_assert_int_eq(gc_region_root_set(region, "lock", lock), 0);
    end();
    run(use_lock);
    begin();
    write_once();
    end();
}
END_TEST

/* ---- Events -------------------------------------------------------------------------------------- */

static int use_event(void *data)
{
    while (!is_over()) {
        begin();
        if (*(int *)data % 2 == 0) {
            add(&tale->begun);
            REQUIRE(gc_event_set(region, event) == 0);
        } else if (gc_event_wait(region, event, 200) == 0)
            add(&tale->done);
        else
            REQUIRE(errno == ETIMEDOUT);
        end();
    }
    return 0;
}

START_TEST(test_event)
{
    begin();
    event = gc_event_new(region, GC_EVENT_AUTO);
    ck_assert_int_eq(gc_region_root_set(region, "event", event), 0);
    end();
    run(use_event);
    ck_assert_uint_gt(tale->done, 0);
    ck_assert_uint_le(tale->done, tale->begun);
}
END_TEST

/* ---- Without a collection ------------------------------------------------------------------------ */

static int come_and_die(void *data)
{
    begin();
    end();
    begin();
    REQUIRE(gc_event_set(region, data) == 0);
    return 0;
}

/* More than can have the region at a time, and nobody allocates: they are buried all the same. */
START_TEST(test_many_dead)
{
    begin();
    event = gc_event_new(region, 0);
    ck_assert_int_eq(gc_region_root_set(region, "event", event), 0);
    end();
    for (int i = 0; i < MEMBERS + 2; i++)
        REQUIRE_ENDS(spawn(come_and_die, event));
}
END_TEST

static void make_tale(void)
{
    tale = share(sizeof *tale);
}

TCase *storms_case(void)
{
    TCase *tc = case_with_region("storms");
    tcase_add_checked_fixture(tc, make_tale, NULL);
    tcase_add_test(tc, test_queue);
    tcase_add_test(tc, test_map);
    tcase_add_test(tc, test_rwlock);
    tcase_add_test(tc, test_event);
    tcase_add_test(tc, test_many_dead);
    return tc;
}
