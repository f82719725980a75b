/* The machine's own state, for the two files that work on it: vm.c and property.c. */
#ifndef LOX_MACHINE_H
#define LOX_MACHINE_H

#include "object.h"

struct call {
    const struct closure *closure;
    const uint8_t *ip; /* the next instruction, while another call is on top */
    value *slots;      /* of its arguments and local variables */
};

extern struct vm {
    value *stack, *top, *limit;
    struct call *calls;
    int call_count;
    struct upvalue *open; /* upvalues that are on the stack, the highest first */
} vm;

/* Both call what lies below so many arguments.  false: an error was reported. */
bool call_closure(const struct closure *c, int count);
bool call_value(value callee, int count);

#endif
