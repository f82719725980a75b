/* A thread's cache: where its small and medium objects come from, and where those that it
 * frees go first.  It is used by its own thread, in critical sections; the functions
 * below take the locks that they need.  Invariant: every slot that a cache holds is
 * STATE_RESERVED. */
#ifndef GCALLOC_HEAP_CACHE_H
#define GCALLOC_HEAP_CACHE_H

#include <string.h>

#include "base/track.h"
#include "heap/sizeclass.h"
#include "heap/types.h"

/* A cache that has nothing and takes nothing: for a thread before its first slow path. */
SHARED_DATA const struct cache cache_none;

/* Returns an empty cache, kept or new, or NULL with errno ENOMEM. */
struct cache *cache_create(struct heap *h);

/* Returns an empty cache that a thread has left, or NULL if there is none. */
struct cache *cache_take_kept(struct heap *h);

/* Gives everything that the cache holds back to the heap.  The cache is kept for another
 * thread, or its memory goes to the system. */
void cache_destroy(struct cache *c);

/* The memory of the caches that are kept goes to the system. */
void cache_release_kept(struct heap *h);

/* Makes a place in the cache for the group of the typed bin, which has none yet.  Returns
 * false with errno ENOMEM if there is no memory for it. */
bool cache_add_typed(struct cache *c, uint32_t t);

_Static_assert((int)TYPED_FIRST % (int)TYPED_TOGETHER == 0,
               "a number of a bin is one in its group");

/* Where the cache keeps a typed bin, by the number of the bin among all; NULL if it has
 * no place for it. */
INLINE struct typed_group *cache_group(const struct cache *c, unsigned bin)
{
    return c->typed[(bin - TYPED_FIRST) / TYPED_TOGETHER];
}

/* A bin of the cache's own shard, or from TYPED_FIRST on a typed bin that the cache has. */
INLINE struct bin *cache_bin_at(const struct cache *c, unsigned bin)
{
    return bin < TYPED_FIRST ? (struct bin *)(uintptr_t)&c->bins[bin]
                             : &cache_group(c, bin)->bins[bin % TYPED_TOGETHER];
}

/* The first typed bin from this number on that the cache has a magazine for; 0: there is none. */
unsigned cache_next_typed(const struct cache *c, unsigned bin);

/* for (TYPED_BINS(c, bin)) visits each of them. */
#define TYPED_BINS(c, bin)                           \
    unsigned bin = cache_next_typed(c, TYPED_FIRST); \
    bin;                                             \
    bin = cache_next_typed(c, bin + 1)

/* Whether runs of the bin are zeroed ahead. */
INLINE bool cache_zeroes(unsigned bin)
{
    return bin >= TYPED_FIRST || !(bin >> CLASS_BITS & KIND_ATOMIC);
}

/* Makes more slots of the present run ready.  Returns false if the run is used up. */
bool cache_advance(struct cache *c, unsigned bin);

/* Takes a new run, its first slots ready, once the present one and the magazine are used
 * up; where free slots are scattered, it puts some of them into the magazine instead.  It
 * takes another block if it must.  Returns false with errno ENOMEM if there is no memory
 * for one. */
bool cache_refill(struct cache *c, unsigned bin);

/* Puts an object of the program's, of a unit with this word, into its magazine.  If that
 * is full, its older half becomes free in the heap first, or all of it where it is for
 * the objects of another shard. */
void cache_free(struct cache *c, unit_word word, void *object, uint8_t *state);

/* Frees RESERVED slots of this size, which are in no cache, in the heap; in a critical section. */
void cache_give_back(struct heap *h, struct slot *slots, uint32_t count, uint32_t size);

/* In a heap that is sampled: makes at most so many slots of the bin ready, none of which is, that the thread has freed.
 * Returns false if there are none. */
bool cache_take_freed(struct cache *c, unsigned bin, uint32_t most);

/* Everything that the cache holds becomes free in the heap. */
void cache_empty(struct cache *c);

/* The cache holds nothing any more: what it held has been made free by somebody else. */
void cache_forget(struct cache *c);

/* Everything that the cache holds of other shards' blocks becomes free in the heap, as
 * the cache cannot use it. */
void cache_empty_others(struct cache *c);

/* The bytes of slots that a cache holds in runs and in magazines. */
struct cache_held {
    size_t run_bytes, magazine_bytes;
};
struct cache_held cache_held(const struct cache *c);

