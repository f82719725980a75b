/* NULL in place of each pointer that a public function takes, one at a time: an error, or nothing
 * at all, but never a fault.  tests/api/nothing.sh looks whether each function that the library
 * exports is here. */
#include "api.h"

#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gcalloc/counted.h>
#include <gcalloc/finalizer.h>
#include <gcalloc/ipc.h>
#include <gcalloc/layout.h>
#include <gcalloc/memory.h>
#include <gcalloc/region.h>
#include <gcalloc/slab.h>
#include <gcalloc/walk.h>
#include <gcalloc/weak.h>
#include <gcalloc/weakmap.h>

/* ---- Calls ---------------------------------------------------------------------------- */

enum { ARGUMENTS = 6 };

/* A function as one of six words, which is how this machine passes any arguments. */
typedef uintptr_t of_words(uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t,
                           uintptr_t);

struct call {
    const char *name;
    of_words *function;
    struct {
        uintptr_t value;
        bool may_be_null; /* a pointer, which is tried as NULL */
    } arguments[ARGUMENTS];
};

#define CALL(name, ...)                          \
    {                                            \
#name, (of_words *)(void (*)(void))name, \
        {                                        \
            __VA_ARGS__                          \
        }                                        \
    }
#define P(pointer)                 \
    {                              \
        (uintptr_t)(pointer), true \
    }
#define N(number)                  \
    {                              \
        (uintptr_t)(number), false \
    }

/* Makes the calls of one part, with arguments that are right, in memory that lasts; returns how
 * many there are. */
typedef size_t part(const struct call **calls);

#define PART(calls)                                                        \
    (*list = memcpy(gc_alloc_manual(sizeof(calls)), calls, sizeof(calls)), \
     sizeof(calls) / sizeof((calls)[0]))

enum { PASSED, NO_CALL, NO_POINTER };

/* The name of the function that a child calls, in memory that it shares with its parent. */
static char *called;

/* Calls function `index` of the part with NULL as its pointer number `nth`, from 0 on. */
static int call_one(part *make, size_t index, size_t nth)
{
    const struct call *calls;
    *called = '\0';
    if (index >= make(&calls))
        return NO_CALL;
    snprintf(called, 64, "%s", calls[index].name);
    uintptr_t a[ARGUMENTS];
    size_t pointers = 0;
    for (size_t i = 0; i < ARGUMENTS; i++) {
        bool chosen = calls[index].arguments[i].may_be_null && pointers++ == nth;
        a[i] = chosen ? 0 : calls[index].arguments[i].value;
    }
    if (nth > 0 && nth >= pointers)
        return NO_POINTER;
    calls[index].function(a[0], a[1], a[2], a[3], a[4], a[5]);
    return PASSED;
}

/* In a process of its own, which a call that waits for ever does not keep.  A call that ends it is
 * counted. */
static int call_in_child(part *make, size_t index, size_t nth, size_t *faults)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        alarm(60);
        _exit(call_one(make, index, nth));
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    if (WIFEXITED(status))
        return WEXITSTATUS(status);
    ck_assert_msg(*called, "the arguments were not to be had");
    fprintf(stderr, "%s, its pointer %zu: signal %d\n", called, nth, WTERMSIG(status));
    *faults += 1;
    return PASSED;
}

static void sweep(part *make)
{
    size_t index = 0, faults = 0;
    int result = PASSED;
    called = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert(called != MAP_FAILED);
    for (; result != NO_CALL; index++)
        for (size_t nth = 0;
             (result = call_in_child(make, index, nth, &faults)) == PASSED;)
            nth++;
    ck_assert_uint_gt(index, 1);
    ck_assert_uint_eq(faults, 0);
}

/* ---- The process heap ----------------------------------------------------------------- */

static void act(void *data)
{
    (void)data;
}

static void act_on(void *object, void *data)
{
    (void)object, (void)data;
}

static void *give_up(size_t size, void *data)
{
    (void)size, (void)data;
    return NULL;
}

static char memory[4096];

static size_t allocation(const struct call **list)
{
    const struct call calls[] = {
        CALL(gc_init, N(0)),
        CALL(gc_alloc, N(1)),
        CALL(gc_alloc_atomic, N(1)),
        CALL(gc_alloc_manual, N(1)),
        CALL(gc_alloc_manual_atomic, N(1)),
        CALL(gc_alloc_aligned, N(64), N(1)),
        CALL(gc_alloc_with, N(1), N(64), N(0)),
        CALL(gc_calloc, N(1), N(1)),
        CALL(gc_realloc, P(gc_alloc(1)), N(100)),
        CALL(gc_free, P(gc_alloc(1))),
        CALL(gc_strdup, P("text")),
        CALL(gc_strndup, P("text"), N(2)),
        CALL(gc_usable_size, P(gc_alloc(1))),
        CALL(gc_base, P(gc_alloc(1))),
        CALL(gc_is_managed, P(gc_alloc(1))),
        CALL(gc_external_add, N(1)),
        CALL(gc_external_sub, N(1)),
        CALL(gc_oom_handler_set, P(give_up), P(memory)),
        CALL(gc_option_set, P("verify"), P("1")),
    };
    return PART(calls);
}

