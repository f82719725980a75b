/* Small arithmetic and compiler helpers that every layer uses.  There is no state here,
 * and nothing that knows of a heap or a thread. */
#ifndef GCALLOC_BASE_BITS_H
#define GCALLOC_BASE_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define NOINLINE __attribute__((noinline))
#define INLINE static inline __attribute__((always_inline))

/* The linker keeps it, even if it leaves out what nothing refers to. */
#if defined __has_attribute
#if __has_attribute(retain)
#define RETAINED __attribute__((retain))
#endif
#endif
#if !defined RETAINED
#define RETAINED
#endif

/* A variable of the library that other files use, found without the dynamic linker. */
#define SHARED_DATA extern __attribute__((visibility("hidden")))

/* What stands before it is stored before what follows, as far as a process is concerned that dies in
 * between: whatever it has stored, others see. */
#define IN_ORDER() __asm__ volatile("" ::: "memory")

/* Mutable variables of the library lie apart from the program's static data, so that the
 * collector does not take them for roots.  The linker gives the section's bounds. */
#define PRIVATE_DATA __attribute__((section("gcalloc_private")))

/* The allocation and free fast paths are kept together: leaf functions that share few
 * pages and whose bounds the linker gives.  They are not inlined where the library is
 * optimized together with the program: whoever is outside of the bounds is taken to be
 * outside of a fast path. */
#define GC_FAST __attribute__((section("gc_fast"), noinline))

/* GC_TSAN is 1 if ThreadSanitizer watches this build. */
#if defined __has_feature
#if __has_feature(thread_sanitizer)
#define GC_TSAN 1
#endif
#endif
#if defined __SANITIZE_THREAD__
#define GC_TSAN 1
#endif
#if !defined GC_TSAN
#define GC_TSAN 0
#endif

/* GC_WATCHED_MEMORY is 1 if ThreadSanitizer or AddressSanitizer keeps a record of what
 * memory is mapped, and of the one stack of each thread. */
#if defined __has_feature
#if __has_feature(address_sanitizer)
#define GC_WATCHED_MEMORY 1
#endif
#endif
#if GC_TSAN || defined __SANITIZE_ADDRESS__
#define GC_WATCHED_MEMORY 1
#endif
#if !defined GC_WATCHED_MEMORY
#define GC_WATCHED_MEMORY 0
#endif

/* A function that reads words of unknown origin (stacks, padding, red zones).  What is inlined
 * there and passes on the address of a local variable has the attribute too: GCC would mark that
 * variable as out of scope, and, where nothing else of the frame is watched, never take the mark
 * back. */
#define READS_ANYTHING __attribute__((no_sanitize("address", "undefined", "thread")))

/* A function whose frame is scanned: AddressSanitizer's frames have gaps, where words of calls that
 * have returned keep objects alive. */
#define WITHOUT_GAPS __attribute__((no_sanitize("address", "undefined")))

/* A function that reads what other threads write meanwhile, and whose result is right
 * whether it sees the old value or the new: single words, or bytes of which only those
 * matter that nobody else may write. */
#if GC_TSAN
#define READS_RACING __attribute__((noinline, no_sanitize("thread")))
#else
#define READS_RACING
#endif

/* A function that may run while ThreadSanitizer itself is interrupted. */
#if GC_TSAN && defined __clang__
#define UNWATCHED __attribute__((noinline, disable_sanitizer_instrumentation))
#elif GC_TSAN
#define UNWATCHED __attribute__((noinline, no_sanitize("thread")))
#else
#define UNWATCHED
#endif

/* A read of one word, in a fast path, that other threads may write meanwhile. */
#if GC_TSAN
#define RACING(word) __atomic_load_n(&(word), __ATOMIC_RELAXED)
#else
#define RACING(word) (word)
#endif

/* The thread holds the object's address from here on: it is not to be computed later, when the
 * object's state says already that the object is the program's, and a stop must find it. */
INLINE void *hold_object(void *object)
{
    __asm__ volatile("" : "+r"(object) : : "memory");
    return object;
}

#define KIB(n) ((size_t)(n) << 10)
#define MIB(n) ((size_t)(n) << 20)
#define GIB(n) ((size_t)(n) << 30)

INLINE size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

INLINE size_t max_size(size_t a, size_t b)
{
    return a > b ? a : b;
}

INLINE bool is_power_of_two(size_t n)
{
    return n != 0 && (n & (n - 1)) == 0;
}

/* `to` is a power of two; the sum must not overflow. */
INLINE size_t align_up(size_t n, size_t to)
{
    return (n + to - 1) & ~(to - 1);
}

INLINE size_t align_down(size_t n, size_t to)
{
    return n & ~(to - 1);
}

/* Index of the highest bit set; n is not 0. */
INLINE unsigned log2_floor(size_t n)
{
    return 63u - (unsigned)__builtin_clzll(n);
}

/* The place of a word among `places`, which is a power of two and at least 2: Fibonacci hashing (Knuth,
 * The Art of Computer Programming 3, 6.4).  The product's highest bits spread numbers that follow one
 * another by any step evenly, as those of addresses do; bits from its middle do not: with 65,536 places
 * and more, four to nine such words would share one. */
INLINE size_t hash_place(uint64_t word, size_t places)
{
    return (size_t)(word * UINT64_C(0x9e3779b97f4a7c15) >> (64 - log2_floor(places)));
}

#endif
