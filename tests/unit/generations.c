/* When young cycles pay, and how much is allocated between them. */
#include "collect/generations.h"

#include "base/options.h"
#include "base/os.h"
#include "collect/pace.h"
#include "collect/young.h"
#include "heap/sweep.h"
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
    c.used = ns;
    c.charged = charged;
    c.live_before = h.numbers->live_bytes;
    h.numbers->live_bytes += kept;
    h.numbers->until_full = MIB(100);
    world_lock();
    generations_note(&g, &c);
    world_unlock();
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

/* Whether the heap's blocks are to be tenured by the next cycle, a full one if they were not before. */
static bool is_tried(void)
{
    struct cycle c = {.heap = &h, .kind = choose()};
    world_lock();
    generations_begin(&g, &c);
    world_unlock();
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

/* ---- What is known before young cycles are tried ---------------------------------------------- */

enum { OBJECTS = 400000, SIZE = 64, SAMPLE = 400 };

static struct fixture f;
static char **objects;

static void fill(void)
{
    fixture_create(&f);
    objects = zeroed(OBJECTS, sizeof *objects);
    for (size_t i = 0; i < OBJECTS; i++)
        objects[i] = memset(fixture_alloc(&f, (enum kind)0, SIZE), 1, SIZE);
}

/* The program writes to the objects from one number to another, between two full cycles. */
static struct trial_result try_writing(size_t from, size_t to)
{
    static struct trial t;
    world_lock();
    ck_assert(trial_begin(&t, &f.heap, SAMPLE));
    for (size_t i = from; i < to; i++)
        *(char *volatile)objects[i] = 2;
    struct trial_result r = trial_end(&t);
    world_unlock();
    ck_assert(r.known && !t.on);
    ck_assert(r.sample > SAMPLE / 2 && r.sample <= SAMPLE);
    return r;
}

START_TEST(samples_tell_of_writes)
{
    enum { PAGES = OBJECTS * SIZE / OS_PAGE };
    fill();
    world_lock();
    bool notes = tenured_watch(&f.heap);
    world_unlock();
    for (int i = 0; notes && i < 10; i++) {
        ck_assert_uint_eq(try_writing(0, 0).written, 0);
        struct trial_result all = try_writing(0, OBJECTS);
        ck_assert_uint_eq(all.written, all.sample);
        ck_assert(all.all_written > PAGES / 2 && all.all_written < PAGES * 3 / 2);
        struct trial_result half = try_writing(0, OBJECTS / 2);
        ck_assert(half.written > half.sample / 5 &&
                  half.written < half.sample - half.sample / 5);
    }
    fixture_destroy(&f);
}
END_TEST

/* A full cycle that marks the objects from one number on. */
static size_t sweep_from(size_t first)
{
    uint8_t *mark = &f.heap.numbers->mark;
    *mark = (uint8_t)(STATE_MARK_A + STATE_MARK_B - *mark);
    for (size_t i = first; i < OBJECTS; i++)
        *state_of(&f, objects[i]) = *mark;
    return sweep(&f.heap, true);
}

START_TEST(sweeps_tell_what_has_survived)
{
    fill();
    world_lock();
    ck_assert_uint_eq(sweep_from(0), OBJECTS * SIZE);
    ck_assert_uint_eq(sweep_from(0), 0);
    ck_assert_uint_eq(sweep_from(OBJECTS / 2), 0);
    world_unlock();
    for (size_t i = 0; i < OBJECTS / 2; i++) /* whole blocks, but for one */
        objects[i] = fixture_alloc(&f, (enum kind)0, SIZE);
    world_lock();
    size_t gained = sweep_from(0);
    world_unlock();
    ck_assert(gained <= OBJECTS / 2 * SIZE &&
              gained > OBJECTS / 2 * SIZE - 2 * UNIT_BYTES);
    fixture_destroy(&f);
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
    tcase_add_test(t, samples_tell_of_writes);
    tcase_add_test(t, sweeps_tell_what_has_survived);
    return t;
}
