/* Which kind the next collection is.  A young one pays where what is new dies and what is old stays; where
 * the new survives, or the old dies in the order of its age, it costs more than it saves.  So both
 * are measured: under option generations=auto young collections are tried, go on as long as they
 * pay, and stand aside for ever longer when they do not. */
#ifndef GCALLOC_COLLECT_GENERATIONS_H
#define GCALLOC_COLLECT_GENERATIONS_H

#include "collect/concurrent.h"
#include "collect/trial.h"

/* What is known of the collections of one heap.  Under the world lock, but for `asked`. */
struct generations {
    bool asked;      /* the program calls gc_collect_young.  Atomic */
    bool refused;    /* the kernel does not tell what is written, as was said */
    bool filtered;   /* a filter of system calls is set, as was said */
    bool other_next; /* for option stress: the kinds alternate */
    /* auto: so many full cycles are to pass before young ones are tried again, and as many when
     * they do not pay the next time. */
    uint32_t aside, patience;
    size_t live_waited; /* what lived when that was found */
    bool watched;       /* auto: the kernel is ready to note writes, for a trial */
    bool promising;     /* auto: by the last trial the program writes to few old pages */
    struct trial trial;
    int score; /* auto: rises with each young cycle that pays, and falls with the others */
    uint64_t full_ns; /* what the last full cycle took of processors' time */
};

/* Returns the kind of the next cycle: `full`, or a young one if it will do for this cause. */
const struct cycle_kind *generations_choose(struct generations *g, struct heap *h,
                                            const struct concurrent *k,
                                            const struct cycle_kind *full,
                                            enum cause cause);

/* Ends a trial if one is under way, and thereby may have young cycles follow this one, which is about to run.  The
 * world is stopped. */
void generations_begin(struct generations *g, struct cycle *c);

/* Takes note of what a cycle cost and what it found.  The world is stopped. */
void generations_note(struct generations *g, const struct cycle *c);

/* What a young cycle cost, in percent of the share of a full one that it has saved: `cost` nanoseconds, and
 * that it brings the next full one nearer.  Of `charged` bytes that had been allocated, `kept` have survived it, and
 * a full cycle takes full_ns and comes for each full_budget bytes that are kept. */
uint32_t generations_percent(uint64_t cost, size_t charged, size_t kept, uint64_t full_ns,
                             size_t full_budget);

/* How much is to be allocated until the next young cycle, after one that came when `charged` bytes had been,
 * and kept so many of them: twice as much as before if a quarter survived, half as much if next to nothing
 * did, between YOUNG_LEAST and a half of full_budget. */
size_t generations_budget(size_t before, size_t charged, size_t kept, size_t full_budget);

#endif
