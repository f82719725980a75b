/* Parking and safety, and the epochs of stops. */
#include "world/park.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "base/check.h"
#include "base/critical.h"
#include "base/futex.h"
#include "base/lock.h"
#include "base/os.h"
#include "world/defer.h"
#include "world/fast.h"
#include "world/frame.h"
#include "world/publish.h"
#include "world/self.h"
#include "world/signals.h"
#include "world/systemstack.h"
#include "world/watcher.h"

enum {
    MILLISECOND = 1000000, /* nanoseconds */
    /* For each thread that is not awake yet: with many of them a millisecond is over before all
     * had a turn on a busy machine. */
    LET_RUN_EACH = MILLISECOND / 20,
};

/* What each thread that stops reads; what it writes to is on another cache line. */
static struct {
    /* While it is odd, a stop is going on.  Parked threads wait for it to change. */
    _Alignas(64) uint32_t epoch;
    const struct mutator *awaited; /* whom who stops the world waits for now.  Atomic */
    /* Threads that wait for the end of a stop, or are not awake again after it.  Atomic. */
    _Alignas(64) uint32_t parked;
    uint32_t arrivals; /* of foreign threads; who stops them waits for it to change */
    /* The lock is taken with all signals blocked, and has no rank, as a foreign thread
     * may share the thread-local variables of another thread. */
    struct lock foreign_lock;
    /* The foreign threads of the present stop, while it lasts.  Changed under the lock, and read
     * without. */
    struct foreign *foreign;
    uint32_t inside; /* foreign threads in park_foreign.  Atomic */
} world PRIVATE_DATA;

static uint32_t present_epoch(void)
{
    return __atomic_load_n(&world.epoch, __ATOMIC_SEQ_CST);
}

static bool is_stop(uint32_t epoch)
{
    return epoch & 1;
}

/* ---- Safe -------------------------------------------------------------------------- */

static bool is_safe(const struct mutator *m)
{
    return __atomic_load_n(&m->safety, __ATOMIC_RELAXED) != SAFETY_NONE;
}

/* Makes the thread safe.  It wakes who stops the world only if it is this thread that is
 * waited for now: either that is seen here, or who waits sees that the thread is safe
 * before it waits. */
static void set_safe(struct mutator *m)
{
    bool ran = safety_change(&m->safety, SAFETY_NONE, SAFETY_SAFE);
    CHECK(ran);
    if (is_stop(present_epoch()) &&
        __atomic_load_n(&world.awaited, __ATOMIC_SEQ_CST) == m)
        futex_wake(&m->safety, 1);
}

/* Between begin_waiting and end_waiting the thread waits for the end of a stop: it is to
 * run before the next one begins (world_let_run), or collections that follow each other
 * closely would starve it. */
static void begin_waiting(void)
{
    __atomic_fetch_add(&world.parked, 1, __ATOMIC_SEQ_CST);
}

static void end_waiting(void)
{
    if (__atomic_sub_fetch(&world.parked, 1, __ATOMIC_SEQ_CST) == 0)
        futex_wake(&world.parked, INT_MAX);
}

static bool try_to_leave_safe(struct mutator *m)
{
    return !is_safe(m) || safety_change(&m->safety, SAFETY_SAFE, SAFETY_NONE);
}

/* Makes the thread unsafe again, but not while a stop has claimed it. */
static void leave_safe(struct mutator *m)
{
    if (try_to_leave_safe(m))
        return;
    begin_waiting();
    do {
        safety_change(&m->safety, SAFETY_CLAIMED, SAFETY_AWAITED);
        futex_wait(&m->safety, SAFETY_AWAITED, 0);
    } while (!try_to_leave_safe(m));
    end_waiting();
}

bool park_claim(struct mutator *m)
{
    lock_check_held(RANK_WORLD);
    return __atomic_load_n(&m->safety, __ATOMIC_SEQ_CST) != SAFETY_NONE &&
           (safety_change(&m->safety, SAFETY_SAFE, SAFETY_CLAIMED) ||
            __atomic_load_n(&m->safety, __ATOMIC_SEQ_CST) >= SAFETY_CLAIMED);
}