static size_t roots(const struct call **list)
{
    void *end = memory + sizeof memory;
    const struct call calls[] = {
        CALL(gc_root_add, P(memory), P(end)),
        CALL(gc_root_remove, P(memory), P(end)),
        CALL(gc_root_callback_add, P(act), P(memory)),
        CALL(gc_root_callback_remove, P(act), P(memory)),
        CALL(gc_mark_range, P(memory), P(end)),
        CALL(gc_stack_register, P(memory), P(end)),
        CALL(gc_stack_switch, P(memory)),
        CALL(gc_stack_unregister, P(memory)),
        CALL(gc_thread_register, N(0)),
        CALL(gc_thread_unregister, N(0)),
        CALL(gc_blocking_begin, N(0)),
        CALL(gc_blocking_end, N(0)),
    };
    return PART(calls);
}

static void see_object(const struct gc_walk_object *object, void *data)
{
    (void)object, (void)data;
}

static void see_type(const struct gc_type_count *count, void *data)
{
    (void)count, (void)data;
}

static size_t collections(const struct call **list)
{
    void **object = gc_alloc_manual(sizeof(void *));
    struct gc_stats stats = {.size = sizeof stats};
    struct gc_memory account = {.size = sizeof account};
    const struct call calls[] = {
        CALL(gc_collect, N(0)),
        CALL(gc_collect_young, N(0)),
        CALL(gc_collect_begin, N(0)),
        /* The word to store to is the program's own, like that of any assignment. */
        CALL(gc_store, P(object), N(object), P(object)),
        CALL(gc_write, P(object)),
        CALL(gc_disable, N(0)),
        CALL(gc_enable, N(0)),
        CALL(gc_hook_add, N(GC_BEFORE_COLLECTION), P(act), P(memory)),
        CALL(gc_hook_remove, N(GC_BEFORE_COLLECTION), P(act), P(memory)),
        CALL(gc_leak_check, N(0)),
        CALL(gc_stats_get, P(memcpy(memory, &stats, sizeof stats))),
        CALL(gc_stats_memory, P(memcpy(memory + 2048, &account, sizeof account))),
        CALL(gc_heap_walk, P(see_object), P(memory)),
        CALL(gc_stats_types, P(see_type), P(memory)),
    };
    return PART(calls);
}

/* ---- Lifetimes ------------------------------------------------------------------------ */

static size_t finalizers(const struct call **list)
{
    gc_guardian *guardian = gc_guardian_new();
    const struct call calls[] = {
        CALL(gc_finalizer_set, P(gc_alloc(1)), P(act_on), P(memory)),
        CALL(gc_finalizer_set_with, P(gc_alloc(1)), P(act_on), P(memory),
             N(GC_UNORDERED)),
        CALL(gc_finalizer_get, P(gc_alloc(1)), P(memory)),
        CALL(gc_finalizers_run, N(0)),
        CALL(gc_finalizers_ready, N(0)),
        CALL(gc_finalizers_notify, P(act), P(memory)),
        CALL(gc_guardian_new, N(0)),
        CALL(gc_guardian_add, P(guardian), P(gc_alloc(1))),
        CALL(gc_guardian_get, P(guardian)),
        CALL(gc_counted_new, N(1), P(act)),
        CALL(gc_counted_new_with, N(1), P(act), N(GC_UNSHARED)),
        CALL(gc_counted_count, P(gc_counted_new(1, act))),
        CALL(gc_counted_end, P(gc_counted_new(1, act))),
        CALL(gc_retain, P(gc_counted_new(1, act))),
        CALL(gc_release, P(gc_counted_new(1, act))),
        CALL(gc_weak_retain, P(gc_weak_new(gc_counted_new(1, act)))),
    };
    return PART(calls);
}

static size_t weak(const struct call **list)
{
    void **link = gc_alloc_manual_atomic(sizeof *link);
    *link = gc_alloc(1);
    gc_ephemeron *ephemeron = gc_ephemeron_new(*link, *link);
    const struct call calls[] = {
        CALL(gc_weak_new, P(*link)),
        CALL(gc_weak_new_with, P(*link), N(GC_WEAK_LONG)),
        CALL(gc_weak_get, P(gc_weak_new(*link))),
        CALL(gc_weak_link_add, P(link), P(*link), N(0)),
        CALL(gc_weak_link_remove, P(link)),
        CALL(gc_ephemeron_new, P(*link), P(*link)),
        CALL(gc_ephemeron_key, P(ephemeron)),
        CALL(gc_ephemeron_value, P(ephemeron)),
        CALL(gc_ephemeron_set_value, P(ephemeron), P(*link)),
    };
    return PART(calls);
}

