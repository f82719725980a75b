/* How often collections come, and that memory goes back to the system. */
#include "api.h"
#include "sanitizer.h"

/* The budget is charged by whole runs of slots: it is exceeded by one run at most. */
#define RUN KIB(64)

/* How many collections come while so many bytes are dropped, in slots of 1 KiB. */
static uint64_t collections_for(size_t bytes)
{
    uint64_t before = stats_now().collections;
    for (size_t i = 0; i < bytes / 1024; i++)
        ck_assert_ptr_nonnull(gc_alloc(1000));
    return stats_now().collections - before;
}

/* Each begins when charged bytes reach the budget, and so comes after at least `budget`
 * bytes and at most `budget` and a run. */
static void expect_collections(size_t bytes, size_t budget)
{
    gc_collect();
    ck_assert_uint_eq(stats_now().budget_bytes, budget);
    uint64_t count = collections_for(bytes);
    ck_assert_uint_le(count, bytes / budget + 1);
    ck_assert_uint_ge(count, bytes / (budget + RUN) - 1);
}

START_TEST(floor_is_respected)
{
    gc_init();
    expect_collections(MIB(400), MIB(8));
    ck_assert_int_eq(gc_option_set("floor", "1M"), 0);
    expect_collections(MIB(100), MIB(1));
    ck_assert_int_eq(gc_option_set("floor", "50M"), 0);
    expect_collections(MIB(400), MIB(50));
    check_heap_sound();
}
END_TEST

static void *volatile kept;

static void keep(size_t bytes)
{
    kept = NULL;
    kept = gc_alloc_atomic(bytes);
    ck_assert_ptr_nonnull(kept);
    collect_clean();
}

/* What else lives is a few objects of Check's stack, if any. */
static void expect_live(size_t bytes)
{
    ck_assert_uint_ge(stats_now().live_bytes, bytes);
    ck_assert_uint_le(stats_now().live_bytes, bytes + KIB(64));
}

START_TEST(growth_is_respected)
{
    static const char *const percents[] = {"50", "100", "230"};
    ck_assert_int_eq(gc_option_set("floor", "1M"), 0);
    keep(MIB(7));
    expect_live(MIB(7));
    for (size_t i = 0; i < sizeof percents / sizeof percents[0]; i++) {
        ck_assert_int_eq(gc_option_set("growth", percents[i]), 0);
        gc_collect();
        uint64_t live = stats_now().live_bytes;
        uint64_t budget = stats_now().budget_bytes;
        size_t percent = strtoul(percents[i], NULL, 10);
        ck_assert_uint_le(budget, live * percent / 100);
        ck_assert_uint_ge(budget, live * percent / 100 - 100);
        uint64_t count = collections_for(MIB(300));
        ck_assert_uint_ge(count, MIB(300) / (budget + MIB(1)) - 1);
        ck_assert_uint_le(count, MIB(300) / budget + 1);
    }
}
END_TEST

/* Large heaps grow by less, down to half. */
START_TEST(large_heaps_taper)
{
    ck_assert_int_eq(gc_option_set("growth", "100"), 0);
    double before = 1;
    for (size_t live = MIB(20); live <= GIB(4); live *= 2) {
        keep(live);
        expect_live(live);
        double share = (double)stats_now().budget_bytes / (double)live;
        ck_assert_double_le(share, before);
        ck_assert_double_ge(share, 0.5);
        before = share;
    }
    ck_assert_double_le(before, 0.51);
}
END_TEST

/* What is freed by hand is not charged: such programs need no collection. */
START_TEST(explicit_frees_are_credited)
{
    for (size_t size = 16; size <= KIB(200); size = size * 3 / 2) {
        for (size_t done = 0; done < MIB(40); done += MIB(4)) {
            static void *objects[MIB(4) / 16];
            size_t count = MIB(4) / size;
            for (size_t i = 0; i < count; i++)
                objects[i] = gc_alloc(size);
            for (size_t i = 0; i < count; i++)
                gc_free(objects[i]);
            memset(objects, 0, count * sizeof objects[0]);
        }
        gc_collect(); /* the part of runs that is not yet used was charged */
    }
    uint64_t by_request = 0;
    for (size_t size = 16; size <= KIB(200); size = size * 3 / 2)
        by_request++;
    ck_assert_uint_eq(stats_now().collections, by_request);
}
END_TEST

