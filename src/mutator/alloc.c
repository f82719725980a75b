/* Allocation.  First the fast path: an object from the magazine, else from the run.  Then
 * the slow one, which finds a run, or an extent for a large object, or collects. */
#include "mutator/alloc.h"

#include <errno.h>
#include <gcalloc/gcalloc.h>

#include "base/crash.h"
#include "base/critical.h"
#include "base/options.h"
#include "base/probe.h"
#include "base/track.h"
#include "collect/caches.h"
#include "collect/trigger.h"
#include "heap/block.h"
#include "heap/cache.h"
#include "heap/count.h"
#include "heap/heap.h"
#include "heap/layout.h"
#include "heap/observe.h"
#include "heap/roomy.h"
#include "heap/sample.h"
#include "heap/wide.h"
#include "mutator/fence.h"
#include "mutator/guard.h"
#include "mutator/init.h"
#include "mutator/last_resort.h"
#include "mutator/object.h"
#include "mutator/precedence.h"
#include "mutator/turn.h"
#include "profile/profile.h"
#include "world/registry.h"

enum {
    ALIGNMENT_MAX = 1 << 30,
    ROUNDS_MOST = 16, /* of collecting, before an allocation fails */
    /* So many in any case beside other threads: one that was stopped in a fast path has kept what it has at hand. */
    ROUNDS_LEAST = 4,
};

INLINE void *alloc_fast(size_t size, enum kind kind, bool zero)
{
    if (LIKELY(size < PAD_FROM) || size <= SMALL_REQUEST_MAX) {
        struct cache *c = thread_cache;
        struct bin *b = &c->bins[bin_of(kind, 0)];
        b += cache_class(c, size);
        struct slot taken;
        if (LIKELY(bin_take(b, zero, &taken)))
            return taken.object;
    }
    return alloc_object(size, GRANULE, kind, zero);
}

GC_FAST
void *gc_alloc(size_t size)
{
    return alloc_fast(size, KIND_SCANNED, true);
}

GC_FAST
void *gc_alloc_atomic(size_t size)
{
    return alloc_fast(size, KIND_ATOMIC, false);
}

GC_FAST
void *gc_alloc_manual(size_t size)
{
    return alloc_fast(size, KIND_MANUAL, true);
}

GC_FAST
void *gc_alloc_manual_atomic(size_t size)
{
    return alloc_fast(size, KIND_MANUAL_ATOMIC, false);
}

GC_FAST
void *alloc_manual(size_t size)
{
    return alloc_fast(size, KIND_MANUAL, false);
}

GC_FAST
void *alloc_scanned(size_t size)
{
    return alloc_fast(size, KIND_SCANNED, false);
}

/* What is asked for. */
struct request {
    size_t size, alignment;
    enum kind kind;
    bool zero;
    uint32_t layout;  /* 0: the kind says all */
    size_t requested; /* by the program: `size` has the observers' bytes, too */
    bool sampled;     /* what was allocated is a sample (heap/sample.h) */
    bool quiet;       /* none of the program's code may run, and so no collection */
    /* The program's, where somebody is told of it.  Here, as signal stacks are small. */
    struct call call;
};

static bool has_bin(const struct cache *c, unsigned bin)
{
    return bin < TYPED_FIRST || cache_group(c, bin);
}

static bool is_used_up(const struct cache *c, unsigned bin)
{
    if (!has_bin(c, bin))
        return true;
    const struct bin *b = cache_bin_at(c, bin);
    return b->count == 0 && b->cur == b->run_end;
}

static void poll(const struct request *r)
{
    if (!r->quiet)
        trigger_poll(&process_collector);
}

/* A collection, of this thread or another, may change the cache. */
static void *alloc_slot(struct request *r, unsigned bin, bool filled)
{
    if (is_used_up(thread_self->cache, bin))
        poll(r);
    critical_begin();
    struct cache *c = thread_self->cache;
    void *object = NULL;
    if (has_bin(c, bin) || cache_add_typed(c, bin - TYPED_FIRST))
        object = is_sampled(c->heap) ? sample_take(c, bin, r->zero, &r->sampled)
                                     : cache_take(c, bin, r->zero);
    if (object && filled) {
        uint32_t unit = unit_of(&process_heap, (uintptr_t)object);
        struct block *block = block_at(&process_heap, unit_head(&process_heap, unit));
        __atomic_fetch_or(&block->flags, BLOCK_FILLED, __ATOMIC_RELAXED);
    }
    critical_end();
    return object;
}

