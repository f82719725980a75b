/* Free units against a model: an array that says what each unit is. */
#include "heap/extent.h"

#include "base/os.h"
#include "heap/arena.h"
#include "support.h"

enum {
    RESERVE = 32 << 20,
    UNITS = (RESERVE >> UNIT_SHIFT) + 1, /* unit 0 is one more */
    HELD_MOST = 60,
    STEPS = 3000,
};

struct held {
    uint32_t first, units;
    size_t bytes;
    uint32_t touched; /* units from the first on that were written to */
};

static struct heap h;

/* What the heap should be. */
static struct {
    uint32_t end;
    bool used[UNITS], dirty[UNITS];
    size_t used_bytes, dirty_bytes;
    struct held held[HELD_MOST];
    uint32_t count;
} model;

static void start(void)
{
    ck_assert(make_heap(&h, RESERVE, false));
    model.end = 1;
    model.used[0] = true;
}

static void finish(void)
{
    heap_destroy(&h);
}

static bool model_free(uint32_t u)
{
    return u < model.end && !model.used[u];
}

static uint32_t model_length(uint32_t first)
{
    uint32_t units = 0;
    while (model_free(first + units))
        units++;
    return units;
}

/* Where first fit puts a request: in the lowest extent that holds it.  0: nowhere. */
static uint32_t model_find(uint32_t units, uint32_t alignment)
{
    for (uint32_t u = 1, length; u < model.end; u += length + 1) {
        length = model_length(u);
        uint32_t start_at = u + unit_skip(&h, u, alignment);
        if (start_at + units <= u + length)
            return start_at;
    }
    return 0;
}

static void model_set_dirty(uint32_t u, bool dirty)
{
    model.dirty_bytes -= model.dirty[u] && !model.used[u] ? UNIT_BYTES : 0;
    model.dirty[u] = dirty;
    model.dirty_bytes += model.dirty[u] && !model.used[u] ? UNIT_BYTES : 0;
}

static void model_trim(size_t keep)
{
    for (uint32_t u = model.end; --u > 0 && model.dirty_bytes > keep;)
        if (model_free(u))
            model_set_dirty(u, false);
}

static void model_take(uint32_t first, uint32_t units, size_t bytes)
{
    for (uint32_t u = first; u < first + units; u++) {
        model.dirty_bytes -= model.dirty[u] ? UNIT_BYTES : 0;
        model.used[u] = true;
    }
    model.used_bytes += bytes;
    if (h.numbers->limit != SIZE_MAX)
        model_trim(h.numbers->limit - model.used_bytes);
}

static void model_give(uint32_t first, uint32_t units, uint32_t touched, size_t bytes)
{
    for (uint32_t u = first; u < first + units; u++) {
        model.used[u] = false;
        model.dirty[u] |= u - first < touched;
        model.dirty_bytes += model.dirty[u] ? UNIT_BYTES : 0;
    }
    model.used_bytes -= bytes;
}

static void compare(void)
{
    uint32_t free_units = 0;
    ENSURE(unit_end(&h) == model.end);
    for (uint32_t u = 0; u < model.end; u++) {
        ENSURE(word_used(h.words[u]) == model.used[u]);
        ENSURE(!(h.words[u] & UNIT_DIRTY) == !model.dirty[u]);
        free_units += !model.used[u];
    }
    ENSURE(extent_check(&h) == free_units);
    ENSURE(h.numbers->used_bytes == model.used_bytes &&
           h.numbers->dirty_bytes == model.dirty_bytes);
    ENSURE(h.numbers->used_bytes + h.numbers->dirty_bytes <= h.numbers->limit);
    ENSURE(h.numbers->counters.heap_bytes_max >= h.numbers->used_bytes);
}

/* Clean units read as zero; the first units of what was taken are written to. */
static void use(uint32_t first, uint32_t units, uint32_t touched)
{
    for (uint32_t u = first; u < first + units; u++) {
        if (!model.dirty[u])
            ENSURE(pages_hold(unit_address(&h, u), unit_address(&h, u + 1), 0));
        if (u - first < touched)
            fill_pages(unit_address(&h, u), unit_address(&h, u + 1), u);
    }
}

/* Whole units; without a limit any number of pages in them. */
static size_t some_bytes(uint32_t units)
{
    size_t bytes = (size_t)units << UNIT_SHIFT;
    return h.numbers->limit == SIZE_MAX ? bytes - roll(16) * OS_PAGE : bytes;
}

static uint32_t some_units(void)
{
    return 1 + roll(roll(8) ? 8 : 80);
}

