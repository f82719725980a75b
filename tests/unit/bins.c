/* A cache's bins: the runs and magazines that slots come from, in which order they come and go, and that
 * the check finds what is broken in them. */
#include "heap/cache.h"

#include <sys/resource.h>

#include "../api/sanitizer.h"
#include "support.h"

static struct fixture f;

START_TEST(runs)
{
    fixture_create(&f);
    for (unsigned bin = 1; bin < BIN_COUNT; bin++) {
        unsigned class = bin_class(bin);
        if (class == CLASS_NONE || class > CLASS_MEDIUM_LAST)
            continue;
        const struct bin *b = &f.cache->bins[bin];
        ENSURE(cache_refill(f.cache, bin));
        ENSURE(b->size == geometries[class].size);
        ENSURE(b->capacity >= 2 && b->capacity <= 512);
        ENSURE(b->cur < b->end && b->cur == block_states(&f.heap, b->block));
        size_t run = (size_t)(b->run_end - b->cur);
        size_t most =
            max_size(min_size(f.heap.numbers->run_bytes_max, KIB(4)) / b->size, 1);
        ENSURE(run == min_size(most, geometries[class].count));
        while (cache_advance(f.cache, bin))
            ENSURE(b->end <= b->run_end);
        ENSURE(b->end == b->run_end);
    }
    fixture_check(&f);
    fixture_destroy(&f);
}
END_TEST

/* The older half of a full magazine goes, and the newest comes out first. */
START_TEST(spill_keeps_the_newer_half)
{
    fixture_create(&f);
    unsigned bin = sizeclass_for(64, false);
    struct bin *b = &f.cache->bins[bin];
    void *objects[512];
    objects[0] = fixture_alloc(&f, KIND_SCANNED, 64);
    uint32_t capacity = b->capacity;
    ck_assert_uint_le(capacity, 512);
    for (uint32_t i = 1; i < capacity; i++)
        objects[i] = fixture_alloc(&f, KIND_SCANNED, 64);
    void *last = fixture_alloc(&f, KIND_SCANNED, 64);
    for (uint32_t i = 0; i < capacity; i++)
        fixture_free(&f, objects[i]);
    fixture_free(&f, last);
    ck_assert_uint_eq(b->count, capacity / 2 + 1);
    for (uint32_t i = 0; i < capacity; i++) {
        bool kept = i >= (capacity + 1) / 2;
        ck_assert_int_eq(*state_of(&f, objects[i]), kept ? STATE_RESERVED : STATE_FREE);
    }
    fixture_check(&f);
    ck_assert_ptr_eq(fixture_alloc(&f, KIND_SCANNED, 64), last);
    ck_assert_ptr_eq(fixture_alloc(&f, KIND_SCANNED, 64), objects[capacity - 1]);
    fixture_check(&f);
}
END_TEST

/* Scattered slots come from the magazine, the lowest first; what is left of a block that was
 * never used is a run again. */
START_TEST(scattered_slots_are_gathered)
{
    enum { OBJECTS = 512 };
    fixture_create(&f);
    unsigned bin = sizeclass_for(64, false);
    const struct bin *b = &f.cache->bins[bin];
    void *objects[OBJECTS];
    for (uint32_t i = 0; i < OBJECTS; i++)
        objects[i] = fixture_alloc(&f, KIND_SCANNED, 64);
    for (uint32_t i = 0; i < OBJECTS; i++)
        if (i % 5 < 2)
            fixture_free(&f, objects[i]);
    cache_empty(f.cache);
    fixture_check(&f);
    ck_assert_ptr_eq(fixture_alloc(&f, KIND_SCANNED, 64), objects[0]);
    ck_assert_uint_gt(b->count, 1);
    ck_assert_ptr_eq(b->cur, b->run_end);
    fixture_check(&f);
    for (uint32_t i = 1; i < OBJECTS; i++)
        if (i % 5 < 2)
            ENSURE(fixture_alloc(&f, KIND_SCANNED, 64) == objects[i]);
    ck_assert_uint_eq(b->count, 0);
    ENSURE(fixture_alloc(&f, KIND_SCANNED, 64) == (char *)objects[OBJECTS - 1] + 64);
    ck_assert_ptr_ne(b->cur, b->run_end);
    fixture_check(&f);
    fixture_destroy(&f);
}
END_TEST

static long page_faults(void)
{
    struct rusage usage;
    ck_assert_int_eq(getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_minflt;
}

/* The states of a new block cost one page fault, as they are written before they are read;
 * the objects' memory is not touched here.  A few more are for tables. */
START_TEST(states_are_written_first)
{
    enum { BLOCKS = 60, FEW = 20 };
    fixture_create(&f);
    unsigned bin = bin_of(KIND_ATOMIC, sizeclass_for(8000, false));
    long before = page_faults();
    struct bin *b = &f.cache->bins[bin];
    for (int i = 0; i < BLOCKS; i++) {
        ENSURE(cache_refill(f.cache, bin));
        ck_assert_ptr_ne(b->cur, b->run_end);
        b->cur = b->end = b->run_end; /* lost */
    }
    long faults = page_faults() - before;
    ck_assert_msg(HAS_SHADOW || faults <= BLOCKS + FEW, "%ld page faults", faults);
    heap_destroy(&f.heap);
}
END_TEST

static void check_broken(void *argument)
{
    uint8_t *object = fixture_alloc(&f, KIND_SCANNED, 100);
    fixture_free(&f, fixture_alloc(&f, KIND_SCANNED, 100));
    struct bin *b = &f.cache->bins[sizeclass_for(100, false)];
    switch (*(int *)argument) {
    case 0:
        *b->cur = STATE_NEW;
        break;
    case 1:
        *b->magazine[0].state = STATE_NEW;
        break;
    case 2:
        *state_of(&f, object) = STATE_RESERVED; /* in no run or magazine */
        break;
    case 3:
        b->origin += 16;
        break;
    case 4:
        b->magazine[0].object = object;
        break;
    case 5:
        block_at(&f.heap, b->block)->taken = false;
        break;
    case 6:
        b->end = b->run_end + 1;
        break;
    }
    fixture_check(&f);
}

START_TEST(check_finds_what_is_broken)
{
    fixture_create(&f);
    expect_abort(check_broken, &_i, "broken invariant");
}
END_TEST

TCase *bins_tests(void)
{
    TCase *t = tcase_create("bins");
    tcase_add_test(t, runs);
    tcase_add_test(t, spill_keeps_the_newer_half);
    tcase_add_test(t, scattered_slots_are_gathered);
    tcase_add_test(t, states_are_written_first);
    tcase_add_loop_test(t, check_finds_what_is_broken, 0, 7);
    return t;
}
