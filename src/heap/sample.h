/* Sampling: of all objects that are handed out, each byte is as likely as any other to make its object a sample,
 * which is noticed when it is allocated and when it ends.
 *
 * The distances between two samples are exponential, so that what comes next does not depend on what was: bins can
 * be sampled each by itself, and what a cache forgets is drawn anew.  The fast paths know nothing of it.  A slow path
 * makes no more slots ready than there are until the bin's next sample, and what a thread frees is kept apart
 * from that: it goes to the magazines of a shard that is nobody's (SHARD_FREED), and is ready again when a slow path
 * has counted it.  Samples of slots lie in blocks of SHARD_NOTED, and typed blocks are noted in such a heap: these
 * are freed on the slow path. */
#ifndef GCALLOC_HEAP_SAMPLE_H
#define GCALLOC_HEAP_SAMPLE_H

#include "heap/cache.h"
#include "heap/lookup.h"

/* Has one object be a sample for about so many bytes; `seed`: 0 for another beginning each time.  In a heap with
 * observers one of these asks sample_bytes for each object, and the heap is not sampled itself.  It is used by
 * nobody yet, and has the observers that it will have. */
void sample_begin(struct heap *h, size_t every, uint64_t seed);

INLINE bool is_sampled(const struct heap *h)
{
    return UNLIKELY(h->sampled);
}

/* One more than the slots of the bin that may be handed out before its next sample, and are not ready; 0: not known
 * yet.  A bin of the cache's own shard, or a typed one. */
INLINE uint32_t *sample_until(struct cache *c, unsigned bin)
{
    return bin < TYPED_FIRST ? &c->until[bin]
                             : &cache_group(c, bin)->until[bin % TYPED_TOGETHER];
}

/* The bytes that a run may have, of so many otherwise. */
INLINE size_t sample_run_bytes(struct cache *c, unsigned bin, size_t bytes)
{
    return min_size(bytes,
                    (size_t)(*sample_until(c, bin) - 1) * cache_bin_at(c, bin)->size);
}

/* As cache_take, in such a heap.  *sampled: the object is a sample. */
void *sample_take(struct cache *c, unsigned bin, bool zero, bool *sampled);

/* Whether an object of so many bytes that is in no bin, and is being allocated, is a sample. */
bool sample_bytes(struct cache *c, size_t bytes);

/* Whether it might be one: others are not. */
INLINE bool may_be_sample(const struct cell *o)
{
    return word_shard(o->word) >= SHARDS_OWN || word_class(o->word) > CLASS_MEDIUM_LAST;
}

/* Changes whenever the cache's thread has allocated something. */
uint64_t sample_moment(const struct cache *c);

#endif
