/* gcalloc: the commonest case of gc_alloc and gc_alloc_atomic, and gc_store, inline.
 *
 * Optional.  An object whose size is a constant below 256 is taken here from what the
 * calling thread has ready, in about twenty instructions; everything else is left to the
 * function.  Use it where the profile shows the call, in programs that are built together
 * with their library: unlike a call, code that was compiled with this header needs a library
 * of the same minor version.
 *
 * Errors, threads and signals: as gc_alloc and gc_alloc_atomic. */
#ifndef GCALLOC_INLINE_H
#define GCALLOC_INLINE_H

#include <gcalloc/gcalloc.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Not for programs: what the library keeps for a thread ---------------------- */

/* The ready objects of one size and kind, as far as they are of interest here. */
struct gc_inline_bin {
    unsigned char *next, *end; /* state bytes of the next object, and behind the last */
    uintptr_t origin; /* the object of state byte s is at origin + s * its size */
    void *unused;
    uint32_t size, count; /* objects to be used first, which the function does */
    uint64_t unused_too[3];
};

struct gc_inline_thread {
    struct gc_inline_bin *bins;
    uint32_t busy; /* a bin is being changed: a signal handler leaves them alone */
};

GC_PUBLIC extern __thread struct gc_inline_thread gc_inline_thread
    __attribute__((tls_model("initial-exec")));

enum { GC_INLINE_MAX = 255, GC_INLINE_ATOMIC_BINS = 128, GC_INLINE_NEW = 2 };

#ifdef __cplusplus
#define GC_INLINE_CAST(type, value) reinterpret_cast<type>(value)
#else
#define GC_INLINE_CAST(type, value) ((type)(value))
#endif

/* An object of so many times 16 bytes; NULL: none is ready. */
static inline __attribute__((always_inline)) void *gc_inline_take(size_t bin,
                                                                  size_t bytes)
{
    void *object = NULL;
    gc_inline_thread.busy = 1;
    __asm__ volatile("" ::: "memory");
    struct gc_inline_bin *b = gc_inline_thread.bins + bin;
    unsigned char *state = b->next;
    if (b->count == 0 && state != b->end) {
        object =
            GC_INLINE_CAST(void *, b->origin + GC_INLINE_CAST(uintptr_t, state) * bytes);
        b->next = state + 1;
        /* From the next store on, a register holds the object's address. */
        __asm__ volatile("" : "+r"(object) : : "memory");
        *state = GC_INLINE_NEW;
    }
    __asm__ volatile("" ::: "memory");
    gc_inline_thread.busy = 0;
    return object;
}

/* ThreadSanitizer does not see the thread stop in between. */
#if defined __SANITIZE_THREAD__
#define GC_INLINE_KNOWS(size) 0
#elif defined __has_feature
#if __has_feature(thread_sanitizer)
#define GC_INLINE_KNOWS(size) 0
#endif
#endif
#if !defined GC_INLINE_KNOWS
#define GC_INLINE_KNOWS(size) (__builtin_constant_p(size) && (size) <= GC_INLINE_MAX)
#endif

/* The card table of option tracking=barrier: one byte for each 512 of the heap.  Where that begins is
 * written as its complement, so that it keeps no object. */
struct gc_inline_barrier {
    unsigned char *cards;
    uintptr_t hidden_base;
    size_t bytes; /* 0: nothing is noted */
};

enum { GC_INLINE_CARD_SHIFT = 9 };

GC_PUBLIC extern struct gc_inline_barrier gc_inline_barrier;

/* ---- For programs ------------------------------------------------------------------ */

/* As gc_alloc. */
static inline __attribute__((always_inline)) void *gc_alloc_inline(size_t size)
{
    if (GC_INLINE_KNOWS(size)) {
        size_t granules = size ? (size + 15) / 16 : 1;
        void *object = gc_inline_take(granules, 16 * granules);
        if (__builtin_expect(object != NULL, 1))
            return object;
    }
    return gc_alloc(size);
}

/* As gc_alloc_atomic. */
static inline __attribute__((always_inline)) void *gc_alloc_atomic_inline(size_t size)
{
    if (GC_INLINE_KNOWS(size)) {
        size_t granules = size ? (size + 15) / 16 : 1;
        void *object = gc_inline_take(GC_INLINE_ATOMIC_BINS + granules, 16 * granules);
        if (__builtin_expect(object != NULL, 1))
            return object;
    }
    return gc_alloc_atomic(size);
}

/* As gc_store. */
static inline __attribute__((always_inline)) void
gc_store_inline(void *object, void *field, void *value)
{
    (void)object;
    __atomic_store_n(GC_INLINE_CAST(void **, field), value, __ATOMIC_RELAXED);
    uintptr_t offset = GC_INLINE_CAST(uintptr_t, field) - ~gc_inline_barrier.hidden_base;
    if (offset < __atomic_load_n(&gc_inline_barrier.bytes, __ATOMIC_ACQUIRE))
        __atomic_store_n(&gc_inline_barrier.cards[offset >> GC_INLINE_CARD_SHIFT], 1,
                         __ATOMIC_RELEASE);
    __asm__ volatile("" : : "r"(value) : "memory");
}

#ifdef __cplusplus
}
#endif

#endif
