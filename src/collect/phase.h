/* What happens between marking from the roots and the sweep: phases, each in a file of its own,
 * run in the order of their ranks.  The cycle knows none of them by name.  All are of the
 * process, and are told the cycle, which has the heap. */
#ifndef GCALLOC_COLLECT_PHASE_H
#define GCALLOC_COLLECT_PHASE_H

struct cycle;

/* From top to bottom.  A rank that nothing is registered for costs one comparison. */
enum phase_rank {
    PHASE_ROOTS,  /* what the library itself keeps for the program is marked, too */
    PHASE_LEAKS,  /* all is marked but what only manual objects reach */
    PHASE_MANUAL, /* they are roots, too: from here on what is not marked is garbage, */
    PHASE_EPHEMERONS, /* but for the values of ephemerons whose keys are marked, */
    PHASE_WEAK,       /* which a weak link cannot be got from any more, */
    PHASE_FINALIZERS, /* and which may be marked for a finalizer to see it once again, */
    PHASE_REVIVED,    /* with the values of ephemerons whose keys are marked by now: */
    PHASE_WEAK_LONG,  /* marking is complete.  Who refers to the others forgets them */
    PHASE_VERIFY,     /* all that is to be marked is, and what is not is to go */
    PHASE_CHECK,      /* and every structure is sound */
    PHASE_RANKS,
};

struct phase {
    enum phase_rank rank;
    /* The world is stopped: no memory of malloc's, no lock of the loader, no output. */
    void (*run)(struct cycle *c);
    struct phase *next; /* of its rank, in the order in which they came */
};

/* It belongs to every cycle from now on; one that is registered already stays where it is.  The
 * world lock is held. */
void phase_add(struct phase *p);

/* Runs them all.  The world is stopped. */
void phases_run(struct cycle *c);

/* Each is in the list of its rank. */
void phases_check(void);

#endif
