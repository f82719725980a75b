/* Pairs: a value that is alive if its key is, as of ephemerons.  Whoever has some lists them in
 * the pause, and what follows from what is found out by rounds over those whose keys are not
 * marked yet, or key by key where many wait for each other.
 *
 * It knows nothing of where pairs come from, and keeps none from one cycle to the next.  When its
 * phases are over, each value of a marked key is marked; for want of memory all values are. */
#ifndef GCALLOC_OBJECT_PAIRS_H
#define GCALLOC_OBJECT_PAIRS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pairs;

/* The value is alive if the key is, as long as the owner is.  A key or an owner of 0 counts as
 * alive. */
struct pair_words {
    uintptr_t owner, key, value;
};

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

/* Many pairs that are named at once, so that the markers can share them. */
struct pair_list {
    uint32_t count;
    /* The words of a pair by its index below `count`; false: there is none.  Several threads call it at the
     * same time. */
    bool (*get)(const struct pair_list *l, uint32_t index, struct pair_words *w);
    const struct pair_source *source; /* of the owners; NULL: pairs have none */
    const void *what;                 /* is listed; for get */
};

/* Names the first pairs of the list, if they are many.  Returns how many: the others, which may be all, are
 * to be named one by one. */
uint32_t pairs_add_list(struct pairs *p, const struct pair_list *l);

/* What list_of names for the object, which lies in a noted block, counts if the object is alive. */
void pairs_add_later(struct pairs *p, uintptr_t object, const struct pair_source *s);

/* The value is alive. */
void pairs_keep(struct pairs *p, uintptr_t value);

/* In a phase between PHASE_EPHEMERONS and PHASE_REVIVED: what lives with what has been marked
 * since is marked, and all that it reaches. */
void pairs_settle(void);

/* Some pair waits for its key, and sources beside this one have pairs. */
bool pairs_wait(const struct pair_source *but);

/* The next key, an object of the heap that is not marked; 0: there is none left. */
typedef uintptr_t pair_key(void *argument);

/* In such a phase, with nothing grey: what lives with each of these keys is marked, and all that it
 * reaches, but for the key itself, which stays unmarked even if its own value leads to it.  A key that
 * another one's value led to is marked, and not to be named any more. */
void pairs_settle_for(pair_key *next, void *argument);

/* Of the process: how many pairs were looked at, and objects told of, since the start. */
uint64_t pairs_work(void);

#endif
