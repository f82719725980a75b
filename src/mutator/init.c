/* Makes the process heap with the first call that needs it, and for each thread its
 * record and its cache.  How a heap or the world is made is not said here.  `start` only
 * rises, and whoever reads STARTED finds a whole heap. */
#include "mutator/init.h"

#include <errno.h>
#include <gcalloc/gcalloc.h>
#include <string.h>

#include "base/cancel.h"
#include "base/check.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/options.h"
#include "collect/compact.h"
#include "collect/collector.h"
#include "collect/pace.h"
#include "collect/phase.h"
#include "collect/precise.h"
#include "heap/cache.h"
#include "heap/fit.h"
#include "heap/heap.h"
#include "heap/observe.h"
#include "mutator/guard.h"
#include "mutator/hooks.h"
#include "mutator/site.h"
#include "mutator/tracked.h"
#include "profile/profile.h"
#include "roots/registered.h"
#include "trace/walk.h"
#include "world/next.h"
#include "world/signals.h"
#include "world/start.h"
#include "world/stop.h"
#include "world/systemstack.h"

LINKS(interpose);
LINKS(protect);

enum start {
    NOT_STARTED,
    OPTIONS_READ,
    STARTED,
};

static enum start start PRIVATE_DATA; /* atomic, changed under the world lock */

static bool is_started(void)
{
    return __atomic_load_n(&start, __ATOMIC_ACQUIRE) == STARTED;
}

/* A thread takes a cache that another one has left: later it would block and open the signals
 * for that once more. */
static void begin_with_kept(struct mutator *m)
{
    struct cache *c =
        m->temporary || process_heap.told ? NULL : cache_take_kept(&process_heap);
    if (!c)
        return;
    __atomic_store_n(&m->cache, c, __ATOMIC_RELEASE);
    m->ready = true;
    thread_use_cache(c);
}

void mutator_check(void)
{
    const struct mutator *m = thread_self;
    CHECK(is_started() && m);
    CHECK(thread_cache == m->cache || (const void *)thread_cache == &cache_none);
    CHECK(!m->ready || (m->cache && !m->temporary));
    CHECK(!m->blocking || (!m->ready && m->calls > 0));
}

static void check(struct cycle *c)
{
    (void)c;
    if (GC_CHECKING)
        mutator_check();
}

/* The world lock is held: no fork copies a heap that is half made. */
static bool make_heap(void)
{
    lock_check_held(RANK_WORLD);
    if (start == NOT_STARTED) {
        options_read_environment();
        __atomic_store_n(&start, OPTIONS_READ, __ATOMIC_RELAXED);
        if (options.help)
            options_list();
    }
    if (start == STARTED)
        return true;
    struct heap *h = &process_heap;
    static const struct os_space *const spaces[] = {&os_mmap, &os_sbrk};
    static const struct fit *const fits[] = {&fit_first, &fit_best, &fit_next, &fit_buddy,
                                             &fit_adaptive};
    /* Memory of sbrk that is the program's may lie inside of a heap in such memory. */
    struct heap_config config = {
        .space = options.collect ? &os_mmap : spaces[options.os],
        .fit = fits[options.fit],
        .reserve = options.reserve,
        .huge_from = os_has_huge_pages() ? options.huge_pages : 0,
        .end_pointers = options.end_pointers || options.collect,
        .sites = options.leaks || options.stacks || guard_is_wanted() ||
                 tracked_is_wanted() || profile_needs_sites(),
    };
    if (!heap_create(h, &config))
        return false;
    guard_begin(h);
    tracked_begin(h);
    site_begin(h);
    if (!collector_create(&process_collector, h)) {
        heap_destroy(h);
        return false;
    }
    static struct phase check_phase PRIVATE_DATA = {.rank = PHASE_CHECK, .run = check};
    phase_add(&check_phase);
    pace_configure(h);
    compact_start(h);
    profile_begin(h);
    if (!world_start())
        log_line(
            "no signal handler: nothing is collected while there are several threads");
    __atomic_store_n(&thread_begun, begin_with_kept, __ATOMIC_RELEASE);
    __atomic_store_n(&start, STARTED, __ATOMIC_RELEASE);
    return true;
}