static uint64_t hash(const void *key, void *data)
{
    (void)data;
    return *(const unsigned char *)key;
}

static int equal(const void *a, const void *b, void *data)
{
    (void)data;
    return *(const unsigned char *)a == *(const unsigned char *)b;
}

static size_t weak_maps(const struct call **list)
{
    gc_weakmap *map = gc_weakmap_new(GC_WEAK_KEYS, hash, equal, NULL);
    void *key = gc_alloc(1), *value[] = {gc_alloc(1), gc_alloc(1)};
    memcpy(memory, value, sizeof value);
    gc_weakmap_put(map, key, value[0]);
    const struct call calls[] = {
        CALL(gc_weakmap_new, N(0), P(hash), P(equal), P(memory)),
        CALL(gc_weakmap_get, P(map), P(key)),
        CALL(gc_weakmap_put, P(map), P(key), P(key)),
        CALL(gc_weakmap_get_or_put, P(map), P(key), P(memory)),
        CALL(gc_weakmap_intern, P(map), P(key)),
        CALL(gc_weakmap_remove, P(map), P(key)),
        CALL(gc_weakmap_count, P(map)),
        CALL(gc_weakmap_next, P(map), P(memset(memory + 64, 0, 64)), P(memory),
             P(memory + 8)),
    };
    return PART(calls);
}

static void trace(void *object, size_t size, void *data)
{
    (void)object, (void)size, (void)data;
}

static size_t layouts(const struct call **list)
{
    static const size_t offsets[] = {0, 8};
    static const uint64_t bits[] = {3};
    gc_layout layout = gc_layout_new(16, offsets, 2);
    gc_slab *slab = gc_slab_create("nodes", 16, layout, act, 0);
    const struct call calls[] = {
        CALL(gc_layout_new, N(16), P(offsets), N(2)),
        CALL(gc_layout_new_bitmap, N(16), P(bits)),
        CALL(gc_layout_new_array, N(16), N(layout)),
        CALL(gc_layout_new_traced, N(16), P(trace), P(memory)),
        CALL(gc_layout_name, N(layout), P("pair")),
        CALL(gc_alloc_layout, N(layout)),
        CALL(gc_alloc_layout_sized, N(gc_layout_new_array(16, layout)), N(160)),
        CALL(gc_trace_word, N(memory)),
        CALL(gc_trace_range, P(memory), P(memory + 64)),
        CALL(gc_slab_create, P("leaves"), N(16), N(layout), P(act), N(0)),
        CALL(gc_slab_alloc, P(slab)),
        CALL(gc_slab_free, P(slab), P(gc_slab_alloc(slab))),
        CALL(gc_slab_destroy, P(slab)),
        CALL(gc_slab_stats, P(slab), P(memory)),
    };
    return PART(calls);
}

/* ---- Shared heaps --------------------------------------------------------------------- */

static int see_root(const char *name, void *object, void *data)
{
    (void)name, (void)object, (void)data;
    return 0;
}

static int see_process(const struct gc_region_process *process, void *data)
{
    (void)process, (void)data;
    return 0;
}

static int see_region_object(const struct gc_region_object *object, void *data)
{
    (void)object, (void)data;
    return 0;
}

/* A region that has no name any more, so that nothing of it is left behind. */
static gc_region *new_region(void)
{
    char name[64];
    snprintf(name, sizeof name, "/gcalloc-nothing-%ld", (long)getpid());
    gc_region *region = gc_region_create(name, MIB(64), GC_REGION_EXCLUSIVE, 0600);
    if (!region || gc_region_unlink(name, 0) != 0 || gc_region_begin(region) != 0)
        abort();
    return region;
}

static size_t regions(const struct call **list)
{
    gc_region *r = new_region();
    void *o = gc_region_alloc(r, 16);
    gc_region_root_set(r, "root", o);
    const struct call calls[] = {
        CALL(gc_region_create, P("no name"), N(MIB(64)), N(0), N(0600)),
        CALL(gc_region_open, P("/gcalloc-nothing-absent"), N(0)),
        CALL(gc_region_close, P(r)),
        CALL(gc_region_unlink, P("/gcalloc-nothing-absent"), N(0)),
        CALL(gc_region_error, N(0)),
        CALL(gc_region_describe, P("/gcalloc-nothing-absent"), N(0), P(memory)),
        CALL(gc_region_begin, P(r)),
        CALL(gc_region_end, P(r)),
        CALL(gc_region_root_set, P(r), P("root"), P(o)),
        CALL(gc_region_root_remove, P(r), P("root")),
        CALL(gc_region_root_get, P(r), P("root")),
        CALL(gc_region_root_swap, P(r), P("root"), P(memcpy(memory, &o, sizeof o)), P(o)),
        CALL(gc_region_root_list, P(r), P(see_root), P(memory)),
        CALL(gc_region_hold, P(r), P(o)),
        CALL(gc_region_release, P(r), P(o)),
        CALL(gc_region_collect, P(r)),
        CALL(gc_region_sync, P(r)),
        CALL(gc_region_stats, P(r), P(memory)),
        CALL(gc_region_process_list, P(r), P(see_process), P(memory)),
        CALL(gc_region_walk, P(r), P(see_region_object), P(memory)),
        CALL(gc_region_check, P(r)),
    };
    return PART(calls);
}