void *alloc_create_large(struct heap *h, enum kind kind, size_t size, size_t alignment)
{
    void *object = NULL;
    critical_begin();
    uint32_t head = block_create_large(h, kind, size, alignment);
    if (head) {
        struct block *b = block_at(h, head);
        b->free_count = 0;
        heap_charge(h, b->bytes);
        count_add(&h->numbers->counters.allocated_bytes, b->bytes);
        object = hold_object((void *)unit_address(h, head));
        CRASH_POINT("alloc large: made");
        *block_states(h, head) = STATE_NEW;
    }
    critical_end();
    return hold_object(object);
}

/* The object is atomic while it is zeroed, as that may take a while and the world may stop
 * meanwhile.  `typed`: the typed bin that it is of, or 0. */
static void *alloc_large(const struct request *r, uint32_t typed)
{
    struct heap *h = &process_heap;
    poll(r);
    void *object = alloc_create_large(h, r->kind | KIND_ATOMIC, r->size, r->alignment);
    if (!object)
        return NULL;
    uint32_t head = unit_of(h, (uintptr_t)object);
    if (r->zero)
        block_clear_large(h, head, 0);
    critical_begin();
    if (typed)
        block_set_typed(h, head, typed);
    else if (!(r->kind & KIND_ATOMIC))
        block_set_kind(h, head, r->kind);
    critical_end();
    return hold_object(object);
}

/* It is zeroed outside of the critical section: until then old contents may be scanned, which
 * keeps what they point to for a cycle, and no more than that.  NULL: it is to be large. */
static void *alloc_wide(const struct request *r)
{
    unsigned class = sizeclass_wide(r->size, r->alignment);
    bool clean = false;
    if (class == CLASS_NONE)
        return NULL;
    poll(r);
    critical_begin();
    void *object = wide_alloc(&process_heap, bin_of(r->kind, class),
                              thread_self->cache->home, &clean);
    object = hold_object(object);
    critical_end();
    if (object && r->zero && !clean)
        track_clear(object, geometries[class].size);
    return hold_object(object);
}

static void *try_alloc_typed(struct request *r, unsigned class)
{
    uint32_t t = layout_bin(&process_heap, r->layout, class);
    if (!t)
        return NULL;
    return class == CLASS_LARGE ? alloc_large(r, t)
                                : alloc_slot(r, TYPED_FIRST + t, false);
}

/* The program frees it, nothing is collected, and nobody looks at all of its slot. */
static bool may_be_roomy(const struct request *r, bool filled)
{
    const struct heap *h = &process_heap;
    return r->kind & KIND_MANUAL && !r->zero && !filled && !h->records_sites &&
           !h->told && !RACING(h->numbers->managed);
}

/* What the fast path looks for, where it has one. */
static unsigned class_of(const struct request *r, bool *filled)
{
    bool end_pointers = process_heap.numbers->end_pointers;
    *filled = false;
    if (r->alignment > GRANULE)
        return sizeclass_for_aligned(r->size, r->alignment, end_pointers, filled);
    if (r->size <= SMALL_REQUEST_MAX && !r->layout)
        return cache_class(thread_self->cache, r->size);
    return sizeclass_for(r->size, end_pointers);
}

static void *try_alloc(struct request *r)
{
    bool filled;
    unsigned class = class_of(r, &filled);
    PROBE2(alloc_slow, class, r->size);
    if (r->layout)
        return try_alloc_typed(r, class);
    if (class == CLASS_LARGE) {
        void *object = alloc_wide(r);
        return object ? object : alloc_large(r, 0);
    }
    if (class > CLASS_SMALL_LAST && may_be_roomy(r, filled))
        class = roomy_class(thread_self->cache, r->kind, class);
    return alloc_slot(r, bin_of(r->kind, class), filled);
}

