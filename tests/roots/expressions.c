/* Pointers in flight: arguments, results and the induction variables of loops, wherever
 * the compiler keeps them. */
#include "place.h"

#include <stdlib.h>
#include <string.h>

struct node {
    struct node *left, *right;
    uintptr_t number;
};

static NOINLINE struct node *make_node(struct node *left, struct node *right)
{
    static uintptr_t number;
    collect(1);
    struct node *n = gc_alloc(sizeof *n);
    collect(1);
    *n = (struct node){left, right, ++number};
    return n;
}

static NOINLINE size_t count_nodes(const struct node *n)
{
    return n ? 1 + count_nodes(n->left) + count_nodes(n->right) : 0;
}

START_TEST(nested_calls)
{
    for (int i = 0; i < COLLECTIONS; i++)
        ck_assert_uint_eq(count_nodes(
                              make_node(make_node(make_node(NULL, NULL),
                                                  make_node(NULL, make_node(NULL, NULL))),
                                        make_node(make_node(NULL, NULL), NULL))),
                          7);
}
END_TEST

static NOINLINE unsigned char *make_bytes(size_t size)
{
    collect(1);
    unsigned char *bytes = gc_alloc_atomic(size);
    write_pattern(bytes, size, size);
    return bytes;
}

static NOINLINE bool collect_and_look(const void *bytes, size_t size)
{
    collect(1);
    return has_pattern(bytes, size, size);
}

START_TEST(argument_of_a_call)
{
    for (size_t size = 1; size < 500; size++)
        ck_assert(collect_and_look(make_bytes(size), size));
}
END_TEST

/* The first is returned in registers, the second in memory. */
struct two {
    void *a, *b;
};

struct five {
    void *all[5];
};

static NOINLINE struct two make_two(void)
{
    return (struct two){make_bytes(40), make_bytes(400)};
}

static NOINLINE struct five make_five(void)
{
    struct five f;
    for (size_t i = 0; i < 5; i++)
        f.all[i] = make_bytes(40 * (i + 1));
    return f;
}

static NOINLINE bool look_at_two(struct two t, int collected)
{
    collect(1);
    return collected && has_pattern(t.a, 40, 40) && has_pattern(t.b, 400, 400);
}

static NOINLINE bool look_at_five(struct five f, int collected)
{
    collect(1);
    for (size_t i = 0; i < 5; i++)
        if (!has_pattern(f.all[i], 40 * (i + 1), 40 * (i + 1)))
            return false;
    return collected;
}

static NOINLINE int collect_and_say_so(void)
{
    collect(1);
    return 1;
}

START_TEST(structure_by_value)
{
    for (int i = 0; i < COLLECTIONS; i++) {
        ck_assert(look_at_two(make_two(), collect_and_say_so()));
        ck_assert(look_at_five(make_five(), collect_and_say_so()));
    }
}
END_TEST

/* At -O2 the index disappears: the loop runs on a pointer into the array. */
static NOINLINE uintptr_t sum_forwards(const uintptr_t *numbers, size_t count)
{
    uintptr_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        collect(1);
        sum += numbers[i];
    }
    return sum;
}

/* Here only the end of the array is kept, and a negative index. */
static NOINLINE uintptr_t sum_from_the_end(const uintptr_t *end, ptrdiff_t count)
{
    uintptr_t sum = 0;
    for (ptrdiff_t i = -count; i < 0; i++) {
        collect(1);
        sum += end[i];
    }
    return sum;
}

static NOINLINE uintptr_t *make_numbers(void *(*allocate)(size_t size), size_t count)
{
    uintptr_t *numbers = allocate(count * sizeof *numbers);
    for (size_t i = 0; i < count; i++)
        numbers[i] = i;
    return numbers;
}

/* Each size up to beyond that from which objects have a byte behind their end, and then some: a loop collects as many
 * times as it has numbers. */
static size_t next_count(size_t count)
{
    return count + (count < 40 ? 2 : 18);
}

START_TEST(loop_on_interior_pointer)
{
    for (size_t count = 2; count < 128; count = next_count(count)) {
        uintptr_t sum = count * (count - 1) / 2;
        ck_assert_uint_eq(sum_forwards(make_numbers(gc_alloc, count), count), sum);
    }
}
END_TEST

START_TEST(loop_on_end_pointer)
{
    for (size_t count = 2; count < 128; count = next_count(count)) {
        uintptr_t sum = count * (count - 1) / 2;
        const uintptr_t *end = make_numbers(gc_alloc_atomic, count) + count;
        ck_assert_uint_eq(sum_from_the_end(end, (ptrdiff_t)count), sum);
    }
    for (size_t count = 32; count < 128; count = next_count(count)) {
        uintptr_t sum = count * (count - 1) / 2;
        const uintptr_t *end = make_numbers(gc_alloc, count) + count;
        ck_assert_uint_eq(sum_from_the_end(end, (ptrdiff_t)count), sum);
    }
}
END_TEST

/* The library's own functions hold the caller's only pointer while they allocate. */
START_TEST(argument_of_the_library)
{
    ck_assert_int_eq(gc_option_set("stress", "1"), 0);
    for (size_t size = 2; size < 1500; size += 7) {
        char *text = (char *)make_bytes(size);
        text[size - 1] = '\0';
        text = gc_strndup(gc_strdup(text) + 1, size);
        ck_assert_uint_eq(strlen(text), size - 2);
        ck_assert(has_pattern(text, size - 2, size + 7));
        text = gc_realloc(gc_realloc(text, 3 * size), 300 * size);
        ck_assert(has_pattern(text, size - 2, size + 7));
    }
}
END_TEST

TCase *expressions_case(void)
{
    TCase *tc = tcase_create("expressions");
    tcase_add_test(tc, nested_calls);
    tcase_add_test(tc, argument_of_a_call);
    tcase_add_test(tc, structure_by_value);
    tcase_add_test(tc, loop_on_interior_pointer);
    tcase_add_test(tc, loop_on_end_pointer);
    tcase_add_test(tc, argument_of_the_library);
    return tc;
}
