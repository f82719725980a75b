/* What the files that make up the machine offer each other: its frames, on the stack and on
 * the heap, continuations, and procedures that work on frames. */
#ifndef CONTROL_H
#define CONTROL_H

#include "code.h"

#include <setjmp.h>

/* ---- Frames ---------------------------------------------------------------------- */

/* Each part of a stack begins with a header that returns to the heap, by UNDERFLOW. */
static inline value *stack_bottom(void)
{
    return vm.now.base + FRAME_HEADER;
}

static inline void frame_header(value *fp, struct closure *caller, const int32_t *pc,
                                const value *caller_fp)
{
    fp[-3] = &caller->object;
    fp[-2] = (value)(uintptr_t)pc;
    fp[-1] = (value)((uintptr_t)fp - (uintptr_t)caller_fp);
}

static inline value *frame_caller(const value *fp)
{
    return (value *)((uintptr_t)fp - bits(fp[-1]));
}

struct segment {
    struct link below;
    size_t depth; /* words in this segment and those below */
    value words[];
};

struct continuation {
    struct object object;
    struct link rest;
    value handlers, parameters, winders;
    size_t serial;         /* of the run it belongs to */
    struct thread *thread; /* and of that run's */
};

/* ---- stack.c --------------------------------------------------------------------- */

/* For the first machine; every machine is seen by the collector while it is among `machines`. */
void stack_init(void);
/* How many words of frames may be on the heap, for one machine. */
extern size_t depth_most;
/* Has the words count until stack_release. */
void stack_hold(value *low, value *high);
void stack_release(void);
/* Goes on with another activation, what was in use being held or dead. */
void activation_set(const struct activation *next);
/* Puts memory aside again for handlers of errors by lack of it, if that was used and can be had. */
void stack_reserve(void);
/* Begins a part of the stack for a new run, above the one in use, which is held from then on: with a frame
 * that returns to `halt`, for a procedure with `size` arguments. */
void stack_begin(size_t size);
/* Moves the frames below the one at vm.now.fp, of which `count` words are in use, to the
 * heap; that one moves down to the bottom of the stack. */
void stack_move(size_t count);
/* Brings frames back from the heap, below the one at vm.now.fp, which is at the bottom. */
void stack_refill(size_t count);
/* Makes room for `size` words from vm.now.fp on, of which `count` are in use. */
void stack_need(size_t count, size_t size);

/* ---- run.c ----------------------------------------------------------------------- */

/* A call of vm_apply that has not returned. */
struct run {
    struct run *outer;
    size_t serial; /* 0: of a run that no other is around */
    struct activation interrupted;
    struct hold *holds; /* when it began */
    jmp_buf escape;
};

enum escape {
    ESCAPE_RAISED = 1, /* vm.raised has been raised */
    ESCAPE_THROWN,     /* `%reinstate` is to be called */
};

/* Continues `k` with the values in the list, in the run of this serial number. */
_Noreturn void run_throw(size_t serial, value k, value list);

/* The activations, innermost first. */
struct frame {
    const struct closure *closure;
    const int32_t *pc;
    const value *fp, *low; /* low: where the part ends that fp is in */
    struct link below;
    const struct run *run;
};

/* Both are false when there is no activation, or none left. */
bool frame_first(struct frame *frame);
bool frame_next(struct frame *frame);

/* ---- error.c --------------------------------------------------------------------- */

/* The procedure was called with `argc` arguments, and takes others. */
_Noreturn void fail_arguments(value procedure, int argc, int least, int most);

/* What the user's Ctrl-C does: no handler gets it. */
_Noreturn void raise_interrupt(void);

/* ---- machine.c ------------------------------------------------------------------- */

/* Those of all threads that run Scheme. */
extern struct machine *_Atomic machines;

/* Procedures of one instruction, to which frames return. */
extern struct closure *halt, *underflow, *receive, *restore, *handler_returned;

/* With room for `count` captured values. */
struct closure *closure_new(struct code *code, int count);
/* As closure_new, for a procedure of these instructions; the name is for as long as no global
 * variable holds it. */
struct closure *closure_over(value name, int required, const int32_t *ops, int op_count,
                             int count);

/* ---- vm.c ------------------------------------------------------------------------ */

/* Runs the procedure in the frame at vm.now.fp, in which its arguments are. */
value vm_run(value procedure, int argc);

/* ---- record.c, parameter.c --------------------------------------------------------- */

struct record *record_new(value type);
/* What the procedure was called with is not of its record type. */
_Noreturn void fail_record(const struct closure *procedure, value got);

/* ---- continuation.c -------------------------------------------------------------- */

/* As a primitive with `control`: continues the continuation with the arguments in the frame. */
value continuation_call(struct continuation *k, int argc);

/* Primitives that get a frame of their own, at vm.now.fp, where their arguments are.  They
 * may change it, and the stack below.  What they return is returned to the frame's header; or
 * it is TAIL_CALL, when vm.callee is to be called with the vm.argc values at vm.now.fp. */
void define_control_primitives(const struct definition *definitions, size_t count);

#endif
