/* The way to a cycle: the collector asks the loader, stops the world, looks whether all
 * that is to be known is known and still holds, and lets the cycle run; or the world goes
 * on, and it asks again, or puts the collection off.  Nothing is reclaimed in between. */
#include "collect/collector.h"

#include <errno.h>
#include <gcalloc/gcalloc.h>

#include "base/cancel.h"
#include "base/check.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/options.h"
#include "base/probe.h"
#include "base/os.h"
#include "base/track.h"
#include "collect/compact.h"
#include "collect/pace.h"
#include "collect/workers.h"
#include "collect/young.h"
#include "heap/holes.h"
#include "heap/sweep_later.h"
#include "roots/polled.h"
#include "roots/segments.h"
#include "roots/threads.h"
#include "world/faults.h"
#include "world/stop.h"
#include "world/systemstack.h"

struct collector process_collector PRIVATE_DATA;
struct collector_hooks collector_hooks PRIVATE_DATA;

enum { SNAPSHOTS_MOST = 100 };

/* ---- What comes of it -------------------------------------------------------------- */

/* A look is no collection: who asks how many there were, or what they cost, is not told of it. */
static void note_times(struct collector *c)
{
    const struct cycle *cycle = &c->cycle;
    if (cycle->kind->looks) {
        __atomic_store_n(&c->looks, c->looks + 1, __ATOMIC_RELEASE);
        return;
    }
    uint64_t pause = cycle->ended - cycle->began;
    if (!cycle->kind->begins)
        __atomic_store_n(&c->collections, c->collections + 1, __ATOMIC_RELEASE);
    c->young_collections += cycle->kind->young;
    c->young_static_bytes += cycle->kind->young ? cycle->static_bytes : 0;
    c->concurrent_collections += cycle->kind == &cycle_finish;
    c->refills = 0;
    c->pause_ns_last = pause;
    c->pause_ns_max = max_size(c->pause_ns_max, pause);
    c->pause_ns_total += pause;
    c->stop_ns_last = cycle->stopped - cycle->began;
    c->stop_ns_total += c->stop_ns_last;
    c->mark_ns_total += cycle->marked - cycle->stopped;
    c->sweep_ns_total += cycle->swept - cycle->marked;
}

/* Puts a collection off: the heap grows by another budget before it is tried again. */
static void put_off(struct collector *c, enum obstacle o)
{
    static const char *const why[OBSTACLES] = {"a thread does not stop",
                                               "not all threads are known, or stop",
                                               "the roots cannot be listed in full"};
    pace_without_cycle(c->heap);
    if (!c->said[o])
        log_line("collections are put off while %s", why[o]);
    c->said[o] = true;
}

/* ---- Stopping the world for it ----------------------------------------------------- */

/* Whether the collection is to find all that is garbage at the call. */
static bool is_exact_wanted(enum cause cause)
{
    return cause != CAUSE_BUDGET && cause != CAUSE_STRESS && cause != CAUSE_YOUNG;
}

static void begin_cycle(struct collector *c, enum cause cause, uintptr_t sp)
{
    c->cycle.kind =
        generations_choose(&c->generations, c->heap, &c->concurrent, c->kind, cause);
    /* One that ends what had begun is not what was asked for, which follows it. */
    c->cycle.cause = is_exact_wanted(cause) && c->heap->marking ? CAUSE_YOUNG : cause;
    c->cycle.leaves_tenured = c->cycle.kind->sweeps_later && concurrent_has_thread();
    c->cycle.sp = sp;
    c->cycle.roots.keeps_named = OPTION_NOW(verify) || cause == CAUSE_LEAKS ||
                                 cause == CAUSE_QUARANTINE ||
                                 (cause == CAUSE_MEMORY && options.quarantine);
    c->cycle.began = os_now();
}

/* Lists the roots and runs the cycle.  Returns false if the lists are not complete.  The
 * world is stopped, and all threads are known. */
