/* The handler of a pause for SIGSEGV and SIGBUS, and the program's actions that it keeps. */
#include "world/faults.h"

#include <errno.h>
#include <setjmp.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/check.h"
#include "base/futex.h"
#include "base/lock.h"
#include "base/os.h"
#include "world/next.h"
#include "world/signals.h"
#include "world/lock.h"
#include "world/registry.h"

enum { SIGNALS = 2 };
static const int numbers[SIGNALS] = {SIGSEGV, SIGBUS};

/* The lock is held for a few instructions and system calls, with all signals but faults
 * blocked, so that no stopped thread has it. */
static struct {
    struct lock lock;
    uint32_t active;                 /* a pause lasts.  Changed under the lock; atomic */
    struct sigaction saved[SIGNALS]; /* the program's, meanwhile.  Under the lock */
    bool is_ours[SIGNALS];           /* the action has been set.  Under the lock */
    siginfo_t sent[SIGNALS];         /* a signal that somebody sent in the pause */
    pid_t sent_to[SIGNALS];          /* the thread that it came to */
    bool is_sent[SIGNALS];           /* there is such a signal.  Atomic */
} faults PRIVATE_DATA;

/* What a thread reads at present, and where it goes on if that cannot be read. */
struct guard {
    jmp_buf abandoned;
    uintptr_t low, high;
};

static __thread struct guard *volatile guard __attribute__((tls_model("initial-exec")));
static __thread bool is_helper __attribute__((tls_model("initial-exec")));

static int index_of(int number)
{
    for (int i = 0; i < SIGNALS; i++)
        if (numbers[i] == number)
            return i;
    return -1;
}

/* Calls the program's handler as the system would, but for the stack and the mask: the
 * reads that are guarded go on afterwards. */
static void call_saved(int number, siginfo_t *information, void *context)
{
    struct sigaction s = faults.saved[index_of(number)];
    if (s.sa_handler == SIG_DFL || s.sa_handler == SIG_IGN)
        next_sigaction(number, &s,
                       NULL); /* the fault happens again, and ends the process */
    else if (s.sa_flags & SA_SIGINFO)
        s.sa_sigaction(number, information, context);
    else
        s.sa_handler(number);
}

/* Handles a fault of the program's code in a root callback, or of the library's.  A
 * thread that is none of the collector's waits until the pause, in which others rely on
 * the handler, is over: then its fault happens again. */
static void pass_on(int number, siginfo_t *information, void *context)
{
    if (world_is_mine() || is_helper || !registry_is_here())
        call_saved(number, information, context);
    else
        while (__atomic_load_n(&faults.active, __ATOMIC_ACQUIRE))
            futex_wait(&faults.active, 1, 0);
}

/* Keeps a signal that was sent, which unlike a fault does not come again by itself. */
static void keep_for_later(int number, const siginfo_t *information)
{
    int i = index_of(number);
    faults.sent[i] = *information;
    faults.sent_to[i] = gettid();
    __atomic_store_n(&faults.is_sent[i], true, __ATOMIC_RELEASE);
}

/* Sends a signal that was kept to the thread that it was sent to, or to the process. */
static void send_kept(int i)
{
    if (!__atomic_exchange_n(&faults.is_sent[i], false, __ATOMIC_ACQUIRE))
        return;
    if (faults.sent[i].si_code == SI_TKILL)
        syscall(SYS_rt_tgsigqueueinfo, getpid(), faults.sent_to[i], numbers[i],
                &faults.sent[i]);
    else
        syscall(SYS_rt_sigqueueinfo, getpid(), numbers[i], &faults.sent[i]);
}

static void on_fault(int number, siginfo_t *information, void *context)
{
    int saved_errno = errno;
    struct guard *g = guard;
    uintptr_t address = (uintptr_t)information->si_addr;
    if (information->si_code <= 0) {
        keep_for_later(number, information);
    } else if (g && address - g->low < g->high - g->low) {
        errno = saved_errno;
        if (GC_TSAN) /* which calls handlers with all signals blocked, whatever their action says */
            sigprocmask(SIG_SETMASK, &((const ucontext_t *)context)->uc_sigmask, NULL);
        _longjmp(g->abandoned, 1);
    } else {
        pass_on(number, information, context);
    }
    errno = saved_errno;
}

void faults_begin(void)
{
    struct sigaction ours = {.sa_sigaction = on_fault,
                             .sa_flags = SA_SIGINFO | SA_NODEFER};
    lock_check_held(RANK_WORLD);
    sigemptyset(&ours.sa_mask);
    lock_enter(&faults.lock);
    for (int i = 0; i < SIGNALS; i++)
        faults.is_ours[i] = next_sigaction(numbers[i], &ours, &faults.saved[i]) == 0;
    __atomic_store_n(&faults.active, 1, __ATOMIC_RELEASE);
    lock_leave(&faults.lock);
}

