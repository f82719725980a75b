/* Registered stacks in objects of the heap, which lead to one another: how often a collection
 * asks whether one of them is reached is in proportion to their number. */
#include <gcalloc/gcalloc.h>
#include <stdlib.h>

#include "roots/coroutines.h"
#include "support.h"

enum { STACKS = 3000, STACK_BYTES = 2048, MOST_FOR_EACH = 50 };

static uintptr_t hidden[STACKS]; /* in order of address */
static void *volatile first;

static void *stack(size_t i)
{
    return (void *)~hidden[i];
}

static int by_address(const void *a, const void *b)
{
    uintptr_t x = ~*(const uintptr_t *)a, y = ~*(const uintptr_t *)b;
    return (x > y) - (x < y);
}

static void make_stacks(unsigned flags)
{
    for (size_t i = 0; i < STACKS; i++) {
        char *object = gc_alloc_with(STACK_BYTES, 16, flags);
        memset(object, 0, STACK_BYTES);
        hidden[i] = ~(uintptr_t)object;
        ck_assert_int_eq(gc_stack_register(object, object + STACK_BYTES), 0);
    }
    qsort(hidden, STACKS, sizeof *hidden, by_address);
}

static void lead(size_t from, size_t to)
{
    *(void **)stack(from) = stack(to);
}

static void chain_up(void)
{
    for (size_t i = 1; i < STACKS; i++)
        lead(i - 1, i);
    first = stack(0);
}

static void chain_down(void)
{
    for (size_t i = 1; i < STACKS; i++)
        lead(i, i - 1);
    first = stack(STACKS - 1);
}

/* From the midst to both ends. */
static void chain_out(void)
{
    for (size_t i = 0; i + 1 < STACKS / 2; i++) {
        lead(STACKS / 2 + i, STACKS / 2 - 1 - i);
        lead(STACKS / 2 - 1 - i, STACKS / 2 + i + 1);
    }
    lead(STACKS - 1, 0);
    first = stack(STACKS / 2);
}

static void all_from_one(void)
{
    first = gc_alloc(STACKS * sizeof(void *));
    for (size_t i = 0; i < STACKS; i++)
        ((void **)first)[i] = stack(i);
}

static void (*const ways[])(void) = {chain_up, chain_down, chain_out, all_from_one};

START_TEST(asked_in_proportion)
{
    gc_init();
    gc_disable();
    make_stacks(_i % 2 ? GC_ATOMIC : 0);
    ways[_i / 2]();
    gc_enable();
    size_t before = coroutine_looked_at();
    gc_collect();
    ck_assert_uint_lt(coroutine_looked_at() - before, MOST_FOR_EACH * STACKS);
    for (size_t i = 0; i < STACKS; i++)
        ck_assert_int_eq(gc_stack_unregister(stack(i)), 0);
}
END_TEST

TCase *hosted_tests(void)
{
    TCase *t = tcase_create("hosted");
    tcase_add_loop_test(t, asked_in_proportion, 0, 2 * COUNT_OF(ways));
    return t;
}
