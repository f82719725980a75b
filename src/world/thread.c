/* Records lie in the library's own memory and are used again, never returned: whoever
 * still looks at one finds a record. */
#include "world/thread.h"

#include <errno.h>
#include <gcalloc/inline.h>
#include <string.h>
#include <unistd.h>

#include "base/critical.h"
#include "base/meta.h"
#include "base/proc.h"
#include "base/options.h"
#include "heap/cache.h"
#include "heap/sizeclass.h"
#include "trace/walk.h"
#include "world/bounds.h"
#include "world/control.h"
#include "world/fork.h"
#include "world/handlers.h"
#include "world/own.h"
#include "world/signals.h"
#include "world/stop.h"

enum {
    /* Times that the exit hook runs.  ThreadSanitizer is through with a thread in the last
     * round of hooks. */
    EXITS = PTHREAD_DESTRUCTOR_ITERATIONS - GC_TSAN,
};

__thread struct mutator *thread_self;
__thread unsigned thread_inside;
void (*thread_begun)(struct mutator *m) PRIVATE_DATA;

/* Nothing is ever stored in cache_none. */
#define NO_CACHE ((struct cache *)(uintptr_t)&cache_none)

__thread struct cache *thread_cache = NO_CACHE;

_Static_assert(sizeof(struct gc_inline_bin) == sizeof(struct bin) &&
                   offsetof(struct gc_inline_bin, next) == offsetof(struct bin, cur) &&
                   offsetof(struct gc_inline_bin, end) == offsetof(struct bin, end) &&
                   offsetof(struct gc_inline_bin, origin) ==
                       offsetof(struct bin, origin) &&
                   offsetof(struct gc_inline_bin, count) == offsetof(struct bin, count) &&
                   (int)GC_INLINE_ATOMIC_BINS == KIND_ATOMIC << CLASS_BITS &&
                   (int)GC_INLINE_MAX < (int)PAD_FROM &&
                   (int)GC_INLINE_NEW == (int)STATE_NEW,
               "what the public header says of a cache");

__thread struct gc_inline_thread gc_inline_thread = {
    .bins = (struct gc_inline_bin *)(uintptr_t)&cache_none.bins};

/* Where small requests get a byte more, the inlined code does not know the classes. */
void thread_use_cache(struct cache *c)
{
    struct cache *inlined = c && !options.end_pointers ? c : NO_CACHE;
    thread_cache = c ? c : NO_CACHE;
    gc_inline_thread.bins = (struct gc_inline_bin *)(void *)inlined->bins;
}

/* Under the world lock. */
static struct {
    struct mutator *first;
    struct mutator *unused;      /* linked through `next` */
    struct index names, numbers; /* records by pthread_t and by tid */
    uint64_t made;               /* records, so far */
    size_t program;              /* threads of the program that start or live */
    pthread_key_t key; /* its value is the thread's record; the exit hook hangs on it */
    bool has_key;
    uint32_t lost; /* see thread_lost_count.  Atomic */
} registry PRIVATE_DATA;

/* Of the calling thread's stack, once they are known. */
static __thread struct bounds bounds __attribute__((tls_model("initial-exec")));

/* The exit hook has run for the last time on this thread. */
static __thread bool past_end __attribute__((tls_model("initial-exec")));

bool thread_is_past_end(void)
{
    return past_end;
}

struct mutator *thread_first(void)
{
    return registry.first;
}

/* ---- Records ----------------------------------------------------------------------- */

static struct mutator *take_record(void)
{
    struct mutator *m = registry.unused;
    if (!m)
        return meta_alloc(sizeof *m);
    registry.unused = m->next;
    struct snapshot *snapshot = m->snapshot;
    memset(m, 0, offsetof(struct mutator, values));
    m->snapshot = snapshot;
    return m;
}

static void link_record(struct mutator *m)
{
    m->next = registry.first;
    m->previous = NULL;
    if (m->next)
        m->next->previous = m;
    registry.first = m;
}

static void drop_record(struct mutator *m)
{
    if (m->previous)
        m->previous->next = m->next;
    else
        registry.first = m->next;
    if (m->next)
        m->next->previous = m->previous;
    index_remove(&registry.names, &m->name);
    index_remove(&registry.numbers, &m->number);
    m->serial = 0;
    m->next = registry.unused;
    registry.unused = m;
}

