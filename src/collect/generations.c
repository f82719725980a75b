/* The choice between young and full cycles, and the budget of the young ones. */
#include "collect/generations.h"

#include "base/lock.h"
#include "base/log.h"
#include "base/options.h"
#include "base/proc.h"
#include "base/track_writes.h"
#include "collect/pace.h"
#include "collect/young.h"
#include "heap/tenured.h"
#include "roots/unwritten.h"

enum {
    /* A heap that is marked and swept in less, of some 20 MiB, has little to win: at 10 MiB the faults cost
     * what marking costs. */
    FULL_LEAST_NS = 5 * 1000 * 1000,
    /* Of what lives: time alone is long beside other programs. */
    FULL_LEAST_BYTES = MIB(8),
    /* A full cycle is due when this many times what the last one took has passed, so that old objects do not
     * stay for good where nothing new survives: it takes a twentieth of the time at most. */
    FULL_INTERVALS = 20,
    /* A block that is protected and no more costs the program what first writes to so many pages do. */
    BLOCK_PAGES = 5,
    /* The faults of a trial take up to so many parts of what a full cycle does, and those that young cycles
     * would bring, once for each page, up to so many; what more there are only young cycles can tell. */
    TRIAL_PARTS = 10,
    /* What survives a full cycle would survive young ones, too, of which each is to pay by what it frees. */
    SURVIVORS_PARTS = 4,
    FAULTS_PARTS = 2,
    SCORE_MOST = 4,
    SCORE_LEAST = -6,
    SCORE_LOSS = -2, /* one cycle that does not pay weighs as two that do */
    /* A cycle pays up to so many percent of what it saves; from the other number on it is the last. */
    PAYS_PERCENT = 87,
    LAST_PERCENT = 200,
    PATIENCE_LEAST = 4,
    PATIENCE_MOST = 128,
};

/* ---- What pays ------------------------------------------------------------------------- */

/* a * b / c, or UINT64_MAX if that is less. */
static uint64_t share(uint64_t a, uint64_t b, uint64_t c)
{
    unsigned __int128 s = (unsigned __int128)a * b / (c ? c : 1);
    return s > UINT64_MAX ? UINT64_MAX : (uint64_t)s;
}

uint32_t generations_percent(uint64_t cost, size_t charged, size_t kept, uint64_t full_ns,
                             size_t full_budget)
{
    uint64_t saved = share(full_ns, charged, full_budget);
    uint64_t brought_nearer = share(full_ns, kept, full_budget);
    return (uint32_t)min_size(share(100, cost + brought_nearer, saved), UINT32_MAX);
}

size_t generations_budget(size_t before, size_t charged, size_t kept, size_t full_budget)
{
    size_t next = kept > charged / 4    ? 2 * before
                  : kept < charged / 16 ? before / 2
                                        : before;
    return max_size(min_size(next, full_budget / 2), YOUNG_LEAST);
}

/* ---- The choice ------------------------------------------------------------------------ */

/* The program has called gc_collect_young. */
static bool are_asked_for(const struct generations *g)
{
    return __atomic_load_n(&g->asked, __ATOMIC_RELAXED);
}

/* By what full cycles are like, and once so many have passed. */
static bool may_pay(const struct generations *g, const struct heap *h, uint32_t after)
{
    return g->aside <= after && g->full_ns >= FULL_LEAST_NS &&
           h->numbers->live_bytes >= FULL_LEAST_BYTES;
}

/* Where faults are free, or come in any case, young cycles are tried without. */
static bool needs_trial(const struct generations *g)
{
    return OPTION_NOW(generations) == GENERATIONS_AUTO && !are_asked_for(g) &&
           !g->promising && !track_writes_is_free() && !concurrent_is_wanted();
}

static bool are_wanted(const struct generations *g, const struct heap *h)
{
    size_t option = OPTION_NOW(generations);
    return option == GENERATIONS_ALWAYS ||
           (option == GENERATIONS_AUTO &&
            (are_asked_for(g) || (may_pay(g, h, 0) && !needs_trial(g))));
}

