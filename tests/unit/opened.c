/* The checks of modules that keep their state to themselves: each invariant is broken once. */
#include "opened/opened.h"

#include <gcalloc/gcalloc.h>

#include "roots/coroutines.h"
#include "roots/registered.h"
#include "support.h"
#include "trace/depot.h"
#include "trace/modules.h"
#include "world/lock.h"

static char places[64];

static void mark(void *data)
{
    gc_mark_range(data, data);
}

/* Something is in each of them. */
static void start(void)
{
    uintptr_t frames[] = {(uintptr_t)start, (uintptr_t)mark};
    modules_look();
    ck_assert_uint_ne(depot_put(frames, COUNT_OF(frames)), 0);
    for (uintptr_t low = UNIT_BYTES; low < 4 * UNIT_BYTES; low += UNIT_BYTES)
        ck_assert_int_eq(coroutine_register((struct range){low, low + OS_PAGE}), 0);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(gc_root_add(places, places + 16 * i), 0);
        ck_assert_int_eq(gc_root_callback_add(mark, places + i), 0);
    }
    world_lock();
}

static void check(void)
{
    depot_check();
    modules_check();
    coroutine_check();
    registered_check();
}

static const struct damage damages[] = {
    {depot_change_frame, "hash_of(frames, count) == hash_at(depot.table[i])"},
    {depot_move, "is_on_its_way(i)"},
    {depot_cut_off, "count > 0 && depot.table[i] + count < depot.used"},
    {depot_count_one_more, "found == depot.count && "},
    {modules_list_too_many, "table.span_count <= table.span_capacity && "},
    {modules_overlap, "s.low >= end && s.low < s.high"},
    {modules_give_no_number, "s.number > 0 && s.number <= table.count"},
    {modules_unload, "table.list[s.number - 1].low == s.low && "},
    {coroutines_overlap, "s->range.low >= *end"},
    {coroutines_turn_around, "s->range.low < s->range.high"},
    {coroutines_forget_one, "used + unused == max_size(t->count, 1) - 1"},
    {registered_remove_too_often, "root_at(node)->times > 0"},
    {registered_forget_a_range, "used + unused == max_size(t->count, 1) - 1"},
    {registered_unlink, "callback_at(node)->previous == last"},
    {registered_swap_numbers, "!last || callback_at(last)->number < "},
    {registered_lose_the_last, "last == registered.last"},
    {registered_forget_a_callback,
     "node_table_check(&registered.callbacks) == callbacks"},
};

START_TEST(sound)
{
    start();
    check();
    world_unlock();
}
END_TEST

START_TEST(damage_is_caught)
{
    expect_caught(&damages[_i], start, check);
}
END_TEST

TCase *opened_tests(void)
{
    TCase *t = tcase_create("opened");
    tcase_add_test(t, sound);
    tcase_add_loop_test(t, damage_is_caught, 0, COUNT_OF(damages));
    return t;
}