static void end_cache(struct cache **c)
{
    if (*c)
        cache_destroy(*c);
    *c = NULL;
}

/* The caches go back, the record too unless somebody may join.  The world lock is held,
 * or the world is the caller's alone. */
static void end_record(struct mutator *m)
{
    end_cache(&m->cache);
    end_cache(&m->spare);
    while (m->aside_count > 0)
        end_cache(&m->aside[--m->aside_count]);
    m->ready = false;
    index_remove(&registry.numbers, &m->number);
    registry.program -= m->life != LIFE_FINISHED && !m->own;
    __atomic_store_n(&m->life, LIFE_FINISHED, __ATOMIC_RELEASE);
    if (!m->joinable)
        drop_record(m);
}

/* The program's first thread beside its main one begins: /proc may be gone when they are counted. */
static void expect_threads(void)
{
    static bool known PRIVATE_DATA;
    if (!__atomic_load_n(&known, __ATOMIC_RELAXED) &&
        !__atomic_exchange_n(&known, true, __ATOMIC_RELAXED))
        proc_keep();
}

struct mutator *thread_new(void *(*start)(void *), void *argument, bool joinable,
                           pthread_t *place)
{
    if (start)
        expect_threads();
    world_lock();
    struct mutator *m = take_record();
    if (m) {
        m->start = start;
        m->argument = argument;
        m->joinable = joinable;
        m->place = place;
        m->serial = ++registry.made;
        m->own = own_is_me();
        registry.program += !m->own;
        m->life = LIFE_STARTING;
        link_record(m);
    }
    world_unlock();
    return m;
}

void thread_discard(struct mutator *m)
{
    world_lock();
    registry.program -= !m->own;
    drop_record(m);
    world_unlock();
}

/* ---- Names ---------------------------------------------------------------------------

 * The C library gives a pthread_t, and the system a tid, to another thread as soon as the
 * first one is gone.  Who still has it then has ended in a way that nobody here has seen. */

static void supersede(struct mutator *m)
{
    if (!m)
        return;
    index_remove(&registry.names, &m->name);
    __atomic_store_n(&m->joinable, false, __ATOMIC_RELAXED);
    if (m->life == LIFE_LIVING)
        thread_lost(m);
    else if (m->life == LIFE_FINISHED)
        drop_record(m);
}

static void enter_name(struct mutator *m, pthread_t thread)
{
    supersede(index_find(&registry.names, (uintptr_t)thread));
    index_add(&registry.names, &m->name, (uintptr_t)thread, m);
}

/* The world lock is held.  By the thread itself or who made it, whoever comes first: the
 * other one does not touch the program's variable, which may be gone by then. */
static void set_name(struct mutator *m, pthread_t thread)
{
    if (m->named)
        return;
    m->named = true;
    if (m->joinable)
        enter_name(m, thread);
    if (m->place)
        *m->place = thread;
    m->place = NULL;
}

void thread_made(struct mutator *m, uint64_t serial, pthread_t thread)
{
    world_lock();
    if (m->serial == serial)
        set_name(m, thread);
    world_unlock();
}

/* ---- Beginning and end ------------------------------------------------------------- */

/* The calling thread leaves the registry.  true: no thread of the program is left there. */
static bool leave(void)
{
    struct mutator *m = thread_self;
    walk_end();
    world_lock();
    thread_use_cache(NULL);
    thread_self = NULL;
    end_record(m);
    bool last = registry.program == 0;
    world_unlock();
    return last;
}

/* Other hooks may still use the heap after this one: it asks to be called again as long
 * as the C library does that. */
