/* What the report layer, which stands above the core, does for it.  A constructor of its own fills
 * these in, before those of programs run; until then there is what is said here in brief. */
#ifndef GCALLOC_MUTATOR_HOOKS_H
#define GCALLOC_MUTATOR_HOOKS_H

#include "base/bits.h"

struct report_hooks {
    /* Says what is wrong with a pointer that is not the start of a living object, with which the
     * program has called this function, and aborts if option on_bad_free says so.  In no critical
     * section. */
    void (*bad_pointer)(const char *function, const void *address);
    /* The program ends, and there has been a heap. */
    void (*at_exit)(void);
};

SHARED_DATA struct report_hooks report_hooks;

/* The priority of a constructor that fills them in: the first that a library may have. */
#define BEFORE_PROGRAMS 101

#endif
