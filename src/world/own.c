/* The library's own threads.  They are threads of the C library, so each counts when that looks
 * for the last one of the process; they hide from the program otherwise, and end before its last
 * thread does.  A thread that leaves waits for them with no lock held. */
#include "world/own.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include "base/account.h"
#include "base/bits.h"
#include "base/cancel.h"
#include "base/check.h"
#include "base/debugger.h"
#include "base/lock.h"
#include "base/os.h"
#include "base/proc.h"
#include "base/track.h"
#include "world/handlers.h"
#include "world/next.h"
#include "world/signals.h"
#include "world/systemstack.h"
#include "world/self.h"

enum { OWN_STACK_BYTES = 256 << 10, OWN_STACK_NOTED = 192 << 10 };

/* A place goes from FREE to STARTING by who starts a thread, to RUNNING when the thread
 * is there to be joined, to LEAVING by who joins it or by itself, and back to FREE. */
enum { FREE, STARTING, RUNNING, LEAVING };

struct own {
    uint32_t state; /* atomic */
    pid_t tid;      /* from own_begin to the end of its work; else 0.  Atomic */
    pthread_t thread;
    void *(*work)(void *); /* NULL once it has ended.  Atomic */
    void *argument;
    uintptr_t stack; /* the low end of what is accounted for of its stack; 0: nothing */
};

static struct {
    struct own threads[OWN_MOST];
    struct own_kind *kinds;
    bool ending; /* a thread waits for all of them to end.  Atomic */
} own PRIVATE_DATA;

DEBUGGER_TABLE = {
    DEBUGGER_VARIABLE("own.threads", own.threads),
    DEBUGGER_SIZE(own),
    DEBUGGER_FIELD(own, tid),
};

/* The calling thread's record, or NULL if the thread is the program's. */
static __thread struct own *mine __attribute__((tls_model("initial-exec")));

__thread unsigned own_callbacks;

bool own_is_me(void)
{
    return mine;
}

bool own_can_start(void)
{
    return own_callbacks == 0 && !thread_past_end && !handlers_run() &&
           !__atomic_load_n(&own.ending, __ATOMIC_SEQ_CST);
}

void own_kind_add(struct own_kind *k)
{
    k->next = own.kinds;
    own.kinds = k;
}

static bool change(struct own *o, uint32_t from, uint32_t to)
{
    return __atomic_compare_exchange_n(&o->state, &from, to, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_RELAXED);
}

static struct own *take_place(void)
{
    for (size_t i = 0; i < OWN_MOST; i++)
        if (change(&own.threads[i], FREE, STARTING))
            return &own.threads[i];
    return NULL;
}

/* In the child of a fork the C library uses the stacks of its parent's threads again, of which
 * AddressSanitizer takes what lay between their variables for forbidden. */
static void clear_stack(void)
{
    enum { CLEARED = 64 << 10 };
    track_renew_stack((char *)__builtin_frame_address(0) - CLEARED, CLEARED);
}

/* Less than there is above and below: the C library has some of it. */
static void note_stack(void)
{
    uintptr_t high = align_up((uintptr_t)__builtin_frame_address(0), os_page_bytes());
    mine->stack = high - OWN_STACK_NOTED;
    account_add(ACCOUNT_STACKS, (void *)mine->stack, OWN_STACK_NOTED);
}

static void forget_stack(struct own *o)
{
    if (o->stack)
        account_remove((void *)o->stack);
    o->stack = 0;
}

static void *run(void *place)
{
    mine = place;
    clear_stack();
    note_stack();
    void *result = mine->work(mine->argument);
    forget_stack(mine);
    __atomic_store_n(&mine->tid, 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&mine->work, NULL, __ATOMIC_SEQ_CST);
    return result;
}

void own_begin(void)
{
    struct saved_mask saved;
    signals_block(&saved);
    __atomic_store_n(&mine->tid, gettid(), __ATOMIC_SEQ_CST);
}

static pid_t tid_of(const struct own *o)
{
    return __atomic_load_n(&o->tid, __ATOMIC_RELAXED);
}

bool own_has(pid_t tid)
{
    for (size_t i = 0; i < OWN_MOST; i++)
        if (tid_of(&own.threads[i]) == tid)
            return true;
    return false;
}

void own_walk(void (*visit)(pid_t tid))
{
    for (size_t i = 0; i < OWN_MOST; i++) {
        pid_t tid = tid_of(&own.threads[i]);
        if (tid)
            visit(tid);
    }
}

