/* New objects are zero where the header says so, whatever was in their memory before. */
#include "api.h"

#include <sys/mman.h>

#include "base/os.h"
#include "heap/heap.h"

enum { OBJECTS = 600 };

static const size_t sizes[] = {0,    1,     16,    24,    100,   256,    1000,   4096,
                               8191, 8192,  8193,  20000, 65535, 65536,  100000, 131072,
                               500,  33000, 12000, 64,    2000,  300000, 1000000};

enum { SIZES = sizeof sizes / sizeof sizes[0] };

/* Fewer of the large ones: about 1 MiB of each size. */
static size_t objects_of(size_t size)
{
    return max_size(min_size(MIB(1) / max_size(size, 1), OBJECTS), 3);
}

/* Allocates, dirties to the last usable byte, and frees or drops. */
static void dirty(size_t size, unsigned flags, bool free_them)
{
    static void *objects[OBJECTS];
    size_t count = objects_of(size);
    for (size_t i = 0; i < count; i++) {
        void *object = gc_alloc_with(size, 0, flags);
        memset(object, 0xEE, gc_usable_size(object));
        objects[i] = object;
    }
    for (size_t i = 0; free_them && i < count; i++)
        gc_free(objects[i]);
    memset(objects, 0, sizeof objects);
}

/* Twice as many as were dirtied, so that the old memory is used again. */
static void expect_zero(size_t size, unsigned flags)
{
    static void *objects[2 * OBJECTS];
    size_t count = 2 * objects_of(size);
    for (size_t i = 0; i < count; i++) {
        void *object = gc_alloc_with(size, 0, flags);
        ENSURE(object);
        if (!is_filled(object, gc_usable_size(object), 0))
            ck_abort_msg("object %zu of %zu bytes, flags %u, is not zero", i, size,
                         flags);
        objects[i] = object;
    }
    for (size_t i = 0; (flags & GC_MANUAL) && i < count; i++)
        gc_free(objects[i]);
    memset(objects, 0, sizeof objects);
}

static void reuse(bool free_them, bool collect)
{
    static const unsigned kinds[] = {0, GC_ATOMIC, GC_MANUAL, GC_MANUAL | GC_ATOMIC};
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        bool manual = kinds[k] & GC_MANUAL;
        for (size_t i = 0; i < SIZES; i++) {
            dirty(sizes[i], kinds[k], free_them || manual);
            if (collect)
                gc_collect();
            expect_zero(sizes[i], kinds[k]);
            gc_collect();
        }
    }
    check_heap_sound();
}

START_TEST(after_free)
{
    reuse(true, false);
}
END_TEST

START_TEST(after_collection)
{
    reuse(false, true);
}
END_TEST

START_TEST(after_free_and_collection)
{
    reuse(true, true);
}
END_TEST

/* The fast paths: gc_alloc and gc_alloc_manual from a magazine, one at a time. */
START_TEST(through_the_magazine)
{
    for (size_t size = 0; size <= 20000; size = size * 5 / 4 + 1) {
        char *object = gc_alloc(size);
        memset(object, 0xEE, gc_usable_size(object));
        gc_free(object);
        object = gc_alloc(size);
        ck_assert(is_filled(object, gc_usable_size(object), 0));
        char *manual = gc_alloc_manual(size);
        memset(manual, 0xEE, gc_usable_size(manual));
        gc_free(manual);
        manual = gc_alloc_manual(size);
        ck_assert(is_filled(manual, gc_usable_size(manual), 0));
        gc_free(manual);
    }
}
END_TEST

/* Memory that held one kind and class comes back as another. */
START_TEST(across_kinds_and_classes)
{
    for (size_t i = 0; i < SIZES; i++) {
        dirty(sizes[i], GC_ATOMIC, true);
        gc_collect();
        expect_zero(sizes[(i + 5) % SIZES], 0);
        dirty(sizes[i], GC_MANUAL, true);
        gc_collect();
        expect_zero(sizes[(i + 3) % SIZES], GC_ATOMIC);
    }
}
END_TEST

/* A collection gives memory back in the middle of dirty extents. */
START_TEST(large_extents_partly_returned)
{
    ck_assert_int_eq(gc_option_set("floor", "1M"), 0);
    for (int round = 0; round < 6; round++) {
        for (size_t size = KIB(70); size < MIB(6); size = size * 3 / 2) {
            char *object = gc_alloc(size);
            ck_assert(is_filled(object, gc_usable_size(object), 0));
            memset(object, 0xEE, gc_usable_size(object));
            gc_free(object);
        }
        if (round % 2)
            gc_collect();
    }
    check_heap_sound();
}
END_TEST

/* GC_NO_ZERO changes nothing but the zeroing. */
START_TEST(no_zero_is_usable)
{
    for (size_t i = 0; i < SIZES; i++)
        for (unsigned flags = GC_NO_ZERO; flags < 8; flags++) {
            void *object = gc_alloc_with(sizes[i], 0, flags);
            ck_assert_uint_ge(gc_usable_size(object), sizes[i]);
            memset(object, 0xEE, sizes[i]);
            gc_free(object);
            expect_zero(sizes[i], flags & ~GC_NO_ZERO & ~GC_MANUAL);
        }
    check_heap_sound();
}
END_TEST

/* ---- Very large objects ---------------------------------------------------------------------- */

enum { HUGE_BYTES = 40 << 20 };

static void *callocated(void)
{
    return gc_calloc(HUGE_BYTES / 8, 8);
}

static void *aligned(void)
{
    return gc_alloc_aligned(1 << 16, HUGE_BYTES);
}

static void *grown(void)
{
    return gc_realloc(gc_alloc(100000), HUGE_BYTES);
}

static void *grown_manual(void)
{
    return gc_realloc(gc_alloc_manual(100), HUGE_BYTES);
}

static void *manual(void)
{
    return gc_alloc_manual(HUGE_BYTES);
}

static void *(*const ways[])(void) = {callocated, aligned, grown, grown_manual, manual};

static size_t object_bytes(const char *object)
{
    static unsigned char there[HUGE_BYTES / 4096];
    size_t page = os_page_bytes(), bytes = 0;
    uintptr_t low = align_up((uintptr_t)object, page);
    ck_assert_int_eq(mincore((void *)low, HUGE_BYTES - page, there), 0);
    for (size_t i = 0; i < (HUGE_BYTES - page) / page; i++)
        bytes += there[i] & 1 ? page : 0;
    return bytes;
}

/* What others wrote is given back rather than filled where the heap is on huge pages. */
START_TEST(very_large)
{
    char *object = gc_alloc_manual(HUGE_BYTES + MIB(1));
    ck_assert_ptr_nonnull(object);
    memset(object, 0xEE, HUGE_BYTES + MIB(1));
    gc_free(object);
    object = ways[_i]();
    ck_assert_ptr_nonnull(object);
    if (process_heap.bytes > process_heap.huge_from)
        ck_assert_uint_le(object_bytes(object), MIB(4));
    ck_assert(is_filled(object, HUGE_BYTES, 0));
    check_heap_sound();
}
END_TEST

Suite *zero_suite(void)
{
    Suite *s = suite_create("zero");
    ADD(s, after_free);
    ADD(s, after_collection);
    ADD(s, after_free_and_collection);
    ADD(s, through_the_magazine);
    ADD(s, across_kinds_and_classes);
    ADD(s, large_extents_partly_returned);
    ADD(s, no_zero_is_usable);
    tcase_add_loop_test(new_case(s, "very_large"), very_large, 0,
                        sizeof ways / sizeof ways[0]);
    return s;
}