void faults_end(void)
{
    lock_check_held(RANK_WORLD);
    int saved_errno = errno;
    lock_enter(&faults.lock);
    for (int i = 0; i < SIGNALS; i++)
        if (faults.is_ours[i])
            next_sigaction(numbers[i], &faults.saved[i], NULL);
    __atomic_store_n(&faults.active, 0, __ATOMIC_RELEASE);
    lock_leave(&faults.lock);
    futex_wake(&faults.active, INT_MAX);
    for (int i = 0; i < SIGNALS; i++)
        send_kept(i);
    errno = saved_errno;
}

NOINLINE bool faults_try(void (*read)(void *), void *argument, uintptr_t low,
                         uintptr_t high)
{
    struct guard g;
    g.low = low;
    g.high = high;
    if (_setjmp(g.abandoned)) {
        guard = NULL;
        return false;
    }
    guard = &g;
    read(argument);
    guard = NULL;
    return true;
}

void faults_except_me(void)
{
    is_helper = true;
}

static int change_saved(struct sigaction *saved, const struct sigaction *action,
                        struct sigaction *old)
{
    struct sigaction before = *saved;
    if (action)
        *saved = *action;
    if (old)
        *old = before;
    return 0;
}

/* A child of vfork shares the memory, but not the actions. */
static int change_action(int number, const struct sigaction *action,
                         struct sigaction *old)
{
    int i = index_of(number);
    if (i < 0 || !signals_are_installed() || !registry_is_here())
        return next_sigaction(number, action, old);
    struct saved_mask mask;
    signals_block(&mask);
    lock_enter(&faults.lock);
    int result = faults.active && faults.is_ours[i]
                     ? change_saved(&faults.saved[i], action, old)
                     : next_sigaction(number, action, old);
    lock_leave(&faults.lock);
    signals_restore(&mask);
    return result;
}

/* ---- The watch ----------------------------------------------------------------------- */

static void (*watch)(uintptr_t address, const ucontext_t *context) PRIVATE_DATA;

void faults_tell(int number, const siginfo_t *information, const void *context)
{
    if (UNLIKELY(watch != NULL) && index_of(number) >= 0 && information->si_code > 0)
        watch((uintptr_t)information->si_addr, context);
}

/* Where the program has no handler.  The fault happens again, and ends the process. */
static void on_watched(int number, siginfo_t *information, void *context)
{
    struct sigaction usual = {.sa_handler = SIG_DFL};
    int saved_errno = errno;
    faults_tell(number, information, context);
    next_sigaction(number, &usual, NULL);
    if (information->si_code <= 0)
        syscall(SYS_rt_tgsigqueueinfo, getpid(), gettid(), number, information);
    errno = saved_errno;
}

static const struct sigaction watched = {
    .sa_sigaction = on_watched,
    .sa_flags = (int)(SA_SIGINFO | SA_ONSTACK | SA_NODEFER),
};

static bool is_usual(const struct sigaction *action)
{
    return action->sa_handler == SIG_DFL;
}

void faults_watch(void (*hook)(uintptr_t address, const ucontext_t *context))
{
    watch = hook;
    for (int i = 0; i < SIGNALS; i++) {
        struct sigaction now;
        if (next_sigaction(numbers[i], NULL, &now) == 0 && is_usual(&now))
            next_sigaction(numbers[i], &watched, NULL);
    }
}

int faults_action(int number, const struct sigaction *action, struct sigaction *old)
{
    bool is_watched = UNLIKELY(watch != NULL) && index_of(number) >= 0;
    if (is_watched && action && is_usual(action))
        action = &watched;
    int result = change_action(number, action, old);
    if (is_watched && result == 0 && old && old->sa_sigaction == on_watched)
        *old = (struct sigaction){.sa_handler = SIG_DFL};
    return result;
}

void faults_forked(void)
{
    lock_check_held(RANK_WORLD);
    faults.lock = (struct lock){0};
    faults.active = 0;
}

void faults_check(void)
{
    lock_check_held(RANK_WORLD);
    CHECK(faults.active == 1);
    for (int i = 0; i < SIGNALS; i++) {
        struct sigaction now;
        CHECK(!faults.is_ours[i] || (next_sigaction(numbers[i], NULL, &now) == 0 &&
                                     now.sa_sigaction == on_fault));
        CHECK(!faults.is_sent[i] || faults.sent[i].si_code <= 0);
    }
}
