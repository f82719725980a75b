/* Option verify: a second opinion on every collection.  It marks again, as simply as can be, into
 * tables of its own, and changes nothing.  It is asked after marking and before the sweep, and only
 * where both markers see the same words. */
#ifndef GCALLOC_COLLECT_VERIFY_H
#define GCALLOC_COLLECT_VERIFY_H

#include "collect/cycle.h"
#include "collect/naive.h"

/* A rule for what keeps objects beside the words that lead to them, such as an
 * ephemeron's value. */
struct verify_rule {
    /* Reaches, by naive_reach, what is to be kept given what was reached so far.  It is
     * called again as long as that comes to be more. */
    void (*reach)(struct naive *n);
    struct verify_rule *next;
};

/* Adds the rule to every verification from now on; one that is registered already stays.
 * The world lock is held. */
void verify_rule_add(struct verify_rule *r);

/* Whether the cycle can be verified: the option is set, and the roots of this cycle hold
 * still and are listed in full. */
bool verify_is_possible(const struct cycle *c);

/* Aborts with a message if an object that the roots or manual objects reach is not
 * marked, or, if marks are to be exact, if an object that they do not reach is marked.
 * The stacks in objects that were reached are in the list by now. */
void verify_marks(struct heap *h, const struct cycle_roots *r, bool exact);

#endif
