/* The map of the heap, a thread's cache: the slots, runs and units that it has at hand.  Included by
 * heap/types.h only, whose structures it goes on with. */
#ifndef GCALLOC_HEAP_TYPES_CACHE_H
#define GCALLOC_HEAP_TYPES_CACHE_H

/* A slot in a magazine: that of a recently freed object, kept hot, or one of scattered
 * free slots.  Its state is STATE_RESERVED. */
struct slot {
    void *object;
    uint8_t *state;
};

/* What a thread keeps of one bin: a run that it bumps through, and a magazine.  Runs are
 * walked by state byte: the object of state byte s is at origin + s * size, modulo 2^64
 * (within a block both are linear).
 *
 *   block   ... in use |   run: all STATE_RESERVED            | not looked at ...
 *                      cur     end          fresh     run_end
 *                      | ready | not zeroed | never used     | */
struct bin {
    uint8_t *cur; /* next slot to hand out */
    uint8_t *end; /* slots before it are ready: zeroed if the kind asks for it */
    uintptr_t origin;
    struct slot *magazine;
    uint32_t size;     /* bytes of a slot */
    uint32_t count;    /* objects in the magazine */
    uint32_t capacity; /* of the magazine; 0: large, or no cache */
    uint32_t block;    /* the block taken, or borrowed from, by head unit; 0: none */
    uint8_t *run_end;
    uint8_t *fresh; /* slots from here on read as zero already; <= run_end */
};

_Static_assert(sizeof(struct bin) == 64, "a bin fills one cache line");

enum {
    CACHE_BIN_MASK = SHARDS * BIN_COUNT - 1,
    /* A group is the bins of one kind and one shard, so that what a thread does not use
     * costs it no memory. */
    GROUP_BINS = 1 << CLASS_BITS,
    /* All groups of a cache, by the difference between their shard and its own, then by kind. */
    BIN_GROUPS = SHARDS * KIND_COUNT,
};

/* What a cache keeps of some typed bins, in a page.  Their magazines have memory of their own. */
enum { TYPED_TOGETHER = 32 };
struct typed_group {
    struct bin bins[TYPED_TOGETHER];
    uint8_t runs[TYPED_TOGETHER]; /* as in struct cache */
    bool borrows[TYPED_TOGETHER];
    uint32_t until[TYPED_TOGETHER];
};

/* Units for a thread's next small blocks, [next, end), or none: some of a huge page that
 * have no memory yet.  Two threads that took turns in one huge page would both wait for
 * its first touch.  By their words these are used units of class none. */
struct unit_run {
    uint32_t next, end;
    /* The next fill asks for up to twice as many units, a huge page at most.  It grows
     * with each fill, and is 0 at first and after the cache was emptied. */
    uint32_t start;
};

/* A cache is used by its own thread, and by the collector while the world is stopped if
 * the thread did not stop inside a fast path. */
struct cache {
    /* The bins of the cache's own shard come first.  What the thread frees of blocks of
     * other shards goes to separate magazines, and from there back to the block, so that
     * it does not come to share cache lines with the threads of that shard.  The bin of
     * an object is at (its word ^ shard) >> UNIT_BIN_SHIFT & CACHE_BIN_MASK. */
    struct bin bins[SHARDS * BIN_COUNT];
    struct heap *heap;
    unit_word shard; /* its own, where a word has it, or SHARD_FREED */
    /* The heap's classes for requests below PAD_FROM, by granules, and one granule on
     * with end_pointers.  All are 0 in cache_none. */
    uint8_t small_classes[PAD_FROM / GRANULE + 1];
    /* The classes for larger requests, by granules, a byte to spare included (heap/coarse.h). */
    uint8_t padded_classes[SMALL_MAX / GRANULE + 1];
    /* Bit k: class 17 + k has made a block while it was one of those that may serve several. */
    uint64_t coarse_blocks;
    /* The magazines of each group of bins; while it is NULL there are none, and the bins of the
     * group have never been written to. */
    struct slot *magazines[BIN_GROUPS];
    /* How many runs each bin of the own shard took, counted to RUNS_COUNTED.  A run is twice as
     * long as the one before it, up to run_bytes_max. */
    uint8_t runs[BIN_COUNT];
    /* Whether the present run of a bin of the own shard lies in a block that the cache has left
     * to others, and which may be gone once the run is used up. */
    bool borrows[BIN_COUNT];
    struct unit_run unit_run;
    uint8_t home; /* the shard that is its own */
    bool used;    /* a slow path of its thread went through it since the last cycle */
    /* In the heap's list of those that no thread has, or in its thread's of those that handlers
     * have set aside, and the frame of the handler that did. */
    struct cache *next;
    uintptr_t aside_sp;
    /* In a heap that is sampled (heap/sample.c): where its bins are, and objects that are in none, the
     * slow paths that allocated, and the state of its random numbers, 0 at first. */
    uint32_t until[BIN_COUNT];
    double bytes_until;
    uint64_t slow, random;
    /* What the cache keeps of typed bins, by TYPED_TOGETHER; NULL if its thread has used
     * none of the group.  Groups stay as long as the cache has a thread, since statistics
     * look at them at any time.  From `typed_end` on there is none. */
    uint32_t typed_end;
    struct typed_group *typed[TYPED_MOST / TYPED_TOGETHER];
};

#endif
