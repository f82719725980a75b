/* When young cycles pay, and how much is allocated between them. */
#include "collect/generations.h"

#include "base/options.h"
#include "collect/pace.h"
#include "collect/young.h"
#include "support.h"
#include "world/lock.h"

enum { MS = 1000 * 1000 };

/* 100 ms for each 100 MiB are 4 ms for the 4 MiB of a young cycle. */
START_TEST(cost_is_compared)
{
    ck_assert_uint_eq(generations_percent(1 * MS, MIB(4), 0, 100 * MS, MIB(100)), 25);
    ck_assert_uint_eq(generations_percent(4 * MS, MIB(4), 0, 100 * MS, MIB(100)), 100);
    ck_assert_uint_eq(generations_percent(1 * MS, MIB(4), MIB(2), 100 * MS, MIB(100)),
                      75);
    ck_assert_uint_eq(generations_percent(0, MIB(4), MIB(4), 100 * MS, MIB(100)), 100);
    ck_assert_uint_eq(generations_percent(0, MIB(4), MIB(8), 100 * MS, MIB(100)), 200);
    ck_assert_uint_ge(generations_percent(1 * MS, 0, 0, 100 * MS, MIB(100)), 200);
    ck_assert_uint_lt(generations_percent(1 * MS, MIB(4), 0, 100 * MS, 0), 100);
    ck_assert_uint_eq(generations_percent(UINT64_MAX / 2, 1, 0, 1, SIZE_MAX), UINT32_MAX);
    ck_assert_uint_eq(generations_percent(1, SIZE_MAX, 0, UINT64_MAX / 4, SIZE_MAX), 0);
}
END_TEST

START_TEST(budget_follows_survival)
{
    size_t b = MIB(4);
    b = generations_budget(b, MIB(4), MIB(2), MIB(100));
    ck_assert_uint_eq(b, MIB(8));
    b = generations_budget(b, MIB(8), MIB(1), MIB(100));
    ck_assert_uint_eq(b, MIB(8));
    for (int i = 0; i < 10; i++)
        b = generations_budget(b, b, b / 2, MIB(100));
    ck_assert_uint_eq(b, MIB(50));
    for (int i = 0; i < 10; i++)
        b = generations_budget(b, b, 0, MIB(100));
    ck_assert_uint_eq(b, YOUNG_LEAST);
    ck_assert_uint_eq(generations_budget(b, b, b, 0), YOUNG_LEAST);
}
END_TEST

/* ---- A heap whose cycles are made up ------------------------------------------------------ */

static struct heap h;
static struct generations g;
static struct concurrent k;

/* A cycle of such a kind took so long, came after so many bytes and kept so many. */
static void note(const struct cycle_kind *kind, uint64_t ns, size_t charged, size_t kept)
{
    struct cycle c = {.heap = &h, .kind = kind, .cause = CAUSE_BUDGET};
    c.swept = ns;
    c.charged = charged;
    c.live_before = h.numbers->live_bytes;
    h.numbers->live_bytes += kept;
    h.numbers->until_full = MIB(100);
    generations_note(&g, &c);
}

static const struct cycle_kind *choose(void)
{
    world_lock();
    const struct cycle_kind *kind =
        generations_choose(&g, &h, &k, &cycle_full, CAUSE_BUDGET);
    world_unlock();
    return kind;
}

static void begin(size_t option)
{
    ck_assert(make_heap(&h, MIB(64), false));
    options.generations = option;
    g = (struct generations){0};
}

/* Whether the heap's blocks are to be tenured, after the choice of a cycle. */
static bool is_tried(void)
{
    choose();
    return h.tenures;
}

START_TEST(stands_aside)
{
    begin(GENERATIONS_AUTO);
    ck_assert(!is_tried()); /* nothing is known of full cycles */
    note(&cycle_full, 4 * MS, MIB(10), 0);
    ck_assert(!is_tried()); /* too short */
    note(&cycle_full, 100 * MS, MIB(10), MIB(10));
    ck_assert(!is_tried()); /* it grows */
    note(&cycle_full, 100 * MS, MIB(100), 0);
    if (!is_tried())
        return heap_destroy(&h); /* the kernel has no such thing */
    for (int i = 0; i < 100; i++) {
        note(&cycle_young, 1 * MS, MIB(4), 0);
        ck_assert(is_tried());
    }
    uint32_t last = 0;
    for (int round = 0; round < 8; round++) {
        int young = 0;
        uint32_t full = 0;
        for (; is_tried(); young++)
            note(&cycle_young, 10 * MS, MIB(4), 0);
        ck_assert_int_le(young, 5);
        ck_assert_uint_ge(h.numbers->budget, YOUNG_LEAST);
        for (; !is_tried(); full++)
            note(&cycle_full, 100 * MS, MIB(100), 0);
        ck_assert(full >= 4 && (full == 2 * last || last == 0 || full == 128));
        last = full;
    }
    ck_assert_uint_eq(last, 128);
    note(&cycle_full, 100 * MS, MIB(100),
         MIB(100)); /* it grows: nothing is held against them */
    ck_assert(!is_tried());
    note(&cycle_full, 100 * MS, MIB(100), 0);
    ck_assert(is_tried());
    heap_destroy(&h);
}
END_TEST

START_TEST(options_are_followed)
{
    begin(GENERATIONS_NEVER);
    note(&cycle_full, 100 * MS, MIB(100), 0);
    ck_assert(!is_tried());
    g.asked = true;
    ck_assert(!is_tried());
    options.generations = GENERATIONS_ALWAYS;
    if (is_tried()) {
        h.remembers = true;
        ck_assert_ptr_eq(choose(), &cycle_young);
        h.numbers->live_bytes = MIB(300);
        h.numbers->until_full = MIB(100);
        ck_assert_ptr_eq(choose(), &cycle_full);
        options.generations = GENERATIONS_NEVER;
        ck_assert(!is_tried() && !h.remembers);
    }
    heap_destroy(&h);
}
END_TEST

/* A full cycle comes though nothing that young ones keep asks for it, once it costs little of the time. */
START_TEST(full_ones_come_too)
{
    begin(GENERATIONS_AUTO);
    note(&cycle_full, 100 * MS, MIB(100), MIB(100));
    note(&cycle_full, 100 * MS, MIB(100), 0);
    note(&cycle_full, 100 * MS, MIB(100), 0);
    if (is_tried()) {
        h.remembers = true;
        h.numbers->live_full = h.numbers->live_bytes;
        k = (struct concurrent){.full_ns = 100 * MS,
                                .full_live = h.numbers->live_bytes,
                                .last_ended = os_now()};
        ck_assert_ptr_eq(choose(), &cycle_young);
        k.last_ended -= (uint64_t)3000 * MS;
        ck_assert_ptr_eq(choose(), &cycle_full);
        options.generations = GENERATIONS_ALWAYS;
        ck_assert_ptr_eq(choose(), &cycle_young);
        k = (struct concurrent){0};
    }
    heap_destroy(&h);
}
END_TEST

TCase *generations_tests(void)
{
    TCase *t = tcase_create("generations");
    tcase_add_test(t, cost_is_compared);
    tcase_add_test(t, budget_follows_survival);
    tcase_add_test(t, stands_aside);
    tcase_add_test(t, options_are_followed);
    tcase_add_test(t, full_ones_come_too);
    return t;
}
