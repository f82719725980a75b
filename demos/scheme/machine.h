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

/* What runs, and on which part of a stack.  Up to date whenever an error may be raised.  As another thread may
 * collect at any instant, what is in use lies in [base, top) at each, or is held (stack.c), or there is no top. */
struct activation {
    value *fp;
    struct closure *closure;
    const int32_t *pc;
    value *top;  /* the end of the part in use, up to which the collector looks */
    value *base; /* where the part of the stack begins */
    value *end;  /* of the memory */
    value *volatile limit; /* of frames; NULL: the machine is interrupted */
    struct link rest;      /* the frames below those on the stack */
};

/* Words of a stack that count though no activation has them at the moment. */
struct span {
    value *low, *high; /* high NULL: none */
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
    struct span held;
    struct hold *holds; /* the locks that this thread has, the last first; see hold.h */
    struct thread *thread; /* which runs the machine */
    struct machine *next;  /* of all threads' */
    value raised;          /* on the way to a handler */
    void *reserve;         /* given up when memory is short, so that handlers have some */
    size_t reserve_bytes;
    bool overdrawn;            /* a handler of "recursion too deep" may use more */
    bool reporting;            /* an error is being reported */
    uintptr_t c_stack_end;     /* of C's stack, about */
    size_t c_stack_spare;      /* what check_depth leaves free there */
    volatile bool interrupted; /* Ctrl-C was typed, or the thread is to end */
};

extern _Thread_local struct machine vm;

void vm_init(void);
/* Makes the calling thread's machine ready: `c_stack` bytes of C's stack are below it. */
void vm_begin(size_t c_stack, size_t reserve);
/* The calling thread's machine will run nothing any more. */
void vm_end(void);
void vm_reset(void);
value vm_apply(value procedure, int argc, const value *args);
/* What the machine runs is to end with an error soon; for signal handlers. */
void vm_interrupt(struct machine *machine);

#endif
