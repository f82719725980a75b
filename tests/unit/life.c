/* What may become of a thread: each change that the tables have, and each that they have not. */
#include "world/life.h"

#include "support.h"

static const bool lives[LIVES][LIVES] = {
    [LIFE_NONE][LIFE_STARTING] = true,   [LIFE_STARTING][LIFE_NONE] = true,
    [LIFE_STARTING][LIFE_LIVING] = true, [LIFE_STARTING][LIFE_FINISHED] = true,
    [LIFE_LIVING][LIFE_FINISHED] = true, [LIFE_FINISHED][LIFE_NONE] = true,
};

static const bool safeties[SAFETIES][SAFETIES] = {
    [SAFETY_NONE][SAFETY_SAFE] = true,       [SAFETY_SAFE][SAFETY_NONE] = true,
    [SAFETY_SAFE][SAFETY_CLAIMED] = true,    [SAFETY_CLAIMED][SAFETY_SAFE] = true,
    [SAFETY_CLAIMED][SAFETY_AWAITED] = true, [SAFETY_AWAITED][SAFETY_SAFE] = true,
};

struct change {
    unsigned from, to;
};

static void change_life(void *argument)
{
    const struct change *c = argument;
    enum life life = c->from;
    life_change(&life, c->to);
    ck_assert_uint_eq(life, c->to);
}

static void change_safety(void *argument)
{
    const struct change *c = argument;
    uint32_t safety = c->from;
    ck_assert(safety_change(&safety, c->from, c->to));
    ck_assert_uint_eq(safety, c->to);
}

START_TEST(every_change_of_a_life)
{
    struct change c = {(unsigned)_i / LIVES, (unsigned)_i % LIVES};
    if (lives[c.from][c.to])
        change_life(&c);
    else
        expect_abort(change_life, &c, "broken invariant: life_follows(from, to)\n");
}
END_TEST

START_TEST(every_change_of_safety)
{
    struct change c = {(unsigned)_i / SAFETIES, (unsigned)_i % SAFETIES};
    if (safeties[c.from][c.to])
        change_safety(&c);
    else
        expect_abort(change_safety, &c,
                     "broken invariant: !changed || safety_follows(from, to)\n");
}
END_TEST

/* Whoever loses a race changes nothing. */
START_TEST(no_change_from_another_state)
{
    uint32_t safety = SAFETY_CLAIMED;
    ck_assert(!safety_change(&safety, SAFETY_SAFE, SAFETY_NONE));
    ck_assert_uint_eq(safety, SAFETY_CLAIMED);
}
END_TEST

TCase *life_tests(void)
{
    TCase *t = tcase_create("life");
    tcase_add_loop_test(t, every_change_of_a_life, 0, LIVES * LIVES);
    tcase_add_loop_test(t, every_change_of_safety, 0, SAFETIES * SAFETIES);
    tcase_add_test(t, no_change_from_another_state);
    return t;
}
