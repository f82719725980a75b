/* Everything at a time: eight threads with maps, links, references, ephemerons and finalizers,
 * collections at every few refills, and forked children that go on. */
#include "object.h"

#include <gcalloc/finalizer.h>
#include <gcalloc/weak.h>
#include <gcalloc/weakmap.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../roots/place.h"

enum { THREADS = 8, THINGS = 64, STEPS = 2500, MAGIC = 0x600d };

/* An object that knows whether it was overwritten.  Its partner is the value of the ephemeron
 * whose key it is. */
struct thing {
    uint64_t magic;
    struct thing *self, *partner;
    uint64_t number;
};

struct storm {
    unsigned number;
    uint32_t state;
    struct thing *things[THINGS];
    gc_weak *references[THINGS];
    gc_ephemeron *ephemerons[THINGS];
    void **links; /* in memory of malloc's */
    gc_weakmap *own;
};

/* Children of a process with threads expect it too, and Check's own lock may be a thread's that
 * they do not have. */
static void expect_at(bool holds, int line)
{
    if (holds)
        return;
    fprintf(stderr, "%s:%d: not as expected\n", __FILE__, line);
    abort();
}

#define expect(condition) expect_at((condition), __LINE__)

static gc_weakmap *shared, *numbers;
static struct storm storms[THREADS];

static uint32_t roll(struct storm *s, uint32_t sides)
{
    s->state = s->state * 1664525 + 1013904223;
    return (uint32_t)((uint64_t)(s->state >> 8) * sides >> 24);
}

static uint64_t hash_thing(const void *key, void *data)
{
    (void)data;
    return ((const struct thing *)key)->number;
}

static int equal_things(const void *a, const void *b, void *data)
{
    (void)data;
    return ((const struct thing *)a)->number == ((const struct thing *)b)->number;
}

static void look_at(const struct thing *t)
{
    if (!t)
        return;
    expect(t->magic == MAGIC);
    expect(t->self == t);
}

static void finalize(void *object, void *data)
{
    look_at(object);
    look_at(data);
}

static struct thing *make(struct storm *s)
{
    struct thing *t = gc_alloc(sizeof *t + 16 * roll(s, 8));
    expect(t);
    *t = (struct thing){MAGIC, t, NULL, roll(s, 500)};
    return t;
}

/* Another object in this place, with all that can be registered. */
static void replace(struct storm *s, uint32_t i)
{
    struct thing *t = make(s), *partner = make(s);
    partner->partner = t;
    s->things[i] = t;
    s->references[i] = gc_weak_new_with(t, roll(s, 2) ? GC_WEAK_LONG : 0);
    s->ephemerons[i] = gc_ephemeron_new(t, partner);
    expect(s->references[i] && s->ephemerons[i]);
    expect(gc_weak_link_add(&s->links[i], t, 0) == 0);
    s->links[i] = t;
    expect(gc_weakmap_put(shared, t, partner) == 0);
    expect(gc_weakmap_put(s->own, partner, t) == 0);
    if (roll(s, 8) == 0)
        expect(!gc_finalizer_set_with(t, finalize, partner, GC_UNORDERED));
}

/* As long as the object is there, so is what its entries lead to. */
static void look(struct storm *s, uint32_t i)
{
    struct thing *t = s->things[i];
    look_at(gc_weak_get(s->references[i]));
    look_at(gc_ephemeron_key(s->ephemerons[i]));
    look_at(gc_ephemeron_value(s->ephemerons[i]));
    look_at(s->links[i]);
    if (!t)
        return;
    struct thing *partner = gc_ephemeron_value(s->ephemerons[i]);
    expect(gc_weak_get(s->references[i]) == t);
    expect(s->links[i] == t);
    expect(partner);
    expect(partner->partner == t);
    expect(gc_weakmap_get(shared, t) == partner);
    expect(gc_weakmap_get(s->own, partner) == t);
}

