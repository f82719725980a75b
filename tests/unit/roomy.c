/* Roomy slots: few objects of 8 to 64 KiB share three classes, and many have their own. */
#include "heap/roomy.h"

#include "support.h"

enum { ALIVE = 3, STEP = 500, MANY = 40 };

static struct fixture f;

static unsigned choice(size_t size)
{
    unsigned class = sizeclass_for(size, false);
    return roomy_class(f.cache, KIND_MANUAL, class);
}

static void *allocate(size_t size)
{
    void *object = fixture_alloc(&f, KIND_MANUAL, geometries[choice(size)].size - 1);
    ENSURE(object != NULL);
    return object;
}

/* At most twice the room, and slots that begin at pages. */
START_TEST(slots_are_of_three_sizes_at_first)
{
    fixture_create(&f);
    for (size_t size = 1; size < MEDIUM_MAX; size += 7) {
        unsigned class = sizeclass_for(size, false), roomy = choice(size);
        size_t slot = geometries[roomy].size;
        ENSURE(slot >= size + (size >= PAD_FROM));
        if (class <= CLASS_SMALL_LAST)
            ENSURE(roomy == class);
        else
            ENSURE((slot == KIB(16) || slot == KIB(32) || slot == KIB(64)) &&
                   slot <= 2 * (size + 1));
    }
    ck_assert_uint_eq(choice(MEDIUM_MAX), CLASS_LARGE);
    fixture_destroy(&f);
}
END_TEST

/* What the heap has is three blocks, where each of 26 classes would have one. */
START_TEST(what_grows_through_all_sizes_takes_three_blocks)
{
    void *alive[ALIVE] = {NULL};
    fixture_create(&f);
    for (size_t size = KIB(8), i = 0; size < MEDIUM_MAX - 1; size += STEP, i++) {
        if (alive[i % ALIVE])
            fixture_free(&f, alive[i % ALIVE]);
        alive[i % ALIVE] = allocate(size);
    }
    ck_assert_uint_eq(f.heap.numbers->used_bytes, (size_t)3 * MEDIUM_UNITS * UNIT_BYTES);
    fixture_check(&f);
    for (int i = 0; i < ALIVE; i++)
        fixture_free(&f, alive[i]);
    fixture_destroy(&f);
}
END_TEST

/* A block of roomy slots for each doubling, and no second one for the sake of smaller objects; those that come then
 * get slots of their own size, also where such are free again. */
START_TEST(many_objects_have_their_own_class)
{
    void *alive[MANY];
    fixture_create(&f);
    unsigned own = sizeclass_for(KIB(40), false), roomy = choice(KIB(40));
    uint32_t first = geometries[roomy].count;
    ck_assert_uint_ne(own, roomy);
    for (uint32_t i = 0; i < MANY; i++) {
        unsigned class = choice(KIB(40));
        ck_assert_uint_eq(class, i < first ? roomy : own);
        alive[i] = allocate(KIB(40));
    }
    fixture_free(&f, alive[MANY - 1]);
    ck_assert_uint_eq(choice(KIB(40)), own);
    fixture_free(&f, alive[0]);
    ck_assert_uint_eq(choice(KIB(40)), own);
    ck_assert_uint_eq(choice(KIB(50)), roomy);
    fixture_check(&f);
    for (uint32_t i = 1; i < MANY - 1; i++)
        fixture_free(&f, alive[i]);
    fixture_destroy(&f);
}
END_TEST

TCase *roomy_tests(void)
{
    TCase *t = tcase_create("roomy");
    tcase_add_test(t, slots_are_of_three_sizes_at_first);
    tcase_add_test(t, what_grows_through_all_sizes_takes_three_blocks);
    tcase_add_test(t, many_objects_have_their_own_class);
    return t;
}
