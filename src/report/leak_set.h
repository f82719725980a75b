/* What leaked: the manual objects that nothing reaches, the managed ones that only they
 * keep alive, and how all these hang together. */
#ifndef GCALLOC_REPORT_LEAK_SET_H
#define GCALLOC_REPORT_LEAK_SET_H

#include "collect/cycle_roots.h"

enum leak_class {
    LEAK_DEFINITE, /* nothing points to it; of a cycle that nothing points to, the object
                      that was chosen to stand for it */
    LEAK_INDIRECT, /* only leaked objects point to it */
    LEAK_POSSIBLE, /* only pointers into it, or to its end, were found */
    LEAK_SUPPRESSED, /* of the lost: taken out by a suppression, or kept by one that is */
    LEAK_CLASSES,
};

/* There may be as many as there are objects, so that each is to be small. */
struct leak {
    uintptr_t address;
    size_t bytes;   /* requested */
    uint32_t stack; /* in the depot */
    uint32_t owner; /* the definite leak that alone keeps it, by place; or OWNER_... */
    uint32_t suppression; /* suppressed: by which, see suppress.h */
    uint8_t class;        /* enum leak_class */
    bool manual;
    bool in_cycle; /* definite: it points back to itself, perhaps by way of others */
};

/* The indirect leaks that a definite one alone keeps. */
struct kept {
    size_t objects, bytes;
};

enum { OWNER_NONE = UINT32_MAX - 1, OWNER_SHARED = UINT32_MAX };

struct leak_set {
    struct leak *leaks;
    size_t count, capacity;
    size_t lost; /* of these, from the front: definite and indirect ones */
    struct kept *
        kept; /* of each of the lost, once these are classified; NULL: no memory, or none */
    size_t reachable_bytes, reachable_objects; /* manual objects that are still reached */
    bool incomplete;                           /* memory ran out */
};

/* Fills an empty set, in the pause, when everything has been marked that roots other than
 * manual objects reach.  All that is lost is LEAK_INDIRECT at first.  To look for possible leaks,
 * if that is wanted, is to mark all that is alive once more. */
void leak_set_find(struct leak_set *s, struct heap *h, const struct cycle_roots *roots,
                   bool possible);

/* Spreads suppressions over the lost objects, tells definite from indirect leaks, and finds
 * what each keeps.  This can wait until the pause is over: what nothing reaches, nothing
 * changes. */
void leak_set_classify(struct leak_set *s, struct heap *h);

/* All lost objects but the suppressed ones are as leak_set_find has left them, to be classified again. */
void leak_set_begin_again(struct leak_set *s);

/* Once it is classified: the classes are where they belong, and what is kept by a definite leak
 * alone is what that keeps. */
void leak_set_check(const struct leak_set *s);

void leak_set_clear(struct leak_set *s);

#endif
