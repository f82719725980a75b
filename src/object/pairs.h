/* Pairs: a value that is alive if its key is, as of ephemerons.  Whoever has some lists them in
 * the pause, and what follows from what is found out by rounds over those whose keys are not
 * marked yet, or key by key where many wait for each other.
 *
 * It knows nothing of where pairs come from, and keeps none from one cycle to the next.  When its
 * phases are over, each value of a marked key is marked; for want of memory all values are. */
#ifndef GCALLOC_OBJECT_PAIRS_H
#define GCALLOC_OBJECT_PAIRS_H

#include <stddef.h>
#include <stdint.h>

struct pairs;

/* Who has pairs. */
struct pair_source {
    /* Names all of them, by the functions below.  The world is stopped. */
    void (*list)(struct pairs *p);
    /* Names those that belong to this object, which pairs_add_later named and which is marked
     * now; NULL: pairs_add_later is not called. */
    void (*list_of)(struct pairs *p, uintptr_t object);
    struct pair_source *next;
};

/* From now on it is asked in each cycle; one that is registered already stays.  The world lock
 * is held. */
void pairs_source_add(struct pair_source *s);

/* The value is alive if the key is: an object of a noted block (capability_note), by its address.
 * What does not lie in the heap counts as alive. */
void pairs_add(struct pairs *p, uintptr_t key, uintptr_t value);

/* What list_of names for the object, which lies in a noted block, counts if the object is alive. */
void pairs_add_later(struct pairs *p, uintptr_t object, const struct pair_source *s);

/* The value is alive. */
void pairs_keep(struct pairs *p, uintptr_t value);

/* In a phase between PHASE_EPHEMERONS and PHASE_REVIVED: what lives with what has been marked
 * since is marked, and all that it reaches. */
void pairs_settle(void);

/* Of the process: how many pairs were looked at, and objects told of, since the start. */
uint64_t pairs_work(void);

#endif
