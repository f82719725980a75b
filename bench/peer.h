/* One memory manager behind one set of names, so that a workload is one source for all.
 *
 * A build selects its peer by one macro: PEER_GCALLOC, PEER_LIBGC, PEER_GLIBC,
 * PEER_MIMALLOC, PEER_JEMALLOC or PEER_TCMALLOC.  Each gives
 *   PEER_COLLECTS          1: garbage is collected; 0: the workload frees by hand
 *   peer_name()            the name in tables
 *   peer_version()         its version
 *   peer_init()            once, before the first allocation
 *   peer_alloc(size)       an object that may hold pointers; contents not relied on
 *   peer_alloc_zeroed(size)  the same, all zero
 *   peer_alloc_atomic(size)  an object without pointers; contents not relied on
 *   peer_alloc_aligned(alignment, size)  as peer_alloc (gcalloc and those called as malloc)
 *   peer_realloc(object, size)  as realloc; the object stays of its kind
 *   peer_free(object)      ends its life
 *   peer_store(object, field, value)  stores a pointer to another object, with a write barrier if any
 *   peer_collect()         a full collection (collectors only)
 *   peer_collections()     collections so far
 *   peer_leak_check()      looks for leaks now; whether there are any (gcalloc and lsan only)
 *   peer_check()           ends the program unless the peer really was what allocated
 * An allocation that fails ends the program, with status PEER_OUT_OF_MEMORY: a workload does
 * not check. */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include <dlfcn.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PEER_OUT_OF_MEMORY = 3 };

#if defined(PEER_GCALLOC)

#include <gcalloc/inline.h>

#define PEER_COLLECTS 1
#define PEER_NAME "gcalloc"
#define PEER_INIT() gc_init()
#if defined(PEER_INLINE)
#define PEER_ALLOC(size) gc_alloc_inline(size)
#define PEER_ALLOC_ZEROED(size) gc_alloc_inline(size)
#define PEER_ALLOC_ATOMIC(size) gc_alloc_atomic_inline(size)
#else
#define PEER_ALLOC(size) gc_alloc(size)
#define PEER_ALLOC_ZEROED(size) gc_alloc(size)
#define PEER_ALLOC_ATOMIC(size) gc_alloc_atomic(size)
#endif
#define PEER_ALLOC_ALIGNED(alignment, size) gc_alloc_aligned(alignment, size)
#define PEER_REALLOC(object, size) gc_realloc(object, size)
#define PEER_FREE(object) gc_free(object)
#define PEER_STORE(object, field, value) gc_store_inline(object, field, value)
#define PEER_COLLECT() gc_collect()

static inline void peer_version_print(char *text, size_t size)
{
    snprintf(text, size, "%d.%d.%d", GCALLOC_VERSION_MAJOR, GCALLOC_VERSION_MINOR,
             GCALLOC_VERSION_MICRO);
}

static inline uint64_t peer_collections(void)
{
    struct gc_stats stats = {.size = sizeof(stats)};

    gc_stats_get(&stats);
    return stats.collections;
}

#elif defined(PEER_LIBGC)

#define GC_THREADS
#include <gc.h>

#define PEER_COLLECTS 1
#define PEER_NAME "libgc"
#define PEER_INIT() libgc_init()
#define PEER_ALLOC(size) GC_MALLOC(size)
#define PEER_ALLOC_ZEROED(size) GC_MALLOC(size)
#define PEER_ALLOC_ATOMIC(size) GC_MALLOC_ATOMIC(size)
#define PEER_REALLOC(object, size) GC_REALLOC(object, size)
#define PEER_FREE(object) GC_FREE(object)
#define PEER_COLLECT() GC_gcollect()

/* Without the second call its markers would begin with the program's first thread. */
static inline void libgc_init(void)
{
    GC_INIT();
    GC_start_mark_threads();
}

static inline void peer_version_print(char *text, size_t size)
{
    unsigned version = GC_get_version();

    snprintf(text, size, "%u.%u.%u", version >> 16, version >> 8 & 0xff, version & 0xff);
}

static inline uint64_t peer_collections(void)
{
    return GC_get_gc_no();
}

#elif defined(PEER_MIMALLOC)

#include <mimalloc.h>

#define PEER_COLLECTS 0
#define PEER_NAME "mimalloc"
#define PEER_INIT() ((void)0)
#define PEER_ALLOC(size) mi_malloc(size)
#define PEER_ALLOC_ZEROED(size) mi_calloc(1, size)
#define PEER_ALLOC_ATOMIC(size) mi_malloc(size)
#define PEER_REALLOC(object, size) mi_realloc(object, size)
#define PEER_FREE(object) mi_free(object)