static void free_it(struct storm *s, uint32_t i)
{
    struct thing *t = s->things[i];
    if (!t)
        return;
    s->things[i] = NULL;
    gc_weakmap_remove(s->own, gc_ephemeron_value(s->ephemerons[i]));
    t->magic = 0;
    gc_free(t);
    expect(!gc_weak_get(s->references[i]));
    expect(!gc_ephemeron_key(s->ephemerons[i]));
    expect(!s->links[i]);
}

static void walk(struct storm *s)
{
    uint64_t cursor = 0;
    void *key, *value;
    gc_weakmap *map = roll(s, 2) ? shared : s->own;
    while (gc_weakmap_next(map, &cursor, &key, &value)) {
        if (map == s->own)
            look_at(value);
        expect(key);
    }
}

static void step(struct storm *s)
{
    uint32_t i = roll(s, THINGS);
    struct thing *one;
    switch (roll(s, 12)) {
    case 0:
        s->things[i] = NULL;
        break;
    case 1:
        free_it(s, i);
        break;
    case 2:
        one = make(s);
        expect(equal_things(gc_weakmap_intern(numbers, one), one, NULL));
        break;
    case 3:
        if (roll(s, 40) == 0)
            walk(s);
        break;
    case 4:
        gc_finalizers_run();
        break;
    case 5:
    case 6:
        replace(s, i);
        break;
    default:
        look(s, i);
    }
}

static void *run(void *argument)
{
    struct storm *s = argument;
    for (int i = 0; i < STEPS; i++)
        step(s);
    return NULL;
}

static void run_first(void *unused)
{
    (void)unused;
    run(&storms[0]);
}

static void run_finalizers(void *unused)
{
    (void)unused;
    gc_finalizers_run();
}

static void make_all(void *unused)
{
    (void)unused;
    shared = gc_weakmap_new(GC_WEAK_KEYS, NULL, NULL, NULL);
    numbers = gc_weakmap_new(GC_WEAK_KEYS, hash_thing, equal_things, NULL);
    for (unsigned i = 0; i < THREADS; i++) {
        storms[i] = (struct storm){.number = i, .state = i + 1};
        storms[i].links = calloc(THINGS, sizeof(void *));
        storms[i].own =
            gc_weakmap_new(i % 2 ? GC_WEAK_VALUES : GC_WEAK_KEYS | GC_WEAK_VALUES, NULL,
                           NULL, NULL);
        for (uint32_t j = 0; j < THINGS; j++)
            replace(&storms[i], j);
    }
}

static void run_in_child(void)
{
    for (int i = 0; i < STEPS / 4; i++)
        step(&storms[i % THREADS]);
    gc_collect();
    _exit(0);
}

START_TEST(all_at_once)
{
    pthread_t threads[THREADS];
    ck_assert_int_eq(gc_option_set("stress", _i ? "5" : "2"), 0);
    ck_assert_int_eq(gc_option_set("verify", _i ? "1" : "0"), 0);
    deeply(make_all, NULL);
    for (unsigned i = 1; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, run, &storms[i]), 0);
    for (int child = 0; child < 3; child++) {
        int status;
        pid_t pid = fork();
        if (pid == 0)
            run(&storms[0]), _exit(0);
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert_int_eq(status, 0);
        deeply(run_first, NULL);
    }
    for (unsigned i = 1; i < THREADS; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    pid_t pid = fork();
    if (pid == 0)
        run_in_child();
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    memset(storms, 0, sizeof storms);
    ck_assert_int_eq(gc_option_set("stress", "0"), 0);
    for (int i = 0; i < 40;
         i++) { /* finalizers, one of each chain after each collection */
        collect(1);
        deeply(run_finalizers, NULL);
    }
    ck_assert_uint_eq(gc_weakmap_count(shared), 0);
    ck_assert_uint_eq(gc_weakmap_count(numbers), 0);
}
END_TEST

TCase *storm_case(void)
{
    TCase *tc = tcase_create("storm");
    tcase_add_loop_test(tc, all_at_once, 0, 2);
    return tc;
}
