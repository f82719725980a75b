/* The stops, and the thread that marks between them. */
#include "collect/concurrent.h"

#include <sys/syscall.h>
#include <unistd.h>

#include "base/futex.h"
#include "base/lock.h"
#include "base/options.h"
#include "base/os.h"
#include "base/track.h"
#include "base/track_writes.h"
#include "collect/collector.h"
#include "collect/pace.h"
#include "collect/young.h"
#include "heap/sweep_later.h"
#include "heap/tenured.h"
#include "world/own.h"
#include "world/stop.h"
#include "world/systemstack.h"
#include "world/thread.h"

enum {
    MILLISECOND = 1000000, /* nanoseconds */
    STEP_BATCHES = 16,     /* of marking while the world lock is held: some 100 us */
    STEP_UNITS = 16,       /* of which pages are asked at once: 1 MiB */
    STEPS_MOST = 64,       /* of asking while the world lock is held */
    STEP_BLOCKS = 256,     /* that are swept meanwhile: some 100 us */
    /* While a call protects pages, the first write to a page by another thread flushes the TLBs of all
     * processors: after so many pages the program has some time in which none does. */
    PAGES_AT_ONCE = 128,
    REST_NS = 200000,
    /* A pause is worth so many times its length to the program, in writes that are slower. */
    WORTH = 10,
    PATIENCE_MOST = 64,
    ROUNDS_MOST = 4,
    PAGES_FEW = 256, /* the second stop may as well scan so many */
};

/* ---- The stops ------------------------------------------------------------------------- */

/* Callbacks of the program are left to the second stop: what they name is scanned there in any case. */
static void begin(struct cycle *c)
{
    struct heap *h = c->heap;
    track_scan_begin();
    marker_begin(c->marker, true);
    cycle_roots_scan(&c->roots, c->marker);
    track_scan_end();
    h->marking = true;
    h->scanned = h->marked = false;
    pace_while_marking(h);
    cycle_note_reclaimed(c);
    c->marked = c->swept = c->ended = os_now();
}

const struct cycle_kind cycle_begin = {
    .label = "begins",
    .flips = true,
    .begins = true,
    .run = begin,
};

const struct cycle_kind cycle_finish = {
    .label = "beside",
    .recounts = true,
    .remembers = true,
    .sweeps_later = true,
};

/* ---- When ------------------------------------------------------------------------------ */

/* The thread of the process, and whether it cannot be had. */
enum { NONE, ASLEEP, AWAKE, ENDING };
static struct {
    uint32_t state; /* atomic */
    bool failed;    /* atomic */
} beside PRIVATE_DATA;

bool concurrent_is_wanted(void)
{
    return OPTION_NOW(pause) && !__atomic_load_n(&beside.failed, __ATOMIC_RELAXED) &&
           os_processors() > 1;
}

bool concurrent_is_possible(const struct heap *h)
{
    return RACING(h->marking) || (RACING(h->remembers) && concurrent_is_wanted());
}

uint64_t concurrent_expected_ns(const struct concurrent *k, const struct heap *h)
{
    return k->full_live ? (uint64_t)((unsigned __int128)k->full_ns *
                                     h->numbers->live_bytes / k->full_live)
                        : 0;
}

bool concurrent_pays(const struct concurrent *k, const struct heap *h)
{
    return concurrent_is_wanted() && k->aside == 0 &&
           concurrent_expected_ns(k, h) > (uint64_t)OPTION_NOW(pause) * MILLISECOND;
}

bool concurrent_is_due(const struct heap *h, const struct concurrent *k)
{
    size_t at = __atomic_load_n(&k->begin_at, __ATOMIC_RELAXED);
    return at && __atomic_load_n(&h->numbers->charged, __ATOMIC_RELAXED) >= at;
}

/* Where faults cost more the program needs more time to go on with what waits behind them. */
static uint64_t rest_ns(void)
{
    return (uint64_t)REST_NS * max_size(track_writes_ns(), 1000) / 1000;
}

/* How long it takes beside the program to protect what lives, and to mark it, which takes half as long again as
 * without. */
static uint64_t beside_ns(const struct concurrent *k, const struct heap *h)
{
    uint64_t rests = track_writes_is_free()
                         ? 0
                         : h->numbers->live_bytes / ((size_t)PAGES_AT_ONCE * OS_PAGE);
    return concurrent_expected_ns(k, h) * 3 / 2 + rests * 2 * rest_ns();
}

/* All that is to be complete when the budget is used up. */
static size_t begin_at(const struct concurrent *k, const struct cycle *c)
{
    const struct heap *h = c->heap;
    size_t budget = h->numbers->budget;
    uint64_t ran = c->began - k->last_ended;
    if (!k->last_ended || h->young || !h->remembers || !concurrent_pays(k, h))
        return 0;
    unsigned __int128 meanwhile =
        (unsigned __int128)c->charged * beside_ns(k, h) / (ran + 1);
    size_t early = meanwhile > budget ? budget : (size_t)meanwhile;
    return max_size(budget - early, budget / 4 + 1);
}

