#include "shim/reserve.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "base/bits.h"

enum { HEADER = 16 }; /* before each object: its size */

#define RESERVE_BYTES GIB(4)

/* The first use maps it; `end` is where the next object may begin. */
static _Atomic(uintptr_t) begin PRIVATE_DATA, end PRIVATE_DATA;

/* Of two threads that are the first, one has its mapping for nothing. */
static bool map(void)
{
    void *p = mmap(NULL, RESERVE_BYTES, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    uintptr_t none = 0;
    if (p == MAP_FAILED)
        return false;
    if (!atomic_compare_exchange_strong(&begin, &none, (uintptr_t)p)) {
        munmap(p, RESERVE_BYTES);
        return true;
    }
    atomic_store(&end, (uintptr_t)p);
    return true;
}

static size_t *header(const void *object)
{
    return (size_t *)((uintptr_t)object - HEADER);
}

void *reserve_alloc(size_t alignment, size_t size)
{
    int saved_errno = errno;
    if ((!atomic_load(&begin) && !map()) || size > RESERVE_BYTES / 2 ||
        alignment > RESERVE_BYTES / 4)
        return errno = ENOMEM, NULL;
    uintptr_t old, object, next;
    while (!(old = atomic_load(&end)))
        ; /* another thread is about to set it */
    do {
        object = align_up(old + HEADER, alignment);
        next = align_up(object + max_size(size, 1), HEADER);
        if (next > atomic_load(&begin) + RESERVE_BYTES)
            return errno = ENOMEM, NULL;
    } while (!atomic_compare_exchange_weak(&end, &old, next));
    *header((void *)object) = size;
    errno = saved_errno;
    return (void *)object;
}

size_t reserve_size(const void *object)
{
    return *header(object);
}

/* Zeroed for the next.  Gaps that an alignment left before the object stay unused. */
void reserve_free(void *object)
{
    size_t size = reserve_size(object);
    uintptr_t from = (uintptr_t)header(object);
    uintptr_t to = align_up((uintptr_t)object + max_size(size, 1), HEADER);
    if (atomic_load(&end) != to)
        return;
    memset((void *)from, 0, HEADER + size);
    atomic_compare_exchange_strong(&end, &to, from);
}

bool reserve_has(const void *address)
{
    uintptr_t low = atomic_load_explicit(&begin, memory_order_relaxed);
    return low && (uintptr_t)address - low < RESERVE_BYTES;
}

bool reserve_used(void **low, void **high)
{
    *low = (void *)atomic_load(&begin);
    *high = (void *)atomic_load(&end);
    return *low < *high;
}
