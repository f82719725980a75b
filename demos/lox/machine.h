/* The machine's own state, for the files that work on it: its stack of values, and that of calls. */
#ifndef LOX_MACHINE_H
#define LOX_MACHINE_H

#include <setjmp.h>

#include "object.h"

struct call {
    const struct closure *closure;
    const uint8_t *ip; /* the next instruction, while another call is on top */
    value *slots;      /* of its arguments and local variables */
    const value *constants;
    struct cache *caches;
};

extern struct vm {
    value *stack, *top;
    value
        *volatile limit; /* the stack's end; NULL after an interrupt, so that the next call finds it */
    value *end;
    struct call *calls, *calls_end;
    struct call *call;    /* the one on top; before `calls`: none */
    struct upvalue *open; /* upvalues that are on the stack, the highest first */
    jmp_buf *failed;      /* where an error leads to; NULL: nothing runs */
} vm;

/* Reports an error at run time with the calls that led to it, and ends what runs. */
_Noreturn void vm_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What a call or a loop does that finds no room: interrupted, or out of stack. */
_Noreturn void vm_no_room(void);

/* ---- Calls (call.c): what lies below so many arguments ---- */

void call_closure(const struct closure *c, int count);
void call_value(value callee, int count);

/* ---- Upvalues (call.c) ---- */

struct upvalue *capture(value *place);

/* Those from `lowest` up move from the stack into their objects. */
void close_upvalues(const value *lowest);

/* ---- Instructions (execute.c) ---- */

/* Goes on with the call on top until the first one returns. */
void execute(void);

#endif