/* A fork waits for the world lock: no child gets a heap that is half made. */
static void start_in_turn(void *started)
{
    world_lock();
    *(bool *)started = make_heap();
    world_unlock();
}

static void tell_started(void *unused)
{
    (void)unused;
    report_hooks.started();
}

/* The calling thread is registered. */
static bool start_heap(void)
{
    bool started = is_started();
    if (started)
        return true;
    systemstack_run(start_in_turn, &started);
    if (started)
        systemstack_run(tell_started, NULL);
    return started;
}

static bool make_cache(struct mutator *m)
{
    struct cache *c = cache_create(&process_heap);
    if (!c)
        return false;
    __atomic_store_n(&m->cache, c, __ATOMIC_RELEASE);
    if (process_heap.told)
        walk_begin(m->stack_low, m->stack_high);
    return true;
}

static bool prepare_thread(void)
{
    if ((!thread_self && !thread_attach()) || !start_heap())
        return false;
    struct mutator *m = thread_self;
    bool for_this_call = m->blocking || m->temporary;
    if (m->blocking && m->calls == 0)
        world_unblock(m);
    if (for_this_call)
        m->calls++;
    if (!m->cache && !make_cache(m)) {
        if (for_this_call)
            settle_thread();
        return false;
    }
    m->ready = !for_this_call;
    if (m->ready && !is_observed(&process_heap))
        thread_use_cache(m->cache);
    return true;
}

/* A registered thread takes the stop signal, whatever it blocked when it came: the C library's
 * own threads block all signals.  One that is past its end takes none. */
static void restore_mask(const struct saved_mask *saved)
{
    if (thread_self && !thread_self->temporary)
        signals_restore_open(saved);
    else
        signals_restore(saved);
}

/* No handler of the program finds it half done. */
bool init_thread(void)
{
    if (registered_callback_calls() || precise_refuses())
        return errno = EBUSY, false;
    int saved_errno = errno;
    struct saved_mask saved_mask;
    signals_block_handlers(&saved_mask);
    cancel_hold_off();
    bool done = prepare_thread();
    int error = done ? saved_errno : errno;
    cancel_let_in();
    restore_mask(&saved_mask);
    errno = error;
    return done;
}

NOINLINE void settle_thread(void)
{
    struct mutator *m = thread_self;
    struct saved_mask saved;
    int saved_errno = errno;
    signals_block_handlers(&saved);
    bool outermost = --m->calls == 0; /* not a handler's, inside of another */
    if (outermost && m->blocking) {
        m->sp = (uintptr_t)__builtin_frame_address(0);
        world_block(m);
    } else if (outermost && m->temporary) {
        thread_detach();
    }
    signals_restore(&saved);
    errno = saved_errno;
}

void gc_init(void)
{
    if (mutator_enter())
        mutator_leave();
}

int gc_thread_register(void)
{
    if (!mutator_enter())
        return errno = ENOMEM, -1;
    mutator_leave();
    return 0;
}

struct setting {
    const char *key, *value;
    int error; /* 0: none */
};

static void set_option(void *argument)
{
    struct setting *s = argument;
    s->error = options_set(s->key, s->value, is_started());
    if (s->error || !is_started())
        return;
    bool taken = world_hold();
    pace_configure(&process_heap);
    world_let_go(taken);
}

int gc_option_set(const char *key, const char *value)
{
    if (!key || !value)
        return errno = EINVAL, -1;
    struct setting s = {key, value, 0};
    systemstack_run(set_option, &s);
    return s.error ? errno = s.error, -1 : 0;
}

enum {
    CLEARED = 4096
}; /* bytes of a stack, which may be a small one: more than the frames of what follows up to a pause */

/* What calls of the program have left on the stack is to keep nothing alive: the frames of the last reports lie over it. */
NOINLINE static void clear_stack(void)
{
    char below[CLEARED];
    memset(below, 0, sizeof below);
    __asm__ volatile("" : : "r"(below) : "memory");
}

/* With this priority it runs after the destructors of a program that it is linked into. */
__attribute__((destructor(101))) static void end(void)
{
    clear_stack();
    if (is_started() && object_hooks.at_exit)
        object_hooks.at_exit();
    if (is_started())
        guard_at_exit();
    if (is_started())
        report_hooks.at_exit();
    if (is_started())
        tracked_at_exit();
}
