/* What caches take ahead and keep: the units of their unit runs, their runs, and the caches
 * themselves once their threads have ended.  Not what they hand out, which is cache.c's.
 * Whoever needs little takes little, and what is taken is counted. */
#include "heap/cache.h"

#include <stdio.h>

#include "../api/sanitizer.h"
#include "base/os.h"
#include "heap/extent.h"
#include "../check/resident.h"
#include "support.h"

enum { RESERVE = 32 << 20 };

static struct heap h;
static struct fixture f;

static void start(void)
{
    struct heap_config config = {.space = tested_space(),
                                 .reserve = RESERVE,
                                 .huge_from = 1};
    ck_assert(heap_create(&h, &config));
}

/* As a block's head. */
static uint32_t take_from(struct unit_run *r)
{
    uint32_t unit = extent_take_from(&h, r);
    if (unit)
        h.words[unit] |= 1 << UNIT_BIN_SHIFT;
    return unit;
}

static size_t units_in(const struct unit_run *r)
{
    return r->end - r->next;
}

/* Unit runs begin with one unit and double, up to a huge page that nobody else has; a dirty unit
 * is taken alone. */
START_TEST(huge_page_unit_runs)
{
    enum { HUGE_UNITS = OS_HUGE_PAGE >> UNIT_SHIFT, TAKEN = 200 };
    struct unit_run runs[2] = {{0}, {0}};
    uintptr_t pages[2] = {0, 0};
    size_t had[2] = {0, 0};
    start();
    for (int i = 0; i < TAKEN; i++)
        for (int k = 0; k < 2; k++) {
            struct unit_run *r = &runs[k];
            bool fresh = r->next == r->end;
            uint32_t unit = take_from(r);
            uintptr_t page = unit_address(&h, unit) / OS_HUGE_PAGE;
            ck_assert(unit && (fresh || page == pages[k]));
            ck_assert(had[k] + had[!k] < 2 * HUGE_UNITS || page != pages[!k]);
            pages[k] = page;
            had[k]++;
            ck_assert_uint_lt(units_in(r), had[k] + 1); /* never more than it had */
            ck_assert_uint_eq(h.numbers->unit_run_bytes,
                              (units_in(r) + units_in(&runs[!k])) << UNIT_SHIFT);
        }
    ck_assert_uint_eq(runs[0].start, HUGE_UNITS);
    ck_assert_uint_eq(h.numbers->used_bytes, 2 * TAKEN * UNIT_BYTES);
    for (int k = 0; k < 2; k++)
        extent_give_unit_run(&h, &runs[k]);
    ck_assert_uint_eq(runs[0].next, runs[0].end);
    ck_assert_uint_eq(h.numbers->unit_run_bytes, 0);
    extent_check(&h);
    uint32_t unit = extent_take(&h, 1, 1, UNIT_BYTES);
    extent_give(&h, unit, 1, 1, UNIT_BYTES);
    ck_assert_uint_eq(extent_take_from(&h, &runs[0]), unit);
    ck_assert_uint_eq(runs[0].next, runs[0].end);
    heap_destroy(&h);
}
END_TEST

/* What many unit runs hold counts, and they leave most of the limit to others. */
START_TEST(unit_runs_within_the_limit)
{
    enum { UNIT_RUNS = 16, EACH = 10 };
    struct unit_run runs[UNIT_RUNS] = {{0}};
    start();
    size_t least = UNIT_RUNS * EACH * UNIT_BYTES;
    h.numbers->limit = 2 * least;
    for (int i = 0; i < EACH; i++)
        for (int k = 0; k < UNIT_RUNS; k++) {
            ck_assert_uint_ne(take_from(&runs[k]), 0);
            ck_assert_uint_le(h.numbers->used_bytes + h.numbers->unit_run_bytes +
                                  h.numbers->dirty_bytes,
                              h.numbers->limit);
            ck_assert_uint_le(h.numbers->unit_run_bytes, h.numbers->limit / 4);
        }
    ck_assert_uint_eq(h.numbers->used_bytes, least);
    ck_assert_uint_ge(h.numbers->counters.heap_bytes_max, least);
    while (take_from(&runs[0]))
        ck_assert_uint_le(h.numbers->used_bytes + h.numbers->unit_run_bytes +
                              h.numbers->dirty_bytes,
                          h.numbers->limit);
    for (int k = 0; k < UNIT_RUNS; k++)
        extent_give_unit_run(&h, &runs[k]);
    while (extent_take(&h, 1, 1, UNIT_BYTES))
        continue;
    ck_assert_uint_eq(h.numbers->used_bytes,
                      h.numbers->limit); /* what unit runs held was there for others */
    heap_destroy(&h);
}
END_TEST

