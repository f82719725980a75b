/* Slabs: objects that keep their constructed state, and are counted by name. */
#include <gcalloc/slab.h>
#include <gcalloc/walk.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "typed.h"

/* The constructor gives it a part of its own, which nothing else points to. */
struct engine {
    uintptr_t number;
    void *part;
    uintptr_t hidden_part;
    uintptr_t uses;
};

enum { CONSTRUCTED = 0x1234 };

static void construct(void *object)
{
    struct engine *e = object;
    ck_assert(e->number == 0 && e->part == NULL && e->uses == 0);
    e->number = CONSTRUCTED;
    e->part = gc_alloc(100);
    e->hidden_part = hide(e->part);
}

static gc_layout engine_layout(void)
{
    return gc_layout_new(sizeof(struct engine), (size_t[]){8}, 1);
}

static gc_slab *make_slab(bool with_layout, unsigned flags)
{
    gc_slab *slab = gc_slab_create("engine", sizeof(struct engine),
                                   with_layout ? engine_layout() : 0, construct, flags);
    ck_assert_ptr_nonnull(slab);
    return slab;
}

static struct gc_slab_stats stats_of(gc_slab *slab)
{
    struct gc_slab_stats stats;
    ck_assert_int_eq(gc_slab_stats(slab, &stats), 0);
    ck_assert_str_eq(stats.name, "engine");
    return stats;
}

struct use {
    gc_slab *slab;
    uintptr_t hidden, part;
    size_t count;
};

static void use_once(void *argument)
{
    struct use *u = argument;
    struct engine *e = gc_slab_alloc(u->slab);
    ck_assert_uint_eq(e->number, CONSTRUCTED);
    e->uses++;
    u->hidden = hide(e);
    u->part = e->hidden_part;
    gc_slab_free(u->slab, e);
}

/* What waits is nobody's; what it points to lives, and so it is found at the next use. */
START_TEST(state_is_kept)
{
    in_way(_i / 2);
    struct use u = {.slab = make_slab(_i % 2, GC_SLAB_KEEP)};
    for (size_t i = 1; i <= 5; i++) {
        deeply(use_once, &u);
        collect_deeply();
        ck_assert_uint_eq(count_living(&u.hidden, 1), 0);
        ck_assert_uint_eq(count_living(&u.part, 1), 1);
        struct gc_slab_stats stats = stats_of(u.slab);
        ck_assert_uint_eq(stats.constructed, 1);
        ck_assert_uint_eq(stats.waiting, 1);
        ck_assert_uint_eq(stats.objects, 0);
    }
    struct engine *e = kept[0] = gc_slab_alloc(u.slab);
    ck_assert_uint_eq(e->uses, 5);
    ck_assert_uint_eq(stats_of(u.slab).objects, 1);
    ck_assert_int_eq(gc_slab_destroy(u.slab), 0);
    collect_deeply();
    ck_assert_uint_eq(count_living(&u.part, 1), 1);
    ck_assert_uint_eq(stats_of(u.slab).objects, 1);
    gc_slab_free(u.slab, kept[0]);
    kept[0] = NULL;
    collect_deeply();
    ck_assert_uint_eq(count_living(&u.part, 1), 0);
}
END_TEST

START_TEST(without_the_flag_it_is_not)
{
    in_way(_i / 2);
    struct use u = {.slab = make_slab(_i % 2, 0)};
    for (size_t i = 1; i <= 3; i++) {
        deeply(use_once, &u);
        collect_deeply();
        ck_assert_uint_eq(count_living(&u.part, 1), 0);
        ck_assert_uint_eq(stats_of(u.slab).constructed, i);
        ck_assert_uint_eq(stats_of(u.slab).waiting, 0);
    }
}
END_TEST

/* Those that wait are freed with the slab, and what they point to goes. */
START_TEST(destroyed_with_what_waits)
{
    in_way(_i / 2);
    struct use u = {.slab = make_slab(_i % 2, GC_SLAB_KEEP)};
    deeply(use_once, &u);
    ck_assert_int_eq(gc_slab_destroy(u.slab), 0);
    ck_assert_int_eq(gc_slab_destroy(u.slab), -1);
    ck_assert_int_eq(errno, EINVAL);
    collect_deeply();
    ck_assert_uint_eq(count_living(&u.part, 1), 0);
    ck_assert_ptr_null(gc_slab_alloc(u.slab));
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_uint_eq(stats_of(u.slab).waiting, 0);
}
END_TEST

/* More than can wait: the rest goes back to the heap.  All at once, from one collection to the next. */
static void free_many(void *argument)
{
    struct use *u = argument;
    struct engine *list = NULL, *next;
    for (size_t i = 0; i < u->count; i++) {
        struct engine *e = gc_slab_alloc(u->slab);
        memcpy(e->part, &list, sizeof list);
        kept[0] = list = e;
    }
    for (; list; list = next) {
        memcpy(&next, list->part, sizeof next);
        gc_slab_free(u->slab, list);
    }
    kept[0] = NULL;
}

