/* Wide objects: what they cost at every size, and their life in a heap on huge pages. */
#include "heap/wide.h"

#include "heap/extent.h"
#include "heap/holes.h"
#include "heap/sweep.h"
#include "support.h"

enum { LIVE_MOST = 120, SIZES_FROM = 32 << 10, SIZES_TO = 4 << 20 };

static struct fixture f;
static struct heap *const h = &f.heap;

static void create(bool huge_pages)
{
    fixture_create(&f);
    h->huge_from = huge_pages ? 1 : SIZE_MAX;
    uint32_t unit = extent_take(h, 1, 1, UNIT_BYTES);
    extent_give(h, unit, 1, 0, UNIT_BYTES);
    ck_assert_uint_gt(h->bytes, 1);
}

/* What an object takes of its block, or of whole units, as they are on huge pages. */
static size_t share(size_t size)
{
    unsigned class = sizeclass_for(size, false);
    if (class == CLASS_LARGE)
        class = sizeclass_wide(size, GRANULE);
    if (class == CLASS_NONE)
        return align_down(align_up(size, OS_PAGE), UNIT_BYTES) + UNIT_BYTES;
    size_t block = (size_t)sizeclass_units(class) << UNIT_SHIFT;
    return (block + geometries[class].count - 1) / geometries[class].count;
}

START_TEST(every_size_costs_a_tenth_more_at_most)
{
    fixture_create(&f);
    for (size_t size = SIZES_FROM; size <= SIZES_TO; size++)
        if (share(size) * 10 > size * 11 + 10)
            ck_abort_msg("%zu bytes cost %zu", size, share(size));
    fixture_destroy(&f);
}
END_TEST

/* Only blocks of several slots that are exact, and no larger than the rest expects. */
START_TEST(classes_are_sound)
{
    fixture_create(&f);
    for (unsigned c = CLASS_MEDIUM_LAST + 1; c <= CLASS_WIDE_LAST; c++) {
        const struct geometry g = geometries[c];
        size_t block = (size_t)sizeclass_units(c) << UNIT_SHIFT;
        ENSURE(g.size > geometries[c - 1].size && g.size % 2048 == 0);
        ENSURE(g.count >= 2 && sizeclass_units(c) <= BLOCK_UNITS_MOST);
        ENSURE(g.count == block / g.size);
        for (uint64_t at = 0; at < block; at++)
            ENSURE(at * g.reciprocal >> GEOMETRY_SHIFT == at / g.size);
    }
    ck_assert_uint_eq(geometries[CLASS_WIDE_LAST].size, WIDE_MAX);
    fixture_destroy(&f);
}
END_TEST

START_TEST(aligned_requests)
{
    fixture_create(&f);
    for (size_t alignment = GRANULE; alignment <= MIB(1); alignment *= 2)
        for (size_t size = 0; size <= MIB(1); size += 509) {
            unsigned class = sizeclass_wide(size, alignment);
            ENSURE(class == CLASS_NONE ||
                   (class > CLASS_MEDIUM_LAST && class <= CLASS_WIDE_LAST));
            ENSURE(class == CLASS_NONE || geometries[class].size > size);
            ENSURE(class == CLASS_NONE || geometries[class].size % alignment == 0);
        }
    ck_assert_uint_ne(sizeclass_wide(70000, 4096), CLASS_NONE);
    ck_assert_uint_eq(sizeclass_wide(SIZE_MAX, GRANULE), CLASS_NONE);
    ck_assert_uint_eq(sizeclass_wide(1000, GRANULE), CLASS_NONE);
    fixture_destroy(&f);
}
END_TEST

/* By the heap's own count, and by the units that are not free: at most a tenth more than what
 * was asked for, and a block that is begun. */
START_TEST(heap_holds_a_tenth_more_at_most)
{
    enum { TOTAL = 48 << 20, BEGUN = 10 * UNIT_BYTES + BLOCK_UNITS_MOST * UNIT_BYTES };
    for (size_t size = SIZES_FROM; size <= SIZES_TO; size += size / 19) {
        create(true);
        size_t objects = TOTAL / size, most = objects * size / 10 * 11 + BEGUN;
        for (size_t i = 0; i < objects; i++)
            ENSURE(fixture_alloc(&f, KIND_ATOMIC, size) != NULL);
        uint32_t free_units = extent_check(h);
        size_t taken = (size_t)(unit_end(h) - 1 - free_units) << UNIT_SHIFT;
        if (extent_bytes(h).used > most || taken > most)
            ck_abort_msg("%zu bytes: %zu objects hold %zu, in units %zu", size, objects,
                         extent_bytes(h).used, taken);
        heap_destroy(h);
    }
}
END_TEST

