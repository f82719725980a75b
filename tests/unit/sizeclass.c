/* Size classes against a linear search of the slot sizes. */
#include "heap/sizeclass.h"

#include "support.h"

static size_t block_bytes(unsigned class)
{
    return (size_t)sizeclass_units(class) << UNIT_SHIFT;
}

START_TEST(slots_are_as_documented)
{
    for (unsigned c = 1; c <= CLASS_WIDE_LAST; c++) {
        const struct geometry *g = &geometries[c];
        unsigned doubling = c <= 8 ? 0 : (c - 1) / 8;
        uint32_t step = c <= 8 ? 16 : UINT32_C(8) << doubling;
        ENSURE(c > CLASS_EVEN_LAST ? g->size > geometries[c - 1].size
                                   : g->size == geometries[c - 1].size + step);
        ENSURE(g->size % GRANULE == 0);
        ENSURE(g->count == block_bytes(c) / g->size);
        unsigned shift = sizeclass_state_shift(c);
        size_t last = (block_bytes(c) - 1) * g->reciprocal >> GEOMETRY_SHIFT;
        ENSURE(last < (size_t)1 << shift);
        ENSURE(shift >= STATE_SHIFT_LEAST && shift <= STATE_SHIFT_MOST);
        ENSURE(shift == STATE_SHIFT_LEAST || g->count > (size_t)1 << (shift - 1));
    }
    ck_assert_uint_eq(geometries[CLASS_SMALL_LAST].size, SMALL_MAX);
    ck_assert_uint_eq(geometries[CLASS_EVEN_LAST].size, EVEN_MAX);
    ck_assert_uint_eq(geometries[CLASS_MEDIUM_LAST].size, MEDIUM_MAX);
    ck_assert_uint_eq(geometries[CLASS_LARGE].count, 1);
    ck_assert_uint_eq(geometries[CLASS_LARGE].size, UINT32_MAX);
    ck_assert_uint_eq(geometries[CLASS_NONE].count, 0);
}
END_TEST

START_TEST(reciprocal_is_exact)
{
    for (unsigned c = 1; c <= CLASS_MEDIUM_LAST; c++) {
        const struct geometry g = geometries[c];
        for (uint64_t start = 0, slot = 0; start < block_bytes(c);
             start += g.size, slot++)
            for (uint64_t at = start; at < start + g.size && at < block_bytes(c); at++)
                ENSURE(at * g.reciprocal >> GEOMETRY_SHIFT == slot);
    }
}
END_TEST

/* Bytes that a slot must have for a request: from PAD_FROM on one more, with end pointers
 * always, then rounded to granules first. */
static size_t needed(size_t size, bool end_pointers)
{
    if (size >= PAD_FROM)
        return size + 1;
    if (end_pointers)
        return align_up(size, GRANULE) + 1;
    return max_size(size, 1);
}

static unsigned first_class(size_t bytes, size_t alignment)
{
    unsigned c = 1;
    while (c <= CLASS_MEDIUM_LAST &&
           (geometries[c].size < bytes || geometries[c].size % alignment != 0))
        c++;
    return c <= CLASS_MEDIUM_LAST ? c : CLASS_LARGE;
}

START_TEST(every_request_gets_the_tightest_class)
{
    static struct heap h;
    bool end_pointers = _i;
    ck_assert(make_heap(&h, MIB(64), end_pointers));
    struct cache *c = cache_create(&h);
    ck_assert_ptr_nonnull(c);
    for (size_t size = 0; size <= 70000; size++) {
        unsigned class = sizeclass_for(size, end_pointers);
        ENSURE(class == first_class(needed(size, end_pointers), 1));
        if (size <= SMALL_REQUEST_MAX)
            ENSURE(cache_typed_class(c, size) == class && class <= CLASS_SMALL_LAST);
    }
    ck_assert_uint_eq(sizeclass_for(SIZE_MAX, false), CLASS_LARGE);
    cache_destroy(c);
    heap_destroy(&h);
}
END_TEST

/* Block tails included: of the memory of a block full of requests of this size. */
START_TEST(waste_is_bounded)
{
    for (size_t size = 81; size < MEDIUM_MAX; size++) {
        unsigned class = sizeclass_for(size, false);
        size_t used = size * geometries[class].count;
        ck_assert_msg(used * 100 >= block_bytes(class) * 84,
                      "%zu bytes waste %.2f %% of class %u", size,
                      100 - 100 * (double)used / (double)block_bytes(class), class);
    }
}
END_TEST

/* A padded slot is worth it up to an eighth more than the tightest; else the request may
 * fill that one, unless every object is to have a byte to spare. */
static void check_aligned(size_t size, size_t alignment, bool end_pointers)
{
    bool filled;
    unsigned class = sizeclass_for_aligned(size, alignment, end_pointers, &filled);
    unsigned tight = first_class(max_size(size, 1), alignment);
    unsigned padded = first_class(needed(size, end_pointers), alignment);
    size_t slot = geometries[tight].size;
    bool cheap =
        end_pointers || padded == tight ||
        (padded <= CLASS_MEDIUM_LAST && geometries[padded].size - slot <= slot / 8);
    ENSURE(class == (cheap ? padded : tight) && filled == !cheap);
}

START_TEST(aligned_classes)
{
    bool end_pointers = _i;
    for (size_t alignment = 32; alignment <= UNIT_BYTES; alignment *= 2) {
        for (size_t size = 0; size <= 2048; size++)
            check_aligned(size, alignment, end_pointers);
        for (unsigned c = 1; c <= CLASS_MEDIUM_LAST; c++)
            for (size_t more = 0; more < 3; more++)
                check_aligned(geometries[c].size + more - 1, alignment, end_pointers);
    }
}
END_TEST

START_TEST(too_big_or_too_aligned_is_large)
{
    bool filled = true;
    ck_assert_uint_eq(sizeclass_for_aligned(1, 2 * UNIT_BYTES, false, &filled),
                      CLASS_LARGE);
    ck_assert(!filled);
    filled = true;
    ck_assert_uint_eq(sizeclass_for_aligned(MEDIUM_MAX + 1, 32, false, &filled),
                      CLASS_LARGE);
    ck_assert(!filled);
    ck_assert_uint_eq(sizeclass_for_aligned(SIZE_MAX, 32, false, &filled), CLASS_LARGE);
    ck_assert(!filled);
}
END_TEST

TCase *sizeclass_tests(void)
{
    TCase *t = tcase_create("sizeclass");
    tcase_add_test(t, slots_are_as_documented);
    tcase_add_test(t, reciprocal_is_exact);
    tcase_add_loop_test(t, every_request_gets_the_tightest_class, 0, 2);
    tcase_add_test(t, waste_is_bounded);
    tcase_add_loop_test(t, aligned_classes, 0, 2);
    tcase_add_test(t, too_big_or_too_aligned_is_large);
    return t;
}
