/* Freeing by hand: into the magazine of the thread that frees. */
#include <errno.h>
#include <gcalloc/gcalloc.h>

#include "base/crash.h"
#include "base/critical.h"
#include "collect/idle.h"
#include "heap/altered.h"
#include "heap/block.h"
#include "heap/cache.h"
#include "heap/count.h"
#include "heap/heap.h"
#include "heap/observe.h"
#include "heap/sample.h"
#include "mutator/fence.h"
#include "mutator/free.h"
#include "mutator/held.h"
#include "mutator/hooks.h"
#include "mutator/init.h"
#include "mutator/object.h"
#include "mutator/quarantine.h"
#include "profile/profile.h"

static void free_slot(const struct cell *o)
{
    critical_begin();
    cache_free(thread_self->cache, o->word, (void *)o->address, o->state);
    critical_end();
}

/* By this call, in a heap with observers: one of them may keep it. */
NOINLINE static bool was_kept(const struct cell *o, struct call call)
{
    struct heap *h = &process_heap;
    observe_freed(h, o, call);
    if (!observe_keeps(h, o))
        return false;
    quarantine_trim(h);
    return true;
}

static void give_back(const struct cell *o)
{
    if (word_class(o->word) <= CLASS_MEDIUM_LAST)
        free_slot(o);
    else if (!free_at_once(&process_heap, o))
        report_hooks.bad_pointer(call_name_of_free(), (void *)o->address);
}

/* All that the fast path leaves: errors, large objects, a full magazine, modes in which
 * there is no fast path. */
NOINLINE static void free_slow(void *object)
{
    int saved_errno = errno;
    if (!object || !mutator_enter()) {
        errno = saved_errno;
        return;
    }
    const struct heap *h = &process_heap;
    struct cell o = lookup_cell(h, (uintptr_t)object);
    if (fence_has(object)) {
        fence_free(object, CAPTURE_CALL());
    } else if (!o.state || __atomic_load_n(o.state, __ATOMIC_RELAXED) < STATE_NEW ||
               o.address != (uintptr_t)object) {
        report_hooks.bad_pointer(call_name_of_free(), object);
    } else if (altered_renew_object(&process_heap, &o)) {
        if (object_is_noted(h, &o))
            object_hooks.freed(&o);
        if (is_sampled(h) && may_be_sample(&o))
            profile_freed(&o);
        if (!is_observed(h) || !was_kept(&o, CAPTURE_CALL()))
            give_back(&o);
        if (h->hold)
            held_poll(&process_heap);
        idle_note(&process_collector);
    }
    mutator_leave();
    errno = saved_errno;
}

/* An object for which the cache has no room in a bin of its class.  Those of typed blocks have
 * bins of their own, found by the type of the unit.  All such blocks are of SHARD_NOTED unless
 * they are set apart, and their flag says whether something is registered for an object. */
GC_FAST
static void free_typed(void *object, uint8_t *state)
{
    const struct heap *h = &process_heap;
    uint32_t unit = unit_of(h, (uintptr_t)object);
    unit_word word = RACING(h->words[unit]);
    if (!word_typed(word) || word_shard(word) != SHARD_NOTED ||
        block_has(h, unit - (uint32_t)word_distance(word), BLOCK_NOTED))
        return free_slow(object);
    uint32_t t = unit_type(h, unit);
    struct typed_group *g = cache_group(thread_cache, TYPED_FIRST + t);
    if (!g)
        return free_slow(object);
    struct bin *b = &g->bins[t % TYPED_TOGETHER];
    uint32_t count = b->count;
    if (count == b->capacity)
        return free_slow(object);
    cache_put(b, count, object, state);
}

GC_FAST
void gc_free(void *object)
{
    const struct heap *h = &process_heap;
    size_t offset = (uintptr_t)object - h->base;
    if (UNLIKELY(offset >= RACING(h->bytes)))
        return free_slow(object);
    unit_word word = RACING(h->words[offset >> UNIT_SHIFT]);
    const struct geometry *g = word_geometry(word);
    size_t in_block = offset % UNIT_BYTES + word_distance_bytes(word);
    size_t index = slot_index(g, in_block);
    if (UNLIKELY(index * g->size != in_block))
        return free_slow(object);
    uint8_t *state = h->states + word_states(word) + index;
    if (UNLIKELY(*state < STATE_NEW))
        return free_slow(object);
    struct cache *c = thread_cache;
    struct bin *b = &c->bins[cache_bin(c, word)];
    uint32_t count = b->count;
    if (UNLIKELY(count == b->capacity))
        return free_typed(object, state);
    cache_put(b, count, object, state);
}
