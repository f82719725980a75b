/* What is checked of locks: the order in which they are taken, and in a build with checking that
 * whoever needs one has it. */
#include "base/lock.h"

#include <gcalloc/gcalloc.h>

#include "collect/collector.h"
#include "collect/naive.h"
#include "collect/pace.h"
#include "collect/phase.h"
#include "collect/workers.h"
#include "report/functions.h"
#include "report/intervals.h"
#include "report/libdw.h"
#include "report/loader.h"
#include "report/origin.h"
#include "report/out.h"
#include "report/symbolize.h"
#include "report/units.h"
#include "roots/coroutines.h"
#include "roots/registered.h"
#include "support.h"
#include "world/control.h"
#include "world/faults.h"
#include "world/foreign.h"
#include "world/fork.h"
#include "world/handshake.h"
#include "world/own.h"
#include "world/stop.h"

/* ---- Order --------------------------------------------------------------------------------- */

static void start(void)
{
    lock_note_taken(RANK_ROOTS);
    lock_note_taken(RANK_EXTENT);
}

static void take_downwards(void)
{
    lock_note_taken(RANK_BIN);
}

static void take_twice(void)
{
    lock_note_taken(RANK_EXTENT);
}

static void release_another(void)
{
    lock_note_released(RANK_BIN);
}

static void be_alone_no_more(void)
{
    lock_note_all(false);
}

static void check(void)
{
}

static const struct damage orders[] = {
    {take_downwards, "held < 1u << rank"},
    {take_twice, "held < 1u << rank"},
    {release_another, "held & 1u << rank"},
    {be_alone_no_more, "all || alone"},
};

START_TEST(disorder_is_caught)
{
    expect_caught(&orders[_i], start, check);
}
END_TEST

START_TEST(what_is_held)
{
    start();
    ck_assert(lock_is_held(RANK_ROOTS) && lock_is_held(RANK_EXTENT));
    ck_assert(!lock_is_held(RANK_BIN));
    lock_note_all(true);
    lock_note_all(true);
    lock_note_all(false);
    ck_assert(lock_is_held(RANK_BIN));
    lock_note_all(false);
    ck_assert(!lock_is_held(RANK_BIN));
    lock_note_released(RANK_EXTENT);
    ck_assert(!lock_is_held(RANK_EXTENT));
}
END_TEST

/* ---- Who needs one ------------------------------------------------------------------------- */

static struct range_list list;
static struct mutator record;
static struct index names;
static struct index_entry entry;
static struct phase phase;

/* Calls, and the ranks of the locks that they need. */
#define CALLS(X)                                                              \
    X(visit_records, WORLD, registry_first())                                 \
    X(add_a_record, WORLD, registry_add(false, false, NULL))                  \
    X(end_a_record, WORLD, registry_end(&record))                             \
    X(ask_for_the_last, WORLD, registry_is_empty())                           \
    X(detach_a_record, WORLD, registry_detached(&record))                     \
    X(add_a_name, WORLD, index_add(&names, &entry, 1, &record))               \
    X(remove_a_name, WORLD, index_remove(&names, &entry))                     \
    X(find_a_name, WORLD, index_find(&names, 1))                              \
    X(note_a_block, WORLD, control_note(16, (struct bounds){0}))              \
    X(stop_the_world, WORLD, world_stop())                                    \
    X(ask_who_is_known, WORLD, world_is_complete())                           \
    X(shake_hands, WORLD, handshake(false, 0))                                \
    X(stop_the_foreign, WORLD, foreign_stop(false))                           \
    X(list_the_foreign, WORLD, world_foreign())                               \
    X(begin_a_stop, WORLD, park_begin_stop())                                 \
    X(end_a_stop, WORLD, park_end_stop())                                     \
    X(claim_a_thread, WORLD, park_claim(&record))                             \
    X(begin_faults, WORLD, faults_begin())                                    \
    X(end_faults, WORLD, faults_end())                                        \
    X(forget_own_threads, WORLD, own_forked())                                \
    X(prepare_cycles, WORLD, cycle_prepare())                                 \
    X(run_a_cycle, WORLD, cycle_run(&process_collector.cycle))                \
    X(add_a_phase, WORLD, phase_add(&phase))                                  \
    X(run_phases, WORLD, phases_run(&process_collector.cycle))                \
    X(trim_a_busy_heap, WORLD, pace_while_busy(&process_heap))                \
    X(trim_a_heap_at_rest, WORLD, pace_at_rest(&process_heap))                \
    X(rouse_helpers, WORLD, workers_rouse(&process_collector.marker))         \
    X(have_helpers_rest, WORLD, workers_rest())                               \
    X(list_stacks, WORLD, coroutine_add_suspended(&process_heap, &list))      \
    X(list_threads, WORLD, threads_roots(&process_heap, NULL, &list, &list))  \
    X(run_callbacks, ROOTS, registered_callbacks_run())                       \
    X(walk_ranges, ROOTS, registered_walk(NULL, NULL))                        \
    X(copy_words, WORLD,                                                      \
      naive_copy(&(uintptr_t){(uintptr_t)&record}, (uintptr_t)(&record + 1))) \
    X(open_a_report, REPORT, out_open())                                      \
    X(print, REPORT, out_print("%s", ""))                                     \
    X(close_a_report, REPORT, out_close())                                    \
    X(find_a_unit, REPORT, units_find(NULL, 0, NULL))                         \
    X(find_a_function, REPORT, functions_find(NULL, 0))                       \
    X(find_an_origin, REPORT, origin_find(NULL, 0))                           \
    X(forget_units, REPORT, units_forget())                                   \
    X(load_libdw, REPORT, libdw_load())                                       \
    X(look_for_the_loader, REPORT, loader_look())                             \
    X(end_a_report, REPORT, symbolize_end())

#define DEFINE(name, rank, call) \
    static void name(void)       \
    {                            \
        (void)(call);            \
    }
CALLS(DEFINE)

#define ROW(name, rank, call) {name, "lock_is_held(RANK_" #rank ")"},
static const struct damage lacks[] = {CALLS(ROW)};

START_TEST(a_lock_that_is_not_held)
{
    expect_caught(&lacks[_i], gc_init, check);
}
END_TEST

TCase *lock_tests(void)
{
    TCase *t = tcase_create("lock");
    tcase_add_test(t, what_is_held);
    tcase_add_loop_test(t, disorder_is_caught, 0, COUNT_OF(orders));
    if (GC_CHECKING)
        tcase_add_loop_test(t, a_lock_that_is_not_held, 0, COUNT_OF(lacks));
    return t;
}
