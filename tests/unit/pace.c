/* When the next cycle is due. */
#include "collect/pace.h"

#include "base/options.h"
#include "base/os.h"
#include "heap/extent.h"
#include "support.h"
#include "world/lock.h"

static struct heap h;

static size_t budget(size_t live)
{
    h.numbers->live_bytes = live;
    h.numbers->charged = 12345;
    pace_after_cycle(&h, &(struct pace_cycle){.thorough = true});
    ENSURE(h.numbers->charged == 0);
    return h.numbers->budget;
}

/* Option memory asks for less only where a test says so. */
static void set(size_t floor, size_t growth)
{
    options.memory = 0;
    options.floor = floor;
    options.growth = growth;
}

START_TEST(small_heaps_grow_by_the_percentage)
{
    ck_assert(make_heap(&h, MIB(64), false));
    set(MIB(4), 150);
    ck_assert_uint_eq(budget(0), MIB(4));
    ck_assert_uint_eq(budget(MIB(2)), MIB(4));
    ck_assert_uint_eq(budget(MIB(8)), MIB(12));
    ck_assert_uint_eq(budget(7654321), 11481481);
    set(0, 0);
    ck_assert_uint_eq(budget(MIB(8)), 0);
    set(0, 1);
    ck_assert_uint_eq(budget(199), 1);
    heap_destroy(&h);
}
END_TEST

/* Large heaps grow by a smaller share, not under half of live, or what was asked for if
 * that is less; more live never means a smaller budget by more than rounding. */
START_TEST(large_heaps_taper)
{
    static const size_t growths[] = {10, 50, 100, 150, 300};
    size_t growth = growths[_i], last = 0;
    ck_assert(make_heap(&h, MIB(64), false));
    set(MIB(1), growth);
    for (size_t live = MIB(2); live < GIB(64); live += live / 64) {
        size_t b = budget(live), asked = live / 100 * growth;
        ENSURE(b <= asked + growth + MIB(1));
        ENSURE(b + growth + 1 >= min_size(asked, live / 2));
        ENSURE(b + b / 20 >= last);
        last = b;
    }
    ck_assert_uint_le(last, max_size(growth <= 50 ? GIB(64) * growth / 100 : 0, GIB(32)));
    heap_destroy(&h);
}
END_TEST

/* A percentage that no number can hold is a very large budget, not a small one. */
START_TEST(growth_does_not_wrap)
{
    ck_assert(make_heap(&h, MIB(64), false));
    set(0, (size_t)1 << 60);
    ck_assert_uint_ge(budget(25600), GIB(1));
    set(0, SIZE_MAX);
    ck_assert_uint_ge(budget(MIB(24)), GIB(1));
    heap_destroy(&h);
}
END_TEST

/* After a cycle that was not asked for. */
static size_t usual_budget(size_t live)
{
    h.numbers->live_bytes = live;
    pace_after_cycle(&h, &(struct pace_cycle){.thorough = false});
    return h.numbers->budget;
}

/* One large cycle does not make the heap grow, beyond half of live; two do. */
START_TEST(growth_is_wanted_twice)
{
    ck_assert(make_heap(&h, MIB(64), false));
    set(MIB(1), 100);
    pace_configure(&h);
    h.numbers->used_bytes = MIB(4);
    ck_assert_uint_eq(usual_budget(MIB(4)), MIB(2));
    ck_assert_uint_eq(usual_budget(MIB(4)), MIB(4));
    h.numbers->used_bytes = MIB(8);
    ck_assert_uint_eq(usual_budget(MIB(7)), MIB(7) / 2);
    ck_assert_uint_eq(usual_budget(MIB(4)), MIB(4));
    h.numbers->used_bytes = MIB(12);
    ck_assert_uint_eq(usual_budget(MIB(7)), MIB(5)); /* the room that it holds */
    ck_assert_uint_eq(usual_budget(MIB(7)), MIB(7));
    ck_assert_uint_eq(usual_budget(KIB(1)), MIB(1)); /* the floor */
    h.numbers->used_bytes = 0;
    heap_destroy(&h);
}
END_TEST