/* A sandbox may end a program for a system call that it does not know, and the kernel is not asked then for
 * something that nobody has asked for. */
static bool is_asking_risky(struct generations *g)
{
    bool chosen = OPTION_NOW(generations) == GENERATIONS_ALWAYS || OPTION_NOW(pause) ||
                  are_asked_for(g) || track_writes_is_free();
    if (chosen)
        return false;
    if (!g->filtered && proc_is_filtered()) {
        g->filtered = true;
        if (OPTION_NOW(log))
            log_line("no young collections: a filter of system calls is set, "
                     "and may not know userfaultfd; generations=always asks for it");
    }
    return g->filtered;
}

static void note_refused(struct generations *g)
{
    g->refused = true;
    if (OPTION_NOW(generations) == GENERATIONS_ALWAYS || OPTION_NOW(pause) ||
        OPTION_NOW(log))
        log_line("no young collections, and none beside the program: %s",
                 options.tracking == TRACKING_NONE
                     ? "option tracking=0 says so"
                     : "the kernel does not tell which pages are written");
}

/* Sees to it that blocks are tenured from the next sweep on, or no more; or that a trial can begin after it. */
static void follow(struct generations *g, struct heap *h)
{
    h->young = are_wanted(g, h);
    bool wanted = h->young || concurrent_is_wanted();
    bool tried = !wanted && needs_trial(g) && may_pay(g, h, 1);
    if (!wanted && h->tenures)
        tenured_stop(h);
    bool there = wanted ? h->tenures : !tried || g->watched;
    if (there || g->refused || is_asking_risky(g))
        return;
    if (!(wanted ? tenured_start(h) : tenured_watch(h)))
        return note_refused(g);
    g->watched = true;
    track_writes_ns(); /* is not to be measured while the world stands still */
}

/* Under option stress each kind has its turn.  One that marks beside the program begins before young ones
 * do, and takes two stops. */
static const struct cycle_kind *alternate(struct generations *g, const struct heap *h,
                                          const struct cycle_kind *full)
{
    g->other_next = !g->other_next;
    if (g->other_next && h->young)
        return &cycle_young;
    return concurrent_is_wanted() ? &cycle_begin : full;
}

/* Old objects may have died, and nobody will know before the next full cycle. */
static bool is_full_due(const struct concurrent *k, const struct heap *h)
{
    return OPTION_NOW(generations) == GENERATIONS_AUTO &&
           os_now() - k->last_ended > FULL_INTERVALS * concurrent_expected_ns(k, h);
}

const struct cycle_kind *generations_choose(struct generations *g, struct heap *h,
                                            const struct concurrent *k,
                                            const struct cycle_kind *full,
                                            enum cause cause)
{
    lock_check_held(RANK_WORLD);
    if (h->space->shared)
        return full;
    if (h->marking)
        return &cycle_finish;
    if (cycle_is_look(cause))
        return &cycle_look;
    follow(g, h);
    if (!h->remembers)
        return full;
    switch (cause) {
    case CAUSE_BEGIN:
        return concurrent_is_wanted() ? &cycle_begin : full;
    case CAUSE_YOUNG:
        return h->young ? &cycle_young : full;
    case CAUSE_STRESS:
        return alternate(g, h, full);
    case CAUSE_BUDGET:
        if (h->young && !pace_wants_full(h) && !is_full_due(k, h))
            return &cycle_young;
        return concurrent_pays(k, h) ? &cycle_begin : full;
    default:
        return full;
    }
}

/* ---- What cycles are like ---------------------------------------------------------------- */

static size_t kept_by(const struct cycle *c)
{
    size_t live = c->heap->numbers->live_bytes;
    return live - min_size(live, c->live_before);
}

/* Young cycles are not tried for some full ones. */
static void wait_for(struct generations *g, uint32_t full)
{
    g->aside = full;
    g->promising = false;
}

