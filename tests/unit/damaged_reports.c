/* The checks of what reports keep: each invariant is broken once. */
#include <string.h>

#include "report/answers.h"
#include "report/intervals.h"
#include "report/leak_set.h"
#include "report/suppress.h"
#include "support.h"

static struct interval intervals[] = {{16, 64, 64}, {32, 48, 64}, {80, 96, 96}};
static struct intervals table;

static void list_intervals(void)
{
    table = (struct intervals){.list = (char *)intervals,
                               .element_bytes = sizeof intervals[0],
                               .count = COUNT_OF(intervals),
                               .capacity = COUNT_OF(intervals)};
}

static void check_intervals(void)
{
    intervals_check(&table);
}

static void put_in_disorder(void)
{
    intervals[1].low = 8;
}

static void reach_too_far(void)
{
    intervals[1].reach = 65;
}

static void have_no_room(void)
{
    table.capacity--;
}

static const struct damage interval_damages[] = {
    {put_in_disorder, "i == 0 || at(t, i - 1)->low <= v->low"},
    {reach_too_far, "v->reach == reach"},
    {have_no_room, "t->count <= t->capacity"},
};

START_TEST(damage_to_intervals_is_caught)
{
    list_intervals();
    check_intervals();
    expect_caught(&interval_damages[_i], list_intervals, check_intervals);
}
END_TEST

/* A definite leak keeps the second one alone, and another one keeps nothing. */
static struct leak leaks[] = {
    {.class = LEAK_DEFINITE, .owner = OWNER_NONE},
    {.class = LEAK_INDIRECT, .owner = 0},
    {.class = LEAK_SUPPRESSED, .owner = OWNER_NONE},
    {.class = LEAK_POSSIBLE, .owner = OWNER_NONE},
};
static struct kept kept[] = {{.objects = 1}, {0}, {0}};
static struct leak_set set;

static void list_leaks(void)
{
    set = (struct leak_set){.leaks = leaks,
                            .count = COUNT_OF(leaks),
                            .capacity = COUNT_OF(leaks),
                            .lost = COUNT_OF(kept),
                            .kept = kept};
}

static void check_leaks(void)
{
    leak_set_check(&set);
}

static void lose_too_many(void)
{
    set.lost = set.count + 1;
}

static void lose_what_is_possible(void)
{
    leaks[2].class = LEAK_POSSIBLE;
}

static void reach_what_is_lost(void)
{
    leaks[3].class = LEAK_INDIRECT;
}

static void be_kept_by_what_is_kept(void)
{
    leaks[1].owner = 1;
}

static void keep_what_is_not_owned(void)
{
    kept[0].objects++;
}

static void keep_without_being_definite(void)
{
    kept[2].objects = 1;
}

static const struct damage leak_damages[] = {
    {lose_too_many, "s->lost <= s->count && s->count <= s->capacity"},
    {lose_what_is_possible, "l->class == LEAK_SUPPRESSED || lost == (place < s->lost)"},
    {reach_what_is_lost, "l->class == LEAK_SUPPRESSED || lost == (place < s->lost)"},
    {be_kept_by_what_is_kept, "l->owner >= OWNER_NONE || "},
    {keep_what_is_not_owned, "kept == owned || "},
    {keep_without_being_definite, "place >= s->lost || "},
};

START_TEST(damage_to_leaks_is_caught)
{
    list_leaks();
    check_leaks();
    expect_caught(&leak_damages[_i], list_leaks, check_leaks);
}
END_TEST

/* Two places, of which the second has two symbols. */
static void say_one_or_two(struct place p,
                           void (*visit)(void *argument, const struct symbol *s),
                           void *argument)
{
    visit(argument, &(struct symbol){.function = "one", .module = "a module"});
    if (p.return_address == 32)
        visit(argument, &(struct symbol){.inlined = true});
}

static struct answer *first_answer, *second_answer;

static void keep_answers(void)
{
    lock_check_all(true); /* there is one thread */
    answers_clear();
    for (uintptr_t i = 16; i <= 32; i += 16)
        ck_assert_ptr_nonnull(answers_find((struct place){i, 0}, say_one_or_two));
    first_answer = (struct answer *)(uintptr_t)answers_find((struct place){16, 0}, NULL);
    second_answer = (struct answer *)(uintptr_t)answers_find((struct place){32, 0}, NULL);
}

