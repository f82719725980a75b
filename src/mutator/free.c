/* Freeing by hand: into the magazine of the thread that frees. */
#include <errno.h>
#include <gcalloc/gcalloc.h>

#include "heap/block.h"
#include "heap/cache.h"
#include "heap/heap.h"
#include "mutator/init.h"
#include "mutator/object.h"
#include "mutator/site.h"

static void free_large(struct heap *h, uintptr_t address)
{
    uint32_t head = unit_of(h, address);
    struct block *b = block_at(h, head);
    h->charged -= min_size(h->charged, b->bytes);
    h->counters.freed_bytes += b->bytes;
    block_free_slot(h, head, block_states(h, head));
}

/* Into the magazine: the state first, then the slot, then the count. */
INLINE void put_freed(struct bin *b, uint32_t count, void *object, uint8_t *state)
{
    *state = STATE_RESERVED;
    b->magazine[count] = (struct slot){object, state};
    b->count = count + 1;
    /* Stopped before this, the thread still holds the object's address. */
    __asm__ volatile("" : : "r"(object) : "memory");
}

static void free_slot(struct cache *c, unsigned bin, void *object, uint8_t *state)
{
    struct bin *b = &c->bins[bin];
    if (b->count == b->capacity)
        cache_spill(c, bin);
    put_freed(b, b->count, object, state);
}

/* All that the fast path leaves: errors, large objects, a full magazine, modes in which
 * there is no fast path. */
NOINLINE static void free_slow(void *object)
{
    int saved_errno = errno;
    const struct heap *h = &process_heap;
    uint8_t *state = NULL;
    if (object && thread_is_ready()) {
        state = lookup_state(h, (uintptr_t)object);
        struct object o = {0};
        if (state && *state >= STATE_NEW)
            o = lookup_object(h, state);
        if (o.address != (uintptr_t)object) {
            report_bad_pointer("gc_free", object);
        } else {
            site_freed(state, CAPTURE_CALL());
            if (word_class(o.word) == CLASS_LARGE)
                free_large(&process_heap, o.address);
            else
                free_slot(thread_self->cache, word_bin(o.word), object, state);
        }
    }
    errno = saved_errno;
}

GC_FAST
void gc_free(void *object)
{
    const struct heap *h = &process_heap;
    size_t offset = (uintptr_t)object - h->base;
    if (UNLIKELY(offset >= h->bytes))
        return free_slow(object);
    uint32_t unit = (uint32_t)(offset >> UNIT_SHIFT);
    unit_word word = h->words[unit];
    uint32_t distance = word >> UNIT_DISTANCE_SHIFT;
    const struct geometry *g = word_geometry(word);
    uint64_t in_block = (offset & (UNIT_BYTES - 1)) + ((uint64_t)distance << UNIT_SHIFT);
    size_t index = in_block * g->reciprocal >> GEOMETRY_SHIFT;
    if (UNLIKELY(index * g->size != in_block))
        return free_slow(object);
    uint8_t *state = block_states(h, unit - distance) + index;
    if (UNLIKELY(*state < STATE_NEW))
        return free_slow(object);
    struct bin *b = &thread_cache->bins[word_bin(word)];
    uint32_t count = b->count;
    if (UNLIKELY(count == b->capacity))
        return free_slow(object);
    put_freed(b, count, object, state);
}
