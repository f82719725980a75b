/* The registers that a called function leaves as they were, and the thread pointer.  They
 * are read, never changed. */
#ifndef GCALLOC_BASE_REGISTERS_H
#define GCALLOC_BASE_REGISTERS_H

#include <stdint.h>

#include "base/bits.h"

enum { REGISTERS = 20 };

/* Stores the registers that may hold pointers, as the function's caller has them, if this
 * is the first thing that a function does: its frame pointer is the one register that the
 * function may have changed, and saved where its frame begins. */
INLINE void registers_save(uintptr_t *to)
{
    for (int i = 0; i < REGISTERS - 1; i++)
        to[i] = 0;
    to[REGISTERS - 1] = *(uintptr_t *)__builtin_frame_address(0);
#if defined __x86_64__
    __asm__ volatile("mov %%rbx, 0(%0)\n\tmov %%rbp, 8(%0)\n\tmov %%r12, 16(%0)\n\t"
                     "mov %%r13, 24(%0)\n\tmov %%r14, 32(%0)\n\tmov %%r15, 40(%0)"
                     :
                     : "r"(to)
                     : "memory");
#elif defined __aarch64__
    __asm__ volatile("stp x19, x20, [%0]\n\tstp x21, x22, [%0, #16]\n\t"
                     "stp x23, x24, [%0, #32]\n\tstp x25, x26, [%0, #48]\n\t"
                     "stp x27, x28, [%0, #64]\n\tstr x29, [%0, #80]\n\t"
                     "stp d8, d9, [%0, #88]\n\tstp d10, d11, [%0, #104]\n\t"
                     "stp d12, d13, [%0, #120]\n\tstp d14, d15, [%0, #136]"
                     :
                     : "r"(to)
                     : "memory");
#endif
}

/* Where this thread's control block is; its thread-local variables lie beside it. */
INLINE uintptr_t thread_pointer(void)
{
    uintptr_t p = 0;
#if defined __x86_64__
    __asm__("mov %%fs:0, %0" : "=r"(p));
#elif defined __aarch64__
    __asm__("mrs %0, tpidr_el0" : "=r"(p));
#endif
    return p;
}

#endif
