/* gc_alloc and its kin: sizes, addresses, kinds, what cannot be had. */
#include "api.h"

#include <gcalloc/inline.h>

/* The five plain ways to allocate, and which of them give zeroed memory. */
static const struct way {
    void *(*allocate)(size_t size);
    bool zeroed;
} ways[] = {
    {gc_alloc, true},
    {gc_alloc_atomic, false},
    {gc_alloc_manual, true},
    {gc_alloc_manual_atomic, false},
};

enum { WAYS = sizeof ways / sizeof ways[0] };

static void check_new(const void *object, size_t size, bool zeroed)
{
    ENSURE(object);
    ENSURE((uintptr_t)object % 16 == 0);
    ENSURE(gc_usable_size(object) >= size);
    ENSURE(gc_base(object) == object);
    if (zeroed && !is_filled(object, size, 0))
        ck_abort_msg("%zu bytes, not all zero", size);
}

START_TEST(every_size)
{
    for (size_t size = 0; size <= 70000; size += size < 9000 ? 1 : 13) {
        for (size_t i = 0; i < WAYS; i++) {
            char *object = ways[i].allocate(size);
            check_new(object, size, ways[i].zeroed);
            memset(object, 0xA5, gc_usable_size(object));
            gc_free(object);
        }
    }
    check_heap_sound();
}
END_TEST

/* Objects of all sizes at once do not touch each other. */
START_TEST(boundary_sizes)
{
    const size_t *sizes;
    size_t count = interesting_sizes(&sizes);
    for (size_t i = 0; i < WAYS; i++) {
        void *objects[1024];
        for (size_t k = 0; k < count; k++) {
            objects[k] = ways[i].allocate(sizes[k]);
            check_new(objects[k], sizes[k], ways[i].zeroed);
            write_pattern(objects[k], gc_usable_size(objects[k]), (unsigned)k);
        }
        for (size_t k = 0; k < count; k++)
            ck_assert(has_pattern(objects[k], gc_usable_size(objects[k]), (unsigned)k));
        check_heap_sound();
        for (size_t k = 0; k < count; k++)
            gc_free(objects[k]);
    }
    check_heap_sound();
}
END_TEST

START_TEST(size_zero_gives_unique_pointers)
{
    enum { COUNT = 10000 };
    static char *objects[COUNT * WAYS];
    size_t count = 0;
    for (size_t i = 0; i < WAYS; i++)
        for (int k = 0; k < COUNT; k++)
            objects[count++] = ways[i].allocate(0);
    for (size_t k = 0; k < count; k++) {
        check_new(objects[k], 0, false);
        *objects[k] = 1; /* in a slot of its own: no other pointer sees it */
    }
    for (size_t k = 0; k < count; k++)
        ck_assert_int_eq((*objects[k])++, 1);
    ck_assert_ptr_nonnull(gc_calloc(0, 8));
    ck_assert_ptr_nonnull(gc_calloc(8, 0));
    ck_assert_ptr_nonnull(gc_calloc(0, 0));
    ck_assert_ptr_nonnull(gc_alloc_aligned(64, 0));
    ck_assert_ptr_nonnull(gc_alloc_with(0, 0, 0));
}
END_TEST

static void expect_no_memory(const void *object)
{
    ck_assert_ptr_null(object);
    ck_assert_int_eq(errno, ENOMEM);
    errno = 0;
}

START_TEST(huge_sizes_fail)
{
    static const size_t huge[] = {SIZE_MAX,          SIZE_MAX - 1,       SIZE_MAX - 15,
                                  SIZE_MAX - 16,     SIZE_MAX - 65535,   SIZE_MAX - 65536,
                                  PTRDIFF_MAX,       SIZE_MAX / 2 + 1,   PTRDIFF_MAX - 15,
                                  (size_t)1 << 62,   (size_t)1 << 48,    (size_t)1 << 47,
                                  SIZE_MAX - 131072, (size_t)1 << 40 | 1};
    char *witness = gc_alloc(100);
    errno = 0;
    for (size_t i = 0; i < sizeof huge / sizeof huge[0]; i++) {
        size_t size = opaque(huge[i]);
        for (size_t k = 0; k < WAYS; k++)
            expect_no_memory(ways[k].allocate(size));
        expect_no_memory(gc_alloc_aligned(16, size));
        expect_no_memory(gc_alloc_aligned(65536, size));
        expect_no_memory(gc_alloc_aligned(GIB(1), size));
        expect_no_memory(gc_alloc_with(size, 0, GC_ATOMIC | GC_NO_ZERO));
        expect_no_memory(gc_calloc(1, size));
        expect_no_memory(gc_calloc(size, 1));
        expect_no_memory(gc_realloc(NULL, size));
        expect_no_memory(gc_realloc(witness, size));
        ck_assert(is_filled(witness, 100, 0));
    }
    check_heap_sound();
    check_new(gc_alloc(100), 100, true);
}
END_TEST