static void make_dirty(uint32_t units)
{
    uint32_t first = extent_take(&h, units, 1, (size_t)units << UNIT_SHIFT);
    extent_give(&h, first, units, units, (size_t)units << UNIT_SHIFT);
}

/* Bytes in free units that stay of so many: the others are for the tables and their states. */
static size_t kept(size_t bytes)
{
    bytes -= unit_end(&h) * (sizeof(unit_word) + sizeof(struct unit));
    return align_down(bytes - bytes / 16, UNIT_BYTES);
}

START_TEST(free_memory_beyond_the_budget_goes)
{
    ck_assert(make_heap(&h, MIB(64), false));
    set(MIB(4), 100);
    make_dirty(256);
    ck_assert_uint_eq(h.numbers->dirty_bytes, MIB(16));
    ck_assert_uint_eq(budget(MIB(6)), MIB(6));
    ck_assert_uint_eq(h.numbers->dirty_bytes, kept(MIB(6)));
    ck_assert_uint_eq(budget(0), MIB(4));
    ck_assert_uint_eq(h.numbers->dirty_bytes, kept(MIB(4)));
    heap_check(&h, NULL);
    heap_destroy(&h);
}
END_TEST

START_TEST(configure_takes_options_over)
{
    ck_assert(make_heap(&h, MIB(64), false));
    set(MIB(2), 100);
    options.heap_limit = 0;
    h.numbers->charged = 77;
    pace_configure(&h);
    ck_assert_uint_eq(h.numbers->limit, SIZE_MAX);
    ck_assert_uint_eq(h.numbers->budget, MIB(2));
    ck_assert_uint_eq(h.numbers->charged, 77);
    make_dirty(256);
    options.heap_limit = MIB(10);
    pace_configure(&h);
    ck_assert_uint_eq(h.numbers->limit, MIB(10));
    ck_assert_uint_eq(h.numbers->dirty_bytes, MIB(10));
    heap_check(&h, NULL);
    heap_destroy(&h);
}
END_TEST

/* What is in use cannot be returned: the heap is sound, and takes no more. */
START_TEST(limit_below_what_is_used)
{
    ck_assert(make_heap(&h, MIB(64), false));
    uint32_t head = block_create_large(&h, KIND_ATOMIC, MIB(20), GRANULE);
    block_at(&h, head)->free_count = 0;
    *block_states(&h, head) = STATE_NEW;
    make_dirty(16);
    log_capture();
    options.heap_limit = MIB(10);
    pace_configure(&h);
    ck_assert_uint_eq(h.numbers->dirty_bytes, 0);
    ck_assert_uint_eq(block_create(&h, KIND_ATOMIC, 1, 0, &no_unit_run), 0);
    heap_check(&h, NULL);
    heap_destroy(&h);
}
END_TEST

/* The heap stays below 80 percent of what its control group may hold; when that is not
 * possible, it does not collect without end.  Option heap_limit goes before. */
START_TEST(control_group_shrinks_the_budget)
{
    ck_assert(make_heap(&h, MIB(64), false));
    set(MIB(8), 200);
    options.heap_limit = 0;
    h.group_limit = MIB(100);
    h.numbers->used_bytes = MIB(50);
    ck_assert_uint_gt(budget(MIB(10)), MIB(16)); /* there is room */
    h.numbers->used_bytes = MIB(70);
    ck_assert_uint_eq(budget(MIB(60)), MIB(10));
    pace_configure(&h);
    ck_assert_uint_eq(h.numbers->budget, MIB(10));
    h.numbers->used_bytes = MIB(79);
    ck_assert_uint_eq(budget(MIB(64)), MIB(4));
    h.numbers->used_bytes = MIB(200);
    ck_assert_uint_eq(budget(MIB(160)), MIB(10));
    ck_assert_uint_eq(budget(MIB(1)), MIB(1));
    options.heap_limit = GIB(1);
    ck_assert_uint_ge(budget(MIB(160)), MIB(80));
    options.heap_limit = 0;
    h.numbers->used_bytes = 0;
    heap_destroy(&h);
}
END_TEST

