/* The heap as the program's malloc, for programs that know nothing of it: preloaded, or
 * linked before the C library.  Every allocation is a manual object; with option collect only
 * those of the dynamic loader are, which keeps pointers where no root is, and of libraries that hide
 * theirs (hiders.c).
 *
 * What the C library, libunwind and libdw allocate while the heap starts, works or reports
 * comes from a reserve of its own (reserve.c), and so does what the dynamic loader
 * allocates before this library's constructor has run: the environment, and so the options,
 * are there only then. */
#include <errno.h>
#include <gcalloc/gcalloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/options.h"
#include "heap/heap.h"
#include "mutator/alloc.h"
#include "mutator/hooks.h"
#include "mutator/realloc.h"
#include "report/live/live.h"
#include "report/loader.h"
#include "report/out.h"
#include "shim/hiders.h"
#include "shim/reserve.h"
#include "shim/scratch.h"
#include "world/thread.h"

#define EXPORT __attribute__((visibility("default")))

EXPORT void *malloc(size_t size);
EXPORT void *calloc(size_t count, size_t size);
EXPORT void *realloc(void *object, size_t size);
EXPORT void *reallocarray(void *object, size_t count, size_t size);
EXPORT void free(void *object);
EXPORT void *memalign(size_t alignment, size_t size);
EXPORT int posix_memalign(void **object, size_t alignment, size_t size);
EXPORT void *aligned_alloc(size_t alignment, size_t size);
EXPORT void *valloc(size_t size);
EXPORT void *pvalloc(size_t size);
EXPORT size_t malloc_usable_size(void *object);

static bool started PRIVATE_DATA;

/* The reserve's part of the address space that the heap may have, and what it keeps in any case:
 * libdw takes some for a report. */
enum { RESERVE_PART = 256, RESERVE_KEEPS = 64 << 20 };

/* The default of option huge_pages here.  Real programs below it were no faster with huge pages, and took up to
 * five times the memory, as one is there whole with the first byte that is written. */
enum { HUGE_PAGES_FROM = 256 << 20 };

/* From here on the program's objects come from the heap. */
__attribute__((constructor(101))) static void start(void)
{
    void *low, *high;
    thread_inside++;
    call_names = (struct call_names){"free", "realloc"};
    options.huge_pages = HUGE_PAGES_FROM;
    gc_init();
    if (reserve_used(&low, &high))
        gc_root_add(low, high);
    reserve_shrink(max_size(options.reserve / RESERVE_PART, RESERVE_KEEPS));
    if (options.collect && out_lock()) {
        loader_look();
        out_unlock();
    }
    thread_inside--;
    started = true;
}

/* A program that allocates no more can be asked, too. */
__attribute__((constructor)) static void serve(void)
{
    live_start();
}

/* The call is the program's, and not made for what the library does for another. */
static bool is_program(void)
{
    return LIKELY(started) && LIKELY(thread_inside == 0);
}

/* Memory that is the library's own affair. */
static void *alloc_inside(size_t alignment, size_t size)
{
    return out_is_mine ? scratch_alloc(alignment, size) : reserve_alloc(alignment, size);
}

/* Of the reserve, but no object, or no more: that is the program's fault. */
static void refuse(const char *function, void *address)
{
    if (!is_program())
        return;
    thread_inside++;
    report_hooks.bad_pointer(function, address);
    thread_inside--;
}

NOINLINE static void free_inside(void *object)
{
    if (!reserve_is_object(object))
        return refuse(call_names.free, object);
    if (!scratch_free(object))
        reserve_free(object);
}

/* Who called the function that is exported. */
#define CALLER ((uintptr_t)__builtin_return_address(0))

/* Whether what is allocated lives until it is freed. */
static bool is_manual(uintptr_t caller)
{
    return LIKELY(!options.collect) || loader_has(caller) || hiders_have(caller);
}

INLINE void *allocate(size_t size, uintptr_t caller)
{
    if (!is_program())
        return alloc_inside(GRANULE, size);
    thread_inside++;
    void *object = is_manual(caller) ? alloc_manual(size) : alloc_scanned(size);
    thread_inside--;
    return object;
}

void *malloc(size_t size)
{
    return allocate(size, CALLER);
}

/* Not calloc as long as the compiler may make a call of calloc of it. */
void *calloc(size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        return errno = ENOMEM, NULL;
    if (!is_program())
        return alloc_inside(GRANULE, bytes);
    thread_inside++;
    void *object = is_manual(CALLER) ? gc_alloc_manual(bytes) : gc_alloc(bytes);
    thread_inside--;
    return object;
}

/* What the program got from the reserve before the start moves to the heap. */
static void *leave_reserve(void *object, size_t size, uintptr_t caller)
{
    if (!reserve_is_object(object))
        return refuse(call_names.realloc, object), errno = EINVAL, NULL;
    void *moved = allocate(size, caller);
    if (moved)
        memcpy(moved, object, min_size(size, reserve_size(object)));
    if (moved)
        free_inside(object);
    return moved;
}

/* As glibc has it: size 0 frees. */
static void *resize(void *object, size_t size, uintptr_t caller)
{
    if (!object)
        return allocate(size, caller);
    if (size == 0)
        return free(object), NULL;
    if (reserve_has(object))
        return leave_reserve(object, size, caller);
    thread_inside++;
    void *resized = realloc_for_malloc(object, size);
    thread_inside--;
    return resized;
}

void *realloc(void *object, size_t size)
{
    return resize(object, size, CALLER);
}

void *reallocarray(void *object, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        return errno = ENOMEM, NULL;
    return resize(object, bytes, CALLER);
}

void free(void *object)
{
    if (!object)
        return;
    if (UNLIKELY(reserve_has(object)))
        return free_inside(object);
    thread_inside++;
    gc_free(object);
    thread_inside--;
}

static void *alloc_aligned(size_t alignment, size_t size, uintptr_t caller)
{
    if (!is_program())
        return alloc_inside(max_size(alignment, GRANULE), size);
    thread_inside++;
    unsigned manual = is_manual(caller) ? GC_MANUAL : 0;
    void *object = gc_alloc_with(size, alignment, manual | GC_NO_ZERO);
    thread_inside--;
    return object;
}

/* glibc takes the next power of two. */
void *memalign(size_t alignment, size_t size)
{
    size_t power = GRANULE;
    while (power < alignment && power <= SIZE_MAX / 4)
        power *= 2;
    return alloc_aligned(power, size, CALLER);
}

int posix_memalign(void **object, size_t alignment, size_t size)
{
    if (alignment % sizeof(void *) != 0 || !is_power_of_two(alignment))
        return EINVAL;
    int saved_errno = errno;
    void *found = alloc_aligned(alignment, size, CALLER);
    errno = saved_errno;
    if (!found)
        return ENOMEM;
    *object = found;
    return 0;
}

void *aligned_alloc(size_t alignment, size_t size)
{
    if (!is_power_of_two(alignment))
        return errno = EINVAL, NULL;
    return alloc_aligned(alignment, size, CALLER);
}

static size_t page_bytes(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

void *valloc(size_t size)
{
    return alloc_aligned(page_bytes(), size, CALLER);
}

void *pvalloc(size_t size)
{
    size_t page = page_bytes();
    if (size > SIZE_MAX - page)
        return errno = ENOMEM, NULL;
    return alloc_aligned(page, align_up(max_size(size, 1), page), CALLER);
}

size_t malloc_usable_size(void *object)
{
    if (!object)
        return 0;
    return reserve_has(object) ? reserve_size(object) : gc_usable_size(object);
}