/* Whether memory might be had for so many bytes. */
static bool is_possible(size_t size)
{
    const struct heap *h = &process_heap;
    size_t limit = __atomic_load_n(&h->numbers->limit, __ATOMIC_RELAXED);
    return size <= min_size((size_t)h->numbers->unit_limit << UNIT_SHIFT, limit);
}

static struct turn releasing PRIVATE_DATA;

static void await_release(void)
{
    turn_await(&releasing);
}

/* All that waits goes, and what this thread's cache keeps for itself.  None of the program's code runs meanwhile.
 * One thread at a time, as another may get what it has released; a child of vfork goes on without. */
static void *alloc_released(struct request *r)
{
    bool begun = registry_is_here() && turn_take(&releasing, await_release) != TURN_NONE;
    r->quiet = true;
    guard_let_go(&process_heap);
    critical_begin();
    cache_empty(thread_self->cache);
    critical_end();
    void *object = try_alloc(r);
    r->quiet = false;
    if (begun)
        turn_leave(&releasing);
    return object;
}

static void *alloc_collected(struct request *r)
{
    if (collector_is_disabled(&process_collector))
        collector_end_begun(&process_collector);
    else
        collector_run(&process_collector, CAUSE_MEMORY);
    return try_alloc(r);
}

/* Whether another round may find more: what waited has been freed, or other threads free and allocate, and so drop,
 * or have ended. */
static bool is_worth_a_round(uint64_t freed_before, bool several_before)
{
    const struct heap *h = &process_heap;
    bool freed = count_get(&h->numbers->counters.freed_bytes) != freed_before;
    return (guard_keeps_freed() && freed) ||
           (several_before && !collector_is_disabled(&process_collector) &&
            (freed || RACING(h->numbers->charged) > 0 || !caches_are_several(h)));
}

/* Memory is short.  A collection that came with the attempt that failed may have been a young one or another
 * thread's; others may take what becomes free, and there are more as long as they go on. */
NOINLINE static void *alloc_hard(struct request *r, uint64_t collections)
{
    bool collected = collector_count(&process_collector) != collections;
    void *object = collected ? alloc_released(r) : NULL;
    bool goes_on = true;
    for (int i = 0; i < ROUNDS_MOST && !object && goes_on; i++) {
        uint64_t freed = count_get(&process_heap.numbers->counters.freed_bytes);
        bool several = caches_are_several(&process_heap);
        if (i > 0)
            precedence_take();
        object = alloc_collected(r);
        if (!object)
            object = alloc_released(r);
        goes_on = (several && i + 1 < ROUNDS_LEAST) || is_worth_a_round(freed, several);
    }
    precedence_end();
    return object;
}

/* Takes an object that the cache has at hand, in a heap with observers.  NULL: there is
 * none. */
static void *alloc_at_hand(const struct request *r, uint32_t stack)
{
    struct heap *h = &process_heap;
    critical_begin();
    struct cache *c = thread_self->cache;
    struct bin *b = &c->bins[bin_of(r->kind, cache_class(c, r->size))];
    struct slot taken;
    void *object = NULL;
    if (bin_take(b, r->zero, &taken)) {
        object = taken.object;
        unit_word word = word_of(h, unit_of(h, (uintptr_t)object));
        struct cell o = {(uintptr_t)object, b->size, word, taken.state};
        observe_allocated(h, &o, r->requested, stack);
    }
    critical_end();
    return object;
}

static void tell_observers(const void *object, size_t requested, uint32_t stack)
{
    struct cell o;
    if (!is_observed(&process_heap) || !object_at(object, &o))
        return;
    critical_begin();
    observe_allocated(&process_heap, &o, requested, stack);
    critical_end();
}

/* Where the fast path has not served: by any means, in the end the program's own handler. */
static void *alloc_slow(struct request *r, uint32_t stack)
{
    int saved_errno = errno;
    uint64_t collections = collector_count(&process_collector);
    void *object = NULL;
    if (is_possible(r->size)) {
        precedence_yield();
        object = try_alloc(r);
        if (!object)
            object = alloc_hard(r, collections);
    }
    if (!object)
        return last_resort_alloc(r->requested);
    tell_observers(object, r->requested, stack);
    errno = saved_errno;
    return object;
}