static void release_claims(void)
{
    for (MUTATORS(m)) {
        if (safety_change(&m->safety, SAFETY_CLAIMED, SAFETY_SAFE))
            continue;
        if (safety_change(&m->safety, SAFETY_AWAITED, SAFETY_SAFE))
            futex_wake(&m->safety, 1);
    }
}

/* ---- Parked ------------------------------------------------------------------------ */

/* Parks the thread, which has published what it says of itself.  It is safe until it is
 * awake again and leaves: a stop that begins before needs no answer from it. */
static void park(struct mutator *m)
{
    uint32_t epoch;
    begin_waiting();
    WATCHER_RELEASE(&m->safety);
    set_safe(m);
    while (is_stop(epoch = present_epoch()))
        futex_wait(&world.epoch, epoch, 0);
    leave_safe(m);
    WATCHER_ACQUIRE(&world.epoch);
    end_waiting();
}

void world_let_run(void)
{
    int saved_errno = errno;
    uint32_t parked = __atomic_load_n(&world.parked, __ATOMIC_SEQ_CST);
    uint64_t end = parked ? os_now() + MILLISECOND + parked * LET_RUN_EACH : 0;
    while (parked && !is_stop(present_epoch()) && os_now() < end) {
        futex_wait(&world.parked, parked, MILLISECOND / 5);
        parked = __atomic_load_n(&world.parked, __ATOMIC_SEQ_CST);
    }
    errno = saved_errno;
}

/* Puts a foreign thread on the list, but not if the stop of this epoch is over: the
 * record is gone when its thread goes on, and a later stop is not to find it. */
static void join_foreign(struct foreign *s, uint32_t epoch)
{
    lock_enter(&world.foreign_lock);
    if (present_epoch() == epoch) {
        s->next = world.foreign;
        __atomic_store_n(&world.foreign, s, __ATOMIC_RELEASE);
    }
    lock_leave(&world.foreign_lock);
    __atomic_fetch_add(&world.arrivals, 1, __ATOMIC_SEQ_CST);
    futex_wake(&world.arrivals, 1);
}

void park_add_asleep(struct foreign *s)
{
    lock_check_held(RANK_WORLD);
    join_foreign(s, present_epoch());
}

/* Parks a foreign thread, for each stop that begins before the thread is awake again, too. */
static void park_foreign(uint32_t epoch, uintptr_t sp, const stack_t *alternate)
{
    struct foreign s = {.tid = gettid(),
                        .sp = sp,
                        .pointer = thread_pointer(),
                        .interruptions = &thread_interruptions};
    uintptr_t low = (uintptr_t)alternate->ss_sp;
    if (sp - low < alternate->ss_size) {
        s.alternate.low = low;
        s.alternate.high = low + alternate->ss_size;
    }
    __atomic_fetch_add(&world.inside, 1, __ATOMIC_SEQ_CST);
    begin_waiting();
    for (; is_stop(epoch); epoch = present_epoch()) {
        join_foreign(&s, epoch);
        while (present_epoch() == epoch)
            futex_wait(&world.epoch, epoch, 0);
    }
    end_waiting();
    __atomic_fetch_sub(&world.inside, 1, __ATOMIC_SEQ_CST);
}

/* Whether the thread may stop where the signal found it.  A thread inside of
 * ThreadSanitizer, which may hold its locks, is not stopped there: it is told again (see
 * handshake.c), and looks for itself on its next slow path. */
UNWATCHED static bool stops_at(const ucontext_t *context)
{
    if (!GC_TSAN || !watcher_contains(fast_program_counter(context)))
        return true;
    critical.deferred = true;
    return false;
}

/* Whether the calling thread, which is not registered, is in a critical section in which
 * a stop may find it. */
static __thread volatile bool stops_in_section __attribute__((tls_model("initial-exec")));

/* The calling thread's record, or NULL.  A thread made by a bare clone may share the
 * thread-local variables of another. */