static size_t region_objects(const struct call **list)
{
    static const size_t offsets[] = {0, 8};
    gc_region *r = new_region();
    void *o = gc_region_alloc(r, 16);
    const struct call calls[] = {
        CALL(gc_region_alloc, P(r), N(16)),
        CALL(gc_region_alloc_atomic, P(r), N(16)),
        CALL(gc_region_alloc_aligned, P(r), N(64), N(16)),
        CALL(gc_region_layout_get, P(r), N(16), P(offsets), N(2)),
        CALL(gc_region_alloc_layout, P(r), N(gc_region_layout_get(r, 16, offsets, 2))),
        CALL(gc_region_realloc, P(r), P(o), N(100)),
        CALL(gc_region_free, P(r), P(o)),
        CALL(gc_region_base, P(r), P(o)),
        CALL(gc_region_usable_size, P(r), P(o)),
        CALL(gc_region_offset, P(r), P(o)),
        CALL(gc_region_pointer, P(r), N(gc_region_offset(r, o))),
    };
    return PART(calls);
}

static int see_entry(const void *key, size_t length, void *object, void *data)
{
    (void)key, (void)length, (void)object, (void)data;
    return 0;
}

static size_t kit(const struct call **list)
{
    gc_region *r = new_region();
    void *o = gc_region_alloc(r, 16);
    gc_queue *queue = gc_queue_new(r, 4);
    gc_map *map = gc_map_new(r);
    gc_rwlock *lock = gc_rwlock_new(r);
    gc_event *event = gc_event_new(r, 0);
    gc_queue_put(r, queue, o, 0);
    gc_map_put(r, map, "key", 3, o);
    const struct call calls[] = {
        CALL(gc_queue_new, P(r), N(4)),
        CALL(gc_queue_put, P(r), P(queue), P(o), N(0)),
        CALL(gc_queue_get, P(r), P(queue), N(0)),
        CALL(gc_queue_count, P(r), P(queue)),
        CALL(gc_map_new, P(r)),
        CALL(gc_map_get, P(r), P(map), P("key"), N(3)),
        CALL(gc_map_put, P(r), P(map), P("key"), N(3), P(o)),
        CALL(gc_map_swap, P(r), P(map), P("key"), N(3), P(memcpy(memory, &o, sizeof o)),
             P(o)),
        CALL(gc_map_remove, P(r), P(map), P("key"), N(3)),
        CALL(gc_map_count, P(r), P(map)),
        CALL(gc_map_list, P(r), P(map), P(see_entry), P(memory)),
        CALL(gc_rwlock_new, P(r)),
        CALL(gc_rwlock_read, P(r), P(lock), N(0)),
        CALL(gc_rwlock_write, P(r), P(lock), N(0)),
        CALL(gc_rwlock_unlock, P(r), P(lock)),
        CALL(gc_event_new, P(r), N(0)),
        CALL(gc_event_set, P(r), P(event)),
        CALL(gc_event_clear, P(r), P(event)),
        CALL(gc_event_wait, P(r), P(event), N(0)),
    };
    return PART(calls);
}

/* ---- The suite ------------------------------------------------------------------------ */

#define SWEEP(part)       \
    START_TEST(no_##part) \
    {                     \
        sweep(part);      \
    }                     \
    END_TEST

SWEEP(allocation)
SWEEP(roots)
SWEEP(collections)
SWEEP(finalizers)
SWEEP(weak)
SWEEP(weak_maps)
SWEEP(layouts)
SWEEP(regions)
SWEEP(region_objects)
SWEEP(kit)

Suite *nothing_suite(void)
{
    Suite *s = suite_create("nothing");
    ADD(s, no_allocation);
    ADD(s, no_roots);
    ADD(s, no_collections);
    ADD(s, no_finalizers);
    ADD(s, no_weak);
    ADD(s, no_weak_maps);
    ADD(s, no_layouts);
    ADD(s, no_regions);
    ADD(s, no_region_objects);
    ADD(s, no_kit);
    return s;
}
