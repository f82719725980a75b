/* The thread that looks on.  It sleeps until the heap is used, then looks at it in equal
 * steps.  When for some of them in a row next to nothing was allocated or freed, and no
 * collection ran, the program rests: what it has dropped is collected, what it has freed
 * goes back, and the thread sleeps again.  So a program that does nothing wakes up a few
 * times more, and then never. */
#include "collect/idle.h"

#include "base/futex.h"
#include "base/options.h"
#include "base/os.h"
#include "collect/compact.h"
#include "collect/pace.h"
#include "heap/count.h"
#include "world/stop.h"
#include "world/own.h"
#include "world/thread.h"

enum {
    STEPS = 4, /* more than one: a program that was not let run for a while is not idle */
    /* Bytes that may be allocated or freed in a quiet step; if as many were freed since the
     * last return, it is worth giving memory back. */
    QUIET_BYTES = MIB(1),
    CYCLE_PART = 4,        /* part of the budget that is worth a collection */
    MILLISECOND = 1000000, /* nanoseconds */
};

enum { NONE, LOOKING, ASLEEP, FAILED, ENDING };

/* The state of the one thread of the process, which looks at the heap that had it started. */
static struct {
    uint32_t state;   /* of the thread.  Atomic */
    uint64_t returns; /* atomic */
    /* These are the thread's own: what there had been when memory last went back. */
    uint64_t collections, freed;
} idle PRIVATE_DATA;

static void set_state(uint32_t state)
{
    __atomic_store_n(&idle.state, state, __ATOMIC_SEQ_CST);
}

static bool change_state(uint32_t from, uint32_t to)
{
    return __atomic_compare_exchange_n(&idle.state, &from, to, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_RELAXED);
}

struct activity {
    uint64_t bytes, collections;
};

static struct activity activity_now(const struct collector *c)
{
    const struct heap *h = c->heap;
    return (struct activity){count_get(&h->numbers->counters.allocated_bytes) +
                                 count_get(&h->numbers->counters.freed_bytes),
                             collector_count(c)};
}

/* Waits for a step; returns whether it was quiet.  Unused memory of a program that goes
 * on by itself, without a collection, goes back, too. */
static bool is_quiet_step(struct collector *c)
{
    struct activity before = activity_now(c);
    futex_wait(&idle.state, LOOKING, OPTION_NOW(idle) * MILLISECOND / STEPS + 1);
    struct activity now = activity_now(c);
    if (now.collections != before.collections)
        return false;
    if (now.bytes - before.bytes < QUIET_BYTES)
        return true;
    world_lock();
    pace_while_busy(c->heap);
    world_unlock();
    if (!RACING(c->heap->numbers->managed))
        compact_soon(c->heap, false);
    return false;
}

static bool is_ending(void)
{
    return __atomic_load_n(&idle.state, __ATOMIC_SEQ_CST) == ENDING;
}

static void await_rest(struct collector *c)
{
    for (int quiet = 0; quiet < STEPS && !is_ending();)
        quiet = is_quiet_step(c) ? quiet + 1 : 0;
}

/* Whether the world may be stopped while the program rests: a program of one thread has
 * never seen a system call of its own end with EINTR for a stop, and is not to see the
 * first one while it sleeps. */
static bool has_several_threads(void)
{
    size_t living = 0;
    world_lock();
    for (MUTATORS(m))
        living += thread_lives(m);
    world_unlock();
    return living > 1;
}

/* Whether objects may have been dropped, as there were collections since memory last went
 * back, or one is due before long. */
static bool is_worth_a_cycle(const struct collector *c)
{
    const struct heap *h = c->heap;
    return __atomic_load_n(&h->numbers->managed, __ATOMIC_RELAXED) &&
           !collector_is_disabled(c) &&
           (collector_count(c) != idle.collections ||
            __atomic_load_n(&h->numbers->charged, __ATOMIC_RELAXED) >=
                __atomic_load_n(&h->numbers->budget, __ATOMIC_RELAXED) / CYCLE_PART);
}

/* Collects.  The thread is registered for that, as only registered threads collect. */
static void collect(struct collector *c)
{
    if (!thread_attach())
        return;
    collector_run(c, CAUSE_IDLE);
    thread_detach();
}

/* Gives memory back without a stop: the program's threads may be in system calls that a
 * stop would end. */
static void trim(struct heap *h)
{
    world_lock();
    pace_at_rest(h);
    world_unlock();
}

/* A heap that has cycles is compacted after them.  A program of one thread does it itself when it goes on. */
static void compact(struct heap *h)
{
    if (!h->mesh)
        return;
    if (!has_several_threads()) {
        compact_soon(h, true);
    } else if (thread_attach()) {
        compact_all(h);
        thread_detach();
    }
}

static void give_back(struct collector *c)
{
    struct heap *h = c->heap;
    uint64_t freed = count_get(&h->numbers->counters.freed_bytes);
    bool collects = is_worth_a_cycle(c);
    if (collects && has_several_threads())
        collect(c);
    else if (collects || freed - idle.freed >= QUIET_BYTES)
        trim(h), compact(h);
    else
        return;
    idle.freed = freed;
    idle.collections = collector_count(c);
    __atomic_fetch_add(&idle.returns, 1, __ATOMIC_RELEASE);
}

static void *look_on(void *collector)
{
    own_begin();
    thread_inside++;
    while (!is_ending()) {
        await_rest(collector);
        if (change_state(LOOKING, ASLEEP) && OPTION_NOW(idle))
            give_back(collector);
        while (__atomic_load_n(&idle.state, __ATOMIC_SEQ_CST) == ASLEEP)
            futex_wait(&idle.state, ASLEEP, 0);
    }
    thread_inside--;
    return NULL;
}

/* Whether the heap has grown beyond what it keeps without need. */
static bool is_worth_a_thread(const struct heap *h)
{
    size_t bytes = RACING(h->bytes), floor = OPTION_NOW(floor);
    return OPTION_NOW(idle) && bytes > floor && bytes - floor > floor / 2 &&
           own_can_start() && registry_is_here();
}

void idle_note(struct collector *c)
{
    uint32_t state = __atomic_load_n(&idle.state, __ATOMIC_RELAXED);
    if (LIKELY(state == LOOKING))
        return;
    if (state == ASLEEP && OPTION_NOW(idle) && change_state(ASLEEP, LOOKING))
        futex_wake(&idle.state, 1);
    else if (state == NONE && is_worth_a_thread(c->heap) && change_state(NONE, LOOKING) &&
             !own_start(look_on, c))
        set_state(FAILED);
}

uint64_t idle_returns(void)
{
    return __atomic_load_n(&idle.returns, __ATOMIC_ACQUIRE);
}

static void ask_to_end(void)
{
    if (change_state(LOOKING, ENDING) || change_state(ASLEEP, ENDING) ||
        change_state(LOOKING, ENDING))
        futex_wake(&idle.state, 1);
}

static void has_ended(void)
{
    change_state(ENDING, NONE);
}

/* The child of a fork does not have the thread. */
static void forked(void)
{
    set_state(NONE);
}

__attribute__((constructor)) static void start(void)
{
    static struct own_kind kind PRIVATE_DATA;
    kind = (struct own_kind){.ask = ask_to_end, .over = has_ended, .forked = forked};
    own_kind_add(&kind);
}