/* 16 MiB of it, in a heap whose floor is 4 MiB. */
static void start_with_free_memory(void)
{
    ck_assert(make_heap(&h, MIB(64), false));
    set(MIB(4), 100);
    options.heap_limit = 0;
    pace_configure(&h);
    make_dirty(256);
}

/* Nor is free memory kept that would not fit. */
START_TEST(control_group_bounds_what_is_kept)
{
    start_with_free_memory();
    h.group_limit = MIB(5);
    pace_after_cycle(&h, &(struct pace_cycle){.unused = SIZE_MAX});
    ck_assert_uint_eq(h.numbers->budget, MIB(4));
    ck_assert_uint_eq(h.numbers->dirty_bytes, MIB(4));
    heap_destroy(&h);
}
END_TEST

/* What the program drops goes back by itself if nothing of it is used. */
START_TEST(unused_memory_of_a_busy_program_goes)
{
    start_with_free_memory();
    world_lock();
    pace_while_busy(&h);
    ck_assert_uint_eq(h.numbers->dirty_bytes, MIB(16));
    pace_while_busy(&h);
    ck_assert_uint_eq(h.numbers->dirty_bytes, MIB(6)); /* the budget and half of it */
    pace_at_rest(&h);
    world_unlock();
    ck_assert_uint_eq(h.numbers->dirty_bytes, kept(MIB(4)));
    heap_destroy(&h);
}
END_TEST

/* ---- Option memory ---------------------------------------------------------------------------- */

enum { US = 1000, SHARE = 2 };

/* A heap of which so much lives has had a cycle; from then on times are told. */
static void start_frugal(size_t live)
{
    ck_assert(make_heap(&h, MIB(64), false));
    set(MIB(8), 200);
    options.memory = SHARE;
    options.gc_share = 0;
    h.numbers->live_bytes = h.numbers->live_full = live;
    pace_configure(&h);
}

/* The program has allocated so much in so long, and then the cycle has taken so long.  Returns the budget. */
static size_t cycle_after(size_t charged, uint64_t running, uint64_t collecting)
{
    h.numbers->cycle_ended = 1000000000;
    h.numbers->time_used = os_processor_time() + 1;
    uint64_t began = h.numbers->cycle_ended + running;
    pace_after_cycle(&h,
                     &(struct pace_cycle){.charged = charged,
                                          .began = began,
                                          .ended = began + collecting,
                                          .time_used = h.numbers->time_used + running});
    return h.numbers->budget;
}

/* Twice the rate, or twice the time of a cycle, is twice the budget; twice the share is half of it. */
START_TEST(affordable_budget)
{
    ck_assert_uint_eq(pace_affordable(50, 1000, 100, 99), 1000);
    ck_assert_uint_eq(pace_affordable(2, MIB(1), 1000, 48999), MIB(1));
    ck_assert_uint_eq(pace_affordable(2, MIB(2), 1000, 48999), MIB(2));
    ck_assert_uint_eq(pace_affordable(2, MIB(1), 2000, 48999), MIB(2));
    ck_assert_uint_eq(pace_affordable(99, 9900, 100, 99), 100);
    ck_assert_uint_eq(pace_affordable(100, 9900, 100, 99), 100);
    ck_assert_uint_eq(pace_affordable(1, SIZE_MAX / 2, UINT64_MAX, 0), SIZE_MAX);
}
END_TEST

/* It begins small, and doubles or halves at most, between a mebibyte and what is usual. */
START_TEST(small_heaps_follow_the_rate)
{
    start_frugal(0);
    ck_assert_uint_eq(h.numbers->budget, MIB(1));
    for (size_t wanted = MIB(2); wanted <= MIB(8); wanted *= 2)
        ck_assert_uint_eq(cycle_after(wanted / 2, 100 * US, 1000 * US), wanted);
    ck_assert_uint_eq(cycle_after(MIB(8), 100 * US, 1000 * US), MIB(8));
    for (int i = 0; i < 10; i++)
        cycle_after(MIB(8), 1000000 * US, 100 * US);
    ck_assert_uint_eq(h.numbers->budget, MIB(1));
    size_t rate = cycle_after(MIB(2), 49000 * US, 1000 * US);
    ck_assert_uint_ge(rate, MIB(2) - KIB(1));
    ck_assert_uint_le(rate, MIB(2) + KIB(1));
    heap_destroy(&h);
}
END_TEST