static void wait_longer(struct generations *g, size_t live)
{
    g->patience =
        (uint32_t)min_size(max_size(2 * g->patience, PATIENCE_LEAST), PATIENCE_MOST);
    g->live_waited = live;
    wait_for(g, g->patience);
}

/* ---- Trials -------------------------------------------------------------------------------- */

static void begin_trial(struct generations *g, const struct heap *h)
{
    g->trial.on = false;
    if (!needs_trial(g) || !g->watched || !may_pay(g, h, 0))
        return;
    uint64_t pages = g->full_ns / TRIAL_PARTS / track_writes_ns();
    g->watched = trial_begin(&g->trial, h, pages);
}

void generations_begin(struct generations *g, struct cycle *c)
{
    struct heap *h = c->heap;
    c->trial = (struct trial_result){0};
    if (!g->trial.on || !c->kind->is_exact)
        return;
    c->trial = trial_end(&g->trial);
    if (!c->trial.known || !needs_trial(g))
        return;
    g->promising = c->trial.all_written * track_writes_ns() <= g->full_ns / FAULTS_PARTS;
    if (!g->promising)
        wait_longer(g, h->numbers->live_bytes);
    h->young = are_wanted(g, h) && (h->tenures || tenured_start(h));
}

/* ---- What follows from a cycle ------------------------------------------------------------- */

/* While the heap grows, and where what is old dies in order, most of what is new survives.  Once it has doubled
 * nothing is held against young cycles: they are tried as soon as it grows no more. */
static void note_survival(struct generations *g, size_t live)
{
    bool anew = live / 2 >= g->live_waited;
    g->patience = anew ? 0 : g->patience;
    wait_for(g, anew ? 1 : (uint32_t)max_size(g->aside, 1));
}

static void note_full(struct generations *g, const struct cycle *c)
{
    g->full_ns = c->used;
    if (kept_by(c) > c->charged / 2 || c->gained > c->charged / SURVIVORS_PARTS)
        note_survival(g, c->heap->numbers->live_bytes);
    else if (g->aside > 0 && g->full_ns >= FULL_LEAST_NS)
        g->aside--;
    begin_trial(g, c->heap);
}

/* The program goes on with what is left of a full cycle's budget, and without the faults. */
static void stand_aside(struct generations *g, struct heap *h)
{
    pace_go_on_full(h);
    wait_longer(g, h->numbers->live_bytes);
    g->score = 0;
    if (concurrent_is_wanted())
        return;
    h->young = false;
    tenured_stop(h);
    unwritten_forget();
}

static void note_young(struct generations *g, const struct cycle *c)
{
    struct heap *h = c->heap;
    size_t kept = kept_by(c), full_budget = h->numbers->until_full;
    uint64_t pages =
        c->written_pages + c->static_pages + (uint64_t)h->newly_tenured * BLOCK_PAGES;
    uint64_t cost = c->used + pages * track_writes_ns();
    uint32_t percent =
        generations_percent(cost, c->charged, kept, g->full_ns, full_budget);
    if (!OPTION_NOW(young))
        h->numbers->young_budget =
            generations_budget(h->numbers->young_budget, c->charged, kept, full_budget);
    g->score += percent <= PAYS_PERCENT ? 1 : SCORE_LOSS;
    if (OPTION_NOW(generations) == GENERATIONS_AUTO &&
        !__atomic_load_n(&g->asked, __ATOMIC_RELAXED) &&
        (g->score <= SCORE_LEAST || percent >= LAST_PERCENT))
        stand_aside(g, h);
    if (g->score < SCORE_LEAST)
        g->score = SCORE_LEAST;
    if (g->score >= SCORE_MOST)
        g->score = SCORE_MOST, g->patience = 0;
}

void generations_note(struct generations *g, const struct cycle *c)
{
    if (!c->kind->remembers && !c->kind->begins)
        note_full(g, c);
    else if (c->kind->young && c->cause == CAUSE_BUDGET)
        note_young(g, c);
}
