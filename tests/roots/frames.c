/* Pointers in stack frames: near, far up, in alloca memory, in jmp_bufs. */
#include "place.h"

#include <alloca.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

START_TEST(local_array)
{
    void *words[VICTIMS] = {NULL};
    place_check(place_words(words));
}
END_TEST

START_TEST(alloca_memory)
{
    void **words = alloca(VICTIMS * sizeof *words);
    place_check(place_words(words));
}
END_TEST

/* A scalar, in whatever register or slot the compiler chooses. */
static void hold_in_variable(void *argument)
{
    struct victims *v = argument;
    void *p = victim_allocate(v, 0);
    collect(COLLECTIONS);
    ck_assert_uint_eq(hide(p), v->hidden[0]);
    ck_assert_uint_eq(victims_living(v), 1);
}

START_TEST(local_variable)
{
    struct victims *v = victims_create();
    deeply(hold_in_variable, v);
    victims_assert_gone(v);
}
END_TEST

/* Frames of 100 bytes and more: a megabyte below the place. */
static NOINLINE void collect_below(int depth)
{
    if (depth > 0)
        collect_below(depth - 1);
    else
        collect(COLLECTIONS);
    __asm__ volatile("" ::: "memory"); /* no tail call */
}

START_TEST(callers_frame)
{
    void *words[VICTIMS] = {NULL};
    struct place place = place_words(words);
    struct victims *v = place_fill(place);
    collect_below(30000);
    victims_assert_intact(v);
    place_clear(place);
    victims_assert_gone(v);
}
END_TEST

/* The library asks for the stack's bounds once, and then the limit is raised. */
static NOINLINE void check_at_depth(size_t bytes)
{
    explicit_bzero(alloca(bytes), bytes);
    void *words[VICTIMS] = {NULL};
    place_check(place_words(words));
}

START_TEST(stack_beyond_its_first_limit)
{
    enum { FIRST_LIMIT = 512 << 10, DEPTH = 2 << 20 };
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_STACK, &limit), 0);
    struct rlimit low = {FIRST_LIMIT, limit.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_STACK, &low), 0);
    gc_init();
    ck_assert_int_eq(setrlimit(RLIMIT_STACK, &limit), 0);
    void *words[VICTIMS] = {NULL};
    struct place place = place_words(words);
    struct victims *v = place_fill(place);
    check_at_depth(DEPTH);
    victims_assert_intact(v);
    place_clear(place);
    victims_assert_gone(v);
}
END_TEST

static void put_middle(void *where, size_t i, void *p)
{
    ((char **)where)[i] = p ? (char *)p + i % 16 : NULL;
}

static void put_last_byte(void *where, size_t i, void *p)
{
    ((char **)where)[i] = p ? (char *)p + gc_usable_size(p) - 1 : NULL;
}

START_TEST(interior_pointer)
{
    void *words[VICTIMS] = {NULL};
    place_check((struct place){put_middle, words});
    place_check((struct place){put_last_byte, words});
}
END_TEST

struct record {
    char tag;
    void *pointer;
    double weight;
};

static void put_in_record(void *where, size_t i, void *p)
{
    ((struct record *)where)[i] = (struct record){(char)i, p, 0.5};
}

START_TEST(array_of_structures)
{
    struct record records[VICTIMS] = {{0, NULL, 0}};
    place_check((struct place){put_in_record, records});
}
END_TEST

static NOINLINE void collect_and_jump(jmp_buf *environment)
{
    collect(COLLECTIONS);
    longjmp(*environment, 1);
}

static void hold_across_jump(void *argument)
{
    struct victims *v = argument;
    jmp_buf environment;
    void *p = victim_allocate(v, 0);
    if (setjmp(environment) == 0)
        collect_and_jump(&environment);
    collect(COLLECTIONS);
    ck_assert_uint_eq(hide(p), v->hidden[0]);
    ck_assert_uint_eq(victims_living(v), 1);
}

START_TEST(longjmp_over_a_collection)
{
    struct victims *v = victims_create();
    deeply(hold_across_jump, v);
    victims_assert_gone(v);
}
END_TEST

TCase *frames_case(void)
{
    TCase *tc = tcase_create("frames");
    tcase_add_test(tc, local_array);
    tcase_add_test(tc, alloca_memory);
    tcase_add_test(tc, local_variable);
    tcase_add_test(tc, callers_frame);
    tcase_add_test(tc, stack_beyond_its_first_limit);
    tcase_add_test(tc, interior_pointer);
    tcase_add_test(tc, array_of_structures);
    tcase_add_test(tc, longjmp_over_a_collection);
    return tc;
}
