/* sigaction and signal, in front of the C library's: each handler of the program is called
 * by one of ours.
 *
 * - It interrupted a fast path, or a handler unknown here that did: the cache is being
 *   changed, and the handler has another one until it returns.  If it leaves by siglongjmp, the thread keeps that, and the old one
 *   is the spare of a later handler.
 * - It interrupted a critical section: the signal is put off to its end.  Meanwhile all
 *   others but those of faults are blocked, so one is all there ever is; a fault is handled
 *   at once.  (ThreadSanitizer hands signals
 *   over late, with a context that is not returned to: there the mask stays as it is, and a
 *   second signal is sent again and again until the section ends.) */
#include "world/handlers.h"

#include <errno.h>
#include <gcalloc/inline.h>
#include <limits.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/critical.h"
#include "base/mask.h"
#include "heap/cache.h"
#include "world/fast.h"
#include "world/faults.h"
#include "world/next.h"
#include "world/signals.h"
#include "world/stop.h"
#include "world/systemstack.h"

extern int __sigaction(int, const struct sigaction *, struct sigaction *)
    __attribute__((weak));

typedef void (*handler)(int, siginfo_t *, void *);

/* SS_AUTODISARM, which is in Linux's headers only: while a handler runs on such an alternate stack,
 * the thread has none. */
enum { AUTODISARM = INT_MIN };

/* By signal.  Atomic; never taken back, as a child of vfork may change what the kernel
 * knows, and shares this. */
static struct {
    handler handler;
    uint64_t mask;    /* sa_mask, in the kernel's form */
    bool once;        /* SA_RESETHAND */
    bool information; /* SA_SIGINFO */
    bool again;       /* SA_NODEFER */
} wrapped[NSIG] PRIVATE_DATA;

/* The signal that waits for the end of a critical section, and the mask before it. */
static __thread struct {
    volatile bool waiting;
    siginfo_t information;
    uint64_t mask;
} put_off __attribute__((tls_model("initial-exec")));

/* What such a signal carries, if it had to be sent again without; its number is 0: nothing. */
static __thread siginfo_t carried __attribute__((tls_model("initial-exec")));

int handlers_set(int number, const struct sigaction *action, struct sigaction *old)
{
    return NEXT(sigaction, __sigaction)(number, action, old);
}

int handlers_set_stop(int number, const struct sigaction *action)
{
    return (__sigaction ? __sigaction : handlers_set)(number, action, NULL);
}

/* Finds the C library's sigaction: in a critical section the loader, which may have to be
 * asked for it, is not to be waited for. */
__attribute__((constructor)) static void find_sigaction(void)
{
    struct sigaction action;
    handlers_set(SIGCHLD, NULL, &action);
}

/* ---- Masks ----------------------------------------------------------------------------- */

/* All but the stop signal and those of faults, which cannot wait: what is blocked in a
 * critical section once a signal is put off, and in the handler of a fault in one. */
static uint64_t section_mask(void)
{
    return ~(mask_bit(signals_stop()) | mask_faults());
}

/* ThreadSanitizer sees to it itself: it hands a signal over some time after it came. */
static void set_mask(uint64_t mask)
{
    if (!GC_TSAN)
        mask_change(SIG_SETMASK, &mask, NULL);
}

/* ---- Calling the program's handler -------------------------------------------------------- */

static bool on_own_stack(const struct mutator *m, uintptr_t sp)
{
    return sp >= m->stack_low && sp < m->stack_high;
}

/* Handlers begun and not returned, and the frame of the first of them. */
static __thread volatile unsigned running __attribute__((tls_model("initial-exec")));
static __thread uintptr_t outermost __attribute__((tls_model("initial-exec")));

/* A thread that is on its own stack, and not below the frame of the first handler, has left
 * all of them by siglongjmp. */