static struct mutator *registered_self(void)
{
    return thread_self && thread_self->tid == gettid() ? thread_self : NULL;
}

/* Handles the signal of a stop.  The interrupted registers lie in the context, which is
 * the lowest that counts of this stack: frames below it have gaps, with words of calls
 * that have returned. */
NOINLINE static void arrive(ucontext_t *context, bool shared)
{
    uint32_t epoch = present_epoch();
    if (!is_stop(epoch))
        return;
    struct mutator *m = registered_self();
    uintptr_t sp = (uintptr_t)context;
    if (!m || !is_safe(m))
        frame_clear(context);
    if (!m && thread_self)
        return park_foreign(epoch, sp, &context->uc_stack);
    if (m && is_safe(m)) {
        while (shared && present_epoch() == epoch)
            futex_wait(&world.epoch, epoch, 0);
        return;
    }
    if (critical.depth > 0 && (m || !stops_in_section)) {
        critical.deferred = true;
    } else if (!m) {
        park_foreign(epoch, sp, &context->uc_stack);
    } else {
        m->in_fast_path = fast_was_interrupted(context);
        publish(m, sp, &context->uc_stack);
        if (!systemstack_holds(m, sp))
            m->interrupted = fast_stack_pointer(context);
        park(m);
    }
}

UNWATCHED void park_on_signal(int number, siginfo_t *information, void *context)
{
    (void)number;
    int saved_errno = errno;
    if (stops_at(context))
        arrive(context, information->si_code != SI_TKILL);
    errno = saved_errno;
}

/* Parks outside of a handler.  All callee-saved registers are on the stack by now, above
 * this frame. */
NOINLINE static void park_from_here(void)
{
    struct saved_mask saved;
    signals_block(&saved);
    uint32_t epoch = present_epoch();
    uintptr_t sp = (uintptr_t)__builtin_frame_address(0);
    struct mutator *m = registered_self();
    if (m && !is_safe(m)) {
        m->in_fast_path = false;
        world_publish(m, sp);
        park(m);
    } else if (!m && is_stop(epoch)) {
        stack_t alternate = {0};
        sigaltstack(NULL, &alternate);
        park_foreign(epoch, sp, &alternate);
    }
    signals_restore(&saved);
}

/* The way out of a critical section in which a stop arrived. */
NOINLINE static void park_now(void)
{
    int saved_errno = errno;
    __builtin_unwind_init();
    park_from_here();
    __asm__ volatile("" ::: "memory"); /* no tail call: this frame holds the registers */
    defer_resume();
    errno = saved_errno;
}

NOINLINE void world_await_restart(void)
{
    int saved_errno = errno;
    __builtin_unwind_init();
    if (!registered_self() && is_stop(present_epoch()))
        park_from_here();
    __asm__ volatile("" ::: "memory"); /* no tail call: this frame holds the registers */
    errno = saved_errno;
}

/* ---- Safe by its own wish ---------------------------------------------------------- */

void world_block(struct mutator *m)
{
    int saved_errno = errno;
    struct saved_mask saved;
    signals_block(&saved);
    m->in_fast_path = false;
    world_publish(m, m->sp);
    set_safe(m);
    signals_restore(&saved);
    errno = saved_errno;
}

void world_unblock(struct mutator *m)
{
    int saved_errno = errno;
    leave_safe(m);
    errno = saved_errno;
}

/* A stop that lasts may have passed the thread by when it was not LIVING yet; a later one
 * has seen it, and finds it safe. */
void world_join(struct mutator *m)
{
    uint32_t epoch;
    signals_block(NULL);
    m->sp = m->interrupted = (uintptr_t)__builtin_frame_address(0);
    set_safe(m);
    life_change(&m->life, LIFE_LIVING);
    thread_self = m;
    if (is_stop(present_epoch())) {
        begin_waiting();
        while (is_stop(epoch = present_epoch()))
            futex_wait(&world.epoch, epoch, 0);
        leave_safe(m);
        end_waiting();
    }
    leave_safe(m);
}

