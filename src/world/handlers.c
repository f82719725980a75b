/* Calling the program's handlers, each by handlers_call.
 *
 * - One that interrupted a fast path, or a handler unknown here that did, has another cache
 *   until it returns, as the thread's is being changed.  If it leaves by siglongjmp, the thread
 *   keeps that cache, and the old one is the spare of a later handler.
 * - One that interrupted a critical section is put off to its end (world/defer.h). */
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
#include "world/defer.h"
#include "world/fast.h"
#include "world/faults.h"
#include "world/lock.h"
#include "world/park.h"
#include "world/self.h"
#include "world/signals.h"

typedef void (*handler)(int, siginfo_t *, void *);

/* SS_AUTODISARM, which is in Linux's headers only: while a handler runs on such an alternate stack,
 * the thread has none. */
enum { AUTODISARM = INT_MIN };

/* What the program has set, by signal.  Atomic, and never taken back, as a child of vfork
 * may change what the kernel knows, and shares this memory. */
static struct {
    handler handler;
    uint64_t mask;    /* sa_mask, in the kernel's form */
    bool once;        /* SA_RESETHAND */
    bool information; /* SA_SIGINFO */
    bool again;       /* SA_NODEFER */
} wrapped[NSIG] PRIVATE_DATA;

/* ---- What the program has set ------------------------------------------------------ */

struct sigaction handlers_noted(int number)
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

void handlers_note(int number, const struct sigaction *action)
{
    unsigned flags = (unsigned)action->sa_flags;
    uint64_t unblockable = mask_bit(SIGKILL) | mask_bit(SIGSTOP);
    __atomic_store_n(&wrapped[number].handler, action->sa_sigaction, __ATOMIC_RELEASE);
    __atomic_store_n(&wrapped[number].mask, mask_of(&action->sa_mask) & ~unblockable,
                     __ATOMIC_RELAXED);
    __atomic_store_n(&wrapped[number].once, (flags & SA_RESETHAND) != 0,
                     __ATOMIC_RELAXED);
    __atomic_store_n(&wrapped[number].again, (flags & SA_NODEFER) != 0, __ATOMIC_RELAXED);
    __atomic_store_n(&wrapped[number].information, (flags & SA_SIGINFO) != 0,
                     __ATOMIC_RELAXED);
}

/* ---- Calling the program's handler ------------------------------------------------- */

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

/* As by the kernel, the flags and the mask stay.  A function of its own, as signal stacks are small. */
NOINLINE static void reset(int number)
{
    struct sigaction action;
    sigaction(number, NULL, &action);
    action.sa_handler = SIG_DFL;
    sigaction(number, &action, NULL);
}

/* Calls the program's handler.  So far all signals but SIGSYS are blocked; the handler
 * has the mask that it asked for. */