/* One that has no page of its own. */
static void *alloc_unfenced(struct request *r)
{
    void *object = NULL;
    uint32_t stack = observe_stack(&process_heap, r->call);
    if (r->size <= SMALL_REQUEST_MAX && r->alignment <= GRANULE &&
        !(r->zero && (r->kind & KIND_ATOMIC)))
        object = alloc_at_hand(r, stack);
    return object ? object : alloc_slow(r, stack);
}

/* An object in a heap with observers, with what they have behind it. */
NOINLINE static void *alloc_observed(struct request *r)
{
    struct heap *h = &process_heap;
    void *object = NULL;
    guard_poll(h);
    if (__builtin_add_overflow(r->requested, h->spare, &r->size))
        return last_resort_alloc(r->requested);
    track_scan_begin();
    if (r->alignment <= GRANULE)
        object = fence_alloc(r->requested, r->kind, r->call);
    if (!object)
        object = alloc_unfenced(r);
    track_scan_end();
    return object;
}

/* In a heap that is sampled. */
NOINLINE static void note_sample(const void *object, const struct request *r)
{
    struct cell o;
    bool sampled = r->sampled;
    if (!object_at(object, &o)) /* the out-of-memory handler's */
        return;
    if (word_class(o.word) > CLASS_MEDIUM_LAST) {
        critical_begin();
        sampled = sample_bytes(thread_self->cache, o.size);
        critical_end();
    }
    if (sampled)
        profile_sample(&o, r->requested, r->call);
}

NOINLINE void *alloc_object(size_t size, size_t alignment, enum kind kind, bool zero)
{
    if (!mutator_enter())
        return NULL;
    if (options.leaks == LEAKS_ALL)
        kind |= KIND_MANUAL;
    struct request r = {.size = size,
                        .alignment = alignment,
                        .kind = kind,
                        .zero = zero,
                        .requested = size,
                        .call = CAPTURE_CALL()};
    void *object = is_observed(&process_heap) ? alloc_observed(&r) : alloc_slow(&r, 0);
    if (is_sampled(&process_heap))
        note_sample(object, &r);
    mutator_leave();
    return object;
}

NOINLINE void *alloc_typed(uint32_t layout, size_t size)
{
    struct request r = {.size = size + process_heap.spare,
                        .alignment = GRANULE,
                        .kind = KIND_ATOMIC,
                        .zero = true,
                        .layout = layout,
                        .requested = size,
                        .call = CAPTURE_CALL()};
    if (r.size < size)
        return last_resort_alloc(size);
    if (!mutator_enter())
        return NULL;
    bool observed = is_observed(&process_heap);
    uint32_t stack = observed ? observe_stack(&process_heap, r.call) : 0;
    track_scan_begin();
    void *object = alloc_slow(&r, stack);
    track_scan_end();
    if (is_sampled(&process_heap))
        note_sample(object, &r);
    mutator_leave();
    return object;
}

/* What is scanned reads as zero beyond its size, whatever it has itself: gc_realloc builds on that, but in a heap with
 * observers, which may have that part. */
static void clear_rest(void *object, size_t size)
{
    struct cell o;
    if (!process_heap.told && object_at(object, &o) && size < o.size)
        track_clear((char *)object + size, o.size - size);
}

void *gc_alloc_with(size_t size, size_t alignment, unsigned flags)
{
    unsigned known = GC_ATOMIC | GC_MANUAL | GC_NO_ZERO;
    if (alignment == 0)
        alignment = GRANULE;
    if (!is_power_of_two(alignment) || alignment > ALIGNMENT_MAX || (flags & ~known))
        return errno = EINVAL, NULL;
    unsigned kind =
        (flags & GC_ATOMIC ? KIND_ATOMIC : 0u) | (flags & GC_MANUAL ? KIND_MANUAL : 0u);
    void *object = alloc_object(size, alignment, (enum kind)kind, !(flags & GC_NO_ZERO));
    if (object && flags & GC_NO_ZERO && !(flags & GC_ATOMIC))
        clear_rest(object, size);
    return object;
}

void *gc_alloc_aligned(size_t alignment, size_t size)
{
    if (alignment == 0)
        return errno = EINVAL, NULL;
    return gc_alloc_with(size, alignment, 0);
}

void *gc_calloc(size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        return errno = ENOMEM, NULL;
    return gc_alloc(bytes);
}