/* ---- Memory goes back
 * ------------------------------------------------------------------ */

struct node {
    struct node *next;
    char payload[1000];
};

static struct node *list;

static void build(void *argument)
{
    const size_t *bytes = argument;
    for (size_t i = 0; i < *bytes / sizeof *list; i++) {
        struct node *n = gc_alloc(sizeof *n);
        ck_assert_ptr_nonnull(n);
        memset(n->payload, 0x80, sizeof n->payload);
        n->next = list;
        list = n;
    }
}

/* After a peak of so many bytes: the heap keeps its budget at most.  A page of state
 * bytes per unit stays, a sixteenth of the peak; 3 MiB more for everything else (work
 * list, tables, stack, C library). */
static void expect_returned(size_t before, size_t peak)
{
    struct gc_stats s = stats_now();
    ck_assert_uint_le(s.heap_bytes, s.live_bytes + s.budget_bytes + MIB(1));
    size_t most = before + s.budget_bytes + peak / 16 + MIB(3);
    size_t now = resident_bytes();
    ck_assert_msg(UNDER_ASAN || now <= most,
                  "%zu KiB resident, %zu KiB before and %zu KiB at most", now >> 10,
                  before >> 10, most >> 10);
}

START_TEST(dropped_structure_goes_back)
{
    size_t peak = MIB(200);
    gc_collect();
    size_t before = resident_bytes();
    run_apart(build, &peak);
    ck_assert_uint_ge(resident_bytes(), before + peak);
    list = NULL;
    collect_clean();
    expect_returned(before, stats_now().heap_bytes_max);
    ck_assert_uint_ge(stats_now().returned_bytes, peak - MIB(10));
    check_heap_sound();
    run_apart(build, &peak); /* and can be had again */
    ck_assert_uint_ge(resident_bytes(), before + peak);
    check_heap_sound();
}
END_TEST

START_TEST(idle_large_extents_go_back)
{
    enum { COUNT = 40 };
    static void *objects[COUNT];
    gc_collect();
    size_t before = resident_bytes();
    for (size_t i = 0; i < COUNT; i++) {
        objects[i] = gc_alloc_manual(MIB(5));
        memset(objects[i], 0x80, MIB(5));
    }
    ck_assert_uint_ge(resident_bytes(), before + COUNT * MIB(5));
    for (size_t i = 0; i < COUNT; i++)
        gc_free(objects[(i * 7) % COUNT]);
    gc_collect();
    expect_returned(before, COUNT * MIB(5));
    check_heap_sound();
}
END_TEST

/* Shrinking gives the pages back at once, without a collection. */
START_TEST(shrunk_object_goes_back)
{
    size_t before = resident_bytes();
    char *object = gc_alloc(MIB(100));
    memset(object, 0x80, MIB(100));
    object = gc_realloc(object, MIB(1));
    ck_assert_ptr_nonnull(object);
    gc_collect();
    expect_returned(before + MIB(1), MIB(100));
}
END_TEST

/* With a limit, the heap never holds more, at any time. */
START_TEST(limit_is_respected)
{
    ck_assert_int_eq(gc_option_set("heap_limit", "40M"), 0);
    for (size_t i = 0; i < 3000; i++) {
        char *object = gc_alloc(i % 300 * 1000);
        ck_assert_ptr_nonnull(object);
        memset(object, 0x80, i % 300 * 1000);
        ck_assert_uint_le(stats_now().heap_bytes, MIB(40));
    }
    ck_assert_uint_le(stats_now().heap_bytes_max, MIB(40));
    check_heap_sound();
}
END_TEST

Suite *pace_suite(void)
{
    Suite *s = suite_create("pace");
    ADD(s, floor_is_respected);
    ADD(s, growth_is_respected);
    ADD(s, large_heaps_taper);
    ADD(s, explicit_frees_are_credited);
    ADD(s, dropped_structure_goes_back);
    ADD(s, idle_large_extents_go_back);
    ADD(s, shrunk_object_goes_back);
    ADD(s, limit_is_respected);
    return s;
}