bool handlers_run(void)
{
    const struct mutator *m = thread_self;
    uintptr_t sp = (uintptr_t)__builtin_frame_address(0);
    if (running > 0 && m && on_own_stack(m, sp) &&
        (!on_own_stack(m, outermost) || sp > outermost))
        running = 0;
    return running > 0;
}

/* So far all signals but SIGSYS are blocked; the handler has the mask that it asked for. */
static void call_handler(int number, siginfo_t *information, void *context)
{
    handler h = __atomic_load_n(&wrapped[number].handler, __ATOMIC_ACQUIRE);
    uint64_t mask = mask_of(&((ucontext_t *)context)->uc_sigmask) |
                    __atomic_load_n(&wrapped[number].mask, __ATOMIC_RELAXED);
    if (!__atomic_load_n(&wrapped[number].again, __ATOMIC_RELAXED))
        mask |= mask_bit(number);
    if (critical.depth > 0)
        mask |= section_mask();
    if (__atomic_load_n(&wrapped[number].once, __ATOMIC_RELAXED)) {
        struct sigaction usual = {.sa_handler = SIG_DFL};
        faults_action(number, &usual, NULL);
    }
    set_mask(mask & ~mask_bit(signals_stop()));
    uint32_t busy = gc_inline_thread.busy;
    gc_inline_thread.busy = 0; /* the handler may not return */
    if (!handlers_run())
        outermost = (uintptr_t)__builtin_frame_address(0);
    unsigned outer = running;
    running = outer + 1;
    h(number, information, context);
    running = outer;
    gc_inline_thread.busy = busy;
}

/* Between gc_blocking_begin and _end a handler's thread is like any that runs: what the
 * handler allocates may be in its registers only. */
static void call_in_blocking(struct mutator *m, int number, siginfo_t *information,
                             void *context)
{
    uintptr_t sp = m->sp;
    sigset_t handlers_mask;
    world_unblock(m);
    m->calls++;
    call_handler(number, information, context);
    signals_block_handlers(&handlers_mask);
    if (--m->calls == 0 && m->blocking) {
        m->sp = sp;
        world_block(m);
    }
}

/* The thread works with this cache, which may be NULL: then it makes one when it needs it. */
static void change_cache(struct mutator *m, struct cache *c, bool ready)
{
    thread_use_cache(ready ? c : NULL);
    __atomic_store_n(&m->cache, c, __ATOMIC_RELEASE);
    m->ready = ready;
}

/* One spare cache is kept for the next time. */
static void keep_spare(struct mutator *m, struct cache *used)
{
    if (!m->spare) {
        m->spare = used;
    } else if (used) {
        world_lock(); /* statistics look at caches under it */
        cache_destroy(used);
        world_unlock();
    }
}

/* Handlers whose frames lie below this one have been left by siglongjmp: nobody comes back
 * to the caches that they set aside. */
static void take_back_caches(struct mutator *m, uintptr_t sp)
{
    while (m->aside_count > 0 && on_own_stack(m, sp)) {
        uintptr_t frame = m->aside_sp[m->aside_count - 1];
        if (!on_own_stack(m, frame) || frame > sp)
            return;
        thread_count_lost();
        keep_spare(m, m->aside[--m->aside_count]);
    }
}

static void call_with_spare(struct mutator *m, int number, siginfo_t *information,
                            void *context)
{
    uintptr_t sp = (uintptr_t)__builtin_frame_address(0);
    take_back_caches(m, sp);
    struct cache *interrupted = m->cache;
    unsigned place = m->aside_count;
    bool fast = thread_cache == interrupted;
    uint32_t busy = gc_inline_thread.busy;
    if (place < ASIDE_MOST) {
        m->aside_sp[place] = sp;
        m->aside[m->aside_count++] = interrupted;
    }
    change_cache(m, __atomic_exchange_n(&m->spare, NULL, __ATOMIC_RELAXED), false);
    gc_inline_thread.busy = 0;
    call_handler(number, information, context);
    set_mask(~mask_bit(SIGSYS));
    struct cache *used = m->cache;
    __atomic_store_n(&m->cache, NULL, __ATOMIC_RELEASE);
    keep_spare(m, used);
    m->aside_count = place;
    gc_inline_thread.busy = busy;
    change_cache(m, interrupted, true);
    if (!fast)
        thread_use_cache(NULL);
}

