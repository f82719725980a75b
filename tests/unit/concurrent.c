/* When collections mark beside the program, by what others have cost. */
#include "collect/concurrent.h"

#include "base/options.h"
#include "base/os.h"
#include "base/track_writes.h"
#include "collect/collector.h"
#include "collect/young.h"
#include "support.h"

enum { MS = 1000000 };

static struct heap h;
static struct concurrent k;

/* A cycle of such a kind took so long, after the program had run for a second and allocated so much. */
static void note(const struct cycle_kind *kind, uint64_t ns, size_t charged, size_t pages)
{
    static uint64_t now = 1000 * MS;
    struct cycle c = {.heap = &h, .kind = kind, .charged = charged};
    now += 1000 * MS;
    c.began = c.stopped = now;
    c.swept = c.ended = now += ns;
    c.written_pages = pages;
    concurrent_note(&k, &c);
}

static void begin(void)
{
    ck_assert(make_heap(&h, MIB(64), false));
    options.pause = 10;
    k = (struct concurrent){0};
    h.remembers = true;
    h.numbers->live_bytes = MIB(100);
    h.numbers->budget = MIB(50);
}

static bool is_due_after(size_t charged)
{
    h.numbers->charged = charged;
    return concurrent_is_due(&h, &k);
}

START_TEST(long_pauses_are_avoided)
{
    begin();
    ck_assert(!concurrent_pays(&k, &h)); /* nothing is known */
    note(&cycle_full, 9 * MS, MIB(50), 0);
    ck_assert(!concurrent_pays(&k, &h));
    note(&cycle_full, 11 * MS, MIB(50), 0);
    ck_assert_int_eq(concurrent_pays(&k, &h), os_processors() > 1);
    h.numbers->live_bytes = MIB(50); /* half of it takes half the time */
    ck_assert(!concurrent_pays(&k, &h));
    h.numbers->live_bytes = MIB(200);
    options.pause = 0;
    ck_assert(!concurrent_pays(&k, &h));
    heap_destroy(&h);
}
END_TEST

/* The faster it is allocated the earlier; and never again while one is under way. */
START_TEST(they_begin_in_time)
{
    begin();
    note(&cycle_full, 100 * MS, MIB(1), 0);
    ck_assert(!is_due_after(MIB(49))); /* how fast that was nobody knows */
    note(&cycle_full, 100 * MS, MIB(1), 0);
    if (os_processors() > 1) {
        ck_assert(is_due_after(MIB(50)) && !is_due_after(MIB(25)));
        note(&cycle_full, 100 * MS, MIB(500), 0);
        ck_assert(is_due_after(MIB(13)) && !is_due_after(MIB(12)));
        note(&cycle_begin, 1 * MS, MIB(13), 0);
        ck_assert(!is_due_after(MIB(50)));
        note(&cycle_finish, 1 * MS, MIB(30), 10);
        ck_assert(is_due_after(MIB(50)));
    }
    heap_destroy(&h);
}
END_TEST

/* A program that writes all over its heap is left alone, for ever longer, until it ceases to. */
START_TEST(they_stand_aside)
{
    static const uint32_t expected[] = {1, 2, 4, 8, 16, 32, 64, 64};
    size_t many = (size_t)20 * 100 * MS / track_writes_ns() + 1;
    begin();
    note(&cycle_full, 100 * MS, MIB(50), 0);
    for (size_t i = 0; os_processors() > 1 && i < 8; i++) {
        ck_assert(concurrent_pays(&k, &h));
        note(&cycle_begin, 1 * MS, MIB(50), 0);
        note(&cycle_finish, 1 * MS, MIB(50), many);
        uint32_t full = 0;
        for (; !concurrent_pays(&k, &h); full++)
            note(&cycle_full, 100 * MS, MIB(50), 0);
        ck_assert_uint_eq(full, expected[i]);
    }
    note(&cycle_finish, 1 * MS, MIB(50), 1);
    ck_assert(k.patience == 0 && k.aside == 0);
    heap_destroy(&h);
}
END_TEST

/* Whoever allocates marks where the budget is used up before all is marked: not before the thread has
 * begun to scan, not after the end, and no more once a quarter of the budget has been used beyond it. */
START_TEST(who_allocates_helps)
{
    static struct fixture f;
    static struct collector c;
    fixture_create(&f);
    c = (struct collector){.heap = &f.heap};
    ck_assert(marker_create(&c.marker, &f.heap, MARKER_PART));
    marker_begin(&c.marker, true);
    void **object = fixture_alloc(&f, KIND_SCANNED, 64);
    *object = fixture_alloc(&f, KIND_SCANNED, 64);
    f.heap.numbers->budget = MIB(8);
    f.heap.numbers->charged = MIB(8);
    ck_assert(!concurrent_assist(&c));
    f.heap.marking = true;
    ck_assert(!concurrent_assist(&c));
    f.heap.scanned = true;
    marker_push_range(&c.marker, (uintptr_t)object, (uintptr_t)object + 64);
    f.heap.numbers->charged = MIB(10);
    ck_assert(!concurrent_assist(&c));
    f.heap.numbers->charged = MIB(9);
    ck_assert(concurrent_assist(&c));
    ck_assert_int_eq(*state_of(&f, *object), f.heap.numbers->mark);
    ck_assert_uint_eq(c.marking_assists, 1);
    f.heap.marked = true;
    ck_assert(!concurrent_assist(&c));
    fixture_destroy(&f);
}
END_TEST

TCase *concurrent_tests(void)
{
    TCase *t = tcase_create("concurrent");
    tcase_add_test(t, long_pauses_are_avoided);
    tcase_add_test(t, they_begin_in_time);
    tcase_add_test(t, they_stand_aside);
    tcase_add_test(t, who_allocates_helps);
    return t;
}
