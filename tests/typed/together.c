/* Typed objects among others: threads that allocate, free and resize each other's, collections meanwhile,
 * children of fork, and a heap that is full. */
#include <gcalloc/layout.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "typed.h"

enum { THREADS = 6, PLACES = 512, ROUNDS = 3000, SORTS = 3 };

/* The first word leads to another object, the second has a number that looks like one to nobody, the third says how
 * large it is. */
struct thing {
    struct thing *other;
    uintptr_t number, words;
    uintptr_t rest[];
};

static struct thing *places[PLACES]; /* exchanged atomically */
static gc_layout of_two, of_array, of_traced;

static void trace_thing(void *object, size_t size, void *data)
{
    struct thing *t = object;
    (void)size, (void)data;
    gc_trace_range(&t->other, &t->number);
}

static void make_layouts(void)
{
    size_t none = 0;
    of_two = gc_layout_new(sizeof(struct thing) + 40, &none, 1);
    of_array = gc_layout_new_array(0, gc_layout_new(4096, &none, 1));
    of_traced = gc_layout_new_traced(sizeof(struct thing), trace_thing, NULL);
    ck_assert(of_two && of_array && of_traced);
}

static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    return *state ^= *state << 5;
}

/* Threads must not use Check's assertions. */
static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_thing(const struct thing *t)
{
    check(t->number == hide(t));
    for (size_t i = 0; i < t->words; i++)
        check(t->rest[i] == ~i);
}

static void fill_thing(struct thing *t, size_t words)
{
    check(t != NULL);
    t->number = hide(t);
    for (size_t i = 0; i < words; i++) {
        check(t->rest[i] == 0 || t->rest[i] == ~i);
        t->rest[i] = ~i;
    }
    t->words = words;
}

static struct thing *make_thing(uint32_t *random)
{
    uint32_t r = next_random(random), sort = r % SORTS;
    size_t words = sort == 0 ? 5 : r % 64 ? r / 64 % 60 : r / 64 % 9000;
    size_t size = sizeof(struct thing) + words * sizeof(uintptr_t);
    struct thing *t;
    if (sort == 0)
        t = gc_alloc_layout(of_two);
    else
        t = gc_alloc_layout_sized(sort == 1 ? of_array : of_traced,
                                  sort == 1 ? size + 4096 : size);
    check(t && t->other == NULL && t->words == 0 && t->number == 0);
    fill_thing(t, words);
    return t;
}

static struct thing *exchange(size_t i, struct thing *t)
{
    return __atomic_exchange_n(&places[i], t, __ATOMIC_ACQ_REL);
}

static void *work(void *argument)
{
    uint32_t random = (uint32_t)(uintptr_t)argument;
    for (int i = 0; i < ROUNDS; i++) {
        uint32_t r = next_random(&random);
        struct thing *t = make_thing(&random);
        t->other = exchange(r % PLACES, NULL);
        if (t->other)
            check_thing(t->other);
        if (t->other && t->other->other && r / PLACES % 2)
            t->other->other = NULL;
        t = exchange(r / 4 % PLACES, t);
        if (t && r % 16 == 1) {
            check_thing(t);
            gc_free(t);
        }
        if (r % 4096 == 0)
            gc_collect();
    }
    return NULL;
}

static void check_places(void)
{
    for (size_t i = 0; i < PLACES; i++)
        for (struct thing *t = places[i]; t; t = t->other)
            check_thing(t);
}

START_TEST(storm)
{
    pthread_t threads[THREADS];
    in_way(_i);
    make_layouts();
    for (size_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, work, (void *)(i + 1)), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    check_places();
}
END_TEST

/* The child has the layouts and the objects, and goes on. */
START_TEST(children_of_fork)
{
    pthread_t threads[2];
    in_way(_i);
    make_layouts();
    for (size_t i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, work, (void *)(i + 1)), 0);
    for (int i = 0; i < 4; i++) {
        int status;
        pid_t child = fork();
        if (child == 0) {
            work((void *)(uintptr_t)7);
            check_places();
            check(gc_layout_new(16, NULL, 0) != 0);
            _exit(0);
        }
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert_int_eq(status, 0);
    }
    for (size_t i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    check_places();
}
END_TEST

/* Nothing is lost where memory ends, and it goes on when there is some again. */
START_TEST(heap_limit)
{
    in_way(_i);
    ck_assert_int_eq(gc_option_set("heap_limit", "8M"), 0);
    make_layouts();
    for (int round = 0; round < 3; round++) {
        struct thing *list = NULL, *t;
        size_t count = 0, expected = 0;
        while ((t = round % 2 ? gc_alloc_layout_sized(of_traced, 20000)
                              : gc_alloc_layout(of_two))) {
            fill_thing(t, 5);
            t->other = list;
            kept[0] = list = t;
            count++;
        }
        ck_assert_int_eq(errno, ENOMEM);
        ck_assert_uint_gt(count, 100);
        for (t = list; t; t = t->other, expected++)
            check_thing(t);
        ck_assert_uint_eq(expected, count);
        list = kept[0] = NULL;
        collect_deeply();
    }
    ck_assert_ptr_nonnull(gc_alloc_layout(of_two));
}
END_TEST

TCase *together_case(void)
{
    TCase *t = tcase_create("together");
    tcase_add_loop_test(t, storm, 0, WAYS);
    tcase_add_loop_test(t, children_of_fork, 0, WAYS);
    tcase_add_loop_test(t, heap_limit, 0, WAYS - 1);
    return t;
}