static inline void peer_version_print(char *text, size_t size)
{
    int version = mi_version();

    snprintf(text, size, "%d.%d.%d", version / 100, version / 10 % 10, version % 10);
}

#else

/* These are called as malloc; PEER_LIBRARY is the start of the name of the file that
 * malloc has to come from. */
#define PEER_COLLECTS 0
#define PEER_INIT() ((void)0)
#define PEER_ALLOC(size) malloc(size)
#define PEER_ALLOC_ZEROED(size) calloc(1, size)
#define PEER_ALLOC_ATOMIC(size) malloc(size)
#define PEER_ALLOC_ALIGNED(alignment, size) memalign(alignment, size)
#define PEER_REALLOC(object, size) realloc(object, size)
#define PEER_FREE(object) free(object)

#if defined(PEER_GLIBC)

#include <gnu/libc-version.h>

#define PEER_NAME "glibc"
#define PEER_LIBRARY "libc.so"

static inline void peer_version_print(char *text, size_t size)
{
    snprintf(text, size, "%s", gnu_get_libc_version());
}

#elif defined(PEER_LSAN)

#include <sanitizer/lsan_interface.h>

#define PEER_NAME "lsan"

static inline void peer_version_print(char *text, size_t size)
{
    snprintf(text, size, "clang %d", __clang_major__);
}

#elif defined(PEER_JEMALLOC)

#include <jemalloc/jemalloc.h>

#define PEER_NAME "jemalloc"
#define PEER_LIBRARY "libjemalloc.so"

/* The version proper, without the hash of the commit. */
static inline void peer_version_print(char *text, size_t size)
{
    const char *version = "unknown";
    size_t version_size = sizeof(version);

    mallctl("version", &version, &version_size, NULL, 0);
    snprintf(text, size, "%.*s", (int)strcspn(version, "-"), version);
}

#elif defined(PEER_TCMALLOC)

#include <gperftools/tcmalloc.h>

#define PEER_NAME "tcmalloc"
#define PEER_LIBRARY "libtcmalloc_minimal.so"

static inline void peer_version_print(char *text, size_t size)
{
    int major, minor;
    const char *patch;

    tc_version(&major, &minor, &patch);
    snprintf(text, size, "%d.%d%s", major, minor, patch);
}

#else
#error "define one of the PEER_ macros that peer.h names"
#endif

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
        exit(PEER_OUT_OF_MEMORY);
    }
    return object;
}

static inline void *peer_alloc(size_t size)
{
    return peer_opaque(PEER_ALLOC(size));
}

static inline void *peer_alloc_zeroed(size_t size)
{
    return peer_opaque(PEER_ALLOC_ZEROED(size));
}

static inline void *peer_alloc_atomic(size_t size)
{
    return peer_opaque(PEER_ALLOC_ATOMIC(size));
}

#ifdef PEER_ALLOC_ALIGNED
static inline void *peer_alloc_aligned(size_t alignment, size_t size)
{
    return peer_opaque(PEER_ALLOC_ALIGNED(alignment, size));
}
#endif

static inline void *peer_realloc(void *object, size_t size)
{
    return peer_opaque(PEER_REALLOC(object, size));
}

static inline void peer_free(void *object)
{
    PEER_FREE(object);
}

static inline void peer_store(void *object, void *field, void *value)
{
#if defined(PEER_STORE)
    PEER_STORE(object, field, value);
#else
    (void)object;
    memcpy(field, &value, sizeof value);
#endif
}

#if PEER_COLLECTS
static inline void peer_collect(void)
{
    PEER_COLLECT();
}
#endif

/* The objects that are lost, as far as the memory manager looks for them. */
static inline bool peer_leak_check(void)
{
#if defined(PEER_GCALLOC)
    return gc_leak_check() != 0;
#elif defined(PEER_LSAN)
    return __lsan_do_recoverable_leak_check() != 0;
#else
    return false;
#endif
}

/* Another library, preloaded or linked, may have put its own malloc in front. */
static inline void peer_check(void)
{
#ifdef PEER_LIBRARY
    Dl_info info = {0};
    const char *file = "nowhere", *slash;

    if (dladdr(dlsym(RTLD_DEFAULT, "malloc"), &info) && info.dli_fname)
        file = info.dli_fname;
    slash = strrchr(file, '/');
    if (strncmp(slash ? slash + 1 : file, PEER_LIBRARY, strlen(PEER_LIBRARY)) != 0) {
        fprintf(stderr, "%s: malloc is not its own but comes from %s\n", PEER_NAME, file);
        exit(1);
    }
#endif
}

#endif
