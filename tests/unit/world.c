/* The check of the world, in a stop of it: each of its invariants is broken once. */
#include <gcalloc/gcalloc.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <ucontext.h>

#include "base/critical.h"
#include "base/track.h"
#include "support.h"
#include "world/control.h"
#include "world/defer.h"
#include "world/own.h"
#include "world/stop.h"
#include "world/systemstack.h"

enum { NOBODY = 1 << 30 }; /* no thread's tid */

static struct mutator *other;  /* a thread that nobody ever started, and that is safe */
static struct mutator *unused; /* a record that was discarded */
static uintptr_t kept;         /* a stack of the library's that nobody runs on */

static void note_stack(void *argument)
{
    (void)argument;
    kept = thread_self->system.low;
}

static struct mutator *add_safe(void)
{
    struct mutator *m = registry_add(false, true, NULL);
    m->tid = NOBODY;
    m->pointer = 1;
    m->critical = &critical;
    registry_number(m);
    safety_change(&m->safety, SAFETY_NONE, SAFETY_SAFE);
    life_change(&m->life, LIFE_LIVING);
    return m;
}

/* The world is stopped. */
static void start(void)
{
    gc_init();
    systemstack_run(note_stack, NULL);
    world_lock();
    other = add_safe();
    unused = registry_add(false, false, NULL);
    registry_discard(unused);
    ck_assert(world_stop());
}

START_TEST(sound_while_it_is_stopped)
{
    start();
    ck_assert_uint_eq(other->safety, SAFETY_CLAIMED);
    world_check();
    world_restart();
    ck_assert_uint_eq(other->safety, SAFETY_SAFE);
    registry_lost(other);
    world_unlock();
}
END_TEST

/* ---- The registry ------------------------------------------------------------------------ */

static void link_in_a_ring(void)
{
    other->previous = other;
}

static void give_no_serial(void)
{
    other->serial = 0;
}

static void give_a_serial_again(void)
{
    thread_self->serial = other->serial;
}

static void have_no_life(void)
{
    other->life = LIFE_NONE;
}

static void be_without_number(void)
{
    other->number.owner = NULL;
}

static void be_without_pointer(void)
{
    other->pointer = 0;
}

static void finish_unjoinable(void)
{
    other->life = LIFE_FINISHED;
    other->joinable = false;
}

static void finish_with_cache(void)
{
    other->life = LIFE_FINISHED;
    other->spare = thread_self->cache;
}

static void have_another_name(void)
{
    other->name.owner = thread_self;
}

static void have_another_number(void)
{
    other->number.key = 1;
}

static void become_the_librarys(void)
{
    other->own = true;
}

static void use_what_is_unused(void)
{
    unused->serial = 1;
}

static void name_what_is_unused(void)
{
    unused->name.owner = unused;
}

static void hide_in_another_bucket(void)
{
    other->tid = 1;
    other->number.key = 1;
}

static void be_named_in_no_index(void)
{
    other->named = true;
    other->name.owner = other;
}

static void be_numbered_in_no_index(void)
{
    struct mutator *m = registry_add(false, false, NULL);
    m->number.owner = m;
}

/* ---- The stop ---------------------------------------------------------------------------- */

static void run_on(void)
{
    other->safety = SAFETY_NONE;
}

static void claim_one_that_starts(void)
{
    registry_add(false, false, NULL)->safety = SAFETY_CLAIMED;
}

static void wait_for_one(void)
{
    park_await(other);
}

static void have_no_stack(void)
{
    static struct foreign f = {.tid = NOBODY};
    park_add_asleep(&f);
}

static void park_outside(void)
{
    static struct foreign f = {.tid = NOBODY, .sp = 16, .pointer = 16};
    park_add_asleep(&f);
}

static void end_the_stop(void)
{
    park_end_stop();
}

static void restart(void)
{
    world_restart();
}

/* ---- What else there is of threads ------------------------------------------------------- */

static void run_on_one_stack(void)
{
    thread_self->system.low = other->system.low = OS_PAGE;
}

static void run_on_a_kept_stack(void)
{
    other->system.low = kept;
}

static void put_off(int number)
{
    siginfo_t information = {.si_signo = number};
    static ucontext_t context;
    ck_assert(defer_signal(SIGUSR1, &information, &context));
}

static void forget_a_signal(void)
{
    put_off(SIGUSR1);
    critical.deferred = false;
}

static void put_nothing_off(void)
{
    put_off(0);
}

static int step; /* atomic */

static void reach(int next)
{
    __atomic_store_n(&step, next, __ATOMIC_RELEASE);
}

static void await(int wanted)
{
    while (__atomic_load_n(&step, __ATOMIC_ACQUIRE) != wanted)
        sched_yield();
}