/* Checks that what the cache holds is RESERVED, in blocks of the right bin, and that the
 * blocks of its own runs are taken.  Returns the number of slots that it holds. */
uint32_t cache_check(const struct cache *c);

/* Which of the cache's bins an object with this word goes to when it is freed.  For a
 * typed object it is a bin that never has a magazine. */
INLINE unsigned cache_bin(const struct cache *c, unit_word word)
{
    return (word ^ c->shard) >> UNIT_BIN_SHIFT & CACHE_BIN_MASK;
}

/* The class that serves a small request, in few instructions, the fewest for the smallest.
 * Requires size <= SMALL_REQUEST_MAX.  cache_none may say any class: all of its bins are empty. */
INLINE unsigned cache_class(const struct cache *c, size_t size)
{
    if (LIKELY(size < PAD_FROM))
        return c->small_classes[(size + GRANULE - 1) / GRANULE];
    return c->padded_classes[size / GRANULE + 1];
}

/* The class for a small object with a layout, which is always its own: blocks are per layout. */
INLINE unsigned cache_typed_class(const struct cache *c, size_t size)
{
    if (LIKELY(size < PAD_FROM))
        return c->small_classes[(size + GRANULE - 1) / GRANULE];
    return small_classes[size / GRANULE + 1];
}

/* Puts an object into a magazine that has room: the state is stored first, then the slot,
 * then the count. */
INLINE void cache_put(struct bin *b, uint32_t count, void *object, uint8_t *state)
{
    *state = STATE_RESERVED;
    b->magazine[count] = (struct slot){object, state};
    b->count = count + 1;
    /* A thread that is stopped before this still holds the object's address. */
    __asm__ volatile("" : : "r"(object) : "memory");
}

/* The object of a state byte in the bin's run. */
INLINE void *bin_object(const struct bin *b, const uint8_t *state)
{
    return (void *)(b->origin + (uintptr_t)state * b->size);
}

typedef uint64_t words2 __attribute__((vector_size(GRANULE), may_alias));

/* Zeroes a slot.  It is inline so that the fast path stays a leaf, and the empty asm
 * keeps the compiler from making it a call of memset. */
INLINE void slot_clear(void *object, size_t size)
{
    words2 *p = object;
    words2 *end = (words2 *)((char *)object + size);
    do {
        *p++ = (words2){0};
        __asm__("" : "+r"(p));
    } while (p != end);
}

/* Takes the most recently freed object of a magazine that has `count`.  The count goes
 * down before the state changes: whenever the thread is stopped, a slot that is not in
 * the cache any more is RESERVED or the program's. */
INLINE struct slot bin_take_freed(struct bin *b, uint32_t count, bool zero)
{
    struct slot slot = b->magazine[count - 1];
    b->count = count - 1;
    if (zero)
        slot_clear(slot.object, b->size);
    *slot.state = STATE_NEW;
    return slot;
}

/* Takes the next slot of a run that has one ready.  From the store of its state on, the
 * thread holds the object's address.  (gcalloc/inline.h has these few lines for programs.) */
INLINE struct slot bin_take_next(struct bin *b, uint8_t *state)
{
    void *object = bin_object(b, state);
    b->cur = state + 1;
    object = hold_object(object);
    *state = STATE_NEW;
    return (struct slot){object, state};
}

/* Takes an object at hand, which is the program's from now on: of the magazine, else of
 * the run.  With `zero` an object of the magazine is zeroed; one of the run is as
 * cache_advance made it ready.  Returns false if the bin has none ready. */
INLINE bool bin_take(struct bin *b, bool zero, struct slot *taken)
{
    uint32_t count = b->count;
    if (count)
        return *taken = bin_take_freed(b, count, zero), true;
    uint8_t *state = b->cur;
    if (UNLIKELY(state == b->end))
        return false;
    *taken = bin_take_next(b, state);
    return true;
}

/* Takes a slot of the bin, a new run or a new block if it must; in a critical section.  With `zero` it is
 * zeroed.  NULL with errno ENOMEM. */
INLINE void *cache_take(struct cache *c, unsigned bin, bool zero)
{
    struct bin *b = cache_bin_at(c, bin);
    struct slot taken;
    bool clears = zero && !cache_zeroes(bin);
    while (!bin_take(b, zero && !clears, &taken))
        if (!cache_advance(c, bin) && !cache_refill(c, bin))
            return NULL;
    if (clears)
        track_clear(taken.object, b->size);
    return taken.object;
}

#endif
