/* Random traces of all that may happen to free units, each step checked against the
 * model: one suite for every policy. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/os.h"
#include "heap/extent.h"
#include "heap/lookup.h"
#include "model.h"
#include "suites.h"

static const struct fit *const policies[] = {&fit_best, &fit_first, &fit_next, &fit_buddy,
                                             &fit_adaptive};

enum {
    POLICIES = sizeof policies / sizeof policies[0],
    SEEDS = 4,
    STEPS = 2000,
    HELD_MOST = 120,
};

struct held {
    uint32_t first, units;
};

static struct heap h;
static struct model m;
static struct held held[HELD_MOST];
static uint32_t held_count;
static uint64_t random_state;

static uint32_t below(uint32_t n)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((random_state >> 33) % n);
}

static size_t bytes_of(uint32_t units)
{
    return (size_t)units << UNIT_SHIFT;
}

/* Mostly blocks for small and medium objects, some large objects. */
static uint32_t some_units(void)
{
    uint32_t what = below(10);
    if (what < 6)
        return 1;
    return what < 8 ? MEDIUM_UNITS : 1 + below(what == 8 ? 20 : 150);
}

/* The policy that places the next request: the one that adaptive is in. */
static const struct fit *policy(void)
{
    if (h.fit != &fit_adaptive)
        return h.fit;
    return h.numbers->fit_state.adaptive.best ? &fit_best : &fit_first;
}

static void use(uint32_t first, uint32_t units)
{
    ck_assert_uint_ge(model_length(&m, first), units);
    for (uint32_t u = first; u < first + units; u++)
        m.used[u] = true;
    m.used_bytes += bytes_of(units);
}

/* Where the model says that it goes once the heap has grown, if it must: the policy is
 * asked twice then. */
static void step_take(void)
{
    uint32_t units = some_units(), alignment = below(8) ? 1 : 1u << below(5);
    const struct fit *before = policy();
    uint32_t expected = model_find(&m, before, units, alignment);
    uint32_t end = m.end;
    uint32_t first = extent_take(&h, units, alignment, bytes_of(units));
    model_grow(&m);
    ck_assert(!(expected && m.end > end));
    if (!first) {
        ck_assert(!expected);
        return;
    }
    ck_assert_uint_eq(unit_address(&h, first) % bytes_of(alignment), 0);
    /* Adaptive may have switched on the way, and next fit may then begin anew. */
    uint32_t now = model_find(&m, policy(), units, alignment);
    ck_assert(first == expected || (!expected && first == now) ||
              (policy() != before && first == now));
    use(first, units);
    m.cursor = first + units;
    held[held_count++] = (struct held){first, units};
}

static void step_take_behind(void)
{
    struct held *last = &held[below(held_count)];
    uint32_t end = last->first + last->units, more = below(12);
    bool expected = more == 0 || (end < m.end && model_length(&m, end) >= more);
    ck_assert_int_eq(extent_take_behind(&h, end, more, bytes_of(more)), expected);
    if (expected) {
        use(end, more);
        last->units += more;
    }
}

/* All of an extent, or its end. */
static void step_give(void)
{
    uint32_t which = below(held_count);
    struct held *last = &held[which];
    uint32_t units = below(4) ? last->units : 1 + below(last->units);
    uint32_t first = last->first + last->units - units, touched = below(units + 1);
    extent_give(&h, first, units, touched, bytes_of(units));
    for (uint32_t u = first; u < first + units; u++) {
        m.used[u] = false;
        m.dirty[u] |= u - first < touched;
    }
    m.used_bytes -= bytes_of(units);
    last->units -= units;
    if (last->units == 0)
        *last = held[--held_count];
}

/* Trims, and takes over what the heap says is dirty: all above some unit is clean then.
 */
static void step_trim(void)
{
    size_t before = h.numbers->dirty_bytes, keep = bytes_of(below(200));
    extent_trim(&h, keep);
    ck_assert_uint_eq(h.numbers->dirty_bytes, before < keep ? before : keep);
    size_t excess = before > keep ? before - keep : 0;
    for (uint32_t u = m.end; u-- > 1 && excess;)
        if (!m.used[u] && m.dirty[u]) {
            m.dirty[u] = false;
            excess -= UNIT_BYTES;
        }
}

static void step(void)
{
    uint32_t what = below(100);
    if (held_count == 0 || (what < 52 && held_count < HELD_MOST))
        step_take();
    else if (what < 90)
        step_give();
    else if (what < 97)
        step_take_behind();
    else
        step_trim();
}

static uint64_t seed(int number)
{
    const char *given = getenv("FIT_SEED");
    uint64_t s = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    return s + (uint64_t)number;
}

START_TEST(policy_agrees_with_model)
{
    random_state = seed(_i / POLICIES);
    const struct fit *fit = policies[_i % POLICIES];
    printf("%s: FIT_SEED=%llu\n", fit->name, (unsigned long long)random_state);
    fflush(stdout);
    held_count = 0;
    model_create(&m, &h, fit);
    for (int i = 0; i < STEPS; i++) {
        step();
        model_compare(&m);
    }
    while (held_count)
        step_give();
    model_compare(&m);
    ck_assert_uint_eq(model_length(&m, 1), m.end - 1);
    model_destroy(&m);
}
END_TEST

/* Free: 2..4 and 6..9 and from 11 on. */
START_TEST(policies_differ_as_they_should)
{
    static const struct {
        const struct fit *fit;
        uint32_t one, three, four;
    } expected[] = {{&fit_best, 2, 2, 6}, {&fit_first, 2, 2, 6}, {&fit_buddy, 4, 12, 12}};
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        for (int request = 0; request < 3; request++) {
            model_create(&m, &h, expected[i].fit);
            ck_assert_uint_eq(extent_take(&h, 10, 1, bytes_of(10)), 1);
            extent_give(&h, 2, 3, 0, bytes_of(3));
            extent_give(&h, 6, 4, 0, bytes_of(4));
            uint32_t units = request == 0 ? 1 : (uint32_t)request + 2;
            uint32_t place = request == 0   ? expected[i].one
                             : request == 1 ? expected[i].three
                                            : expected[i].four;
            ck_assert_uint_eq(extent_take(&h, units, 1, bytes_of(units)), place);
            model_destroy(&m);
        }
    }
}
END_TEST

TCase *traces_case(void)
{
    TCase *t = tcase_create("traces");
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, policy_agrees_with_model, 0, SEEDS * POLICIES);
    tcase_add_test(t, policies_differ_as_they_should);
    return t;
}
