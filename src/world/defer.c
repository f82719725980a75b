/* The signal that waits, and sending it again.  (ThreadSanitizer hands signals over late,
 * with a context that is not returned to: there the mask stays as it is, and a second
 * signal is sent again and again until the section ends.) */
#include "world/defer.h"

#include <sys/syscall.h>
#include <unistd.h>

#include "base/check.h"
#include "base/critical.h"
#include "base/mask.h"
#include "world/self.h"
#include "world/signals.h"
#include "world/systemstack.h"

/* The signal that waits for the end of a critical section, and the mask before it. */
static __thread struct {
    volatile bool waiting;
    siginfo_t information;
    uint64_t mask;
} put_off __attribute__((tls_model("initial-exec")));

/* What a signal that was put off carries, if it had to be sent again without; if its
 * number is 0, there is nothing. */
static __thread siginfo_t carried __attribute__((tls_model("initial-exec")));

uint64_t defer_mask(void)
{
    return ~(mask_bit(signals_stop()) | mask_faults());
}

/* Whether the signal is a fault of the code that runs, which cannot be put off. */
static bool is_fault(int number, const siginfo_t *information)
{
    return (mask_faults() & mask_bit(number)) &&
           (information->si_code > 0 || number == SIGABRT);
}

/* Sends a signal to the calling thread again.  Where the system's queue has no entry left
 * for a real-time signal, it comes without one as if kill had sent it, which a thread may
 * say to itself; what it carries is kept for it here. */
static void send_again(const siginfo_t *information)
{
    siginfo_t plain = {.si_signo = information->si_signo, .si_code = SI_USER};
    int number = information->si_signo;
    if (syscall(SYS_rt_tgsigqueueinfo, getpid(), gettid(), number, information) == 0)
        return;
    carried = *information;
    if (syscall(SYS_rt_tgsigqueueinfo, getpid(), gettid(), number, &plain) != 0)
        syscall(SYS_tgkill, getpid(), gettid(), number);
}

void defer_give(siginfo_t *information)
{
    if (LIKELY(carried.si_signo != information->si_signo))
        return;
    *information = carried;
    carried.si_signo = 0;
}

/* Whether the thread is on a stack of the library's.  Only what somebody sent comes
 * there, though its number may be a fault's. */
static bool is_on_systemstack(void)
{
    return thread_self &&
           systemstack_holds(thread_self, (uintptr_t)__builtin_frame_address(0));
}

/* Has the signal wait, and with it all others, which stay blocked when the handler returns. */
static void put_signal_off(siginfo_t *information, ucontext_t *context)
{
    if (put_off.waiting || is_on_systemstack()) {
        send_again(information);
        if (!GC_TSAN)
            mask_store(&context->uc_sigmask,
                       mask_of(&context->uc_sigmask) | mask_bit(information->si_signo));
        return;
    }
    put_off.information = *information;
    put_off.mask = mask_of(&context->uc_sigmask);
    put_off.waiting = true;
    critical.deferred = true;
    if (!GC_TSAN)
        mask_store(&context->uc_sigmask, defer_mask());
}

bool defer_signal(int number, siginfo_t *information, ucontext_t *context)
{
    if ((critical.depth == 0 && !is_on_systemstack()) || is_fault(number, information))
        return false;
    put_signal_off(information, context);
    return true;
}

void defer_resume(void)
{
    if (!put_off.waiting)
        return;
    siginfo_t information = put_off.information;
    uint64_t mask = put_off.mask;
    put_off.waiting = false;
    send_again(&information);
    signals_set(mask);
}

void defer_check(void)
{
    int number = put_off.information.si_signo;
    CHECK(!put_off.waiting || critical.deferred);
    CHECK(!put_off.waiting || (number > 0 && number < NSIG && number != signals_stop()));
}
