/* Finalizers that are ready run: where the program says so, on the attendant, or when it ends.
 * No lock is held meanwhile, and nothing of this file's is between two states: a finalizer may
 * leave as it likes. */
#include "object/ready.h"

#include <gcalloc/finalizer.h>

#include "base/bits.h"
#include "base/options.h"
#include "mutator/init.h"
#include "object/watch.h"

/* From here on the caller's frame keeps the object alive.  It is read word by word: copied as a
 * whole, it would stay in vector registers, which a thread that goes to sleep keeps. */
static bool take_ready(struct watch *r)
{
    watch_lock();
    uint32_t number = watch_find_ready();
    if (number) {
        const struct watch *taken = watch_at(number);
        r->object = __atomic_load_n(&taken->object, __ATOMIC_RELAXED);
        r->function = __atomic_load_n(&taken->function, __ATOMIC_RELAXED);
        r->data = __atomic_load_n(&taken->data, __ATOMIC_RELAXED);
        watch_call(number);
    }
    watch_unlock();
    return number;
}

/* Finalizers, and others, are called so far down the stack that nothing of what they leave there lies
 * where this thread's frames are afterwards, or just below them: if it went to sleep, the last object
 * would be kept. */
enum { GAP = 4096 };

NOINLINE static void call(const struct watch *r)
{
    char gap[GAP];
    __asm__ volatile("" : : "r"(gap) : "memory");
    r->function((void *)r->object, (void *)r->data);
    __asm__ volatile("" : : "r"(gap) : "memory");
}

static void forget(struct watch *r)
{
    *r = (struct watch){0};
    __asm__ volatile("" : : "r"(r) : "memory");
}

static size_t none(void)
{
    return 0;
}

/* Atomic. */
static struct {
    size_t (*run)(void), (*count)(void);
} others PRIVATE_DATA = {none, none};

void ready_also(size_t (*run)(void), size_t (*count)(void))
{
    __atomic_store_n(&others.run, run, __ATOMIC_RELEASE);
    __atomic_store_n(&others.count, count, __ATOMIC_RELEASE);
}

NOINLINE static size_t run_others(void)
{
    char gap[GAP];
    __asm__ volatile("" : : "r"(gap) : "memory");
    size_t count = __atomic_load_n(&others.run, __ATOMIC_ACQUIRE)();
    __asm__ volatile("" : : "r"(gap) : "memory");
    return count;
}

static size_t count_others(void)
{
    return __atomic_load_n(&others.count, __ATOMIC_ACQUIRE)();
}

/* All but the others.  Returns how many. */
static size_t run_ready(void)
{
    struct watch r = {0};
    size_t count = 0;
    for (;; count++) {
        if (!mutator_enter())
            return count;
        bool taken = take_ready(&r);
        mutator_leave();
        if (!taken)
            return count;
        call(&r);
        forget(&r);
    }
}

size_t gc_finalizers_run(void)
{
    size_t count = run_ready();
    return count + run_others();
}

size_t gc_finalizers_ready(void)
{
    if (!mutator_enter())
        return 0;
    watch_lock();
    size_t count = watched.ready;
    watch_unlock();
    count += count_others();
    mutator_leave();
    return count;
}

/* A finalizer that has this number, at most, if there is one. */
static bool take_any(struct watch *w, uint32_t most)
{
    watch_lock();
    uint32_t number = (uint32_t)min_size(watched.watches.count, most);
    while (number && watch_at(number)->flags & (WATCH_GUARDED | WATCH_CALLED))
        number--;
    if (number) {
        *w = *watch_at(number);
        watch_remove(number);
    }
    watch_unlock();
    return number;
}

/* At least as many as there are watches whose finalizers were not called, and their highest
 * number. */
static size_t count_left(void)
{
    watch_lock();
    size_t count = watched.watches.count;
    watch_unlock();
    return count;
}

/* What finalizers set meanwhile has higher numbers than what was there before. */
static void run_left(void)
{
    struct watch w;
    for (uint32_t left = (uint32_t)count_left(); left; left--)
        if (take_any(&w, left))
            call(&w);
}

/* What is unreachable, in order.  Those set meanwhile do not keep it going, and no more than one
 * round without a finalizer comes between two with some. */
static void run_unreachable(void)
{
    size_t left = count_left(), run, destroyed;
    unsigned idle = 0;
    do {
        gc_collect();
        run = run_ready();
        destroyed = run_others();
        idle = run > 0 && left > 0 ? 0 : idle + 1;
        left -= min_size(left, run);
    } while (run + destroyed > 0 && idle < 2);
}

void ready_run_all(void)
{
    if (!OPTION_NOW(finalize_at_exit) || !mutator_enter())
        return;
    mutator_leave();
    run_unreachable();
    run_left();
}
