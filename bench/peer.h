/* One memory manager behind one set of names, so that a workload is one source for all.
 *
 * A build selects its peer by one macro: PEER_GCALLOC, PEER_LIBGC, PEER_MALLOC (the C
 * library's) or PEER_MIMALLOC.  Each gives
 *   PEER_COLLECTS          1: garbage is collected; 0: the workload frees by hand
 *   peer_name()            the name in tables
 *   peer_version()         its version
 *   peer_init()            once, before the first allocation
 *   peer_alloc(size)       an object that may hold pointers; contents not relied on
 *   peer_alloc_atomic(size)  an object without pointers; contents not relied on
 *   peer_free(object)      ends its life
 *   peer_collections()     collections so far
 * An allocation that fails ends the program: a workload does not check. */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#if defined(PEER_GCALLOC)

#include <gcalloc/gcalloc.h>

#define PEER_COLLECTS 1
#define PEER_NAME "gcalloc"
#define PEER_INIT() gc_init()
#define PEER_ALLOC(size) gc_alloc(size)
#define PEER_ALLOC_ATOMIC(size) gc_alloc_atomic(size)
#define PEER_FREE(object) gc_free(object)

static inline void peer_version_print(char *text, size_t size)
{
    snprintf(text, size, "%d.%d.%d", GC_VERSION_MAJOR, GC_VERSION_MINOR,
             GC_VERSION_MICRO);
}

static inline uint64_t peer_collections(void)
{
    struct gc_stats stats = {.size = sizeof(stats)};

    gc_stats_get(&stats);
    return stats.collections;
}

#elif defined(PEER_LIBGC)

#include <gc.h>

#define PEER_COLLECTS 1
#define PEER_NAME "libgc"
#define PEER_INIT() GC_INIT()
#define PEER_ALLOC(size) GC_MALLOC(size)
#define PEER_ALLOC_ATOMIC(size) GC_MALLOC_ATOMIC(size)
#define PEER_FREE(object) GC_FREE(object)

static inline void peer_version_print(char *text, size_t size)
{
    unsigned version = GC_get_version();

    snprintf(text, size, "%u.%u.%u", version >> 16, version >> 8 & 0xff, version & 0xff);
}

static inline uint64_t peer_collections(void)
{
    return GC_get_gc_no();
}

#elif defined(PEER_MALLOC)

#include <gnu/libc-version.h>

#define PEER_COLLECTS 0
#define PEER_NAME "glibc"
#define PEER_INIT() ((void)0)
#define PEER_ALLOC(size) malloc(size)
#define PEER_ALLOC_ATOMIC(size) malloc(size)
#define PEER_FREE(object) free(object)

static inline void peer_version_print(char *text, size_t size)
{
    snprintf(text, size, "%s", gnu_get_libc_version());
}

#elif defined(PEER_MIMALLOC)

#include <mimalloc.h>

#define PEER_COLLECTS 0
#define PEER_NAME "mimalloc"
#define PEER_INIT() ((void)0)
#define PEER_ALLOC(size) mi_malloc(size)
#define PEER_ALLOC_ATOMIC(size) mi_malloc(size)
#define PEER_FREE(object) mi_free(object)

static inline void peer_version_print(char *text, size_t size)
{
    int version = mi_version();

    snprintf(text, size, "%d.%d.%d", version / 100, version / 10 % 10, version % 10);
}

#else
#error "define one of PEER_GCALLOC, PEER_LIBGC, PEER_MALLOC, PEER_MIMALLOC"
#endif

#if !PEER_COLLECTS
static inline uint64_t peer_collections(void)
{
    return 0;
}
#endif

static inline const char *peer_name(void)
{
    return PEER_NAME;
}

static inline const char *peer_version(void)
{
    static char text[32];

    peer_version_print(text, sizeof(text));
    return text;
}

static inline void peer_init(void)
{
    PEER_INIT();
}

/* The empty asm hides from the compiler where the object came from; it may otherwise
 * remove an allocation together with its free, and what the program measures. */
static inline void *peer_opaque(void *object)
{
    __asm__ volatile("" : "+r"(object));
    if (!object) {
        fprintf(stderr, "%s: out of memory\n", PEER_NAME);
        exit(1);
    }
    return object;
}

static inline void *peer_alloc(size_t size)
{
    return peer_opaque(PEER_ALLOC(size));
}

static inline void *peer_alloc_atomic(size_t size)
{
    return peer_opaque(PEER_ALLOC_ATOMIC(size));
}

static inline void peer_free(void *object)
{
    PEER_FREE(object);
}

#endif