/* Allocates until the bin has a new run, and returns how many slots it has. */
static size_t next_run_length(const struct bin *b)
{
    while (b->cur < b->run_end)
        fixture_alloc(&f, KIND_SCANNED, 64);
    fixture_alloc(&f, KIND_SCANNED, 64);
    return (size_t)(b->run_end - b->cur) + 1;
}

/* A run is twice as long as the one before, as far as the block has slots; an emptied cache
 * begins anew. */
START_TEST(runs_grow)
{
    static const size_t lengths[] = {64, 128, 256, 512, 64, 1024, 1024};
    fixture_create(&f);
    f.heap.numbers->run_bytes_max = KIB(64);
    const struct bin *b = &f.cache->bins[sizeclass_for(64, false)];
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
        ck_assert_uint_eq(next_run_length(b), lengths[i]);
    cache_empty(f.cache);
    ck_assert_uint_eq(next_run_length(b), 64);
    fixture_check(&f);
    fixture_destroy(&f);
}
END_TEST

/* So many caches come and go without a call of the system, and no more are kept. */
START_TEST(caches_are_kept)
{
    enum { CACHES = 20, KEPT = 8 };
    struct cache *caches[CACHES];
    fixture_create(&f);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < CACHES; i++) {
            if (round > 0 && i < KEPT)
                os_fail(1, true);
            caches[i] = cache_create(&f.heap);
            ck_assert_ptr_nonnull(caches[i]);
            os_fail(0, false);
            ck_assert(cache_refill(caches[i], sizeclass_for(64, false)));
            ck_assert_uint_gt(cache_check(caches[i]), 0);
        }
        for (int i = 0; i < CACHES; i++)
            cache_destroy(caches[i]);
        ck_assert_uint_eq(f.heap.kept_count, KEPT);
        fixture_check(&f);
    }
    fixture_destroy(&f);
    ck_assert_uint_eq(f.heap.kept_count, 0);
}
END_TEST

/* What a thread costs that has one object: a run of 4 KiB in a block that it shares, but for the
 * first thread of each shard, which has a unit, and some pages for the cache.  With huge pages
 * and without, in a heap that has come far. */
START_TEST(first_objects_cost_little)
{
    enum { CACHES = 200, RUN = KIB(4), EACH = KIB(40) };
    struct heap_config config = {.space = tested_space(),
                                 .reserve = MIB(256),
                                 .huge_from = _i ? 1 : SIZE_MAX};
    struct cache *caches[CACHES];
    ck_assert(heap_create(&h, &config));
    uint32_t early = extent_take(&h, 128, 1, MIB(8));
    ck_assert_uint_ne(early, 0);
    size_t charged = h.numbers->charged, held = extent_bytes(&h).held,
           resident = resident_bytes();
    for (int i = 0; i < CACHES; i++) {
        caches[i] = cache_create(&h);
        ck_assert(caches[i] && cache_refill(caches[i], sizeclass_for(1000, false)));
        memset(bin_object(&caches[i]->bins[sizeclass_for(1000, false)],
                          caches[i]->bins[sizeclass_for(1000, false)].cur),
               1, 1000);
    }
    ck_assert_uint_le(h.numbers->charged - charged, CACHES * RUN);
    ck_assert_uint_le(extent_bytes(&h).held - held,
                      (SHARDS + 1) * UNIT_BYTES + CACHES * RUN);
    if (!UNDER_ASAN && !UNDER_TSAN)
        ck_assert_uint_le(resident_bytes() - resident, CACHES * EACH);
    for (int i = 0; i < CACHES; i++)
        cache_destroy(caches[i]);
    extent_give(&h, early, 128, 0, MIB(8));
    heap_destroy(&h);
}
END_TEST

TCase *ahead_tests(void)
{
    TCase *t = tcase_create("ahead");
    tcase_add_test(t, huge_page_unit_runs);
    tcase_add_test(t, unit_runs_within_the_limit);
    tcase_add_test(t, runs_grow);
    tcase_add_test(t, caches_are_kept);
    tcase_add_loop_test(t, first_objects_cost_little, 0, 2);
    return t;
}
