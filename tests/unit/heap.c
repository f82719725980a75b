/* A heap as a whole. */
#include "heap/heap.h"

#include "base/os.h"
#include "support.h"

static struct heap h;

START_TEST(new_heap)
{
    size_t space = address_space();
    memset(&h, 0xff, sizeof h);
    ck_assert(make_heap(&h, MIB(64), _i));
    heap_check(&h, NULL);
    ck_assert_uint_eq(h.numbers->used_bytes, 0);
    ck_assert_uint_eq(h.numbers->dirty_bytes, 0);
    ck_assert_uint_eq(h.numbers->limit, SIZE_MAX);
    ck_assert_uint_eq(h.numbers->charged, 0);
    ck_assert_uint_eq(h.pad_from, _i ? 0 : PAD_FROM);
    ck_assert(h.numbers->mark == STATE_MARK_A || h.numbers->mark == STATE_MARK_B);
    ck_assert(all_bytes_are(&h.numbers->counters, sizeof h.numbers->counters, 0));
    ck_assert(all_bytes_are(h.numbers->shards, sizeof h.numbers->shards, 0));
    ck_assert_uint_eq(geometries[sizeclass_for(240, _i)].size, _i ? 256 : 240);
    heap_destroy(&h);
    check_address_space(space);
}
END_TEST

/* Two heaps side by side do not know of each other. */
START_TEST(two_heaps)
{
    static struct fixture a, b;
    fixture_create(&a);
    fixture_create(&b);
    for (int i = 0; i < 2000; i++) {
        struct fixture *f = roll(2) ? &a : &b, *other = f == &a ? &b : &a;
        void *object = fixture_alloc(f, KIND_SCANNED, 1 + roll(2000));
        ENSURE(state_of(f, object) && !state_of(other, object));
        if (roll(2))
            fixture_free(f, object);
    }
    fixture_check(&a);
    fixture_check(&b);
    fixture_destroy(&a);
    fixture_check(&b);
    fixture_destroy(&b);
}
END_TEST

static bool try_create(void *argument)
{
    (void)argument;
    size_t space = address_space();
    bool done = make_heap(&h, MIB(64), false);
    if (done) {
        heap_check(&h, NULL);
        heap_destroy(&h);
    }
    check_address_space(space);
    return done;
}

START_TEST(create_fails_cleanly)
{
    ck_assert_uint_ge(refuse_each_call(try_create, NULL, _i), 6);
}
END_TEST

static bool try_use(void *argument)
{
    struct fixture *f = argument;
    bool done = true;
    for (int i = 0; i < 50 && done; i++) {
        done = fixture_alloc(f, (enum kind)roll(KIND_COUNT), 1 + roll(300000)) != NULL;
        fixture_check(f);
    }
    return done;
}

/* Whichever call is refused, what fails is one allocation. */
START_TEST(use_fails_cleanly)
{
    static struct fixture f;
    fixture_create(&f);
    ck_assert_uint_ge(refuse_each_call(try_use, &f, _i), 3);
    fixture_check(&f);
    fixture_destroy(&f);
}
END_TEST

TCase *heap_tests(void)
{
    TCase *t = tcase_create("heap");
    tcase_add_loop_test(t, new_heap, 0, 2);
    tcase_add_test(t, two_heaps);
    tcase_add_loop_test(t, create_fails_cleanly, 0, 2);
    tcase_add_loop_test(t, use_fails_cleanly, 0, 2);
    return t;
}
