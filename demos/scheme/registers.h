/* The registers of the machine while it runs, and the elementary steps of its instructions. */
#ifndef REGISTERS_H
#define REGISTERS_H

#include "code.h"

#define INLINE static inline __attribute__((always_inline))
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

/* In run() only, where they are in the processor's. */
struct registers {
    value *fp, *sp; /* sp: the end of the values on the stack */
    const int32_t *pc;
    struct closure *closure;
    const value *constants; /* of the closure's code */
};

INLINE void push(struct registers *r, value v)
{
    *r->sp++ = v;
}

/* Replaces the `operands` on the stack. */
INLINE void replace(struct registers *r, int operands, value v)
{
    r->sp -= operands;
    push(r, v);
}

/* Makes the registers visible to whatever may raise an error. */
INLINE void save(const struct registers *r)
{
    vm.now.pc = r->pc;
    vm.now.fp = r->fp;
    vm.now.closure = r->closure;
}

/* A truth value that the next instruction mostly branches on: does that at once. */
INLINE void test(struct registers *r, int operands, bool holds)
{
    r->sp -= operands;
    if (*r->pc == OP_JUMP_IF_FALSE)
        r->pc += holds ? 2 : 2 + r->pc[1];
    else
        push(r, boolean(holds));
}

#endif