static void call_handler(int number, siginfo_t *information, void *context)
{
    handler h = __atomic_load_n(&wrapped[number].handler, __ATOMIC_ACQUIRE);
    uint64_t mask = mask_of(&((ucontext_t *)context)->uc_sigmask) |
                    __atomic_load_n(&wrapped[number].mask, __ATOMIC_RELAXED);
    if (!__atomic_load_n(&wrapped[number].again, __ATOMIC_RELAXED))
        mask |= mask_bit(number);
    if (critical.depth > 0)
        mask |= defer_mask();
    if (__atomic_load_n(&wrapped[number].once, __ATOMIC_RELAXED))
        reset(number);
    signals_set(mask & ~mask_bit(signals_stop()));
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

/* Calls a handler between gc_blocking_begin and gc_blocking_end.  Its thread is like any
 * that runs: what the handler allocates may be in its registers only. */
static void call_in_blocking(struct mutator *m, int number, siginfo_t *information,
                             void *context)
{
    uintptr_t sp = m->sp;
    struct saved_mask handlers_mask;
    world_unblock(m);
    m->calls++;
    call_handler(number, information, context);
    signals_block_handlers(&handlers_mask);
    if (--m->calls == 0 && m->blocking) {
        m->sp = sp;
        world_block(m);
    }
}

/* Has the thread work with this cache, which may be NULL: then it makes one when it needs it. */
static void change_cache(struct mutator *m, struct cache *c, bool ready)
{
    thread_use_cache(ready ? c : NULL);
    __atomic_store_n(&m->cache, c, __ATOMIC_RELEASE);
    m->ready = ready;
}

/* Keeps a cache as the spare one for the next time, or destroys it if there is one. */
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

static void set_aside(struct mutator *m, struct cache *c, uintptr_t sp)
{
    c->aside_sp = sp;
    c->next = m->aside;
    m->aside = c;
    m->aside_count++;
}

static struct cache *take_aside(struct mutator *m)
{
    struct cache *c = m->aside;
    m->aside = c->next;
    m->aside_count--;
    return c;
}

/* The handler that set the latest one aside was left by siglongjmp. */
static void take_back_latest(struct mutator *m)
{
    registry_count_lost();
    keep_spare(m, take_aside(m));
}

/* Takes back the caches of handlers whose frames lie below this one: they have been left
 * by siglongjmp, and nobody comes back to the caches that they set aside. */
static void take_back_caches(struct mutator *m, uintptr_t sp)
{
    while (m->aside && on_own_stack(m, sp)) {
        uintptr_t frame = m->aside->aside_sp;
        if (!on_own_stack(m, frame) || frame > sp)
            return;
        take_back_latest(m);
    }
}

/* A handler that has unregistered its thread has given back the caches that were set aside. */
static bool is_aside(const struct mutator *m, const struct cache *c)
{
    if (thread_self != m)
        return false;
    const struct cache *aside = m->aside;
    while (aside && aside != c)
        aside = aside->next;
    return aside;
}

static void call_with_spare(struct mutator *m, int number, siginfo_t *information,
                            void *context)
{
    uintptr_t sp = (uintptr_t)__builtin_frame_address(0);
    take_back_caches(m, sp);
    struct cache *interrupted = m->cache;
    bool fast = thread_cache == interrupted;
    uint32_t busy = gc_inline_thread.busy;
    set_aside(m, interrupted, sp);
    change_cache(m, __atomic_exchange_n(&m->spare, NULL, __ATOMIC_RELAXED), false);
    gc_inline_thread.busy = 0;
    call_handler(number, information, context);
    signals_set(~mask_bit(SIGSYS));
    if (!is_aside(m, interrupted)) {
        gc_inline_thread.busy = busy;
        return;
    }
    struct cache *used = m->cache;
    __atomic_store_n(&m->cache, NULL, __ATOMIC_RELEASE);
    keep_spare(m, used);
    while (m->aside != interrupted) /* by handlers that were left for this one */
        take_back_latest(m);
    take_aside(m);
    gc_inline_thread.busy = busy;
    change_cache(m, interrupted, true);
    if (!fast)
        thread_use_cache(NULL);
}

/* ---- Dispatch ---------------------------------------------------------------------- */

/* Keeps the stop signal open.  The program's handler may have written to the mask that
 * the thread goes on with.  In the library's own sections without signals, where a fault
 * may be handled, the signal stays blocked. */
static void keep_stop_open(ucontext_t *context, bool was_blocked)
{
    if (!was_blocked && signals_stop_is_in(&context->uc_sigmask))
        mask_store(&context->uc_sigmask,
                   mask_of(&context->uc_sigmask) & ~mask_bit(signals_stop()));
}

/* Whether the handler needs another cache.  A system call that a sandbox does not grant
 * may be one that looks at the stack, which a handler of SIGSYS cannot make: there it
 * would end the process. */
static bool needs_spare(const struct mutator *m, int number, const ucontext_t *context)
{
    return number == SIGSYS || fast_may_lie_below(m, context);
}

static void handle(struct mutator *m, int number, siginfo_t *information,
                   ucontext_t *context)
{
    if (defer_signal(number, information, context))
        return;
    if (m && m->blocking && m->calls == 0)
        call_in_blocking(m, number, information, context);
    else if (m && m->ready && needs_spare(m, number, context))
        call_with_spare(m, number, information, context);
    else
        call_handler(number, information, context);
}

static bool is_on(const stack_t *s, uintptr_t address)
{
    return address - (uintptr_t)s->ss_sp < s->ss_size;
}

/* Notes what a handler has interrupted, if that is on another stack and nobody else knows of the handler's.  Returns
 * how many there were that its thread comes back to. */
static unsigned note_interruption(const ucontext_t *context)
{
    struct interruptions *i = &thread_interruptions;
    uintptr_t stack = (uintptr_t)context->uc_stack.ss_sp,
              sp = fast_stack_pointer(context);
    if (!(context->uc_stack.ss_flags & AUTODISARM) ||
        !is_on(&context->uc_stack, (uintptr_t)__builtin_frame_address(0)) ||
        is_on(&context->uc_stack, sp))
        return i->count;
    unsigned n = 0;
    while (n < i->count && i->of[n].stack != stack)
        n++;
    if (n == INTERRUPTIONS_MOST) {
        memmove(&i->of[0], &i->of[1], (INTERRUPTIONS_MOST - 1) * sizeof i->of[0]);
        n--;
    }
    i->of[n].stack = stack;
    i->of[n].sp = sp;
    i->count = n + 1;
    return n;
}

/* Handles a signal on a stack that was disarmed for it: until the handler returns,
 * nothing but the context knows of that stack. */
static void handle_disarmed(struct mutator *m, int number, siginfo_t *information,
                            ucontext_t *context)
{
    stack_t outer = m->disarmed;
    m->disarmed = context->uc_stack;
    handle(m, number, information, context);
    m->disarmed = outer;
}

void handlers_call(int number, siginfo_t *information, void *context)
{
    int saved_errno = errno;
    ucontext_t *interrupted = context;
    struct mutator *m = thread_self;
    bool was_blocked = signals_stop_is_in(&interrupted->uc_sigmask);
    faults_tell(number, information, context);
    defer_give(information);
    if (GC_TSAN) /* ThreadSanitizer blocks every signal */
        signals_open();
    if (critical.depth == 0 && critical.deferred) /* this handler may not return */
        critical_leave();
    unsigned interruptions = note_interruption(interrupted);
    if (m && UNLIKELY(interrupted->uc_stack.ss_flags & AUTODISARM))
        handle_disarmed(m, number, information, interrupted);
    else
        handle(m, number, information, interrupted);
    thread_interruptions.count = interruptions;
    keep_stop_open(interrupted, was_blocked);
    errno = saved_errno;
}