/* Where there are no huge pages, an extent costs its pages only; and an object or two do not
 * cost a block of many. */
START_TEST(few_have_extents)
{
    enum { FEW = 4 };
    for (int huge = 0; huge < 2; huge++) {
        create(huge);
        for (int i = 0; i < FEW; i++) {
            void *object = fixture_alloc(&f, KIND_SCANNED, 70000);
            ENSURE(word_class(object_of(&f, object).word) == CLASS_LARGE);
            fixture_free(&f, object);
        }
        for (int i = 0; i < 3 * FEW; i++)
            ENSURE(fixture_alloc(&f, KIND_SCANNED, 70000) != NULL);
        void *object = fixture_alloc(&f, KIND_SCANNED, 70000);
        ENSURE((word_class(object_of(&f, object).word) == CLASS_LARGE) == !huge);
        heap_destroy(h);
    }
}
END_TEST

/* ---- Life ------------------------------------------------------------------------------ */

static struct {
    uint8_t *object;
    size_t size;
    uint8_t fill;
} live[LIVE_MOST];
static uint32_t count;

static void allocate(void)
{
    enum kind kind = (enum kind)roll(KIND_COUNT);
    size_t size = 60000 + roll(roll(4) ? 100000 : 640000);
    uint8_t *object = fixture_alloc(&f, kind, size);
    ENSURE(object != NULL);
    struct cell o = object_of(&f, object);
    ENSURE(o.address == (uintptr_t)object && o.size > size && word_kind(o.word) == kind);
    ENSURE(object_of(&f, object + size).state == o.state);
    if (!(kind & KIND_ATOMIC))
        ENSURE(all_bytes_are(object, size, 0));
    live[count].object = object;
    live[count].size = size;
    live[count].fill = (uint8_t)(1 + roll(255));
    memset(object, live[count].fill, size);
    count++;
}

static void forget(uint32_t i)
{
    ENSURE(all_bytes_are(live[i].object, live[i].size, live[i].fill));
    live[i] = live[--count];
}

static void release(uint32_t i)
{
    uint8_t *object = live[i].object;
    forget(i);
    fixture_free(&f, object);
}

/* Those that stay have been found, and nothing else is left. */
static void collect(void)
{
    for (uint32_t i = count; i-- > 0;)
        if (roll(3) == 0)
            forget(i);
    h->numbers->mark = h->numbers->mark == STATE_MARK_A ? STATE_MARK_B : STATE_MARK_A;
    for (uint32_t i = 0; i < count; i++)
        *state_of(&f, live[i].object) = h->numbers->mark;
    sweep(h, true);
    ENSURE(h->numbers->live_objects == count);
}

START_TEST(random_lives)
{
    create(true);
    for (int i = 0; i < 6000; i++) {
        uint32_t allocating = i / 500 % 2 ? 6 : 10;
        if (count < LIVE_MOST && (count == 0 || roll(16) < allocating))
            allocate();
        else
            release(roll(count));
        if (roll(200) == 0)
            collect();
        if (roll(200) == 0)
            holes_make(h, 0);
        if (i % 50 == 0)
            fixture_check(&f);
    }
    while (count)
        release(0);
    cache_empty(f.cache);
    fixture_check(&f);
    ck_assert_uint_eq(h->numbers->used_bytes, 0);
    fixture_destroy(&f);
}
END_TEST

/* A block for which there is no room is not needed. */
START_TEST(within_the_limit)
{
    create(true);
    h->numbers->limit = MIB(2);
    uint32_t objects = 0;
    while (fixture_alloc(&f, KIND_ATOMIC, 70000))
        objects++;
    fixture_check(&f);
    ck_assert_uint_ge(objects, 20);
    ck_assert_uint_le(extent_bytes(h).held, h->numbers->limit);
    heap_destroy(h);
}
END_TEST

TCase *wide_tests(void)
{
    TCase *t = tcase_create("wide");
    tcase_add_test(t, every_size_costs_a_tenth_more_at_most);
    tcase_add_test(t, classes_are_sound);
    tcase_add_test(t, aligned_requests);
    tcase_add_test(t, heap_holds_a_tenth_more_at_most);
    tcase_add_test(t, few_have_extents);
    tcase_add_test(t, random_lives);
    tcase_add_test(t, within_the_limit);
    return t;
}