static bool list_and_run(struct collector *c, const struct snapshot *s)
{
    struct cycle *cycle = &c->cycle;
    track_scan_begin();
    cycle_roots_list(&cycle->roots, c->heap, s, cycle->cause == CAUSE_LEAKS);
    track_scan_end();
    if (!cycle_roots_complete(&cycle->roots))
        return false;
    PROBE3(gc_begin, cycle->kind->label, cycle_cause(cycle),
           __atomic_load_n(&c->heap->numbers->charged, __ATOMIC_RELAXED));
    generations_begin(&c->generations, cycle);
    cycle_run(cycle);
    PROBE4(gc_end, cycle->kind->label, cycle_cause(cycle), cycle->reclaimed,
           cycle->ended - cycle->began);
    note_times(c);
    if (!cycle->kind->looks) {
        generations_note(&c->generations, cycle);
        concurrent_note(&c->concurrent, cycle);
    }
    if (GC_CHECKING) {
        collector_check(c);
        faults_check();
    }
    return true;
}

/* Stops the world and runs a cycle if all is known.  Returns false if it is to be called
 * again with another snapshot, as a library was loaded or unloaded since this one: the
 * loader's locks may be waited for in a running world only.  The world lock is held. */
static bool stop_and_run(struct collector *c, const struct snapshot *s)
{
    lock_check_held(RANK_WORLD);
    bool ran = false;
    if (!world_stop()) {
        world_restart();
        put_off(c, THREAD_RUNS);
        return true;
    }
    c->cycle.stopped = os_now();
    faults_begin();
    workers_rouse(&c->marker);
    bool known = world_is_complete();
    bool valid = segments_unchanged(&s->loaded);
    if (valid && known)
        ran = list_and_run(c, s);
    workers_rest();
    faults_end();
    world_restart();
    if (valid && !ran)
        put_off(c, known ? ROOTS_UNKNOWN : THREADS_UNKNOWN);
    else if (valid && OPTION_NOW(log))
        cycle_log(&c->cycle, c->collections, c->started);
    return valid;
}

bool collector_is_due(const struct collector *c)
{
    const struct heap *h = c->heap;
    return UNLIKELY(__atomic_load_n(&h->marked, __ATOMIC_RELAXED)) ||
           __atomic_load_n(&h->numbers->charged, __ATOMIC_RELAXED) >=
               __atomic_load_n(&h->numbers->budget, __ATOMIC_RELAXED);
}

/* Whether the collection is needed no more, as another thread has collected while this
 * one waited.  That does not serve who wants to see what is garbage now. */
static bool is_done(const struct collector *c, enum cause cause, uint64_t collections)
{
    if (cause == CAUSE_BUDGET && !collector_is_due(c))
        return true; /* another cycle may have ended before this thread counted cycles */
    if (cause == CAUSE_IDLE && collector_is_disabled(c))
        return true;
    if (cause == CAUSE_BEGIN && c->heap->marking)
        return true;
    return cause != CAUSE_REQUEST && cause != CAUSE_LEAKS && !cycle_is_look(cause) &&
           collector_count(c) != collections;
}

/* Whether the cycle that has run only ended what had begun before, where one was asked for that finds what
 * is garbage now.  Another one is to follow. */
static bool was_of_before(const struct collector *c, enum cause cause)
{
    return c->cycle.kind == &cycle_finish && is_exact_wanted(cause) && !c->heap->marking;
}

struct request {
    struct collector *collector;
    enum cause cause;
};

/* Tries to collect, on a stack of the library's.  Every callee-saved register is on the
 * program's stack by now. */
