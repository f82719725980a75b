/* swapcontext and setcontext, in front of the C library's: the context that a thread goes
 * to may have a mask of the program's making, from which the stop signal stays out.  The
 * file is not in the static library, as the C library's functions have no second name
 * there; a program that blocks the signal so has its collections put off. */
#include <signal.h>
#include <ucontext.h>

#include "base/bits.h"
#include "world/next.h"
#include "world/signals.h"

#ifdef PIC /* libtool's: not for the static library */

static __typeof__(&swapcontext) next_swap(void)
{
    return NEXT(swapcontext, NO_FALLBACK(swapcontext));
}

static __typeof__(&setcontext) next_set(void)
{
    return NEXT(setcontext, NO_FALLBACK(setcontext));
}

/* A copy of the context with the stop signal open.  The registers that do not lie in the
 * structure itself stay where they are: the copy names them there.  A thread has read the
 * copy when it leaves this frame. */
static ucontext_t open_copy(const ucontext_t *context)
{
    ucontext_t copy = *context;
    sigdelset(&copy.uc_sigmask, signals_stop());
    return copy;
}

/* Whether a program can have anything there: what is no address the C library refuses.  Programs have 2^56 bytes of
 * address space at most, x86's with five levels of page tables. */
static bool is_address(const void *p)
{
    return (uintptr_t)p >= KIB(64) && (uintptr_t)p < UINT64_C(1) << 56;
}

static bool blocks_the_stop(const ucontext_t *to)
{
    return is_address(to) && signals_stop_is_in(&to->uc_sigmask);
}

NOINLINE static int swap_with_copy(ucontext_t *from, const ucontext_t *to)
{
    ucontext_t copy = open_copy(to);
    return next_swap()(from, &copy);
}

EXPORTED int swapcontext(ucontext_t *restrict from, const ucontext_t *restrict to)
{
    return blocks_the_stop(to) ? swap_with_copy(from, to) : next_swap()(from, to);
}

NOINLINE static int set_copy(const ucontext_t *to)
{
    ucontext_t copy = open_copy(to);
    return next_set()(&copy);
}

EXPORTED int setcontext(const ucontext_t *to)
{
    return blocks_the_stop(to) ? set_copy(to) : next_set()(to);
}

#endif