static void move_an_answer(void)
{
    first_answer->place.return_address = 4096;
}

static void lose_an_answer(void)
{
    first_answer->place.return_address = 0;
}

static void point_beyond_the_symbols(void)
{
    second_answer->first = 2;
}

static void share_a_symbol(void)
{
    first_answer->count = 2;
}

static const struct damage answer_damages[] = {
    {move_an_answer, "slot_of(answers.answers, answers.slots, a->place) == a"},
    {lose_an_answer, "found == answers.count && "},
    {point_beyond_the_symbols, "a->first <= answers.symbol_count && "},
    {share_a_symbol, "found == answers.count && symbols == answers.symbol_count"},
};

START_TEST(damage_to_answers_is_caught)
{
    keep_answers();
    answers_check();
    expect_caught(&answer_damages[_i], keep_answers, answers_check);
}
END_TEST

static struct frame_pattern frame_patterns[3];
static struct suppression listed[2];

static void list_suppressions(void)
{
    frame_patterns[0] = (struct frame_pattern){FRAME_ANYTHING, 0, "alloc"};
    frame_patterns[1] = (struct frame_pattern){FRAME_SOURCE, 3, "mid.c"};
    frame_patterns[2] = (struct frame_pattern){FRAME_SOME, 0, NULL};
    listed[0] = (struct suppression){
        .name = "alloc", .classes = SUPPRESS_ANY_CLASS, .first = 0, .count = 1};
    listed[1] = (struct suppression){
        .name = "mid", .line = 7, .first = 1, .count = 2, .objects = 1};
    suppressions = (struct suppressions){.list = listed,
                                         .count = COUNT_OF(listed),
                                         .capacity = COUNT_OF(listed),
                                         .frames = frame_patterns,
                                         .frame_count = COUNT_OF(frame_patterns),
                                         .frame_capacity = COUNT_OF(frame_patterns)};
}

static void have_no_name(void)
{
    listed[0].name = NULL;
}

static void share_a_frame(void)
{
    listed[1].first = 0;
}

static void have_two_patterns_for_any_frame(void)
{
    listed[0].count = 2;
}

static void suppress_no_object(void)
{
    listed[0].bytes = 1;
}

static void list_too_many(void)
{
    suppressions.capacity = 1;
}

static void have_too_many_frames(void)
{
    suppressions.frame_capacity = 2;
}

static void lose_a_frame(void)
{
    suppressions.frame_count = 2;
}

static void have_no_pattern(void)
{
    frame_patterns[0].glob = NULL;
}

static void have_the_line_of_a_function(void)
{
    frame_patterns[0].line = 3;
}

static const struct damage suppression_damages[] = {
    {have_no_name, "s->name && s->first == frames"},
    {share_a_frame, "s->name && s->first == frames"},
    {have_two_patterns_for_any_frame, "s->line > 0 || (s->line == 0 && s->count == 1)"},
    {suppress_no_object, "s->objects > 0 || s->bytes == 0"},
    {list_too_many, "suppressions.count <= suppressions.capacity"},
    {have_too_many_frames, "suppressions.frame_count <= suppressions.frame_capacity"},
    {lose_a_frame, "frames == suppressions.frame_count"},
    {have_no_pattern, "p->part < FRAME_PARTS && (p->part == FRAME_SOME) == !p->glob"},
    {have_the_line_of_a_function,
     "p->line == 0 || (p->part == FRAME_SOURCE && p->line > 0)"},
};

START_TEST(damage_to_suppressions_is_caught)
{
    list_suppressions();
    suppress_check();
    expect_caught(&suppression_damages[_i], list_suppressions, suppress_check);
}
END_TEST

TCase *damaged_reports_tests(void)
{
    TCase *t = tcase_create("damaged_reports");
    tcase_add_loop_test(t, damage_to_intervals_is_caught, 0, COUNT_OF(interval_damages));
    tcase_add_loop_test(t, damage_to_leaks_is_caught, 0, COUNT_OF(leak_damages));
    tcase_add_loop_test(t, damage_to_answers_is_caught, 0, COUNT_OF(answer_damages));
    tcase_add_loop_test(t, damage_to_suppressions_is_caught, 0,
                        COUNT_OF(suppression_damages));
    return t;
}
