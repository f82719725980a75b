/* Records of threads at the beginning, at the end, and when threads are joined. */
#include "world/thread.h"

#include <errno.h>
#include <unistd.h>

#include "base/critical.h"
#include "base/proc.h"
#include "trace/walk.h"
#include "world/bounds.h"
#include "world/control.h"
#include "world/handlers.h"
#include "world/own.h"
#include "world/signals.h"
#include "world/lock.h"
#include "world/park.h"

enum {
    /* Times that the exit hook runs.  ThreadSanitizer is through with a thread in the last
     * round of hooks. */
    EXITS = PTHREAD_DESTRUCTOR_ITERATIONS - GC_TSAN,
};

void (*thread_begun)(struct mutator *m) PRIVATE_DATA;

/* The key that the exit hook hangs on; its value is the thread's record.  The world lock
 * guards it. */
static struct {
    pthread_key_t key;
    bool exists;
} exit_key PRIVATE_DATA;

/* The bounds of the calling thread's stack, once they are known. */
static __thread struct bounds bounds __attribute__((tls_model("initial-exec")));

struct mutator *thread_new(void *(*start)(void *), void *argument, bool joinable,
                           pthread_t *place)
{
    if (start) /* without it the thread runs already */
        proc_expect_threads();
    world_lock();
    struct mutator *m = registry_add(own_is_me(), joinable, place);
    if (m) {
        m->start = start;
        m->argument = argument;
    }
    world_unlock();
    return m;
}

void thread_discard(struct mutator *m)
{
    world_lock();
    registry_discard(m);
    world_unlock();
}

void thread_made(struct mutator *m, uint64_t serial, pthread_t thread)
{
    world_lock();
    if (m->serial == serial)
        registry_name(m, thread);
    world_unlock();
}

/* ---- Beginning and end ------------------------------------------------------------- */

/* Takes the calling thread off the registry.  Returns true if no thread of the program is
 * left there. */
static bool leave(void)
{
    struct mutator *m = thread_self;
    walk_end();
    world_lock();
    thread_use_cache(NULL);
    thread_self = NULL;
    registry_end(m);
    bool last = registry_is_empty();
    world_unlock();
    return last;
}

/* The exit hook.  Other hooks may still use the heap after this one, so it asks to be
 * called again as long as the C library does that. */
static void at_exit(void *value)
{
    struct mutator *m = value;
    if (m != thread_self)
        return;
    if (++m->exits < EXITS && pthread_setspecific(exit_key.key, m) == 0)
        return;
    thread_past_end = true;
    if (GC_TSAN) { /* ThreadSanitizer would not let it stop in a handler of the program */
        struct saved_mask before;
        signals_block_handlers(&before);
    }
    if (leave())
        own_end();
}

/* The exit hook of a thread that has no value of the key. */
static void at_last(void *value)
{
    struct mutator *m = value;
    if (m != thread_self)
        return;
    m->exits = EXITS;
    at_exit(m);
}

/* A C++ run-time system's function for what is thread_local: what is registered with it
 * runs before the program's destructors of thread-specific data, which may register the
 * thread anew. */
extern int __cxa_thread_atexit_impl(void (*)(void *), void *, void *)
    __attribute__((weak));
extern void *__dso_handle __attribute__((visibility("hidden")));

/* Has the exit hook run.  The C++ run-time system's function serves where the program has
 * taken all keys, or there is no memory for the value. */
static void arm_exit_hook(struct mutator *m)
{
    m->temporary = thread_past_end;
    if (thread_past_end || (exit_key.exists && pthread_setspecific(exit_key.key, m) == 0))
        return;
    if (__cxa_thread_atexit_impl)
        __cxa_thread_atexit_impl(at_last, m, &__dso_handle);
}

static void make_key(void)
{
    if (!exit_key.exists)
        exit_key.exists = pthread_key_create(&exit_key.key, at_exit) == 0;
}