NOINLINE WITHOUT_GAPS static void run(void *argument)
{
    struct collector *c = ((const struct request *)argument)->collector;
    enum cause cause = ((const struct request *)argument)->cause;
    uintptr_t sp = (uintptr_t)__builtin_frame_address(0);
    uint64_t collections = collector_count(c);
    for (int i = 0; i < SNAPSHOTS_MOST; i++) {
        world_let_run();
        workers_recruit(c->heap);
        polled_refresh(is_exact_wanted(cause));
        const struct snapshot *s = threads_snapshot(c->heap, sp);
        if (!s)
            return;
        world_lock();
        bool finished = is_done(c, cause, collections);
        if (!finished) {
            sweep_later(c->heap, UINT32_MAX);
            begin_cycle(c, cause, sp);
            finished = stop_and_run(c, s);
            holes_make_quiet(c->heap);
            if (cause != CAUSE_BUDGET) /* who asked for it finds that the dead are gone */
                sweep_later(c->heap, UINT32_MAX);
            if (finished && was_of_before(c, cause)) {
                collections = collector_count(c);
                finished = false;
            }
        }
        world_unlock();
        if (finished && (cause == CAUSE_REQUEST || cause == CAUSE_IDLE))
            compact_all(c->heap);
        if (finished)
            return;
    }
}

static void tell(struct collector *c, enum cause cause, void (**hook)(struct collector *))
{
    void (*told)(struct collector *) = __atomic_load_n(hook, __ATOMIC_ACQUIRE);
    if (UNLIKELY(told != NULL) && cause != CAUSE_LEAKS && cause != CAUSE_BEGIN &&
        !cycle_is_look(cause) && c == &process_collector)
        told(c);
}

NOINLINE WITHOUT_GAPS void collector_run(struct collector *c, enum cause cause)
{
    struct request request = {c, cause};
    int saved_errno = errno;
    if (world_is_mine() || !registry_is_here())
        return;
    tell(c, cause, &collector_hooks.before);
    cancel_hold_off();
    __builtin_unwind_init();
    systemstack_run(run, &request);
    __asm__ volatile("" ::: "memory"); /* no tail call: this frame holds the registers */
    cancel_let_in();
    tell(c, cause, &collector_hooks.after);
    errno = saved_errno;
}

uint64_t collector_count(const struct collector *c)
{
    return __atomic_load_n(&c->collections, __ATOMIC_ACQUIRE);
}

void collector_check(const struct collector *c)
{
    const struct cycle *last = &c->cycle;
    lock_check_held(RANK_WORLD);
    CHECK(last->heap == c->heap && last->marker == &c->marker);
    CHECK(last->began <= last->stopped && last->stopped <= last->marked);
    CHECK(last->marked <= last->swept && last->swept <= last->ended);
    CHECK(c->collections + c->looks > 0 && c->pause_ns_last <= c->pause_ns_max);
    CHECK(c->pause_ns_max <= c->pause_ns_total);
    CHECK(c->stop_ns_total + c->mark_ns_total + c->sweep_ns_total <= c->pause_ns_total);
}

void collector_end_begun(struct collector *c)
{
    if (RACING(c->heap->marking))
        collector_run(c, CAUSE_YOUNG);
}

bool collector_create(struct collector *c, struct heap *h)
{
    c->heap = h;
    c->kind = &cycle_full;
    c->cycle.heap = h;
    c->cycle.marker = &c->marker;
    c->started = os_now();
    cycle_prepare();
    young_prepare();
    return marker_create(&c->marker, h, MARKER_PART) && workers_create(&c->marker);
}

/* ---- For programs ------------------------------------------------------------------ */

void gc_disable(void)
{
    __atomic_fetch_add(&process_collector.disabled, 1, __ATOMIC_RELAXED);
}

void gc_enable(void)
{
    static bool said PRIVATE_DATA;
    unsigned *disabled = &process_collector.disabled;
    unsigned count = __atomic_load_n(disabled, __ATOMIC_RELAXED);
    if (count == 0 && !__atomic_exchange_n(&said, true, __ATOMIC_RELAXED))
        log_line("gc_enable was called more often than gc_disable: it did nothing");
    while (count && !__atomic_compare_exchange_n(disabled, &count, count - 1, true,
                                                 __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        continue;
}
