/* What a collection that marked beside the program leaves to be swept beside it: the program sees none of it,
 * and may free and allocate there at once. */
#include <gcalloc/walk.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../api/sanitizer.h"
#include "young.h"

enum { OBJECTS = UNDER_TSAN ? 20000 : 50000, BYTES = 112, MOMENTS = 2, ROUNDS = 4 };

static void **objects;
static size_t usable;   /* bytes of each */
static int collections; /* that have ended */

static void note_collection(void *unused)
{
    (void)unused;
    __atomic_fetch_add(&collections, 1, __ATOMIC_RELAXED);
}

static void fill(size_t i)
{
    gc_store(objects, &objects[i], gc_alloc(BYTES));
    write_pattern(objects[i], BYTES, i);
}

static void set_up(int moment)
{
    ck_assert_int_eq(gc_option_set("tracking", moment ? "barrier" : "kernel"), 0);
    ck_assert_int_eq(gc_option_set("pause", "1"), 0);
    ck_assert_int_eq(gc_option_set("floor", "256K"), 0);
    ck_assert_int_eq(gc_option_set("growth", "1"), 0);
    ck_assert_int_eq(gc_hook_add(GC_AFTER_COLLECTION, note_collection, NULL), 0);
    objects = gc_alloc(OBJECTS * sizeof *objects);
    for (size_t i = 0; i < OBJECTS; i++)
        fill(i);
    usable = gc_usable_size(objects[0]);
    collect(2);
}

/* Marks beside the program, and has an allocation make the second stop. */
static void collect_by_budget(void)
{
    gc_collect_begin();
    int before = __atomic_load_n(&collections, __ATOMIC_RELAXED);
    while (__atomic_load_n(&collections, __ATOMIC_RELAXED) == before)
        ck_assert_ptr_nonnull(gc_alloc_atomic(3000));
}

/* Every `nth` object lives no more.  No cycle has begun. */
static void drop(size_t nth)
{
    collect(1);
    for (size_t i = 0; i < OBJECTS; i += nth)
        objects[i] = NULL;
    gc_write(objects);
    for (size_t i = 0; i < OBJECTS; i++)
        gc_write(&objects[i]);
}

static void check_patterns(void)
{
    for (size_t i = 0; i < OBJECTS; i++)
        if (objects[i] && !has_pattern(objects[i], BYTES, i))
            ck_abort_msg("object %zu has changed", i);
}

static size_t count_held(void)
{
    size_t count = 0;
    for (size_t i = 0; i < OBJECTS; i++)
        count += objects[i] != NULL;
    return count;
}

static void note_object(const struct gc_walk_object *o, void *count)
{
    *(size_t *)count += o->size == usable && !(o->flags & GC_ATOMIC);
}

static size_t count_seen(void)
{
    size_t count = 0;
    ck_assert_int_eq(gc_heap_walk(note_object, &count), 0);
    return count;
}

/* Some few may be of this size that are not the test's. */
static void check_seen(void)
{
    size_t held = count_held(), seen = count_seen();
    ck_assert_msg(seen >= held && seen <= held + 20, "%zu seen, %zu held", seen, held);
}

/* Whoever looks finds what there is, and what was counted is that. */
START_TEST(dead_are_not_seen)
{
    set_up(_i);
    for (int i = 0; i < ROUNDS; i++) {
        struct gc_stats s = {.size = sizeof s};
        drop(3);
        collect_by_budget();
        check_seen();
        check_patterns();
        collect_by_budget();
        gc_stats_get(&s);
        ck_assert_uint_ge(s.live_objects, count_held());
        ck_assert_uint_le(s.live_objects, count_held() + 3000);
        for (size_t k = 0; k < OBJECTS; k++)
            if (!objects[k])
                fill(k);
    }
}
END_TEST

/* Their neighbours are freed by hand, and their places given out again, while they wait. */
START_TEST(freed_by_hand)
{
    set_up(_i);
    for (int i = 0; i < ROUNDS; i++) {
        drop(5);
        collect_by_budget();
        for (size_t k = 1; k < OBJECTS; k += 3)
            if (objects[k]) {
                gc_free(objects[k]);
                objects[k] = NULL;
            }
        for (size_t k = 0; k < OBJECTS; k += 2)
            if (!objects[k])
                fill(k);
        check_patterns();
        collect_by_budget();
        check_patterns();
        collect(1);
        check_patterns();
        check_seen();
        for (size_t k = 0; k < OBJECTS; k++)
            if (!objects[k])
                fill(k);
    }
}
END_TEST

/* The child of a fork has nobody who sweeps. */
START_TEST(children)
{
    set_up(_i);
    for (int i = 0; i < ROUNDS; i++) {
        int status;
        drop(2 + (size_t)i);
        collect_by_budget();
        pid_t child = fork();
        if (child == 0) {
            check_seen();
            collect_by_budget();
            check_patterns();
            collect(1);
            check_patterns();
            _exit(0);
        }
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert_int_eq(status, 0);
        check_seen();
    }
}
END_TEST

/* ---- Threads ----------------------------------------------------------------------------------- */

enum { THREADS = 3, STEPS = UNDER_TSAN ? 20000 : 40000 };

/* Each thread has the objects whose number is its own modulo THREADS.  It must not use Check's assertions. */
static void *replace(void *number)
{
    uint32_t random = 7 + (uint32_t)(uintptr_t)number;
    for (int step = 0; step < STEPS; step++) {
        random = random * 1103515245 + 12345;
        size_t i = (random >> 8) % (OBJECTS / THREADS) * THREADS + (uintptr_t)number;
        if (!has_pattern(objects[i], BYTES, i))
            abort();
        if (random >> 30 == 0)
            gc_free(objects[i]);
        fill(i);
    }
    return NULL;
}

START_TEST(threads_replace_objects)
{
    pthread_t threads[THREADS];
    set_up(_i);
    for (uintptr_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, replace, (void *)i), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    check_patterns();
    collect(1);
    check_patterns();
    check_seen();
}
END_TEST

TCase *later_case(void)
{
    TCase *t = tcase_create("later");
    tcase_add_loop_test(t, dead_are_not_seen, 0, MOMENTS);
    tcase_add_loop_test(t, freed_by_hand, 0, MOMENTS);
    tcase_add_loop_test(t, children, 0, MOMENTS);
    tcase_add_loop_test(t, threads_replace_objects, 0, MOMENTS);
    return t;
}