/* One that is past its end has noted it before. */
static void note_control(const struct mutator *m)
{
    bool c_librarys = m->start && !m->given;
    struct bounds stack = {m->stack_low, m->stack_high};
    if (!thread_past_end)
        control_note(m->pointer, c_librarys ? stack : (struct bounds){0});
}

/* Tells the registry who the calling thread is. */
static void introduce(struct mutator *m)
{
    m->pointer = thread_pointer();
    world_lock();
    make_key();
    registry_name(m, pthread_self());
    note_control(m);
    registry_number(m);
    world_unlock();
}

/* Finds the bounds of the thread's stack.  The C library allocates to find them out, with
 * the thread's record locked: where the heap is its malloc, that must not register the
 * thread.  A thread asks it once, when it is first registered, the main one before: later
 * it may be past its end, or in a signal handler. */
static void find_bounds(struct mutator *m)
{
    struct bounds b = bounds;
    bool in_handler = !b.high && handlers_run(); /* it may have interrupted malloc */
    bool first = !m->start && m->tid == getpid();
    if (!b.high && !in_handler)
        b = bounds = bounds_ask(first);
    if (!b.high)
        b = bounds_guess(first);
    if (!in_handler)
        bounds = b;
    m->stack_low = b.low;
    m->stack_high = b.high;
}

static void begin(struct mutator *m)
{
    m->tid = gettid();
    find_bounds(m);
    introduce(m);
    m->critical = &critical;
    m->interruptions = &thread_interruptions;
    arm_exit_hook(m);
    world_join(m);
    void (*begun)(struct mutator *) = __atomic_load_n(&thread_begun, __ATOMIC_ACQUIRE);
    if (begun)
        begun(m);
}

/* A handler of the program may have registered the thread before this runs, and none will
 * meanwhile: a thread has one record. */
void thread_begin(struct mutator *m)
{
    struct saved_mask saved;
    __builtin_unwind_init(); /* a stop may find the thread in here */
    signals_block_handlers(&saved);
    if (thread_self)
        thread_detach();
    thread_inside++;
    begin(m);
    thread_inside--;
    signals_restore_open(&saved);
}

/* The main thread can be joined, too. */
struct mutator *thread_attach(void)
{
    signals_open();
    bool is_main = gettid() == getpid() && !thread_past_end;
    struct mutator *m = thread_new(NULL, NULL, is_main, NULL);
    if (m)
        thread_begin(m);
    return m;
}

void thread_detach(void)
{
    leave();
}

void thread_exits(void *result)
{
    if (thread_self && __atomic_load_n(&thread_self->joinable, __ATOMIC_RELAXED))
        thread_self->result = result;
}

/* ---- Functions of the program in a pause --------------------------------------------- */

struct thread_access thread_shut_out(void)
{
    struct mutator *self = thread_self;
    struct thread_access had = {0};
    thread_shut++;
    if (!self)
        return had;
    had = (struct thread_access){self->ready, thread_cache == self->cache};
    thread_use_cache(NULL);
    self->ready = false;
    return had;
}

void thread_let_in(struct thread_access had)
{
    struct mutator *self = thread_self;
    thread_shut--;
    if (!self)
        return;
    self->ready = had.ready;
    if (had.fast)
        thread_use_cache(self->cache);
}

/* ---- Joining ----------------------------------------------------------------------- */

struct mutator *thread_claim(pthread_t thread)
{
    world_lock();
    struct mutator *m = registry_claim(thread);
    world_unlock();
    return m;
}

void thread_unclaim(struct mutator *m, pthread_t thread)
{
    world_lock();
    registry_unclaim(m, thread);
    world_unlock();
}

void thread_joined(struct mutator *m)
{
    world_lock();
    registry_joined(m);
    world_unlock();
}

void thread_detached(struct mutator *m)
{
    world_lock();
    registry_detached(m);
    world_unlock();
}

void thread_load(void)
{
    make_key();
    thread_inside++;
    if (!bounds.high)
        bounds = bounds_ask(gettid() == getpid());
    thread_inside--;
}
