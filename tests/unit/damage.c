/* The checks of what the collector and the mutators keep, and of faults: each invariant is broken
 * once. */
#include <gcalloc/gcalloc.h>

#include "collect/caches.h"
#include "collect/collector.h"
#include "collect/pace.h"
#include "collect/phase.h"
#include "collect/pool.h"
#include "collect/workers.h"
#include "mutator/init.h"
#include "roots/coroutines.h"
#include "support.h"
#include "world/faults.h"
#include "world/lock.h"
#include "world/next.h"

/* ---- Heaps and their cycles ---------------------------------------------------------------- */

static struct phase phase = {.rank = PHASE_WEAK};

static void run_phase(struct cycle *c)
{
    (void)c;
}

/* A cycle has ended, and nothing was allocated since. */
static void collect(void)
{
    gc_init();
    gc_collect();
    world_lock();
    phase.run = run_phase;
    phase_add(&phase);
    lock_check_all(true); /* there is one thread */
}

static void check(void)
{
    collector_check(&process_collector);
    cycle_roots_check(&process_collector.cycle.roots);
    marker_check(&process_collector.marker);
    workers_check();
    phases_check();
    pace_check(&process_heap);
    caches_check(&process_heap);
    coroutine_check();
}

START_TEST(sound_after_a_cycle)
{
    collect();
    check();
}
END_TEST

static struct collector *const c = &process_collector;

static void have_another_heap(void)
{
    static struct heap another;
    c->cycle.heap = &another;
}

static void stop_before_it_begins(void)
{
    c->cycle.stopped = c->cycle.began - 1;
}

static void sweep_before_it_marks(void)
{
    c->cycle.swept = c->cycle.marked - 1;
}

static void have_no_collections(void)
{
    c->collections = 0;
}

static void pause_longer_than_ever(void)
{
    c->pause_ns_max = c->pause_ns_last - 1;
}

static void pause_longer_than_all(void)
{
    c->pause_ns_max = c->pause_ns_total + 1;
}

static void mark_longer_than_it_pauses(void)
{
    c->mark_ns_total = c->pause_ns_total + 1;
}

static void list_too_much(void)
{
    c->cycle.roots.named.count = c->cycle.roots.named.capacity + 1;
}

static void list_an_empty_range(void)
{
    struct range *r = &c->cycle.roots.data.ranges[0];
    r->high = r->low;
}

static void list_a_stack_upside_down(void)
{
    struct range *r = &c->cycle.roots.stacks.ranges[0];
    r->low = r->high + 1;
}

static void leave_a_marker_busy(void)
{
    c->marker.pool->busy = 1;
}

static void change_a_rank(void)
{
    phase.rank = PHASE_VERIFY;
}

static void forget_the_function(void)
{
    phase.run = NULL;
}

static void stretch_too_little(void)
{
    process_heap.numbers->stretch = 99;
}

static void stretch_too_much(void)
{
    process_heap.numbers->stretch = 1601;
}

static void have_more_living_than_used(void)
{
    process_heap.numbers->live_bytes = process_heap.numbers->used_bytes + 1;
}

static void charge_at_once(void)
{
    process_heap.numbers->charged = 1;
}

static void have_a_cache_twice(void)
{
    thread_self->spare = thread_self->cache;
}

static void lose_one_aside(void)
{
    thread_self->aside_count++;
}

static void run_on_no_stack(void)
{
    thread_self->coroutine = UNIT_BYTES;
}

static const struct damage damages[] = {
    {have_another_heap, "last->heap == c->heap && last->marker == &c->marker"},
    {stop_before_it_begins, "last->began <= last->stopped && "},
    {sweep_before_it_marks, "last->marked <= last->swept && "},
    {have_no_collections, "c->collections + c->looks > 0 && "},
    {pause_longer_than_ever,
     "c->collections + c->looks > 0 && c->pause_ns_last <= c->pause_ns_max"},
    {pause_longer_than_all, "c->pause_ns_max <= c->pause_ns_total"},
    {mark_longer_than_it_pauses, "c->stop_ns_total + c->mark_ns_total + "},
    {list_too_much, "l->count <= l->capacity"},
    {list_an_empty_range, "l->ranges[i].low < l->ranges[i].high"},
    {list_a_stack_upside_down, "l->ranges[i].low < l->ranges[i].high"},
    {leave_a_marker_busy, "p->busy == 0 && !p->overflowed"},
    {change_a_rank, "p->rank == rank && p->run"},
    {forget_the_function, "p->rank == rank && p->run"},
    {stretch_too_little, "n->stretch >= 100 && n->stretch <= STRETCH_MOST"},
    {stretch_too_much, "n->stretch >= 100 && n->stretch <= STRETCH_MOST"},
    {have_more_living_than_used, "n->live_bytes <= n->used_bytes"},
    {charge_at_once, "__atomic_load_n(&n->charged, "},
    {have_a_cache_twice, "!t->cache || t->cache != t->spare"},
    {lose_one_aside, "aside == t->aside_count"},
    {run_on_no_stack, "!m->coroutine || (s && s->runner == m)"},
};

START_TEST(damage_is_caught)
{
    expect_caught(&damages[_i], collect, check);
}
END_TEST

/* ---- The calling thread -------------------------------------------------------------------- */

static void use_the_cache_of_another(void)
{
    static struct cache another;
    thread_cache = &another;
}

static void be_ready_without_cache(void)
{
    thread_use_cache(NULL);
    thread_self->cache = NULL;
}

static void be_ready_past_its_end(void)
{
    thread_self->temporary = true;
}

static void be_ready_while_it_blocks(void)
{
    thread_self->blocking = 1;
}

static void forget_itself(void)
{
    thread_self = NULL;
}

static const struct damage mutator_damages[] = {
    {use_the_cache_of_another, "thread_cache == m->cache || "},
    {be_ready_without_cache, "!m->ready || (m->cache && !m->temporary)"},
    {be_ready_past_its_end, "!m->ready || (m->cache && !m->temporary)"},
    {be_ready_while_it_blocks, "!m->blocking || (!m->ready && m->calls > 0)"},
    {forget_itself, "is_started() && m"},
};

START_TEST(damage_to_a_mutator_is_caught)
{
    gc_init();
    mutator_check();
    expect_caught(&mutator_damages[_i], gc_init, mutator_check);
}
END_TEST

/* ---- Faults -------------------------------------------------------------------------------- */

static void pause_for_faults(void)
{
    gc_init();
    world_lock();
    faults_begin();
}

static void end_the_pause(void)
{
    faults_end();
}

static void take_the_signal_away(void)
{
    struct sigaction usual = {.sa_handler = SIG_DFL};
    next_sigaction(SIGSEGV, &usual, NULL);
}

static const struct damage fault_damages[] = {
    {end_the_pause, "faults.active == 1"},
    {take_the_signal_away, "!faults.is_ours[i] || "},
};

START_TEST(damage_to_faults_is_caught)
{
    pause_for_faults();
    faults_check();
    end_the_pause();
    world_unlock();
    expect_caught(&fault_damages[_i], pause_for_faults, faults_check);
}
END_TEST

TCase *damage_tests(void)
{
    TCase *t = tcase_create("damage");
    tcase_add_test(t, sound_after_a_cycle);
    tcase_add_loop_test(t, damage_is_caught, 0, COUNT_OF(damages));
    tcase_add_loop_test(t, damage_to_a_mutator_is_caught, 0, COUNT_OF(mutator_damages));
    tcase_add_loop_test(t, damage_to_faults_is_caught, 0, COUNT_OF(fault_damages));
    return t;
}
