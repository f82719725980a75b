/* Program counters and stacks, looked through for addresses in a fast path. */
#include "world/fast.h"

#include <gcalloc/inline.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/track.h"

enum {
    /* Bytes of a stack on which a signal arrives: some ten frames of signals, each of which
     * takes 1 to 3 KiB.  Reading them takes 1 us. */
    HANDLER_MOST = 32 << 10,
    PART_WORDS = 128, /* small, as the handler may run on a stack of a few KiB */
};

/* The bounds of the fast paths' code.  They are weak, as a program may be linked without. */
extern const char __start_gc_fast[] __attribute__((weak, visibility("hidden")));
extern const char __stop_gc_fast[] __attribute__((weak, visibility("hidden")));

UNWATCHED uintptr_t fast_program_counter(const ucontext_t *context)
{
#if defined __x86_64__
    return (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
#elif defined __aarch64__
    return (uintptr_t)context->uc_mcontext.pc;
#endif
}

uintptr_t fast_stack_pointer(const ucontext_t *context)
{
#if defined __x86_64__
    return (uintptr_t)context->uc_mcontext.gregs[REG_RSP];
#elif defined __aarch64__
    return (uintptr_t)context->uc_mcontext.sp;
#endif
}

static bool is_fast(uintptr_t address)
{
    return address - (uintptr_t)__start_gc_fast <
           (uintptr_t)__stop_gc_fast - (uintptr_t)__start_gc_fast;
}

bool fast_was_interrupted(const ucontext_t *context)
{
    return gc_inline_thread.busy || is_fast(fast_program_counter(context));
}

READS_ANYTHING static bool is_among(const uintptr_t *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_fast(words[i]))
            return true;
    return false;
}

bool fast_is_among(const uintptr_t *words, size_t count)
{
    track_scan_begin();
    bool found = is_among(words, count);
    track_scan_end();
    return found;
}

/* Whether a stack of which only this address is known names a fast path, as far as it can
 * be read.  A stack that goes on is not taken for a fast path here: the library knows no
 * end of it, and a handler that leaves it by siglongjmp would never give its cache back. */
static bool unknown_names_fast(uintptr_t low)
{
    uintptr_t part[PART_WORDS];
    struct iovec to = {part, sizeof part};
    for (size_t done = 0; done < HANDLER_MOST; done += sizeof part) {
        struct iovec from = {(void *)(low + done), sizeof part};
        long bytes = syscall(SYS_process_vm_readv, gettid(), &to, 1UL, &from, 1UL, 0UL);
        if (bytes < 0 && done == 0)
            return true;
        if (bytes > 0 && fast_is_among(part, (size_t)bytes / sizeof *part))
            return true;
        if (bytes < (long)sizeof part)
            return false;
    }
    return false;
}

/* The high end of the stack that holds the address, or 0 if it is not known. */
static uintptr_t stack_end(const struct mutator *m, const stack_t *alternate,
                           uintptr_t address)
{
    uintptr_t low = (uintptr_t)alternate->ss_sp;
    if (!(alternate->ss_flags & SS_DISABLE) && address - low < alternate->ss_size)
        return low + alternate->ss_size;
    return address >= m->stack_low && address < m->stack_high ? m->stack_high : 0;
}

bool fast_may_lie_below(const struct mutator *m, const ucontext_t *context)
{
    if (fast_was_interrupted(context))
        return true;
    uintptr_t low = align_up(fast_stack_pointer(context), sizeof(uintptr_t));
    uintptr_t high = stack_end(m, &context->uc_stack, low);
    if (!high)
        return unknown_names_fast(low);
    if (low >= high) /* the alternate stack's first frame */
        return false;
    return high - low > HANDLER_MOST ||
           fast_is_among((const uintptr_t *)low, (high - low) / sizeof(uintptr_t));
}
