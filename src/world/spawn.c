/* vfork, posix_spawn and posix_spawnp, in front of the C library's: until the child has
 * called exec or has ended, the kernel holds the calling thread, which takes no signal
 * and changes nothing.  So meanwhile it is as between gc_blocking_begin and
 * gc_blocking_end.
 *
 * system and popen are not here: their child does nothing before exec that could wait for
 * this process, and where a handler leaves system by siglongjmp, nobody would make the
 * thread one that runs again. */
#include <errno.h>
#include <gcalloc/gcalloc.h>
#include <spawn.h>
#include <sys/types.h>
#include <unistd.h>

#include "world/next.h"

#ifdef PIC /* libtool's: the static library leaves the C library's alone */

EXPORTED int posix_spawn(pid_t *restrict pid, const char *restrict path,
                         const posix_spawn_file_actions_t *actions,
                         const posix_spawnattr_t *restrict attributes,
                         char *const arguments[restrict],
                         char *const environment[restrict])
{
    __typeof__(&posix_spawn) next = NEXT(posix_spawn, NO_FALLBACK(posix_spawn));
    gc_blocking_begin();
    int error = next(pid, path, actions, attributes, arguments, environment);
    gc_blocking_end();
    return error;
}

EXPORTED int posix_spawnp(pid_t *restrict pid, const char *restrict file,
                          const posix_spawn_file_actions_t *actions,
                          const posix_spawnattr_t *restrict attributes,
                          char *const arguments[restrict],
                          char *const environment[restrict])
{
    __typeof__(&posix_spawnp) next = NEXT(posix_spawnp, NO_FALLBACK(posix_spawnp));
    gc_blocking_begin();
    int error = next(pid, file, actions, attributes, arguments, environment);
    gc_blocking_end();
    return error;
}

/* vfork's child runs on the caller's frames, and overwrites whatever lies below them: so
 * the return address stays in a register across the call, and only the parent, or who
 * gets an error, makes the thread one that runs again. */
#if !GC_TSAN && (defined __x86_64__ || defined __aarch64__)
pid_t spawn_vfork_end(long result) __attribute__((used, visibility("hidden")));

pid_t spawn_vfork_end(long result)
{
    gc_blocking_end();
    if (result >= 0)
        return (pid_t)result;
    errno = (int)-result;
    return -1;
}

#if defined __x86_64__
__asm__(".text\n"
        ".globl vfork\n"
        ".type vfork, @function\n"
        "vfork:\n"
        "    endbr64\n"
        "    sub $8, %rsp\n"
        "    call gc_blocking_begin@PLT\n"
        "    add $8, %rsp\n"
        "    pop %rdi\n"
        "    mov $58, %eax\n" /* SYS_vfork */
        "    syscall\n"
        "    push %rdi\n"
        "    test %rax, %rax\n"
        "    jz 1f\n"
        "    mov %rax, %rdi\n"
        "    jmp spawn_vfork_end\n"
        "1:  ret\n"
        ".size vfork, . - vfork\n");
#else
__asm__(".text\n"
        ".globl vfork\n"
        ".type vfork, %function\n"
        "vfork:\n"
        "    stp x29, x30, [sp, #-16]!\n"
        "    mov x29, sp\n"
        "    bl gc_blocking_begin\n"
        "    ldp x29, x30, [sp], #16\n"
        "    mov x0, #0x4111\n" /* CLONE_VM | CLONE_VFORK | SIGCHLD */
        "    mov x1, #0\n"
        "    mov x2, #0\n"
        "    mov x3, #0\n"
        "    mov x4, #0\n"
        "    mov x8, #220\n" /* SYS_clone */
        "    svc #0\n"
        "    cbz x0, 1f\n"
        "    b spawn_vfork_end\n"
        "1:  ret\n"
        ".size vfork, . - vfork\n");
#endif
#endif

#endif