/* ---- Putting a signal off ------------------------------------------------------------------ */

/* A fault of the code that runs cannot be put off. */
static bool is_fault(int number, const siginfo_t *information)
{
    return (mask_faults() & mask_bit(number)) &&
           (information->si_code > 0 || number == SIGABRT);
}

/* To the calling thread.  Where the system's queue has no entry left for a real-time signal,
 * it comes without one as if kill had sent it, which a thread may say to itself; what it
 * carries is kept for it here. */
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

/* What a signal carried that came again without. */
static void give_carried(siginfo_t *information)
{
    if (LIKELY(carried.si_signo != information->si_signo))
        return;
    *information = carried;
    carried.si_signo = 0;
}

/* Only what somebody sent comes there, though its number is a fault's. */
static bool is_on_systemstack(void)
{
    return thread_self &&
           systemstack_holds(thread_self, (uintptr_t)__builtin_frame_address(0));
}

/* The signal waits, and with it all others, which stay blocked when the handler returns. */
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
        mask_store(&context->uc_sigmask, section_mask());
}

void handlers_resume(void)
{
    if (!put_off.waiting)
        return;
    siginfo_t information = put_off.information;
    uint64_t mask = put_off.mask;
    put_off.waiting = false;
    send_again(&information);
    set_mask(mask);
}

/* The program's handler may have written to the mask that the thread goes on with.  In the
 * library's own sections without signals, where a fault may be handled, it stays blocked. */
static void keep_stop_open(ucontext_t *context, bool was_blocked)
{
    if (!was_blocked && signals_stop_is_in(&context->uc_sigmask))
        mask_store(&context->uc_sigmask,
                   mask_of(&context->uc_sigmask) & ~mask_bit(signals_stop()));
}

/* A system call that a sandbox does not grant may be one that looks at the stack, which a handler
 * of SIGSYS cannot make: there it would end the process. */
static bool needs_spare(const struct mutator *m, int number, const ucontext_t *context)
{
    return number == SIGSYS || fast_may_lie_below(m, context);
}

static void handle(struct mutator *m, int number, siginfo_t *information,
                   ucontext_t *context)
{
    if ((critical.depth > 0 || is_on_systemstack()) && !is_fault(number, information))
        put_signal_off(information, context);
    else if (m && m->blocking && m->calls == 0)
        call_in_blocking(m, number, information, context);
    else if (m && m->ready && needs_spare(m, number, context))
        call_with_spare(m, number, information, context);
    else
        call_handler(number, information, context);
}

/* Until the handler returns, nothing but the context knows of the stack that it may run on. */
static void handle_disarmed(struct mutator *m, int number, siginfo_t *information,
                            ucontext_t *context)
{
    stack_t outer = m->disarmed;
    m->disarmed = context->uc_stack;
    handle(m, number, information, context);
    m->disarmed = outer;
}

/* All signals but SIGSYS are blocked when it begins: another handler would run on the cache that
 * the interrupted code is changing. */
static void on_signal(int number, siginfo_t *information, void *context)
{
    int saved_errno = errno;
    ucontext_t *interrupted = context;
    struct mutator *m = thread_self;
    bool was_blocked = signals_stop_is_in(&interrupted->uc_sigmask);
    give_carried(information);
    if (GC_TSAN) /* it blocks every signal */
        signals_open();
    if (critical.depth == 0 && critical.deferred) /* this handler may not return */
        critical_leave();
    if (m && UNLIKELY(interrupted->uc_stack.ss_flags & AUTODISARM))
        handle_disarmed(m, number, information, interrupted);
    else
        handle(m, number, information, interrupted);
    keep_stop_open(interrupted, was_blocked);
    errno = saved_errno;
}

