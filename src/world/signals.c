/* The stop signal, and the masks of the calling thread. */
#include "world/signals.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mask.h"
#include "base/options.h"
#include "world/next.h"

/* The stop signal lies above those that programs take first (SIGRTMIN and up), and below
 * those that debuggers and run-time systems take (SIGRTMAX and down). */
enum { DEFAULT_ABOVE_RTMIN = 18 };

static int stop_signal PRIVATE_DATA; /* 0: its handler is not installed.  Atomic */

static bool is_valid(size_t number)
{
    return number >= (size_t)SIGRTMIN && number <= (size_t)SIGRTMAX;
}

int signals_stop(void)
{
    int installed = __atomic_load_n(&stop_signal, __ATOMIC_RELAXED);
    if (installed)
        return installed;
    if (is_valid(options.signal))
        return (int)options.signal;
    int usual = SIGRTMIN + DEFAULT_ABOVE_RTMIN;
    return usual <= SIGRTMAX ? usual : SIGRTMAX;
}

bool signals_install(void (*on_stop)(int, siginfo_t *, void *))
{
    struct sigaction action = {.sa_sigaction = on_stop,
                               .sa_flags = SA_SIGINFO | SA_RESTART};
    sigfillset(&action.sa_mask);
    if (options.signal && !is_valid(options.signal))
        log_line("option signal: %zu is no real-time signal (%d to %d)", options.signal,
                 SIGRTMIN, SIGRTMAX);
    int number = signals_stop();
    if (next_sigaction_stop(number, &action) != 0)
        return false;
    __atomic_store_n(&stop_signal, number, __ATOMIC_RELEASE);
    return true;
}

bool signals_are_installed(void)
{
    return __atomic_load_n(&stop_signal, __ATOMIC_ACQUIRE) != 0;
}

/* Threads that forbid a signal to the process.  Atomic. */
static unsigned unshared PRIVATE_DATA;

void signals_share(bool share)
{
    if (share)
        __atomic_fetch_sub(&unshared, 1, __ATOMIC_SEQ_CST);
    else
        __atomic_fetch_add(&unshared, 1, __ATOMIC_SEQ_CST);
}

void signals_forked(void)
{
    __atomic_store_n(&unshared, 0, __ATOMIC_SEQ_CST);
}

enum sent signals_send(pid_t tid)
{
    if (syscall(SYS_tgkill, getpid(), tid, signals_stop()) == 0)
        return SENT;
    if (errno == ESRCH)
        return SENT_TO_NOBODY;
    if (__atomic_load_n(&unshared, __ATOMIC_SEQ_CST) > 0)
        return SENT_TO_SOME;
    return syscall(SYS_kill, getpid(), signals_stop()) == 0 ? SENT_TO_SOME : NOT_SENT;
}

bool signals_stop_is_in(const sigset_t *set)
{
    return mask_of(set) & mask_bit(signals_stop());
}

/* Sets the mask; `saved` gets the one that was, and may be NULL.  ThreadSanitizer hands
 * what has come before over at an atomic operation: here, not while the signals are blocked. */
static bool set_mask(const sigset_t *mask, sigset_t *saved)
{
    long result = mask_change(SIG_SETMASK, mask, saved);
    if (GC_TSAN)
        signals_stop();
    return result == 0;
}

/* Notes in a set whether blocking was refused.  The kernel uses the first word of a set
 * only; the byte behind it says here that nothing has been blocked.  A sandbox that
 * refuses one call may still grant the next. */
static void note_refusal(sigset_t *saved, bool refused)
{
    memset((char *)saved + MASK_BYTES, refused, 1);
}

static bool was_refused(const sigset_t *saved)
{
    return ((const char *)saved)[MASK_BYTES] != 0;
}

static bool set_noting(const sigset_t *mask, sigset_t *saved)
{
    bool blocked = set_mask(mask, saved) || set_mask(mask, saved);
    if (saved)
        note_refusal(saved, !blocked);
    return blocked;
}

/* Adds to the set the C library's own signals that the thread blocks.  They are below
 * SIGRTMIN, sigfillset leaves them out, and there are threads that block even those: its
 * thread for timers gets one of them by waiting for it, and the process would end of it
 * otherwise.  A thread's are looked up once, as no function of the C library changes
 * whether they are blocked. */
static void add_internal(sigset_t *set)
{
    static __thread uint64_t blocked __attribute__((tls_model("initial-exec")));
    static __thread bool known __attribute__((tls_model("initial-exec")));
    if (!known) {
        known = mask_change(SIG_BLOCK, NULL, &blocked) == 0;
        /* As yet the set has all signals but the C library's own. */
        blocked = known ? blocked & ~mask_of(set) : 0;
    }
    mask_store(set, mask_of(set) | blocked);
}

static bool block(sigset_t *saved, bool stops)
{
    sigset_t all;
    sigfillset(&all);
    add_internal(&all);
    mask_store(&all, mask_of(&all) & ~mask_faults());
    if (stops)
        sigdelset(&all, signals_stop());
    return set_noting(&all, saved);
}

bool signals_block(sigset_t *saved)
{
    return block(saved, false);
}

bool signals_block_all(sigset_t *saved)
{
    sigset_t all;
    sigfillset(&all);
    add_internal(&all);
    return set_noting(&all, saved);
}

bool signals_block_handlers(sigset_t *saved)
{
    return block(saved, true);
}

void signals_open(void)
{
    uint64_t stop = mask_bit(signals_stop());
    mask_change(SIG_UNBLOCK, &stop, NULL);
}

void signals_restore(const sigset_t *saved)
{
    if (!was_refused(saved) && !set_mask(saved, NULL))
        set_mask(saved, NULL);
}

void signals_restore_open(const sigset_t *saved)
{
    sigset_t open = *saved;
    if (was_refused(saved))
        return signals_open();
    sigdelset(&open, signals_stop());
    set_mask(&open, NULL);
}

/* ThreadSanitizer sets the mask itself, as it hands a signal over some time after it came. */
void signals_set(uint64_t mask)
{
    if (!GC_TSAN)
        mask_change(SIG_SETMASK, &mask, NULL);
}
