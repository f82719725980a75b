/* The state of a machine that runs Scheme.  Each thread has one of its own. */
#ifndef SCHEME_MACHINE_H
#define SCHEME_MACHINE_H

#include "scheme.h"

/* The frames that were on a stack are kept on the heap once something else has them, or the
 * stack is full: a segment holds some, the upper ones last, and those below are at `below`. */
struct link {
    struct segment *segment; /* NULL: there are none */
    size_t used;             /* the words of the segment that belong to the link */
};

/* What runs, and on which part of a stack.  Up to date whenever an error may be raised. */
struct activation {
    value *fp;
    struct closure *closure;
    const int32_t *pc;
    value *top;  /* the end of the part in use, up to which the collector looks */
    value *base; /* where the part of the stack begins */
    value *end;  /* of the memory */
    value *volatile limit; /* of frames; NULL: the user interrupts */
    struct link rest;      /* the frames below those on the stack */
};

/* A machine that runs the instructions of code.h; each thread has its own. */
struct machine {
    struct activation now;
    const struct primitive *primitive; /* the one that runs, for messages */

    /* What a primitive wants called when it returns TAIL_CALL; the arguments are where
     * its own were. */
    value callee;
    int argc;

    /* The dynamic state, part of every continuation. */
    value handlers;   /* of exceptions: a list, the innermost first */
    value parameters; /* ((parameter . value) ...) */
    value winders;    /* the dynamic-winds that the program is in, the innermost first */

    struct run *run;               /* the innermost */
    struct protection *protection; /* the innermost protect */
    size_t serials;                /* of runs, so far */
    value raised;                  /* on the way to a handler */
    void *reserve;         /* given up when memory is short, so that handlers have some */
    value out_of_memory;   /* the condition */
    size_t depth_most;     /* words of frames on the heap */
    bool overdrawn;        /* a handler of "recursion too deep" may use more */
    bool reporting;        /* an error is being reported */
    uintptr_t c_stack_end; /* of C's stack, about */
    size_t c_stack_spare;  /* what check_depth leaves free there */
    volatile bool interrupted; /* Ctrl-C was typed */
};

extern _Thread_local struct machine vm;

void vm_init(void);
void vm_reset(void);
value vm_apply(value procedure, int argc, const value *args);
/* What the machine runs is to end with an error soon; for signal handlers. */
void vm_interrupt(struct machine *machine);

#endif