/* A quarter of what lives is the least. */
START_TEST(large_heaps_keep_a_quarter)
{
    start_frugal(MIB(40));
    h.numbers->used_bytes = MIB(40);
    ck_assert_uint_eq(h.numbers->budget, MIB(10));
    ck_assert_uint_eq(cycle_after(MIB(10), 10000000ull * US, 10 * US), MIB(10));
    h.numbers->used_bytes = 0;
    heap_destroy(&h);
}
END_TEST

/* While most of what is new lives, it is all that lives. */
START_TEST(growing_heaps_double)
{
    start_frugal(MIB(4));
    h.numbers->used_bytes = MIB(40);
    h.numbers->live_full = MIB(2);
    ck_assert_uint_eq(cycle_after(MIB(3), 10000000ull * US, 10 * US), MIB(4));
    ck_assert_uint_eq(cycle_after(MIB(3), 10000000ull * US, 10 * US), MIB(1));
    h.numbers->used_bytes = 0;
    heap_destroy(&h);
}
END_TEST

/* What lies unused goes once as much was allocated as the usual budget, not at each small one; and no more than lay
 * unused all that time. */
START_TEST(memory_goes_as_often_as_usual)
{
    start_frugal(0);
    make_dirty(256);
    for (int i = 0; i < 7; i++) {
        pace_after_cycle(&h, &(struct pace_cycle){.charged = MIB(1),
                                                  .unused = i == 3 ? MIB(12) : MIB(16)});
        ck_assert_uint_eq(h.numbers->dirty_bytes, MIB(16));
    }
    pace_after_cycle(&h, &(struct pace_cycle){.charged = MIB(1), .unused = MIB(16)});
    ck_assert_uint_eq(h.numbers->dirty_bytes, MIB(4));
    heap_destroy(&h);
}
END_TEST

/* Heaps whose blocks are tenured, for young collections or to be marked beside the program, have what is usual, and
 * so have those under gc_share. */
START_TEST(others_have_the_usual_budget)
{
    start_frugal(0);
    ck_assert_uint_eq(cycle_after(MIB(1), 1000000 * US, 100 * US), MIB(1));
    h.remembers = true;
    ck_assert_uint_eq(cycle_after(MIB(1), 1000000 * US, 100 * US), MIB(8));
    h.remembers = false;
    options.gc_share = 10;
    ck_assert_uint_ge(cycle_after(MIB(1), 1000000 * US, 100 * US), MIB(8));
    options.gc_share = 0;
    ck_assert_uint_eq(cycle_after(MIB(1), 1000000 * US, 100 * US), MIB(1));
    heap_destroy(&h);
}
END_TEST

/* A cycle that tells nothing of that changes nothing. */
START_TEST(nothing_is_learned)
{
    start_frugal(0);
    cycle_after(MIB(1), 100 * US, 1000 * US);
    size_t before = h.numbers->affordable;
    ck_assert_uint_eq(before, MIB(2));
    cycle_after(KIB(100), 100 * US, 1000 * US);
    ck_assert_uint_eq(h.numbers->affordable, before);
    h.numbers->cycle_ended = 0;
    pace_after_cycle(&h,
                     &(struct pace_cycle){.charged = MIB(9), .ended = 1, .time_used = 5});
    pace_after_cycle(&h, &(struct pace_cycle){.charged = MIB(9), .ended = 9});
    ck_assert_uint_eq(h.numbers->affordable, before);
    options.memory = 0;
    ck_assert_uint_eq(cycle_after(MIB(1), 100 * US, 1000 * US), MIB(8));
    ck_assert_uint_eq(h.numbers->affordable, before);
    heap_destroy(&h);
}
END_TEST

