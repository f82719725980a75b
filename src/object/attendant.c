#include "object/attendant.h"

#include <pthread.h>

#include "base/futex.h"
#include "world/own.h"
#include "world/signals.h"

/* ENDING: it ends once it has done what it is at. */
enum { NONE, ASLEEP, WOKEN, WORKING, ENDING };

static struct {
    uint32_t state; /* atomic */
    void (*work)(void);
} attendant PRIVATE_DATA;

/* The calling thread is the attendant. */
static __thread bool mine __attribute__((tls_model("initial-exec")));

bool attendant_is_me(void)
{
    return mine;
}

static bool change(uint32_t from, uint32_t to)
{
    return __atomic_compare_exchange_n(&attendant.state, &from, to, false,
                                       __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

static uint32_t state_now(void)
{
    return __atomic_load_n(&attendant.state, __ATOMIC_SEQ_CST);
}

static void gone(void)
{
    __atomic_store_n(&attendant.state, NONE, __ATOMIC_SEQ_CST);
}

/* A finalizer ends the thread: another one goes on, unless it is to end anyhow. */
static void pass_on(void *unused)
{
    (void)unused;
    if (state_now() == ENDING)
        return;
    own_leave();
    gone();
    attendant_wake(attendant.work);
}

static void *attend(void *unused)
{
    mine = true;
    signals_open();
    pthread_cleanup_push(pass_on, NULL);
    while (state_now() != ENDING &&
           state_now() != NONE) { /* NONE: a finalizer has forked */
        if (change(WOKEN, WORKING)) {
            attendant.work();
            change(WORKING, ASLEEP);
        }
        futex_wait(&attendant.state, ASLEEP, 0);
    }
    pthread_cleanup_pop(false);
    return unused;
}

/* Whatever it is at, it looks again. */
static bool wake(void)
{
    while (state_now() == WORKING || state_now() == ASLEEP) {
        if (change(WORKING, WOKEN))
            return true;
        if (change(ASLEEP, WOKEN))
            return futex_wake(&attendant.state, 1), true;
    }
    return state_now() == WOKEN;
}

bool attendant_wake(void (*work)(void))
{
    if (wake())
        return true;
    if (!own_can_start() || !change(NONE, WOKEN))
        return wake();
    attendant.work = work;
    bool started = own_start(attend, NULL);
    if (!started)
        gone();
    return started;
}

static void ask_to_end(void)
{
    if (change(WOKEN, ENDING) || change(WORKING, ENDING) || change(ASLEEP, ENDING) ||
        change(WOKEN, ENDING))
        futex_wake(&attendant.state, 1);
}

static void has_ended(void)
{
    change(ENDING, NONE);
}

static void forked(void)
{
    gone();
}

__attribute__((constructor)) static void start(void)
{
    static struct own_kind kind PRIVATE_DATA;
    kind = (struct own_kind){.ask = ask_to_end, .over = has_ended, .forked = forked};
    own_kind_add(&kind);
}