/* Growth adds what is needed or more, in clean units. */
static void check_growth(uint32_t units, uint32_t alignment, bool taken)
{
    uint32_t end = model.end, tail = end;
    while (model_free(tail - 1))
        tail--;
    model.end = unit_end(&h);
    if (taken)
        ENSURE(model.end > end);
    else
        ENSURE(tail + unit_skip(&h, tail, alignment) + units > h.numbers->unit_limit &&
               model.end == end);
}

static void take(void)
{
    uint32_t units = some_units(), alignment = roll(3) ? 1 : 1u << roll(6);
    size_t bytes = some_bytes(units);
    bool allowed = bytes <= h.numbers->limit - model.used_bytes;
    uint32_t expected = allowed ? model_find(units, alignment) : 0;
    errno = 0;
    uint32_t first = extent_take(&h, units, alignment, bytes);
    if (!first)
        ENSURE(errno == ENOMEM);
    if (!allowed) {
        ENSURE(!first);
        return;
    }
    if (!expected) {
        check_growth(units, alignment, first != 0);
        expected = model_find(units, alignment);
    }
    ENSURE(
        first == expected &&
        (first == 0 || unit_address(&h, first) % ((size_t)alignment * UNIT_BYTES) == 0));
    if (!first)
        return;
    uint32_t touched = roll(units + 1);
    model_take(first, units, bytes);
    use(first, units, touched);
    model.held[model.count++] = (struct held){first, units, bytes, touched};
}

static void take_behind(struct held *x)
{
    uint32_t end = x->first + x->units, more = roll(4) ? 1 + roll(6) : 0;
    size_t bytes = more ? some_bytes(more) : h.numbers->limit == SIZE_MAX ? OS_PAGE : 0;
    bool possible =
        bytes <= h.numbers->limit - model.used_bytes && model_length(end) >= more;
    ENSURE(extent_take_behind(&h, end, more, bytes) == possible);
    if (!possible)
        return;
    model_take(end, more, bytes);
    use(end, more, 0);
    if (x->touched == x->units) {
        x->touched += more;
        use(end, 0, 0);
        fill_pages(unit_address(&h, end), unit_address(&h, end + more), end);
    }
    x->units += more;
    x->bytes += bytes;
}

/* All of it, or its end. */
static void give(struct held *x)
{
    uint32_t kept = roll(3) ? 0 : roll(x->units);
    uint32_t units = x->units - kept;
    uint32_t touched = x->touched > kept ? x->touched - kept : 0;
    size_t bytes = kept ? min_size(x->bytes, (size_t)units << UNIT_SHIFT) : x->bytes;
    if (h.numbers->limit == SIZE_MAX && kept)
        bytes -= min_size(bytes, OS_PAGE);
    extent_give(&h, x->first + kept, units, touched, bytes);
    model_give(x->first + kept, units, touched, bytes);
    x->units = kept;
    x->bytes -= bytes;
    x->touched -= touched;
    if (!kept)
        *x = model.held[--model.count];
}

static void trim(void)
{
    size_t keep = roll(2) ? 0 : (size_t)roll((uint32_t)model.dirty_bytes + 1);
    extent_trim(&h, keep);
    model_trim(keep);
}

static void step(void)
{
    uint32_t choice = roll(16);
    struct held *x = model.count ? &model.held[roll(model.count)] : NULL;
    if (choice == 0)
        trim();
    else if (choice < 4 && x)
        take_behind(x);
    else if (model.count < HELD_MOST && (choice < 10 || !x))
        take();
    else
        give(x);
}

/* Without a limit, and with one that binds. */
START_TEST(agrees_with_the_model)
{
    start();
    h.numbers->limit = _i ? MIB(12) : SIZE_MAX;
    h.numbers->peak_bytes = SIZE_MAX; /* no free memory goes back before that */
    for (int i = 0; i < STEPS; i++) {
        step();
        compare();
    }
    while (model.count) {
        give(&model.held[0]);
        compare();
    }
    ck_assert_uint_eq(h.numbers->used_bytes, 0);
    ck_assert_uint_eq(h.units[1].extent.units, unit_end(&h) - 1);
    extent_trim(&h, 0);
    ck_assert_uint_eq(h.numbers->dirty_bytes, 0);
    ck_assert(pages_hold(unit_address(&h, 1), unit_address(&h, unit_end(&h)), 0));
    finish();
}
END_TEST

/* An object's last unit may be written to in part, and yet is dirty as a whole. */
START_TEST(giving_stays_within_the_limit)
{
    enum { OBJECTS = 10 };
    size_t bytes = UNIT_BYTES + OS_PAGE;
    uint32_t first[OBJECTS];
    start();
    h.numbers->limit = OBJECTS * bytes;
    for (int i = 0; i < OBJECTS; i++) {
        first[i] = extent_take(&h, 2, 1, bytes);
        ck_assert_uint_ne(first[i], 0);
    }
    for (int i = 0; i < OBJECTS; i++) {
        extent_give(&h, first[i], 2, 2, bytes);
        extent_check(&h);
        ck_assert_uint_le(h.numbers->used_bytes + h.numbers->dirty_bytes,
                          h.numbers->limit);
    }
    finish();
}
END_TEST

