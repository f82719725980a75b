/* Coarse classes: few objects of 256 to 8191 bytes share ten classes of slots, and many have forty. */
#include "heap/coarse.h"

#include "heap/extent.h"
#include "support.h"

enum {
    CLASSES = 40,
    IN_FOURS = 10,
    STEP = 10,    /* bytes */
    SIZE = 600,   /* of many objects: the first class of its doubling */
    MOST = 10000, /* objects */
    LARGE = 300,  /* units of a heap that is not small */
};

static struct fixture f;

static unsigned tight(size_t size)
{
    return sizeclass_for(size, false);
}

static unsigned class_now(size_t size)
{
    return cache_class(f.cache, size);
}

static void allocate(size_t size)
{
    void *object = fixture_alloc(&f, KIND_MANUAL, geometries[class_now(size)].size - 1);
    ENSURE(object != NULL);
}

START_TEST(few_objects_share_ten_classes)
{
    bool seen[CLASS_COUNT] = {false};
    unsigned classes = 0;
    fixture_create(&f);
    for (size_t size = 1; size < PAD_FROM; size++)
        ENSURE(class_now(size) == tight(size));
    for (size_t size = PAD_FROM; size <= SMALL_REQUEST_MAX; size++) {
        size_t slot = geometries[class_now(size)].size;
        ENSURE(slot > size && slot * 3 <= (size_t)geometries[tight(size)].size * 4);
        classes += !seen[class_now(size)];
        seen[class_now(size)] = true;
    }
    ck_assert_uint_eq(classes, IN_FOURS);
    for (size_t size = PAD_FROM; size <= SMALL_REQUEST_MAX;
         size += geometries[tight(size)].size / 16)
        allocate(size);
    ck_assert_uint_le(f.heap.numbers->used_bytes, (size_t)CLASSES / 2 * UNIT_BYTES);
    fixture_check(&f);
    fixture_destroy(&f);
}
END_TEST

/* With `empties` as where a collection empties the cache now and then.  A block for four, and one for two, at most. */
static void allocate_many(bool empties)
{
    size_t shared = 0;
    fixture_create(&f);
    for (int i = 0; i < MOST && class_now(SIZE) != tight(SIZE); i++) {
        allocate(SIZE);
        shared += geometries[class_now(SIZE)].size;
        if (empties && i % STEP == 0)
            cache_empty(f.cache);
    }
    ck_assert_uint_eq(class_now(SIZE), tight(SIZE));
    ck_assert_uint_le(shared, 2 * UNIT_BYTES);
    for (size_t size = PAD_FROM; size <= SMALL_REQUEST_MAX; size++)
        ENSURE(class_now(size) >= tight(size));
    ck_assert_uint_ne(class_now(1200), tight(1200)); /* others are as they were */
    fixture_check(&f);
    fixture_destroy(&f);
}

START_TEST(many_objects_have_their_own)
{
    allocate_many(_i);
}
END_TEST

/* A thread that comes later to a heap that is not small has all classes. */
START_TEST(large_heaps_have_all_classes)
{
    fixture_create(&f);
    ck_assert_uint_ne(extent_take(&f.heap, LARGE, 1, (size_t)LARGE << UNIT_SHIFT), 0);
    struct cache *small = f.cache;
    f.cache = cache_create(&f.heap);
    ck_assert_ptr_nonnull(f.cache);
    for (size_t size = 1; size <= SMALL_REQUEST_MAX; size++)
        ENSURE(class_now(size) == tight(size));
    cache_destroy(f.cache);
    cache_destroy(small);
    cache_release_kept(&f.heap);
    heap_destroy(&f.heap);
}
END_TEST

/* Who takes over a thread's cache knows what that thread had many of. */
START_TEST(what_is_known_is_kept)
{
    fixture_create(&f);
    for (int i = 0; i < MOST && class_now(SIZE) != tight(SIZE); i++)
        allocate(SIZE);
    struct cache *before = f.cache;
    cache_destroy(f.cache);
    f.cache = cache_create(&f.heap);
    ck_assert_ptr_eq(f.cache, before);
    ck_assert_uint_eq(class_now(SIZE), tight(SIZE));
    fixture_destroy(&f);
}
END_TEST

TCase *coarse_tests(void)
{
    TCase *t = tcase_create("coarse");
    tcase_add_test(t, few_objects_share_ten_classes);
    tcase_add_loop_test(t, many_objects_have_their_own, 0, 2);
    tcase_add_test(t, large_heaps_have_all_classes);
    tcase_add_test(t, what_is_known_is_kept);
    return t;
}
