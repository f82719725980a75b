/* The vector passes over states against loops over bytes. */
#include "heap/state.h"

#include "support.h"

/* More than 255 vectors, after which their counters are emptied. */
enum { LONGEST = 9000 };

static _Alignas(64) uint8_t states[LONGEST + 128], swept[LONGEST + 128];

/* `zeros` of 16 states are FREE; none behind the last is anything else. */
static void randomize(uint32_t count, uint32_t zeros)
{
    memset(states, STATE_FREE, sizeof states);
    for (uint32_t i = 0; i < count; i++)
        states[i] = roll(16) < zeros ? STATE_FREE : (uint8_t)roll(STATE_MARK_B + 1);
}

static void check_count(uint32_t count)
{
    struct state_counts c = state_count(states, count), expected = {0};
    for (uint32_t i = 0; i < count; i++) {
        expected.free += states[i] == STATE_FREE;
        expected.reserved += states[i] == STATE_RESERVED;
        expected.marked += states[i] >= STATE_NEW;
    }
    ENSURE(memcmp(&c, &expected, sizeof c) == 0);
}

static void check_find(uint32_t from, uint32_t count)
{
    uint32_t free_slot = from, other = from;
    while (free_slot < count && states[free_slot] != STATE_FREE)
        free_slot++;
    while (other < count && states[other] == STATE_FREE)
        other++;
    ENSURE(state_find_free(states, from, count) == free_slot);
    ENSURE(state_find_not_free(states, from, count) == other);
}

static void check_sweep(uint32_t count, uint8_t mark)
{
    struct state_counts expected = {0};
    uint32_t lost = 0, reclaimed = 1;
    memcpy(swept, states, sizeof swept);
    struct state_counts c = state_sweep(swept, count, mark, &reclaimed);
    for (uint32_t i = 0; i < count; i++) {
        bool kept = states[i] == mark || states[i] == STATE_RESERVED;
        ENSURE(swept[i] == (kept ? states[i] : STATE_FREE));
        expected.free += !kept;
        expected.reserved += states[i] == STATE_RESERVED;
        expected.marked += states[i] == mark;
        lost += !kept && states[i] != STATE_FREE;
    }
    ENSURE(all_bytes_are(swept + count, sizeof swept - count, STATE_FREE));
    ENSURE(memcmp(&c, &expected, sizeof c) == 0 && reclaimed == lost);
}

static void check_sweep_beside(uint32_t count, uint8_t mark)
{
    uint8_t dead = (uint8_t)(STATE_MARK_A + STATE_MARK_B - mark);
    uint32_t lost = 0, kept = 0, fresh = 0;
    memcpy(swept, states, sizeof swept);
    struct state_found found = state_sweep_beside(swept, count, mark);
    for (uint32_t i = 0; i < count; i++) {
        ENSURE(swept[i] == (states[i] == dead ? STATE_FREE : states[i]));
        lost += states[i] == dead;
        kept += states[i] == mark;
        fresh += states[i] == STATE_NEW;
    }
    ENSURE(all_bytes_are(swept + count, sizeof swept - count, STATE_FREE));
    ENSURE(found.freed == lost && found.marked == kept && found.some_new == (fresh > 0));
}

static void check_renew(uint32_t count, bool unmarked)
{
    uint32_t all = (count + 127) / 64 * 64, expected = 0;
    memcpy(swept, states, sizeof swept);
    memset(swept + count, 0xee,
           all - count); /* what is behind the last may be anything */
    ENSURE(state_all_exist(swept, count));
    uint32_t found = state_renew(swept, count, all, unmarked);
    for (uint32_t i = 0; i < count; i++) {
        uint8_t wanted = states[i] == STATE_RESERVED         ? STATE_FREE
                         : unmarked && states[i] > STATE_NEW ? STATE_NEW
                                                             : states[i];
        ENSURE(swept[i] == wanted);
        expected += wanted == STATE_FREE;
    }
    ENSURE(all_bytes_are(swept + count, all - count, STATE_FREE) && found == expected);
    swept[roll(count)] = (uint8_t)(STATE_MARK_B + 1 + roll(255 - STATE_MARK_B));
    ENSURE(!state_all_exist(swept, count));
}

static void check_all(uint32_t count)
{
    for (uint32_t zeros = 0; zeros <= 16; zeros += 4) {
        randomize(count, zeros);
        check_count(count);
        check_sweep(count, STATE_MARK_A);
        check_sweep(count, STATE_MARK_B);
        check_sweep_beside(count, STATE_MARK_A);
        check_sweep_beside(count, STATE_MARK_B);
        check_renew(count, false);
        check_renew(count, true);
    }
}

START_TEST(all_short_lengths)
{
    for (uint32_t count = 1; count <= 300; count++)
        check_all(count);
}
END_TEST

START_TEST(long_lengths)
{
    for (uint32_t count = 4050; count <= 4150; count++)
        check_all(count);
    for (int i = 0; i < 100; i++)
        check_all(1 + roll(LONGEST));
}
END_TEST

START_TEST(find_from_everywhere)
{
    for (uint32_t count = 0; count <= 80; count++)
        for (uint32_t zeros = 0; zeros <= 17; zeros++) {
            randomize(count, zeros);
            for (uint32_t from = 0; from <= count; from++)
                check_find(from, count);
        }
}
END_TEST

/* A single odd state at each place, since random ones are found too soon. */
START_TEST(find_the_only_one)
{
    enum { COUNT = 200 };
    for (uint32_t place = 0; place <= COUNT; place++)
        for (uint32_t from = 0; from <= COUNT; from++) {
            memset(states, STATE_FREE, sizeof states);
            states[place] = STATE_NEW;
            check_find(from, COUNT);
            memset(states, STATE_NEW, sizeof states);
            states[place] = STATE_FREE;
            check_find(from, COUNT);
        }
}
END_TEST

/* Lanes count to 255 and must not wrap. */
START_TEST(sweep_of_one_kind_only)
{
    for (uint8_t state = STATE_FREE; state <= STATE_MARK_B; state++) {
        memset(states, STATE_FREE, sizeof states);
        memset(states, state, LONGEST);
        check_count(LONGEST);
        check_sweep(LONGEST, STATE_MARK_A);
        check_sweep(LONGEST, STATE_MARK_B);
    }
}
END_TEST

TCase *state_tests(void)
{
    TCase *t = tcase_create("state");
    tcase_add_test(t, all_short_lengths);
    tcase_add_test(t, long_lengths);
    tcase_add_test(t, find_from_everywhere);
    tcase_add_test(t, find_the_only_one);
    tcase_add_test(t, sweep_of_one_kind_only);
    return t;
}