START_TEST(many_wait)
{
    in_way(_i / 2);
    struct use u = {.slab = make_slab(_i % 2, GC_SLAB_KEEP), .count = 2000};
    deeply(free_many, &u);
    collect_deeply();
    struct gc_slab_stats stats = stats_of(u.slab);
    ck_assert_uint_eq(stats.waiting, 512);
    ck_assert_uint_eq(stats.objects, 0);
    ck_assert_uint_eq(stats.constructed, 2000);
    deeply(free_many, &u);
    ck_assert_uint_eq(stats_of(u.slab).constructed, 2000 + 2000 - 512);
}
END_TEST

static void make_garbage(void *slab)
{
    for (int i = 0; i < 100000; i++)
        kept[0] = gc_slab_alloc(slab);
    kept[0] = NULL;
}

START_TEST(unreachable_objects_are_collected)
{
    in_way(_i / 2);
    gc_slab *slab = make_slab(_i % 2, GC_SLAB_KEEP);
    deeply(make_garbage, slab);
    collect_deeply();
    ck_assert_uint_eq(stats_of(slab).objects, 0);
    ck_assert_uint_eq(stats_of(slab).waiting, 0);
}
END_TEST

START_TEST(bad_arguments)
{
    gc_slab *slab = make_slab(true, GC_SLAB_KEEP), *other = make_slab(true, GC_SLAB_KEEP);
    errno = 0;
    ck_assert_ptr_null(gc_slab_create(NULL, 16, 0, NULL, 0));
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_ptr_null(gc_slab_create("none", 0, 0, NULL, 0));
    ck_assert_ptr_null(gc_slab_create("none", 16, 0, NULL, 2));
    ck_assert_ptr_null(gc_slab_create("none", 16, 0, NULL, GC_SLAB_KEEP));
    ck_assert_ptr_null(gc_slab_create("none", 16, engine_layout(), NULL, 0));
    ck_assert_ptr_null(gc_slab_create("none", 16, 10000, NULL, 0));
    ck_assert_ptr_null(gc_slab_alloc(NULL));
    ck_assert_int_eq(gc_slab_stats(NULL, NULL), -1);
    void *object = kept[0] = gc_slab_alloc(slab);
    log_begin();
    gc_slab_free(slab, NULL);
    ck_assert_str_eq(log_lines(), "");
    gc_slab_free(other, object);
    const char *lines = log_lines();
    ck_assert_ptr_nonnull(strstr(lines, "gc_slab_free"));
    ck_assert_ptr_nonnull(strstr(lines, "not an object of this slab"));
    gc_slab_free(slab, (char *)object + 8);
    ck_assert_ptr_nonnull(strstr(log_lines(), "not the start of an object"));
    ck_assert_ptr_eq(gc_base(object), object);
    gc_slab_free(slab, object);
    ck_assert_str_eq(log_lines(), "");
    gc_slab_free(slab, object);
    ck_assert_ptr_nonnull(strstr(log_lines(), "gc_slab_free"));
    gc_free(object);
    ck_assert_ptr_nonnull(strstr(log_lines(), "gc_free"));
}
END_TEST

/* ---- Threads ------------------------------------------------------------------------------------------- */

enum { THREADS = 4, ROUNDS = 20000, HELD = 16 };

static gc_slab *shared;

static void *work(void *argument)
{
    struct engine *held[HELD] = {0};
    uint32_t random = (uint32_t)(uintptr_t)argument * 2654435761u;
    for (int i = 0; i < ROUNDS; i++) {
        random = random * 1664525 + 1013904223;
        struct engine **place = &held[random >> 28];
        if (*place && ((*place)->uses != hide(place) || (*place)->number != CONSTRUCTED))
            abort();
        if (*place && random >> 27 & 1)
            gc_slab_free(shared, *place);
        *place = gc_slab_alloc(shared);
        if (!*place || (*place)->number != CONSTRUCTED ||
            gc_base((*place)->part) != (*place)->part)
            abort();
        (*place)->uses = hide(place);
        if (random % 8192 == 0)
            gc_collect();
    }
    return NULL;
}

static void construct_plainly(void *object)
{
    struct engine *e = object;
    e->number = CONSTRUCTED;
    e->part = gc_alloc(100);
}

START_TEST(threads_and_children)
{
    pthread_t threads[THREADS];
    int status;
    in_way(_i);
    shared = gc_slab_create("shared", sizeof(struct engine), engine_layout(),
                            construct_plainly, GC_SLAB_KEEP);
    for (size_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, work, (void *)(i + 1)), 0);
    pid_t child = fork();
    if (child == 0) {
        work((void *)(uintptr_t)9);
        _exit(gc_slab_destroy(shared));
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    gc_collect();
}
END_TEST

TCase *slabs_case(void)
{
    TCase *t = tcase_create("slabs");
    tcase_add_loop_test(t, state_is_kept, 0, 2 * WAYS);
    tcase_add_loop_test(t, without_the_flag_it_is_not, 0, 2 * WAYS);
    tcase_add_loop_test(t, destroyed_with_what_waits, 0, 2 * WAYS);
    tcase_add_loop_test(t, many_wait, 0, 2 * WAYS);
    tcase_add_loop_test(t, unreachable_objects_are_collected, 0, 2 * (WAYS - 1));
    tcase_add_test(t, bad_arguments);
    tcase_add_loop_test(t, threads_and_children, 0, WAYS);
    return t;
}