/* A program that writes all over its heap while it is marked is better off with the pause. */
static void note_cost(struct concurrent *k, const struct cycle *c)
{
    uint64_t cost = (k->pages + c->written_pages) * track_writes_ns();
    if (cost <= WORTH * concurrent_expected_ns(k, c->heap)) {
        k->patience = 0;
        return;
    }
    k->patience = (uint32_t)min_size(max_size(2 * k->patience, 1), PATIENCE_MOST);
    k->aside = k->patience;
}

static void note_full(struct concurrent *k, const struct cycle *c)
{
    k->full_ns = c->swept - c->stopped;
    k->full_live = c->heap->numbers->live_bytes;
    k->aside -= k->aside > 0;
}

static void note_beginning(struct concurrent *k)
{
    k->number++;
    k->pages = 0;
    __atomic_store_n(&k->begin_at, 0, __ATOMIC_RELAXED);
}

void concurrent_note(struct concurrent *k, const struct cycle *c)
{
    if (c->kind->begins)
        return note_beginning(k);
    if (c->kind->young)
        return;
    if (c->kind->remembers)
        note_cost(k, c);
    else
        note_full(k, c);
    __atomic_store_n(&k->begin_at, begin_at(k, c), __ATOMIC_RELAXED);
    k->last_ended = c->ended;
}

/* ---- Beside the program ------------------------------------------------------------------ */

/* The thread's work for one cycle. */
struct pass {
    struct collector *c;
    uint64_t number;
    bool goes_on; /* another thread has begun with it */
    int pages;    /* what os_pages_open returned */
};

/* Begins a step, unless the cycle has ended.  The world is not stopped in the midst of a step, as whoever would
 * stop it waits for the lock. */
static bool step_begin(const struct pass *p)
{
    world_lock();
    if (p->c->heap->marking && p->c->concurrent.number == p->number &&
        __atomic_load_n(&beside.state, __ATOMIC_RELAXED) != ENDING) {
        track_scan_begin();
        return true;
    }
    world_unlock();
    return false;
}

static void step_end(void)
{
    track_scan_end();
    world_unlock();
}

/* What was written of tenured blocks, of the units from *unit on, is protected again, and scanned with
 * `scans`; returns how many pages. */
static size_t ask_some(const struct pass *p, uint32_t *unit, bool scans)
{
    const struct heap *h = p->c->heap;
    size_t pages = 0;
    for (int i = 0; i < STEPS_MOST && pages < PAGES_AT_ONCE; i++) {
        struct tenured_run t = tenured_next_run(h, *unit);
        uint32_t end = (uint32_t)min_size(t.end, t.first + STEP_UNITS);
        *unit = t.first < t.end ? end : unit_end(h);
        if (t.first == t.end)
            break;
        pages += young_ask_beside(scans ? &p->c->marker : NULL, h, p->pages,
                                  (struct tenured_run){t.first, end});
    }
    return pages;
}

/* Asks of all tenured blocks.  Returns false if the cycle has ended. */
static bool ask_all(const struct pass *p, bool scans, size_t *pages)
{
    *pages = 0;
    for (uint32_t unit = 1;;) {
        if (!step_begin(p))
            return false;
        size_t some = ask_some(p, &unit, scans);
        bool more = unit < unit_end(p->c->heap);
        p->c->concurrent.pages += scans ? some : 0;
        step_end();
        *pages += some;
        if (!more)
            return true;
        if (some >= PAGES_AT_ONCE && !track_writes_is_free())
            futex_rest(rest_ns());
    }
}

static bool drain(const struct pass *p)
{
    for (bool done = false; !done;) {
        if (!step_begin(p))
            return false;
        p->c->heap->scanned = true;
        done = marker_drain_beside(&p->c->marker, STEP_BATCHES, p->pages);
        step_end();
    }
    return true;
}

/* Marks all that is reachable, then what was written meanwhile, as long as that becomes less.  If nothing was
 * scanned before the pages are protected, what had been written by then need not be.  (There was
 * another thread before if all of the program's had ended that were known.) */
static void mark(const struct pass *p)
{
    size_t pages, before = SIZE_MAX;
    bool goes_on = ask_all(p, p->goes_on, &pages) && drain(p);
    for (int i = 0; goes_on && i < ROUNDS_MOST; i++, before = pages) {
        goes_on = ask_all(p, true, &pages) && drain(p);
        if (pages <= PAGES_FEW || pages > before / 4 * 3)
            break;
    }
    if (!goes_on || !step_begin(p))
        return;
    __atomic_store_n(&p->c->heap->marked, true, __ATOMIC_RELAXED);
    step_end();
}

/* ---- By the program's threads ------------------------------------------------------------ */