/* Memory that the system does not take back stays dirty. */
START_TEST(trim_that_is_refused)
{
    start();
    uint32_t first = extent_take(&h, 8, 1, 8 * UNIT_BYTES);
    fill_pages(unit_address(&h, first), unit_address(&h, first + 8), 1);
    extent_give(&h, first, 8, 8, 8 * UNIT_BYTES);
    os_fail(1, true);
    extent_trim(&h, 0);
    os_fail(0, false);
    extent_check(&h);
    ck_assert_uint_eq(h.numbers->dirty_bytes, 8 * UNIT_BYTES);
    ck_assert_uint_eq(h.numbers->counters.returned_bytes, 0);
    extent_trim(&h, 3 * UNIT_BYTES);
    extent_check(&h);
    ck_assert_uint_eq(h.numbers->dirty_bytes, 3 * UNIT_BYTES);
    ck_assert_uint_eq(h.numbers->counters.returned_bytes, 5 * UNIT_BYTES);
    for (uint32_t u = first; u < first + 8; u++)
        ck_assert_int_eq(!(h.words[u] & UNIT_DIRTY), u >= first + 3);
    finish();
}
END_TEST

START_TEST(more_than_there_is)
{
    start();
    errno = 0;
    ck_assert_uint_eq(extent_take(&h, UNITS, 1, OS_PAGE), 0);
    ck_assert_int_eq(errno, ENOMEM);
    ck_assert_uint_eq(extent_take(&h, UINT32_MAX, 1, OS_PAGE), 0);
    ck_assert_uint_eq(extent_take(&h, 1, 1u << 31, OS_PAGE), 0);
    ck_assert_uint_eq(extent_check(&h), 0);
    uint32_t first = extent_take(&h, UNITS - 1, 1, OS_PAGE);
    ck_assert_uint_eq(first, 1);
    ck_assert(!extent_take_behind(&h, UNITS, 1, OS_PAGE));
    extent_give(&h, first, UNITS - 1, 1, OS_PAGE);
    ck_assert_uint_eq(extent_check(&h), UNITS - 1);
    finish();
}
END_TEST

static bool try_take(void *argument)
{
    (void)argument;
    uint32_t first = extent_take(&h, 20, 4, 20 * UNIT_BYTES);
    extent_check(&h);
    return first != 0;
}

START_TEST(take_fails_cleanly)
{
    start();
    ck_assert_uint_ge(refuse_each_call(try_take, NULL, true), 2);
    finish();
}
END_TEST

static void check_broken(void *argument)
{
    uint32_t first = extent_take(&h, 4, 1, 4 * UNIT_BYTES);
    switch (*(int *)argument) {
    case 0:
        h.numbers->dirty_bytes += UNIT_BYTES;
        break;
    case 1:
        h.words[unit_end(&h) - 1] |= 1u << UNIT_BIN_SHIFT;
        break;
    case 2:
        h.units[first + 4].extent.units--;
        break;
    case 3:
        h.units[unit_end(&h) - 1].extent_first++;
        break;
    case 4: /* a free unit in no extent */
        h.words[first + 1] = 0;
        h.units[first + 1].extent.units = 1;
        h.units[first + 1].extent_first = first + 1;
        break;
    }
    extent_check(&h);
}

START_TEST(check_finds_what_is_broken)
{
    start();
    expect_abort(check_broken, &_i, "extent_check.c");
    finish();
}
END_TEST

/* What lay unused all the time since the last call goes, what was used meanwhile stays. */
START_TEST(unused_memory_goes)
{
    ck_assert(make_heap(&h, MIB(64), false));
    uint32_t first = extent_take(&h, 100, 1, 100 * UNIT_BYTES);
    extent_give(&h, first, 100, 100, 100 * UNIT_BYTES);
    extent_trim_unused(&h, 0);
    ck_assert_uint_eq(h.numbers->dirty_bytes,
                      100 * UNIT_BYTES); /* it came in this period */
    first = extent_take(&h, 30, 1, 30 * UNIT_BYTES);
    extent_give(&h, first, 30, 30, 30 * UNIT_BYTES);
    extent_trim_unused(&h, 0);
    ck_assert_uint_eq(h.numbers->dirty_bytes, 30 * UNIT_BYTES);
    extent_trim_unused(&h, 10 * UNIT_BYTES);
    ck_assert_uint_eq(h.numbers->dirty_bytes, 10 * UNIT_BYTES);
    extent_trim_unused(&h, 0);
    ck_assert_uint_eq(h.numbers->dirty_bytes, 0);
    extent_check(&h);
    heap_destroy(&h);
}
END_TEST

