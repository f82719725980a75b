/* fork copies one thread of many.  The others may be anywhere in the program then, but in
 * no critical section of the library; what their caches list is free in the child, and of
 * each at most one slot, on its way between cache and program, stays reserved. */
#include "world/fork.h"

#include <link.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/account.h"
#include "base/cancel.h"
#include "base/critical.h"
#include "base/futex.h"
#include "base/options.h"
#include "base/os.h"
#include "base/proc.h"
#include "trace/ask.h"
#include "trace/modules.h"
#include "world/faults.h"
#include "world/next.h"
#include "world/own.h"
#include "world/timers.h"
#include "world/registry.h"
#include "world/signals.h"
#include "world/stop.h"
#include "world/systemstack.h"

enum {
    MILLISECOND = 1000000, /* nanoseconds */
    ANSWER_WITHIN = 20,    /* milliseconds */
    LEAVES_WITHIN = 1000,
    VISITS_MOST = 3,
};

void (*fork_hook)(void) PRIVATE_DATA;
void (*fork_before_hook)(bool stopped) PRIVATE_DATA;

/* Threads between fork_hold_off and fork_let_go_on.  Atomic. */
static uint32_t asking PRIVATE_DATA;

/* ---- The gate in front of critical sections ---------------------------------------- */

static bool gate_is_closed(void)
{
    return __atomic_load_n(&critical_gate, __ATOMIC_SEQ_CST) != 0;
}

static void wait_for_gate(void)
{
    while (gate_is_closed())
        futex_wait(&critical_gate, 1, 0);
}

static void wait_at_gate(void)
{
    world_wait_safely(wait_for_gate);
}

/* Whether no thread that runs on is in a critical section.  What a thread stored before
 * it looked at the gate is to be seen here: the system sees to that, where it has the call. */
static bool sections_are_left(void)
{
    syscall(SYS_membarrier, 1 /* MEMBARRIER_CMD_GLOBAL */, 0, 0);
    for (MUTATORS(m))
        if (m != thread_self && thread_lives(m) && m->critical &&
            m->critical->depth > 0 &&
            __atomic_load_n(&m->safety, __ATOMIC_SEQ_CST) == SAFETY_NONE)
            return false;
    return true;
}

/* Waits for the threads that did not stop.  A fork does not fail because of one: it
 * leaves the section that it may be in, and begins no other. */
static void wait_for_sections(void)
{
    uint64_t end = os_now() + LEAVES_WITHIN * (uint64_t)MILLISECOND;
    while (!sections_are_left() && os_now() < end)
        futex_wait(&critical_gate, 1, MILLISECOND);
}

static void tell(bool stopped)
{
    if (fork_before_hook)
        fork_before_hook(stopped);
}

static void close_gate(void)
{
    bool all = world_stop();
    __atomic_store_n(&critical_gate, 1, __ATOMIC_SEQ_CST);
    if (all)
        tell(true);
    world_restart();
    if (all)
        return;
    wait_for_sections();
    tell(false);
}

static void open_gate(void)
{
    __atomic_store_n(&critical_gate, 0, __ATOMIC_SEQ_CST);
    futex_wake(&critical_gate, INT_MAX);
}

/* ---- Questions to the loader ------------------------------------------------------- */

void fork_hold_off(void)
{
    __atomic_fetch_add(&asking, 1, __ATOMIC_SEQ_CST);
    while (gate_is_closed() && !world_is_mine()) {
        fork_let_go_on();
        wait_at_gate();
        __atomic_fetch_add(&asking, 1, __ATOMIC_SEQ_CST);
    }
}

void fork_let_go_on(void)
{
    if (__atomic_sub_fetch(&asking, 1, __ATOMIC_SEQ_CST) == 0)
        futex_wake(&asking, INT_MAX);
}

struct question {
    void (*ask)(void *);
    void *argument;
};

static void ask(void *argument)
{
    const struct question *q = argument;
    fork_hold_off();
    q->ask(q->argument);
    fork_let_go_on();
}

static void run_question(void (*question)(void *), void *argument)
{
    struct question q = {question, argument};
    cancel_hold_off();
    systemstack_run(ask, &q);
    cancel_let_in();
}

/* Waits until all questions are answered.  Returns false if some are not in the time that
 * is waited. */
static bool wait_for_answers(void)
{
    uint32_t threads;
    uint64_t end = os_now() + ANSWER_WITHIN * (uint64_t)MILLISECOND;
    while ((threads = __atomic_load_n(&asking, __ATOMIC_SEQ_CST)) != 0) {
        if (os_now() > end)
            return false;
        futex_wait(&asking, threads, MILLISECOND);
    }
    return true;
}

/* ---- Fork -------------------------------------------------------------------------- */

static int visit(struct dl_phdr_info *info, size_t size, void *unused)
{
    (void)info, (void)size, (void)unused;
    return 1;
}

/* Closes the gate before a fork.  The threads must run while the C library forks, as it
 * waits for locks that they may hold; so the gate is closed while they are stopped.  Who
 * waits there may hold a lock of the loader, in a callback of dl_iterate_phdr that
 * allocates: if a question waits for that, the gate is opened for a while.  If it is the calling thread that holds
 * it, which forks in such a callback, questions are not waited for.  In the static library nobody stands in front of
 * that function to tell: but whoever can have the lock, again and again, while a question goes on to wait, is
 * the one that has it. */
static void before(void)
{
    for (int visits = 0;; visits++) {
        world_lock();
        if (!signals_are_installed()) {
            tell(false);
            return;
        }
        close_gate();
        if (own_callbacks > 0 || wait_for_answers() || visits == VISITS_MOST)
            return;
        open_gate();
        world_unlock();
        wait_for_answers();
        dl_iterate_phdr(visit, NULL);
    }
}

static void in_parent(void)
{
    open_gate();
    world_unlock();
}

static void in_child(void)
{
    critical_gate = asking = 0;
    options_forked();
    proc_forked();
    account_forked();
    modules_forked();
    lock_forked();
    park_forked();
    signals_forked();
    own_forked();
    timers_forked();
    registry_forked();
    faults_forked();
    if (fork_hook)
        fork_hook();
    world_unlock();
}

#if GC_TSAN
/* ThreadSanitizer calls the C library's fork with its own locks held, which threads that
 * are to stop may wait for. */
EXPORTED pid_t fork(void)
{
    before();
    pid_t pid = NEXT(fork, NO_FALLBACK(fork))();
    if (pid == 0)
        in_child();
    else
        in_parent();
    return pid;
}
#endif

void fork_watch(void)
{
    critical_hooks.wait_at_gate = wait_at_gate;
    ask_hook = run_question;
    if (!GC_TSAN)
        pthread_atfork(before, in_parent, in_child);
}
