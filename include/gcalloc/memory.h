/* gcalloc: where memory goes.  docs/memory.md is about it.
 *
 * Each byte that the library has in memory, or in swap space, is counted once: those of the heap
 * by what they hold, those of the library's own tables by what they are for. */
#ifndef GCALLOC_MEMORY_H
#define GCALLOC_MEMORY_H

#include <gcalloc/gcalloc.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(name, meaning): every field is a uint64_t, in bytes.  New fields are added at the end only. */
#define GC_MEMORY_FIELDS(X)                                                   \
    X(total, "all that follows")                                              \
    X(kept, "objects that the last collection found alive")                   \
    X(fresh, "objects that have come since, or are to be reclaimed")          \
    X(free_slots, "places for objects, free, in blocks that hold others")     \
    X(reserved, "free places that threads have at hand")                      \
    X(tails, "ends of blocks, too small for an object")                       \
    X(free_units, "free memory between blocks")                               \
    X(unit_runs, "the same, set aside for the next blocks of a thread")       \
    X(states, "the state of each object, a byte")                             \
    X(words, "the map of the heap")                                           \
    X(descriptors, "counters of blocks")                                      \
    X(numbers, "lists of blocks")                                             \
    X(types, "which objects have which layout")                               \
    X(sites, "where each object was allocated, for reports")                  \
    X(caches, "what threads know of the blocks that they allocate from")      \
    X(threads, "what is known of threads")                                    \
    X(roots, "lists of what is scanned")                                      \
    X(marking, "objects that a collection is to scan")                        \
    X(remembered, "which memory is old, and what was written there")          \
    X(layouts, "descriptions of types, and slabs")                            \
    X(ends, "finalizers, weak references and the like")                       \
    X(calls, "stacks of calls, and the libraries that they lead through")     \
    X(reports, "reports that are being written")                              \
    X(regions, "what this process keeps of regions, besides their memory")    \
    X(stacks, "stacks that the library runs on")                              \
    X(early, "as the program's malloc: objects from before there was a heap") \
    X(variables, "the library's variables")                                   \
    X(other, "other tables")                                                  \
    X(lent, "places whose memory another block uses (compact=mesh)")          \
    X(meshes, "which pages have their memory in common")

#define GC_MEMORY_VERSION 1u

struct gc_memory {
    uint32_t version; /* GC_MEMORY_VERSION of the library that filled it */
    uint32_t size;    /* in: sizeof(struct gc_memory); out: how much of it was filled */
#define GC_MEMORY_MEMBER(name, meaning) uint64_t name;
    GC_MEMORY_FIELDS(GC_MEMORY_MEMBER)
#undef GC_MEMORY_MEMBER
};

/* Fills *memory, of which only `size` must be set before.  Other threads go on meanwhile; what they change
 * is seen before or after.  It takes time in proportion to the memory, some milliseconds for 100 MiB.
 *
 * Returns 0, or -1 with errno: EINVAL (`memory` is NULL, or `size` leaves no room for a field), ENOMEM (there is
 * no heap, and none can be made), EBUSY (in a root callback).  Where the system does not tell which pages there
 * are (/proc/self/pagemap cannot be read) all that could be written to counts.
 *
 * Any thread; not in a signal handler. */
GC_PUBLIC int gc_stats_memory(struct gc_memory *memory);

#ifdef __cplusplus
}
#endif

#endif