/* Free units with memory, which are too few for the next object, go back before the heap holds more than it ever
 * has.  The peak rises by what went back, and so they are kept the next time. */
START_TEST(a_peak_has_nothing_free)
{
    enum { FEW = 100, MORE = 120 };
    ck_assert(make_heap(&h, MIB(64), false));
    for (int i = 0; i < 2; i++) {
        uint32_t few = extent_take(&h, FEW, 1, FEW * UNIT_BYTES);
        uint32_t wall = extent_take(&h, 1, 1, UNIT_BYTES);
        size_t used = (FEW + 1) * UNIT_BYTES;
        ck_assert_uint_eq(extent_bytes(&h).held, used);
        extent_give(&h, few, FEW, FEW, FEW * UNIT_BYTES);
        uint32_t more = extent_take(&h, MORE, 1, MORE * UNIT_BYTES);
        ck_assert_uint_eq(h.numbers->dirty_bytes, i ? FEW * UNIT_BYTES : 0);
        extent_check(&h);
        extent_give(&h, more, MORE, 0, MORE * UNIT_BYTES);
        extent_give(&h, wall, 1, 0, UNIT_BYTES);
        extent_trim(&h, 0);
    }
    heap_destroy(&h);
}
END_TEST

static uint8_t *states_of(unsigned map, uint32_t unit)
{
    return h.states + h.numbers->maps[map] + ((size_t)unit << (STATE_SHIFT_MOST - map));
}

/* Whole pages of a map that only the units [first, end) have states in. */
static size_t states_pages(unsigned map, uint32_t first, uint32_t end)
{
    uintptr_t low = align_up((uintptr_t)states_of(map, first), os_page_bytes());
    uintptr_t high = align_down((uintptr_t)states_of(map, end), os_page_bytes());
    return low < high ? resident_pages((void *)low, high - low) : 0;
}

/* The memory and the states of free units are given back, those of blocks are not. */
START_TEST(what_huge_pages_brought_goes)
{
    enum { BURST_UNITS = 320 };
    ck_assert(make_heap(&h, MIB(64), false));
    uint32_t first = extent_take(&h, BURST_UNITS, 1, BURST_UNITS * UNIT_BYTES);
    uint32_t used = extent_take(&h, 1, 1, UNIT_BYTES);
    ck_assert_uint_eq(used, first + BURST_UNITS);
    for (unsigned map = 0; map < STATE_MAPS; map++) {
        memset(states_of(map, first), 0, (size_t)BURST_UNITS << (STATE_SHIFT_MOST - map));
        memset(states_of(map, used), STATE_NEW, 1 << (STATE_SHIFT_MOST - map));
        ck_assert_uint_gt(states_pages(map, first, used), 0);
    }
    os_populate((void *)unit_address(&h, first), (BURST_UNITS + 1) * UNIT_BYTES);
    extent_give(&h, first, BURST_UNITS, 0, BURST_UNITS * UNIT_BYTES);
    extent_trim_clean(&h);
    ck_assert_uint_eq(
        resident_pages((void *)unit_address(&h, first), BURST_UNITS * UNIT_BYTES), 0);
    ck_assert_uint_gt(resident_pages((void *)unit_address(&h, used), UNIT_BYTES), 0);
    for (unsigned map = 0; map < STATE_MAPS; map++) {
        size_t bytes = (size_t)1 << (STATE_SHIFT_MOST - map);
        ck_assert_uint_eq(states_pages(map, first, used), 0);
        ck_assert(all_bytes_are(states_of(map, used), bytes, STATE_NEW));
        memset(states_of(map, used), STATE_FREE, bytes);
    }
    extent_give(&h, used, 1, 0, UNIT_BYTES);
    heap_check(&h, NULL);
    heap_destroy(&h);
}
END_TEST

TCase *extent_tests(void)
{
    TCase *t = tcase_create("extent");
    tcase_add_loop_test(t, agrees_with_the_model, 0, 2);
    tcase_add_test(t, giving_stays_within_the_limit);
    tcase_add_test(t, trim_that_is_refused);
    tcase_add_test(t, more_than_there_is);
    tcase_add_test(t, take_fails_cleanly);
    tcase_add_loop_test(t, check_finds_what_is_broken, 0, 5);
    tcase_add_test(t, unused_memory_goes);
    tcase_add_test(t, a_peak_has_nothing_free);
    tcase_add_test(t, what_huge_pages_brought_goes);
    return t;
}