NOINLINE static void wait_from_here(void (*wait)(void))
{
    struct mutator *m = registered_self();
    if (!m || is_safe(m))
        return wait();
    struct saved_mask saved;
    signals_block(&saved);
    m->in_fast_path = false;
    world_publish(m, (uintptr_t)__builtin_frame_address(0));
    set_safe(m);
    wait();
    leave_safe(m);
    signals_restore(&saved);
}

NOINLINE void world_wait_safely(void (*wait)(void))
{
    int saved_errno = errno;
    __builtin_unwind_init();
    wait_from_here(wait);
    __asm__ volatile("" ::: "memory");
    errno = saved_errno;
}

void park_wait(void (*wait)(void))
{
    if (registered_self())
        return world_wait_safely(wait);
    stops_in_section = true;
    wait();
    stops_in_section = false;
}

/* ---- For who stops the world ------------------------------------------------------- */

void park_begin_stop(void)
{
    lock_check_held(RANK_WORLD);
    lock_enter(&world.foreign_lock);
    __atomic_store_n(&world.foreign, NULL, __ATOMIC_RELAXED);
    __atomic_add_fetch(&world.epoch, 1, __ATOMIC_SEQ_CST);
    lock_leave(&world.foreign_lock);
}

void park_end_stop(void)
{
    lock_check_held(RANK_WORLD);
    release_claims();
    __atomic_add_fetch(&world.epoch, 1, __ATOMIC_SEQ_CST);
    futex_wake(&world.epoch, INT_MAX);
}

void park_wait_a_little(void)
{
    lock_check_held(RANK_WORLD);
    uint32_t arrivals = __atomic_load_n(&world.arrivals, __ATOMIC_SEQ_CST);
    futex_wait(&world.arrivals, arrivals, MILLISECOND);
}

void park_await(const struct mutator *m)
{
    lock_check_held(RANK_WORLD);
    __atomic_store_n(&world.awaited, m, __ATOMIC_SEQ_CST);
}

const struct foreign *world_foreign(void)
{
    lock_check_held(RANK_WORLD);
    return __atomic_load_n(&world.foreign, __ATOMIC_ACQUIRE);
}

bool park_foreign_is_coming(void)
{
    uint32_t parked = 0;
    for (const struct foreign *s = world_foreign(); s; s = s->next)
        parked += s->pointer != 0;
    return __atomic_load_n(&world.inside, __ATOMIC_SEQ_CST) > parked;
}

const struct foreign *park_foreign_find(pid_t tid)
{
    const struct foreign *s = world_foreign();
    while (s && s->tid != tid)
        s = s->next;
    return s;
}

void park_start(void)
{
    critical_hooks.leave = park_now;
}

void park_forked(void)
{
    lock_check_held(RANK_WORLD);
    world.parked = world.inside = 0;
    world.foreign_lock = (struct lock){0};
}

/* ---- Checking ---------------------------------------------------------------------- */

/* Checks a thread's safety.  One that has come to live since the stop passed it by is
 * safe until the stop is over. */
static void check_safety(const struct mutator *m)
{
    uint32_t safety = __atomic_load_n(&m->safety, __ATOMIC_SEQ_CST);
    if (!thread_lives(m))
        CHECK(safety < SAFETY_CLAIMED);
    else if (m != thread_self)
        CHECK(safety != SAFETY_NONE);
}

/* Checks the list of foreign threads.  Those that are parked stay in the handler as long
 * as the stop lasts. */
static void check_foreign(void)
{
    uint32_t parked = 0;
    for (const struct foreign *s = world_foreign(); s; s = s->next) {
        CHECK(s->tid > 0 && s->sp != 0);
        parked += s->pointer != 0;
    }
    CHECK(__atomic_load_n(&world.inside, __ATOMIC_SEQ_CST) >= parked);
}

void park_check(void)
{
    CHECK(is_stop(present_epoch()));
    CHECK(__atomic_load_n(&world.awaited, __ATOMIC_SEQ_CST) == NULL);
    for (MUTATORS(m))
        check_safety(m);
    check_foreign();
}