START_TEST(calloc_overflow)
{
    const size_t half = opaque((size_t)1 << 32);
    expect_no_memory(gc_calloc(half, half));
    expect_no_memory(gc_calloc(half + 1, half));
    expect_no_memory(gc_calloc(opaque(SIZE_MAX), 2));
    expect_no_memory(gc_calloc(2, opaque(SIZE_MAX)));
    expect_no_memory(gc_calloc(opaque(SIZE_MAX / 3 + 1), 3));
    expect_no_memory(gc_calloc(opaque(SIZE_MAX), opaque(SIZE_MAX)));
    check_new(gc_calloc(1000, 7), 7000, true);
    check_new(gc_calloc(7, 1000), 7000, true);
    check_new(gc_calloc(1, 1), 1, true);
    check_new(gc_calloc(MIB(1), 3), MIB(3), true);
}
END_TEST

/* Sizes that are fine, but larger than any machine's memory is likely to be free: only
 * the pages that are touched take memory. */
START_TEST(large_untouched)
{
    for (size_t size = GIB(1); size <= GIB(16); size *= 4) {
        char *object = gc_alloc_atomic(size);
        check_new(object, size, false);
        object[0] = object[size - 1] = 1;
        ck_assert_ptr_eq(gc_base(object + size - 1), object);
        gc_free(object);
    }
    check_heap_sound();
}
END_TEST

START_TEST(errno_is_left_alone)
{
    errno = 4711;
    gc_init();
    for (size_t size = 0; size < MIB(2); size = size * 2 + 1) {
        void *object = gc_alloc(size);
        ck_assert_ptr_nonnull(object);
        object = gc_realloc(object, size * 2);
        ck_assert_ptr_nonnull(object);
        gc_free(object);
        ck_assert_ptr_nonnull(gc_calloc(size, 1));
        ck_assert_ptr_nonnull(gc_alloc_aligned(4096, size));
        ck_assert_ptr_nonnull(gc_alloc_with(size, 0, GC_MANUAL));
    }
    ck_assert_ptr_nonnull(gc_strdup("text"));
    gc_collect();
    stats_now();
    ck_assert_int_eq(errno, 4711);
}
END_TEST

/* Also where the first attempt failed and a collection made room. */
START_TEST(errno_is_left_alone_after_a_collection)
{
    ck_assert_int_eq(gc_option_set("heap_limit", "32M"), 0);
    ck_assert_int_eq(gc_option_set("floor", "1G"), 0);
    errno = 4711;
    for (int i = 0; i < 200; i++) {
        ck_assert_ptr_nonnull(gc_alloc(MIB(1)));
        ck_assert_int_eq(errno, 4711);
    }
    ck_assert_uint_gt(stats_now().collections, 0);
}
END_TEST

START_TEST(bad_flags)
{
    static const unsigned unknown[] = {8, 16, 0x80000000u, ~0u, 8 | GC_ATOMIC};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        errno = 0;
        ck_assert_ptr_null(gc_alloc_with(100, 0, unknown[i]));
        ck_assert_int_eq(errno, EINVAL);
    }
    for (unsigned flags = 0; flags < 8; flags++)
        check_new(gc_alloc_with(100, 0, flags), 100, !(flags & GC_NO_ZERO));
}
END_TEST

/* Several of each size: the first may have come from the function. */
#define CHECK_INLINE(size)                                                   \
    do {                                                                     \
        for (int i = 0; i < 100; i++) {                                      \
            check_new(gc_alloc_inline(size), size, true);                    \
            check_new(gc_alloc_atomic_inline(size), size, false);            \
            gc_free(gc_alloc_inline(size)); /* the next one is used again */ \
            check_new(gc_alloc_inline(size), size, true);                    \
        }                                                                    \
    } while (0)

static void check_inline(void)
{
    CHECK_INLINE(0);
    CHECK_INLINE(1);
    CHECK_INLINE(16);
    CHECK_INLINE(17);
    CHECK_INLINE(100);
    CHECK_INLINE(240);
    CHECK_INLINE(241);
    CHECK_INLINE(255);
    CHECK_INLINE(256);
    CHECK_INLINE(100000);
    CHECK_INLINE((size_t)stats_now().collections);
}

START_TEST(inlined)
{
    check_inline();
}
END_TEST

/* Other classes than the inlined code knows: a pointer to the end must lie inside. */
START_TEST(inlined_with_end_pointers)
{
    ck_assert_int_eq(gc_option_set("end_pointers", "1"), 0);
    check_inline();
    for (int i = 0; i < 100; i++)
        ck_assert_uint_gt(gc_usable_size(gc_alloc_inline(64)), 64);
}
END_TEST

/* None is made without the call stack being recorded. */
START_TEST(inlined_with_stacks)
{
    ck_assert_int_eq(gc_option_set("stacks", "1"), 0);
    check_inline();
    ck_assert_uint_eq(gc_inline_thread.bins->count, 0);
    for (int bin = 0; bin < 32; bin++)
        ck_assert_ptr_eq(gc_inline_thread.bins[bin].next, gc_inline_thread.bins[bin].end);
}
END_TEST

Suite *allocate_suite(void)
{
    Suite *s = suite_create("allocate");
    ADD(s, every_size);
    ADD(s, boundary_sizes);
    ADD(s, size_zero_gives_unique_pointers);
    ADD(s, huge_sizes_fail);
    ADD(s, calloc_overflow);
    ADD(s, large_untouched);
    ADD(s, errno_is_left_alone);
    ADD(s, errno_is_left_alone_after_a_collection);
    ADD(s, bad_flags);
    ADD(s, inlined);
    ADD(s, inlined_with_end_pointers);
    ADD(s, inlined_with_stacks);
    return s;
}
