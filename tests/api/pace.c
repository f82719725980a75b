/* How often collections come, and that memory goes back to the system. */
#include <sys/mman.h>

#include "../check/resident.h"
#include "api.h"
#include "sanitizer.h"

/* The budget is charged by whole runs of slots: it is exceeded by one run at most. */
#define RUN KIB(64)

/* How many collections come while so many bytes are dropped, in slots of 1 KiB. */
static uint64_t collections_for(size_t bytes)
{
    uint64_t before = stats_now().collections;
    for (size_t i = 0; i < bytes / 1024; i++)
        ENSURE(gc_alloc(1000));
    return stats_now().collections - before;
}

/* Each begins when charged bytes reach the budget, and so comes after at least `budget`
 * bytes and at most `budget` and a run. */
static void expect_collections(size_t bytes, size_t budget)
{
    ck_assert_int_eq(gc_option_set("memory", "0"), 0);
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

/* No more than a MiB before there is anything to manage. */
START_TEST(first_object_is_cheap)
{
    size_t before = resident_bytes();
    ck_assert_ptr_nonnull(gc_alloc(1));
    ck_assert(HAS_SHADOW || resident_bytes() <= before + MIB(1));
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
    ck_assert_int_eq(gc_option_set("memory", "0"), 0);
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

/* Large heaps grow by less, down to half.  Budgets of young collections are others. */
START_TEST(large_heaps_taper)
{
    ck_assert_int_eq(gc_option_set("generations", "never"), 0);
    ck_assert_int_eq(gc_option_set("growth", "100"), 0);
    ck_assert_int_eq(gc_option_set("memory", "0"), 0);
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
    enum { OBJECTS_BYTES = MIB(4) / 16 * sizeof(void *) };
    void **objects = mmap(NULL, OBJECTS_BYTES, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(objects, MAP_FAILED);
    ck_assert_int_eq(gc_root_add(objects, (char *)objects + OBJECTS_BYTES), 0);
    ck_assert_int_eq(gc_option_set("memory", "0"), 0);
    for (size_t size = 16; size <= KIB(200); size = size * 3 / 2) {
        for (size_t done = 0; done < MIB(40); done += MIB(4)) {
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
    ck_assert_msg(HAS_SHADOW || now <= most,
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

/* ---- Scattered survivors -------------------------------------------------------------
 */

enum { BURST = MIB(64), ONE_OF = 1000 };

struct burst {
    size_t size;
    bool by_hand; /* the others are freed, else dropped */
};

static size_t burst_bytes = BURST;
static void **survivors;
static size_t survivor_count;

static void allocate_burst(void **all, size_t count, size_t size,
                           void *(*allocate)(size_t size))
{
    for (size_t i = 0; i < count; i++) {
        all[i] = allocate(size);
        ENSURE(all[i]);
        memset(all[i], 0x80, size);
    }
    survivors = gc_alloc_manual((count / ONE_OF + 1) * sizeof *survivors);
    survivor_count = 0;
}

/* Frees only when all are there: else they would be taken again. */
static void burst(void *argument)
{
    const struct burst *b = argument;
    size_t count = burst_bytes / b->size;
    void **all = gc_alloc_manual(count * sizeof *all);
    allocate_burst(all, count, b->size, gc_alloc_manual_atomic);
    for (size_t i = 0; i < count; i++) {
        if (i % ONE_OF == ONE_OF / 2)
            survivors[survivor_count++] = all[i];
        else
            gc_free(all[i]);
    }
    gc_free(all);
}

/* The same with objects that the collector reclaims. */
static void managed_burst(void *argument)
{
    const struct burst *b = argument;
    size_t count = burst_bytes / b->size;
    void **all = gc_alloc(count * sizeof *all);
    allocate_burst(all, count, b->size, gc_alloc_atomic);
    for (size_t i = ONE_OF / 2; i < count; i += ONE_OF)
        survivors[survivor_count++] = all[i];
}

static int by_number(const void *a, const void *b)
{
    uintptr_t x = *(const uintptr_t *)a, y = *(const uintptr_t *)b;
    return (x > y) - (x < y);
}

/* Bytes of the pages that they lie in. */
static size_t survivors_pages(size_t size)
{
    size_t pages = 0;
    uintptr_t end = 0;
    qsort(survivors, survivor_count, sizeof *survivors, by_number);
    for (size_t i = 0; i < survivor_count; i++) {
        uintptr_t first = (uintptr_t)survivors[i] / KIB(4);
        uintptr_t last = ((uintptr_t)survivors[i] + size - 1) / KIB(4);
        first = first < end ? end : first;
        pages += last < first ? 0 : last + 1 - first;
        end = last + 1;
    }
    return pages * KIB(4);
}

static const struct burst bursts[] = {
    {16, false},  {24, false},   {48, false},   {64, false},    {100, false},
    {200, false}, {1000, false}, {6000, false}, {40000, false}, {48, true},
    {100, true},  {1000, true},  {40000, true},
};

/* The process holds no more than the survivors' pages, a tenth more and the usual budget, the states
 * and all other tables included: for the smallest objects these are a quarter of the pages, which option
 * memory's budget would leave no room for.  OTHERS is for the program's own pages.  What files hold is not
 * counted: a sanitizer's code that is touched meanwhile is larger. */
enum { OTHERS = KIB(512) };

START_TEST(scattered_survivors)
{
    struct burst b = bursts[_i];
    ck_assert_ptr_nonnull(gc_alloc(1));
    gc_collect();
    size_t before = anonymous_bytes();
    run_apart(b.by_hand ? burst : managed_burst, &b);
    ck_assert_uint_ge(anonymous_bytes(), before + BURST * 9 / 10);
    collect_clean();
    size_t pages = survivors_pages(b.size);
    ck_assert_int_eq(gc_option_set("memory", "0"), 0);
    size_t budget = stats_now().budget_bytes;
    size_t most = pages + pages / 10 + budget;
    ck_assert_uint_le(stats_now().heap_bytes, most);
    size_t now = anonymous_bytes() - before;
    ck_assert_msg(HAS_SHADOW || now <= most + OTHERS,
                  "%zu KiB resident, %zu KiB of survivors' pages", now >> 10,
                  pages >> 10);
    check_heap_sound();
    for (size_t i = 0; i < survivor_count; i++)
        ENSURE(is_filled(survivors[i], b.size, 0x80));
    burst_bytes = BURST / 8;
    run_apart(managed_burst, &b); /* the holes can be had again */
    check_heap_sound();
}
END_TEST

static void *volatile window[1000];

/* A program that never rests, nor asks for a collection, and whose usual collections come to find that most of
 * its blocks are not needed. */
START_TEST(a_busy_program_gives_back)
{
    enum { SIZE = 1000, COUNT = MIB(48) / SIZE, KEPT_OF = 16 };
    ck_assert_int_eq(gc_option_set("idle", "0"), 0);
    void **objects = gc_alloc_manual(COUNT * sizeof *objects);
    for (size_t i = 0; i < COUNT; i++)
        ENSURE(objects[i] = gc_alloc(SIZE));
    for (size_t i = 0; i < COUNT; i++)
        if (i % KEPT_OF)
            objects[i] = NULL;
        else
            memset(objects[i], 0x80, SIZE);
    size_t most = stats_now().heap_bytes;
    for (uint64_t before = stats_now().collections; stats_now().collections < before + 6;)
        for (size_t i = 0; i < 10000; i++)
            ENSURE(window[i % 1000] = gc_alloc(100));
    ck_assert_uint_lt(stats_now().heap_bytes, most / 2);
    check_heap_sound();
    for (size_t i = 0; i < COUNT; i += KEPT_OF)
        ENSURE(is_filled(objects[i], SIZE, 0x80));
    gc_free(objects);
}
END_TEST

/* Shrinking gives the pages back at once, without a collection. */
START_TEST(shrunk_object_goes_back)
{
    gc_collect(); /* it reads all static data, which some kernels count from then on */
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
    ADD(s, first_object_is_cheap);
    ADD(s, floor_is_respected);
    ADD(s, growth_is_respected);
    ADD(s, large_heaps_taper);
    ADD(s, explicit_frees_are_credited);
    ADD(s, dropped_structure_goes_back);
    ADD(s, idle_large_extents_go_back);
    ADD(s, a_busy_program_gives_back);
    tcase_add_loop_test(new_case(s, "scattered_survivors"), scattered_survivors, 0,
                        sizeof bursts / sizeof bursts[0]);
    ADD(s, shrunk_object_goes_back);
    ADD(s, limit_is_respected);
    return s;
}
