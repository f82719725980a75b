/* dlopen and dlmopen without RTLD_DEEPBIND.  A library that is opened with it would use the C
 * library's malloc beside the program's, which is this heap, and each would free what the other
 * allocated.  The caller's name space and search path hang on the return address, so that both
 * functions change their arguments and jump to the C library's. */
#include <dlfcn.h>
#include <stddef.h>

#include "trace/modules.h"

#if defined RTLD_DEEPBIND && (defined __x86_64__ || defined __aarch64__)

struct call {
    unsigned long flags;
    void *function;
};

/* Called by the code below: what to call, and the flags for it. */
__attribute__((used, visibility("hidden"))) struct call shim_dlopen(int flags);
__attribute__((used, visibility("hidden"))) struct call shim_dlmopen(int flags);

/* Not next_find (world/next.h), which calls dlopen.  Where the C library precedes this one in the
 * search order, the order's beginning has its function, and nothing behind this library has. */
static void *find_next(const char *name)
{
    void *next = dlsym(RTLD_NEXT, name);
    return next ? next : dlsym(RTLD_DEFAULT, name);
}

static struct call without_deepbind(const char *name, int flags)
{
    modules_opening();
    return (struct call){(unsigned)(flags & ~RTLD_DEEPBIND), find_next(name)};
}

struct call shim_dlopen(int flags)
{
    return without_deepbind("dlopen", flags);
}

struct call shim_dlmopen(int flags)
{
    return without_deepbind("dlmopen", flags);
}

#if defined __x86_64__
__asm__(".text\n"
        ".globl dlopen\n"
        ".type dlopen, @function\n"
        "dlopen:\n"
        ".cfi_startproc\n"
        "endbr64\n"
        "push %rdi\n"
        ".cfi_adjust_cfa_offset 8\n"
        "mov %esi, %edi\n"
        "call shim_dlopen\n"
        "pop %rdi\n"
        ".cfi_adjust_cfa_offset -8\n"
        "mov %eax, %esi\n"
        "jmp *%rdx\n"
        ".cfi_endproc\n"
        ".size dlopen, .-dlopen\n"
        ".globl dlmopen\n"
        ".type dlmopen, @function\n"
        "dlmopen:\n"
        ".cfi_startproc\n"
        "endbr64\n"
        "push %rdi\n"
        "push %rsi\n"
        "sub $8, %rsp\n"
        ".cfi_adjust_cfa_offset 24\n"
        "mov %edx, %edi\n"
        "call shim_dlmopen\n"
        "add $8, %rsp\n"
        "pop %rsi\n"
        "pop %rdi\n"
        ".cfi_adjust_cfa_offset -24\n"
        "mov %rdx, %r11\n"
        "mov %eax, %edx\n"
        "jmp *%r11\n"
        ".cfi_endproc\n"
        ".size dlmopen, .-dlmopen\n");
#else
__asm__(".text\n"
        ".globl dlopen\n"
        ".type dlopen, %function\n"
        "dlopen:\n"
        "hint #34\n"
        "stp x29, x30, [sp, #-32]!\n"
        "stp x0, x1, [sp, #16]\n"
        "mov w0, w1\n"
        "bl shim_dlopen\n"
        "mov x16, x1\n"
        "mov w1, w0\n"
        "ldr x0, [sp, #16]\n"
        "ldp x29, x30, [sp], #32\n"
        "br x16\n"
        ".size dlopen, .-dlopen\n"
        ".globl dlmopen\n"
        ".type dlmopen, %function\n"
        "dlmopen:\n"
        "hint #34\n"
        "stp x29, x30, [sp, #-32]!\n"
        "stp x0, x1, [sp, #16]\n"
        "mov w0, w2\n"
        "bl shim_dlmopen\n"
        "mov x16, x1\n"
        "mov w2, w0\n"
        "ldp x0, x1, [sp, #16]\n"
        "ldp x29, x30, [sp], #32\n"
        "br x16\n"
        ".size dlmopen, .-dlmopen\n");
#endif
#endif