struct assist {
    struct collector *c;
    bool helped;
};

/* A step of marking, which does not ask what pages there are, as only the thread can.  Nothing is scanned before it
 * has begun to, as it may still protect pages. */
static void assist(void *argument)
{
    struct assist *a = argument;
    struct collector *c = a->c;
    bool taken = world_hold();
    if (c->heap->marking && c->heap->scanned && !c->heap->marked) {
        track_scan_begin();
        marker_drain_beside(&c->marker, STEP_BATCHES, -1);
        track_scan_end();
        c->marking_assists++;
        a->helped = true;
    }
    world_let_go(taken);
}

bool concurrent_assist(struct collector *c)
{
    const struct heap *h = c->heap;
    size_t charged = __atomic_load_n(&h->numbers->charged, __ATOMIC_RELAXED);
    size_t budget = __atomic_load_n(&h->numbers->budget, __ATOMIC_RELAXED);
    struct assist a = {.c = c};
    if (LIKELY(!RACING(h->marking)) || charged >= budget + budget / 4)
        return false;
    systemstack_run(assist, &a);
    return a.helped;
}

/* ---- The thread -------------------------------------------------------------------------- */

/* Sweeps some of what the last cycle has left.  Returns false if that is nothing. */
static bool sweep_some(struct heap *h)
{
    if (!sweep_is_left(h))
        return false;
    world_lock();
    sweep_later(h, STEP_BLOCKS);
    world_unlock();
    return true;
}

/* The thread has descriptors of its own from now on, of which there are none, so that what it opens takes no
 * number of the program's.  Returns what os_pages_open returns. */
static int open_apart(void)
{
    enum { CLOSE_RANGE = 436, UNSHARE = 1 << 1 }; /* the number is every architecture's */
    uintptr_t here = 1, copy = 0;
    bool apart = syscall(CLOSE_RANGE, 0u, ~0u, UNSHARE) == 0;
    return apart && os_copy(&copy, (uintptr_t)&here, sizeof here) ? os_pages_open() : -1;
}

static bool change_state(uint32_t from, uint32_t to)
{
    return __atomic_compare_exchange_n(&beside.state, &from, to, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_RELAXED);
}

/* Takes up the cycle that has begun.  Returns false if this thread did so before. */
static bool take_up(struct pass *p)
{
    world_lock();
    bool is_new = p->number != p->c->concurrent.number;
    p->number = p->c->concurrent.number;
    p->goes_on = p->c->heap->scanned;
    world_unlock();
    return is_new;
}

/* Nobody marks, and the cycle that has begun is to end. */
static void fail(struct collector *c)
{
    __atomic_store_n(&beside.failed, true, __ATOMIC_RELAXED);
    world_lock();
    __atomic_store_n(&c->heap->marked, c->heap->marking, __ATOMIC_RELAXED);
    world_unlock();
}

static void *work(void *collector)
{
    struct pass p = {.c = collector};
    own_begin();
    thread_inside++;
    p.pages = open_apart();
    if (p.pages < 0)
        fail(p.c);
    while (p.pages >= 0 && __atomic_load_n(&beside.state, __ATOMIC_SEQ_CST) != ENDING) {
        if (take_up(&p))
            mark(&p);
        else if (sweep_some(p.c->heap))
            continue;
        else if (change_state(AWAKE, ASLEEP))
            futex_wait(&beside.state, ASLEEP, 0);
    }
    os_pages_close(p.pages);
    thread_inside--;
    return NULL;
}

void concurrent_go_on(struct collector *c)
{
    uint32_t state = __atomic_load_n(&beside.state, __ATOMIC_RELAXED);
    bool marking = RACING(c->heap->marking);
    if (LIKELY(!marking && !sweep_is_left(c->heap)) || state == AWAKE)
        return;
    if (state == ASLEEP && change_state(ASLEEP, AWAKE))
        futex_wake(&beside.state, 1);
    else if (state == NONE && marking && own_can_start() && registry_is_here() &&
             change_state(NONE, AWAKE) && !own_start(work, c))
        fail(c);
}

bool concurrent_has_thread(void)
{
    uint32_t state = __atomic_load_n(&beside.state, __ATOMIC_RELAXED);
    return state == ASLEEP || state == AWAKE;
}

static void ask_to_end(void)
{
    if (__atomic_exchange_n(&beside.state, ENDING, __ATOMIC_SEQ_CST) != NONE)
        futex_wake(&beside.state, 1);
}

static void has_ended(void)
{
    change_state(ENDING, NONE);
}

/* The child of a fork does not have the thread. */
static void forked(void)
{
    beside.state = NONE;
}

__attribute__((constructor)) static void start(void)
{
    static struct own_kind kind PRIVATE_DATA;
    kind = (struct own_kind){.ask = ask_to_end, .over = has_ended, .forked = forked};
    own_kind_add(&kind);
}