/* ---- In front of the C library --------------------------------------------------------------- */

static bool is_function(const struct sigaction *action)
{
    return action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN;
}

/* What the program has set for a signal that is wrapped. */
static struct sigaction action_of(int number)
{
    struct sigaction a = {
        .sa_sigaction = __atomic_load_n(&wrapped[number].handler, __ATOMIC_ACQUIRE)};
    mask_store(&a.sa_mask, __atomic_load_n(&wrapped[number].mask, __ATOMIC_RELAXED));
    if (__atomic_load_n(&wrapped[number].once, __ATOMIC_RELAXED))
        a.sa_flags |= (int)SA_RESETHAND;
    if (__atomic_load_n(&wrapped[number].again, __ATOMIC_RELAXED))
        a.sa_flags |= SA_NODEFER;
    if (__atomic_load_n(&wrapped[number].information, __ATOMIC_RELAXED))
        a.sa_flags |= SA_SIGINFO;
    return a;
}

enum { OUR_FLAGS = (int)(SA_RESETHAND | SA_NODEFER | SA_SIGINFO) };

/* The kernel has ours: the program is told what it set. */
static void unwrap(const struct sigaction *before, struct sigaction *old)
{
    if (!(old->sa_flags & SA_SIGINFO) || old->sa_sigaction != on_signal)
        return;
    old->sa_sigaction = before->sa_sigaction;
    old->sa_mask = before->sa_mask;
    old->sa_flags = (old->sa_flags & ~OUR_FLAGS) | before->sa_flags;
}

/* What the program wants called from now on. */
static void wrap(int number, const struct sigaction *action)
{
    unsigned flags = (unsigned)action->sa_flags;
    __atomic_store_n(&wrapped[number].handler, action->sa_sigaction, __ATOMIC_RELEASE);
    __atomic_store_n(&wrapped[number].mask, mask_of(&action->sa_mask), __ATOMIC_RELAXED);
    __atomic_store_n(&wrapped[number].once, (flags & SA_RESETHAND) != 0,
                     __ATOMIC_RELAXED);
    __atomic_store_n(&wrapped[number].again, (flags & SA_NODEFER) != 0, __ATOMIC_RELAXED);
    __atomic_store_n(&wrapped[number].information, (flags & SA_SIGINFO) != 0,
                     __ATOMIC_RELAXED);
}

/* Ours, in place of the program's. */
static struct sigaction wrapper(const struct sigaction *action)
{
    struct sigaction ours = *action;
    ours.sa_sigaction = on_signal;
    ours.sa_flags = (ours.sa_flags & ~OUR_FLAGS) | SA_SIGINFO;
    sigfillset(&ours.sa_mask);
    sigdelset(&ours.sa_mask, SIGSYS);
    return ours;
}

/* The stop signal is one that nobody has set, and that nobody can set: programs look through all
 * signals for handlers that others have left them, or set all to SIG_DFL before they call exec. */
static int action_of_stop(const struct sigaction *action, struct sigaction *old)
{
    if (action && action->sa_handler != SIG_DFL)
        return errno = EINVAL, -1;
    if (old)
        *old = (struct sigaction){.sa_handler = SIG_DFL};
    return 0;
}

EXPORTED int sigaction(int number, const struct sigaction *action, struct sigaction *old)
{
    if (number <= 0 || number >= NSIG)
        return errno = EINVAL, -1;
    if (number == signals_stop())
        return action_of_stop(action, old);
    struct sigaction before = action_of(number), ours;
    if (action) {
        ours = *action;
        sigdelset(&ours.sa_mask, signals_stop());
        if (is_function(action)) {
            wrap(number, &ours);
            ours = wrapper(&ours);
        }
    }
    int result = faults_action(number, action ? &ours : NULL, old);
    if (result == 0 && old)
        unwrap(&before, old);
    return result;
}