static void *begin_twice(void *argument)
{
    own_begin();
    reach(1);
    await(2);
    own_begin();
    reach(3);
    await(4);
    return argument;
}

static void work_in_a_free_place(void)
{
    ck_assert(own_start(begin_twice, NULL));
    await(1);
    own_forked();
    reach(2);
    await(3);
}

static size_t slots;

/* Of the table of control blocks, which lies in front of that of vectors. */
static uintptr_t *noted_blocks(void)
{
    return (uintptr_t *)(uintptr_t)control_vectors(&slots) - slots;
}

static uintptr_t *noted_block(void)
{
    uintptr_t *block = noted_blocks();
    while (!*block)
        block++;
    return block;
}

static void lose_a_block(void)
{
    *noted_block() = 0;
}

static void move_a_block(void)
{
    uintptr_t *blocks = noted_blocks(), *from = noted_block();
    blocks[((size_t)(from - blocks) + slots / 2) % slots] = *from;
    *from = 0;
}

static const struct damage damages[] = {
    {link_in_a_ring, "m->previous == before"},
    {give_no_serial, "m->serial > 0 && m->serial <="},
    {give_a_serial_again, "m->serial > 0 && m->serial <="},
    {have_no_life, "m->life != LIFE_NONE"},
    {be_without_number, "m->number.owner && m->critical && m->pointer"},
    {be_without_pointer, "m->number.owner && m->critical && m->pointer"},
    {finish_unjoinable, "m->joinable && !m->ready"},
    {finish_with_cache, "!m->cache && !m->spare && m->aside_count == 0 && !m->aside"},
    {have_another_name, "!m->name.owner || "},
    {have_another_number, "!m->number.owner || "},
    {become_the_librarys, "t.program == registry.program"},
    {use_what_is_unused, "m->life == LIFE_NONE && m->serial == 0 &&"},
    {name_what_is_unused, "!m->name.owner && !m->number.owner"},
    {hide_in_another_bucket, "e->owner && bucket_of(e->key, bits) == place"},
    {be_named_in_no_index, "index_check(&registry.names) == t.names"},
    {be_numbered_in_no_index, "index_check(&registry.numbers) == t.numbers"},
    {run_on, "safety != SAFETY_NONE"},
    {claim_one_that_starts, "safety < SAFETY_CLAIMED"},
    {wait_for_one, "__atomic_load_n(&world.awaited, "},
    {have_no_stack, "s->tid > 0 && s->sp != 0"},
    {park_outside, "__atomic_load_n(&world.inside, "},
    {end_the_stop, "is_stop(present_epoch())"},
    {restart, "world_is_mine() && stop.stopped"},
    {run_on_one_stack, "!m->system.low || uses_of(m->system.low) == 1"},
    {forget_a_signal, "!put_off.waiting || critical.deferred"},
    {put_nothing_off, "!put_off.waiting || (number > 0"},
    {work_in_a_free_place, "state != FREE || tid_of(&own.threads[i]) == 0"},
};

START_TEST(damage_is_caught)
{
    expect_caught(&damages[_i], start, world_check);
}
END_TEST

/* Where a thread does not change to a stack of the library's, as under a sanitizer, none is kept. */
START_TEST(damage_to_stacks_is_caught)
{
    static const struct damage d = {run_on_a_kept_stack,
                                    "!kept[i] || uses_of(kept[i]) == 1"};
    expect_caught(&d, start, world_check);
}
END_TEST

/* With a C library that has them. */
START_TEST(damage_to_vectors_is_caught)
{
    static const struct damage control_damages[] = {
        {lose_a_block, "count == control.count && "},
        {move_a_block, "!control.blocks[i] || "},
    };
    start();
    control_vectors(&slots);
    world_restart();
    world_unlock();
    for (size_t i = 0; slots && i < COUNT_OF(control_damages); i++)
        expect_caught(&control_damages[i], start, world_check);
}
END_TEST

/* ---- Safe threads ------------------------------------------------------------------------ */

static void block_twice(void *argument)
{
    (void)argument;
    gc_init();
    world_block(thread_self);
    world_block(thread_self);
}

START_TEST(a_safe_thread_is_not_made_safe)
{
    expect_abort(block_twice, NULL, "broken invariant: ran\n");
}
END_TEST

TCase *world_tests(void)
{
    TCase *t = tcase_create("world");
    tcase_add_test(t, sound_while_it_is_stopped);
    tcase_add_loop_test(t, damage_is_caught, 0, COUNT_OF(damages));
    if (!GC_WATCHED_MEMORY)
        tcase_add_test(t, damage_to_stacks_is_caught);
    tcase_add_test(t, damage_to_vectors_is_caught);
    tcase_add_test(t, a_safe_thread_is_not_made_safe);
    return t;
}
