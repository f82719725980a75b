/* The stop signal, and the masks of the calling thread. */
#include "world/signals.h"

#include <errno.h>
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

/* Sets the mask; `old` gets the one that was, and may be NULL.  ThreadSanitizer hands what
 * has come before over at an atomic operation: here, not while the signals are blocked. */
static bool set_mask(uint64_t mask, uint64_t *old)
{
    long result = mask_change(SIG_SETMASK, &mask, old);
    if (GC_TSAN)
        signals_stop();
    return result == 0;
}

/* The signals that the C library keeps for itself, as far as the thread blocks them.
 * There are threads that block even those: the C library's thread for timers gets one of
 * them by waiting for it, and the process would end of it otherwise.  A thread's are looked
 * up once, as no function of the C library changes whether they are blocked. */
static uint64_t internal_blocked(void)
{
    static __thread uint64_t blocked __attribute__((tls_model("initial-exec")));
    static __thread bool known __attribute__((tls_model("initial-exec")));
    if (!known) {
        known = mask_change(SIG_BLOCK, NULL, &blocked) == 0;
        blocked = known ? blocked & mask_internal() : 0;
    }
    return blocked;
}

/* Blocks every signal but these.  A sandbox that refuses one call may still grant the next. */
static bool block_but(uint64_t open, struct saved_mask *saved)
{
    uint64_t old = 0, all = (~mask_internal() | internal_blocked()) & ~open;
    bool blocked = set_mask(all, &old) || set_mask(all, &old);
    if (saved)
        *saved = (struct saved_mask){.mask = old, .refused = !blocked};
    return blocked;
}

bool signals_block(struct saved_mask *saved)
{
    return block_but(mask_faults(), saved);
}

bool signals_block_all(struct saved_mask *saved)
{
    return block_but(0, saved);
}

bool signals_block_handlers(struct saved_mask *saved)
{
    return block_but(mask_faults() | mask_bit(signals_stop()), saved);
}

void signals_open(void)
{
    uint64_t stop = mask_bit(signals_stop());
    mask_change(SIG_UNBLOCK, &stop, NULL);
}

void signals_restore(const struct saved_mask *saved)
{
    if (!saved->refused && !set_mask(saved->mask, NULL))
        set_mask(saved->mask, NULL);
}

void signals_restore_open(const struct saved_mask *saved)
{
    if (saved->refused)
        signals_open();
    else
        set_mask(saved->mask & ~mask_bit(signals_stop()), NULL);
}

/* ThreadSanitizer sets the mask itself, as it hands a signal over some time after it came. */
void signals_set(uint64_t mask)
{
    if (!GC_TSAN)
        mask_change(SIG_SETMASK, &mask, NULL);
}