static int create(struct own *o, size_t stack_bytes)
{
    pthread_attr_t attributes;
    __typeof__(&pthread_create) next = next_create();
    int error = next ? pthread_attr_init(&attributes) : ENOSYS;
    if (error)
        return error;
    proc_expect_threads();
    pthread_attr_setstacksize(&attributes, stack_bytes);
    error = next(&o->thread, &attributes, run, o);
    pthread_attr_destroy(&attributes);
    return error;
}

struct start {
    struct own *own;
    size_t stack_bytes;
    int error;
};

static void start(void *argument)
{
    struct start *s = argument;
    s->error = create(s->own, s->stack_bytes);
}

/* The program's signals are none of the new thread's, which inherits the mask.  The stop
 * signal stays open: the loader's lock, whose holder may be stopped, may be waited for. */
bool own_start_with(void *(*work)(void *), void *argument, size_t stack_bytes)
{
    struct own *o = take_place();
    if (!o)
        return false;
    __atomic_store_n(&o->work, work, __ATOMIC_SEQ_CST);
    o->argument = argument;
    struct start s = {o, stack_bytes, 0};
    thread_inside++;
    systemstack_run(start, &s);
    thread_inside--;
    __atomic_store_n(&o->state, s.error ? FREE : RUNNING, __ATOMIC_SEQ_CST);
    return s.error == 0;
}

bool own_start(void *(*work)(void *), void *argument)
{
    return own_start_with(work, argument, OWN_STACK_BYTES);
}

/* The thread may not be there to be joined yet. */
void own_leave(void)
{
    struct own *o = mine;
    while (__atomic_load_n(&o->state, __ATOMIC_SEQ_CST) == STARTING)
        sched_yield();
    if (!change(o, RUNNING, LEAVING))
        return;
    forget_stack(o);
    next_detach()(pthread_self());
    __atomic_store_n(&o->state, FREE, __ATOMIC_SEQ_CST);
}

static void join_all(void)
{
    thread_inside++;
    cancel_hold_off(); /* at its end the calling thread is the program's */
    for (size_t i = 0; i < OWN_MOST; i++) {
        struct own *o = &own.threads[i];
        if (!change(o, RUNNING, LEAVING))
            continue;
        bool joined = next_join()(o->thread, NULL) == 0;
        __atomic_store_n(&o->state, joined ? FREE : RUNNING, __ATOMIC_SEQ_CST);
    }
    cancel_let_in();
    thread_inside--;
}

size_t own_count(void)
{
    size_t count = 0;
    for (size_t i = 0; i < OWN_MOST; i++) {
        const struct own *o = &own.threads[i];
        count += __atomic_load_n(&o->state, __ATOMIC_SEQ_CST) == RUNNING &&
                 __atomic_load_n(&o->work, __ATOMIC_SEQ_CST);
    }
    return count;
}

static bool there_are_some(void)
{
    for (size_t i = 0; i < OWN_MOST; i++)
        if (__atomic_load_n(&own.threads[i].state, __ATOMIC_SEQ_CST) != FREE)
            return true;
    return false;
}

void own_end(void)
{
    if (!there_are_some() || __atomic_exchange_n(&own.ending, true, __ATOMIC_SEQ_CST))
        return;
    for (struct own_kind *k = own.kinds; k; k = k->next)
        k->ask();
    join_all();
    for (struct own_kind *k = own.kinds; k; k = k->next)
        k->over();
    __atomic_store_n(&own.ending, false, __ATOMIC_SEQ_CST);
}

/* A place is free once its thread has been joined, which has no tid any more by then. */
void own_check(void)
{
    for (size_t i = 0; i < OWN_MOST; i++) {
        uint32_t state = __atomic_load_n(&own.threads[i].state, __ATOMIC_SEQ_CST);
        CHECK(state <= LEAVING);
        CHECK(state != FREE || tid_of(&own.threads[i]) == 0);
    }
}

/* The stores are atomic here, too: for ThreadSanitizer the threads of before the fork are
 * still there. */
void own_forked(void)
{
    lock_check_held(RANK_WORLD);
    for (size_t i = 0; i < OWN_MOST; i++) {
        __atomic_store_n(&own.threads[i].state, FREE, __ATOMIC_RELAXED);
        __atomic_store_n(&own.threads[i].tid, 0, __ATOMIC_RELAXED);
        forget_stack(&own.threads[i]);
    }
    __atomic_store_n(&own.ending, false, __ATOMIC_RELAXED);
    for (struct own_kind *k = own.kinds; k; k = k->next)
        k->forked();
}