static void at_exit(void *value)
{
    struct mutator *m = value;
    if (m != thread_self)
        return;
    if (++m->exits < EXITS && pthread_setspecific(registry.key, m) == 0)
        return;
    past_end = true;
    if (GC_TSAN) { /* it would not be stopped in a handler of the program any more */
        sigset_t before;
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

/* A C++ run-time system's, for what is thread_local: it runs before the program's destructors
 * of thread-specific data, which may register the thread anew. */
extern int __cxa_thread_atexit_impl(void (*)(void *), void *, void *)
    __attribute__((weak));
extern void *__dso_handle __attribute__((visibility("hidden")));

/* The program may have taken all keys, or there is no memory for the value. */
static void arm_exit_hook(struct mutator *m)
{
    m->temporary = past_end;
    if (past_end || (registry.has_key && pthread_setspecific(registry.key, m) == 0))
        return;
    if (__cxa_thread_atexit_impl)
        __cxa_thread_atexit_impl(at_last, m, &__dso_handle);
}

static void make_key(void)
{
    if (!registry.has_key)
        registry.has_key = pthread_key_create(&registry.key, at_exit) == 0;
}

/* The registry learns who the calling thread is. */
static void introduce(struct mutator *m)
{
    m->pointer = thread_pointer();
    world_lock();
    make_key();
    set_name(m, pthread_self());
    control_note(m->pointer);
    struct mutator *before = index_find(&registry.numbers, (uintptr_t)m->tid);
    if (before)
        thread_lost(before);
    index_add(&registry.numbers, &m->number, (uintptr_t)m->tid, m);
    world_unlock();
}

/* The C library allocates to find the bounds out, with the thread's record locked: where
 * the heap is its malloc, that must not register the thread.  A thread asks it once, when
 * it is first registered, the main one before: later it may be past its end, or in a signal
 * handler. */
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
    arm_exit_hook(m);
    world_join(m);
    void (*begun)(struct mutator *) = __atomic_load_n(&thread_begun, __ATOMIC_ACQUIRE);
    if (begun)
        begun(m);
}

/* A handler of the program may have registered the thread before this runs, none will
 * meanwhile: a thread has one record. */
void thread_begin(struct mutator *m)
{
    sigset_t saved;
    __builtin_unwind_init(); /* a stop may find the thread in here */
    signals_block_handlers(&saved);
    if (thread_self)
        thread_detach();
    thread_inside++;
    begin(m);
    thread_inside--;
    signals_restore_open(&saved);
}

struct mutator *thread_attach(void)
{
    signals_open();
    struct mutator *m = thread_new(NULL, NULL, false, NULL);
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

/* ---- Joining ----------------------------------------------------------------------- */

struct mutator *thread_claim(pthread_t thread)
{
    world_lock();
    struct mutator *m = index_find(&registry.names, (uintptr_t)thread);
    if (m)
        index_remove(&registry.names, &m->name);
    world_unlock();
    return m;
}

/* Somebody else may have joined the thread meanwhile, and the C library may have given its
 * name to another one: that one keeps it. */
void thread_unclaim(struct mutator *m, pthread_t thread)
{
    world_lock();
    if (index_find(&registry.names, (uintptr_t)thread))
        supersede(m);
    else
        enter_name(m, thread);
    world_unlock();
}

/* If its exit hook has not run, the thread has ended without. */
void thread_joined(struct mutator *m)
{
    world_lock();
    supersede(m);
    world_unlock();
}

/* The record goes now or when the thread ends. */
void thread_detached(struct mutator *m)
{
    world_lock();
    __atomic_store_n(&m->joinable, false, __ATOMIC_RELAXED);
    if (m->life == LIFE_FINISHED)
        drop_record(m);
    world_unlock();
}

void thread_lost(struct mutator *m)
{
    thread_count_lost();
    end_record(m);
}

uint32_t thread_lost_count(void)
{
    return __atomic_load_n(&registry.lost, __ATOMIC_RELAXED);
}

void thread_count_lost(void)
{
    __atomic_fetch_add(&registry.lost, 1, __ATOMIC_RELAXED);
}

void thread_forked(void)
{
    struct mutator *next;
    own_forked();
    for (struct mutator *m = registry.first; m; m = next) {
        next = m->next;
        m->joinable = m->joinable && m == thread_self;
        if (m != thread_self)
            thread_lost(m);
    }
    if (!thread_self)
        return;
    thread_self->tid = gettid();
    index_remove(&registry.numbers, &thread_self->number);
    index_add(&registry.numbers, &thread_self->number, (uintptr_t)thread_self->tid,
              thread_self);
}

__attribute__((constructor)) static void start(void)
{
    fork_watch();
    make_key(); /* before the program can take all of them */
    thread_inside++;
    if (!bounds.high)
        bounds = bounds_ask(gettid() == getpid());
    thread_inside--;
}
