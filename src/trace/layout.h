/* How a function's frame lies on the stack at one of its return addresses, from the
 * unwind tables of the object that the code is in.  Nothing is remembered here; walk.c
 * keeps layouts.  x86-64. */
#ifndef GCALLOC_TRACE_LAYOUT_H
#define GCALLOC_TRACE_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

enum layout_rule {
    LAYOUT_UNKNOWN, /* tables that say more than this, or none */
    LAYOUT_SP,      /* the caller's stack pointer is this frame's plus `cfa` */
    LAYOUT_BP,      /* it is the frame pointer plus `cfa` */
    LAYOUT_LAST,    /* the frame has no caller */
};

/* The return address lies just below the caller's stack pointer, the caller's frame
 * pointer `bp_at` from it, or with 0 in the register still. */
struct layout {
    uintptr_t ip;
    int32_t cfa;
    int16_t bp_at;
    uint8_t rule;
};

/* The layout at a return address.  Takes the dynamic loader's lock, and looks at the modules
 * if others are loaded than at the last look. */
struct layout layout_read(uintptr_t ip);

#endif
