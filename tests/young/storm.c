/* Threads that change a graph whose every object says what it should be, with young collections all the
 * time, and children of fork in between. */
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../api/sanitizer.h"
#include "young.h"

enum { THREADS = 4, PLACES = 2000, ROUNDS = 5000, DEEPEST = 12, STORMS = 10 };

/* An object says who it is, and what its two children are said to be: a child is found to be another's if it
 * was reclaimed and its memory given out again. */
struct thing {
    uintptr_t self;
    struct thing *children[2];
    uintptr_t hidden[2];
    uintptr_t words, rest[];
};

static struct thing **places; /* an old object, exchanged atomically */

/* Threads must not use Check's assertions. */
static void check(bool holds)
{
    if (!holds)
        abort();
}

static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    return *state ^= *state << 5;
}

static void check_thing(const struct thing *t, int depth)
{
    if (!t || depth == 0)
        return;
    check(t->self == hide(t));
    for (size_t i = 0; i < t->words; i++)
        check(t->rest[i] == ~i);
    for (int i = 0; i < 2; i++) {
        check(t->children[i] == NULL || t->hidden[i] == hide(t->children[i]));
        check_thing(t->children[i], depth - 1);
    }
}

static struct thing *make_thing(uint32_t r)
{
    size_t words = r % 256 ? r % 40 : r % 30000;
    struct thing *t = gc_alloc(sizeof *t + words * sizeof t->rest[0]);
    check(t && t->self == 0 && !t->children[0] && !t->children[1]);
    t->self = hide(t);
    t->words = words;
    for (size_t i = 0; i < words; i++)
        t->rest[i] = ~i;
    return t;
}

static void adopt(struct thing *t, int i, struct thing *child)
{
    t->hidden[i] = child ? hide(child) : 0;
    gc_store(t, &t->children[i], child);
}

static struct thing *exchange(size_t i, struct thing *t)
{
    struct thing *old = __atomic_exchange_n(&places[i], t, __ATOMIC_ACQ_REL);
    gc_write(&places[i]);
    gc_retain_until(t);
    return old;
}

/* A thread that has taken a thing out of its place has it for itself. */
static void step(uint32_t r)
{
    struct thing *t = exchange(r % PLACES, NULL), *new = make_thing(r / 7);
    check_thing(t, 3);
    if (t && r % 3 == 0) /* the old one points to the new one */
        adopt(t, r / 3 % 2, new);
    else if (t && r % 3 == 1)
        adopt(new, r / 3 % 2, t), t = new;
    else
        t = new;
    if (r % 97 == 0)
        adopt(t, 0, NULL), adopt(t, 1, NULL);
    exchange(r % PLACES, t);
    if (r % 4001 == 0)
        gc_collect_young();
    if (r % 4003 == 0)
        gc_collect_begin();
}

static void *work(void *argument)
{
    uint32_t random = (uint32_t)(uintptr_t)argument;
    for (int i = 0; i < ROUNDS; i++)
        step(next_random(&random));
    return NULL;
}

static void check_places(void)
{
    for (size_t i = 0; i < PLACES; i++)
        check_thing(places[i], DEEPEST);
}

static void fork_once(void)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        work((void *)(uintptr_t)77);
        check_places();
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
}

START_TEST(storm)
{
    static const char *const options[STORMS][4] = {
        {"young", "256K"},
        {"verify", UNDER_TSAN ? "0" : "1"},
        {"stress", "40"},
        {"markers", "1"},
        {"generations", "auto"},
        {"pause", "1", "stress", "40"},
        {"pause", "1", "generations", "never"},
        {"tracking", "barrier", "stress", "40"},
        {"tracking", "barrier", "verify", UNDER_TSAN ? "0" : "1"},
        {"tracking", "barrier", "pause", "1"},
    };
    pthread_t threads[THREADS];
    go_young("512K", false);
    for (int i = 0; i < 4 && options[_i][i]; i += 2)
        ck_assert_int_eq(gc_option_set(options[_i][i], options[_i][i + 1]), 0);
    places = gc_alloc(PLACES * sizeof *places);
    collect(2);
    for (size_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, work, (void *)(i + 1)), 0);
    if (_i % 2 == 0)
        fork_once();
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    check_places();
    collect(1);
    check_places();
}
END_TEST

TCase *storm_case(void)
{
    TCase *t = tcase_create("storm");
    tcase_add_loop_test(t, storm, 0, STORMS);
    return t;
}
