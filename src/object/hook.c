/* What is called around collections: functions of the program (gc_hook_add), the one that is
 * told of ready finalizers, and the thread that runs them. */
#include "object/hook.h"

#include <errno.h>
#include <gcalloc/finalizer.h>

#include "base/critical.h"
#include "base/lock.h"
#include "base/meta.h"
#include "base/options.h"
#include "collect/collector.h"
#include "mutator/init.h"
#include "object/attendant.h"
#include "object/watch.h"
#include "world/own.h"
#include "world/stop.h"

struct hook {
    void (*function)(void *data); /* NULL: a place for the next one */
    void *data;
    enum gc_hook when;
};

/* Under the lock, but what is atomic. */
static struct {
    struct lock lock;
    struct hook *hooks;
    size_t count, capacity;
    struct hook notify; /* function NULL: none */
    uint64_t told;      /* collections that have been told of.  Atomic */
} state PRIVATE_DATA;

/* A function that collects has the others called again, but not for ever. */
enum { ROUNDS = 3 };

/* The calling thread is in one of them: collections that it brings about are told of afterwards. */
static __thread bool inside __attribute__((tls_model("initial-exec")));

static void lock(void)
{
    critical_take(&state.lock, RANK_OBJECT);
}

static void unlock(void)
{
    critical_release(&state.lock, RANK_OBJECT);
}

/* ---- Calling them ---------------------------------------------------------------------------- */

/* One of this number; its function is NULL if there is none, or it is for another moment. */
static struct hook get(size_t number, enum gc_hook when)
{
    struct hook hook = {0};
    lock();
    if (number < state.count && state.hooks[number].when == when)
        hook = state.hooks[number];
    unlock();
    return hook;
}

static void call(struct hook hook)
{
    if (hook.function)
        hook.function(hook.data);
}

static void call_all(enum gc_hook when)
{
    for (size_t i = 0; i < __atomic_load_n(&state.count, __ATOMIC_RELAXED); i++)
        call(get(i, when));
}

static struct hook get_notify(void)
{
    lock();
    struct hook hook = state.notify;
    unlock();
    return hook;
}

/* Another thread may be at it, and then does it for this one, too. */
static bool is_new(void)
{
    uint64_t now = collector_count(&process_collector);
    uint64_t told = __atomic_load_n(&state.told, __ATOMIC_ACQUIRE);
    while (told < now)
        if (__atomic_compare_exchange_n(&state.told, &told, now, true, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE))
            return true;
    return false;
}

static void attend(void);

/* Also those of before: the attendant could not be started then, or this is the child of a fork. */
static void wake_for_ready(void)
{
    if (OPTION_NOW(finalizers) == FINALIZERS_THREAD && gc_finalizers_ready() > 0)
        attendant_wake(attend);
}

static void catch_up(void)
{
    if (inside)
        return;
    inside = true;
    for (int round = 0; round < ROUNDS && is_new(); round++) {
        if (watch_tell())
            call(get_notify());
        wake_for_ready();
        call_all(GC_AFTER_COLLECTION);
    }
    inside = false;
}

/* What the attendant does. */
static void attend(void)
{
    catch_up();
    if (OPTION_NOW(finalizers) == FINALIZERS_THREAD)
        gc_finalizers_run();
}

/* The calling thread may not run the program's code. */
static bool is_of_the_library(void)
{
    return own_is_me() && !attendant_is_me();
}

static void before(struct collector *c)
{
    (void)c;
    if (inside || is_of_the_library())
        return;
    inside = true;
    call_all(GC_BEFORE_COLLECTION);
    inside = false;
}

static void after(struct collector *c)
{
    (void)c;
    if (is_of_the_library())
        attendant_wake(attend);
    else
        catch_up();
}

void hook_begin(void)
{
    if (LIKELY(__atomic_load_n(&collector_hooks.after, __ATOMIC_ACQUIRE) != NULL))
        return;
    bool taken = world_hold();
    state.told = collector_count(&process_collector);
    __atomic_store_n(&collector_hooks.before, before, __ATOMIC_RELEASE);
    __atomic_store_n(&collector_hooks.after, after, __ATOMIC_RELEASE);
    world_let_go(taken);
}

/* ---- For programs ---------------------------------------------------------------------------- */

static int finish(int error)
{
    mutator_leave();
    return error ? errno = error, -1 : 0;
}

/* A place that is free, or a new one at the end.  NULL: no memory. */
static struct hook *find_place(void)
{
    lock_check_held(RANK_OBJECT);
    for (size_t i = 0; i < state.count; i++)
        if (!state.hooks[i].function)
            return &state.hooks[i];
    void *hooks = meta_grow(ACCOUNT_ENDS, state.hooks, state.count, &state.capacity,
                            sizeof(struct hook));
    if (!hooks)
        return NULL;
    state.hooks = hooks;
    struct hook *place = &state.hooks[state.count];
    __atomic_store_n(&state.count, state.count + 1, __ATOMIC_RELAXED);
    return place;
}

static struct hook *find(struct hook hook)
{
    lock_check_held(RANK_OBJECT);
    for (size_t i = 0; i < state.count; i++)
        if (state.hooks[i].function == hook.function &&
            state.hooks[i].data == hook.data && state.hooks[i].when == hook.when)
            return &state.hooks[i];
    return NULL;
}

static bool is_moment(enum gc_hook when)
{
    return when == GC_BEFORE_COLLECTION || when == GC_AFTER_COLLECTION;
}

int gc_hook_add(enum gc_hook when, void (*function)(void *data), void *data)
{
    if (!mutator_enter())
        return -1;
    if (!function || !is_moment(when))
        return finish(EINVAL);
    hook_begin();
    lock();
    struct hook *place = find_place();
    if (place)
        *place = (struct hook){function, data, when};
    unlock();
    return finish(place ? 0 : ENOMEM);
}

int gc_hook_remove(enum gc_hook when, void (*function)(void *data), void *data)
{
    if (!mutator_enter())
        return -1;
    lock();
    struct hook *place = function ? find((struct hook){function, data, when}) : NULL;
    if (place)
        place->function = NULL;
    unlock();
    return finish(place ? 0 : EINVAL);
}

void gc_finalizers_notify(void (*function)(void *data), void *data)
{
    if (!mutator_enter())
        return;
    hook_begin();
    lock();
    state.notify = (struct hook){function, data, GC_AFTER_COLLECTION};
    unlock();
    mutator_leave();
}
