/* Alignment: gc_alloc_aligned and gc_alloc_with. */
#include "api.h"

static void check_aligned(const void *object, size_t alignment, size_t size)
{
    ck_assert_ptr_nonnull(object);
    ck_assert_msg((uintptr_t)object % alignment == 0,
                  "%zu bytes at %p, not aligned to %zu", size, object, alignment);
    ck_assert_uint_ge(gc_usable_size(object), size);
    ck_assert_ptr_eq(gc_base(object), object);
}

START_TEST(bad_alignments)
{
    static const size_t bad[] = {3,
                                 5,
                                 6,
                                 7,
                                 12,
                                 17,
                                 24,
                                 100,
                                 65535,
                                 65537,
                                 GIB(1) + 1,
                                 GIB(2),
                                 48,
                                 96,
                                 GIB(1024),
                                 SIZE_MAX,
                                 SIZE_MAX / 2 + 1};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        size_t alignment = opaque(bad[i]);
        errno = 0;
        ck_assert_ptr_null(gc_alloc_aligned(alignment, 100));
        ck_assert_int_eq(errno, EINVAL);
        errno = 0;
        ck_assert_ptr_null(gc_alloc_with(100, alignment, GC_ATOMIC));
        ck_assert_int_eq(errno, EINVAL);
    }
    errno = 0;
    ck_assert_ptr_null(gc_alloc_aligned(opaque(0), 100));
    ck_assert_int_eq(errno, EINVAL);
    check_aligned(gc_alloc_with(100, 0, 0), 16, 100);
}
END_TEST

static void allocate_aligned(size_t alignment, size_t size)
{
    char *object = gc_alloc_aligned(alignment, size);
    check_aligned(object, max_size(alignment, 16), size);
    ck_assert(is_filled(object, size, 0));
    memset(object, 0x5A, size);
    gc_free(object);
}

/* Every alignment with sizes around its own and around every other boundary. */
START_TEST(every_alignment)
{
    const size_t *sizes;
    size_t count = interesting_sizes(&sizes);
    for (size_t alignment = 1; alignment <= KIB(64); alignment *= 2) {
        for (size_t k = 0; k < count; k += alignment < 256 ? 1 : 3)
            allocate_aligned(alignment, sizes[k]);
    }
    check_heap_sound();
}
END_TEST

START_TEST(alignments_above_a_unit)
{
    static const size_t sizes[] = {0, 1, 100, 4096, 65535, 65536, 70000, 1000000};
    for (size_t alignment = KIB(128); alignment <= GIB(1); alignment *= 2) {
        for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++)
            allocate_aligned(alignment, sizes[k]);
    }
    check_heap_sound();
}
END_TEST

/* Where pages are huge, objects of such sizes share blocks, which begin at any unit. */
START_TEST(alignments_above_a_unit_in_shared_blocks)
{
    enum { EACH = 20 };
    static void *objects[EACH];
    ck_assert_int_eq(gc_option_set("huge_pages", "1M"), 0);
    ck_assert_ptr_nonnull(objects[0] = gc_alloc(MIB(8)));
    for (size_t alignment = KIB(32); alignment <= KIB(512); alignment *= 2)
        for (size_t size = KIB(64) - 100; size < KIB(700); size += KIB(16)) {
            for (int i = 0; i < EACH; i++) {
                objects[i] = gc_alloc_with(size, alignment, i % 2 ? GC_ATOMIC : 0);
                check_aligned(objects[i], alignment, size);
            }
            for (int i = 0; i < EACH; i++)
                gc_free(objects[i]);
        }
    check_heap_sound();
}
END_TEST

/* Aligned objects of all kinds among plain ones: nobody's contents change. */
START_TEST(neighbours_untouched)
{
    enum { COUNT = 3000 };
    static void *objects[COUNT];
    static size_t sizes[COUNT];
    for (unsigned i = 0; i < COUNT; i++) {
        size_t alignment = (size_t)1 << i % 15;
        sizes[i] = (i * 7919u) % (i % 10 == 0 ? 40000 : 3000);
        objects[i] = gc_alloc_with(sizes[i], alignment, i % 8);
        check_aligned(objects[i], max_size(alignment, 16), sizes[i]);
        sizes[i] = gc_usable_size(objects[i]);
        write_pattern(objects[i], sizes[i], i);
        if (i % 3 == 2)
            gc_free(objects[i - 1]);
    }
    gc_collect();
    for (unsigned i = 0; i < COUNT; i++)
        if (i % 3 != 1)
            ck_assert(has_pattern(objects[i], sizes[i], i));
    check_heap_sound();
}
END_TEST

/* An object that was aligned may be resized as any other. */
START_TEST(aligned_can_be_resized)
{
    for (size_t alignment = 32; alignment <= KIB(64); alignment *= 2) {
        char *object = gc_alloc_aligned(alignment, alignment);
        write_pattern(object, alignment, 5);
        object = gc_realloc(object, 3 * alignment);
        check_aligned(object, 16, 3 * alignment);
        ck_assert(has_pattern(object, alignment, 5));
        ck_assert(is_filled(object + alignment, 2 * alignment, 0));
    }
}
END_TEST

Suite *aligned_suite(void)
{
    Suite *s = suite_create("aligned");
    ADD(s, bad_alignments);
    ADD(s, every_alignment);
    ADD(s, alignments_above_a_unit);
    ADD(s, alignments_above_a_unit_in_shared_blocks);
    ADD(s, neighbours_untouched);
    ADD(s, aligned_can_be_resized);
    return s;
}
