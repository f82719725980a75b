/* What happens between marking from the roots and the sweep: phases, each in a file of its own,
 * run in the order of their ranks.  The cycle knows none of them by name.  All are of the
 * process, and are told the cycle, which has the heap. */
#ifndef GCALLOC_COLLECT_PHASE_H
#define GCALLOC_COLLECT_PHASE_H

struct cycle;

/* Phases run from the first rank to the last.  A rank that nothing is registered for costs one
 * comparison. */
enum phase_rank {
    PHASE_ROOTS,      /* marks what the library itself keeps for the program */
    PHASE_LEAKS,      /* sees all marked but what only manual objects reach */
    PHASE_MANUAL,     /* marks manual objects, the last of the roots */
    PHASE_EPHEMERONS, /* marks the values of ephemerons whose keys are marked */
    PHASE_WEAK,       /* clears short weak links to what is not marked */
    PHASE_FINALIZERS, /* marks what finalizers may see once again beside their own objects */
    PHASE_COUNTED,    /* marks what counted objects that go have yet */
    PHASE_FINALIZED, /* marks the objects with finalizers that nothing led to */
    PHASE_REVIVED,   /* marks the values of ephemerons whose keys came to be marked */
    PHASE_WEAK_LONG, /* marking is complete: what refers to garbage forgets it */
    PHASE_VERIFY,    /* looks whether all that is to be marked is, and nothing else */
    PHASE_CHECK,     /* checks that every structure is sound */
    PHASE_RANKS,
};

struct phase {
    enum phase_rank rank;
    /* Runs the phase.  The world is stopped, so it takes no memory of malloc's and no
     * lock of the loader, and makes no output. */
    void (*run)(struct cycle *c);
    struct phase *next; /* of its rank, in the order of phase_add */
};

/* Adds the phase to every cycle from now on; one that is registered already stays where
 * it is.  The world lock is held. */
void phase_add(struct phase *p);

/* Runs all phases.  The world is stopped. */
void phases_run(struct cycle *c);

/* Checks that each phase is in the list of its rank. */
void phases_check(void);

#endif