/* One collection takes a millisecond; the program runs as long as its budget lasts. */
START_TEST(share_is_reached)
{
    static const size_t shares[] = {1, 5, 10, 25, 50, 99};
    size_t share = shares[_i], stretch = 100;
    for (int i = 0; i < 20; i++)
        stretch = pace_stretch(stretch, share, 1000000, 10000 * stretch);
    double spent = 100.0 * 1e6 / (1e6 + 1e4 * (double)stretch);
    if (stretch < 1600)
        ck_assert_double_le(spent, (double)share * 1.05);
    else
        ck_assert_double_gt(spent, (double)share); /* there is an end to it */
    if (stretch > 100)
        ck_assert(stretch == 1600 || spent >= (double)share * 0.95);
}
END_TEST

/* By steps, in both directions, and never below the usual. */
START_TEST(share_moves_by_steps)
{
    ck_assert_uint_eq(pace_stretch(100, 10, 1000, 1), 200);
    ck_assert_uint_eq(pace_stretch(200, 10, 1000, 1), 400);
    ck_assert_uint_eq(pace_stretch(1600, 10, 1000, 1), 1600);
    ck_assert_uint_eq(pace_stretch(400, 10, 1000, UINT64_C(1) << 40), 268);
    ck_assert_uint_eq(pace_stretch(100, 10, 1000, UINT64_C(1) << 40), 100);
    ck_assert_uint_eq(pace_stretch(300, 10, 1000, 9000), 300);
    ck_assert_uint_eq(pace_stretch(100, 1000, 1000, 1000), 100);
}
END_TEST

/* The budget follows, in cycles that were not asked for. */
START_TEST(share_stretches_the_budget)
{
    ck_assert(make_heap(&h, MIB(64), false));
    set(MIB(4), 100);
    options.heap_limit = 0;
    options.gc_share = 10;
    pace_configure(&h);
    struct pace_cycle c = {.began = 1000, .ended = 2000};
    pace_after_cycle(&h, &c);
    ck_assert_uint_eq(h.numbers->budget, MIB(4)); /* nothing is known before the first */
    c = (struct pace_cycle){.began = 3000, .ended = 4000};
    pace_after_cycle(&h, &c);
    ck_assert_uint_eq(h.numbers->budget, MIB(8));
    c = (struct pace_cycle){.thorough = true, .began = 5000, .ended = 6000};
    pace_after_cycle(&h, &c);
    ck_assert_uint_eq(h.numbers->budget, MIB(8));
    h.group_limit = MIB(5);
    c = (struct pace_cycle){.began = 7000, .ended = 8000};
    pace_after_cycle(&h, &c);
    ck_assert_uint_eq(h.numbers->stretch, 400);
    ck_assert_uint_eq(h.numbers->budget, MIB(4));
    options.gc_share = 0;
    heap_destroy(&h);
}
END_TEST

TCase *pace_tests(void)
{
    TCase *t = tcase_create("pace");
    tcase_add_test(t, small_heaps_grow_by_the_percentage);
    tcase_add_loop_test(t, large_heaps_taper, 0, 5);
    tcase_add_test(t, growth_does_not_wrap);
    tcase_add_test(t, growth_is_wanted_twice);
    tcase_add_test(t, free_memory_beyond_the_budget_goes);
    tcase_add_test(t, configure_takes_options_over);
    tcase_add_test(t, limit_below_what_is_used);
    tcase_add_test(t, control_group_shrinks_the_budget);
    tcase_add_test(t, control_group_bounds_what_is_kept);
    tcase_add_test(t, unused_memory_of_a_busy_program_goes);
    tcase_add_test(t, affordable_budget);
    tcase_add_test(t, small_heaps_follow_the_rate);
    tcase_add_test(t, large_heaps_keep_a_quarter);
    tcase_add_test(t, growing_heaps_double);
    tcase_add_test(t, memory_goes_as_often_as_usual);
    tcase_add_test(t, others_have_the_usual_budget);
    tcase_add_test(t, nothing_is_learned);
    tcase_add_loop_test(t, share_is_reached, 0, 6);
    tcase_add_test(t, share_moves_by_steps);
    tcase_add_test(t, share_stretches_the_budget);
    return t;
}
