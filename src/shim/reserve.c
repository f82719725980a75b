/* One piece of address space, handed out from its low end to its high end without a lock.
 * It is no heap: memory comes back only from the object that was allocated last.  From
 * `end` on it reads as zero. */
#include "shim/reserve.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "base/account.h"
#include "base/bits.h"
#include "base/os.h"

enum {
    HEADER = RESERVE_HEADER, /* before each object: its size */
    ALIGNMENT = 64 << 10,    /* of the whole; no kernel's pages are larger */
    LEAST = 256 << 10,       /* more than the constructors of C++ libraries take */
    STEP = 256 << 10,        /* made usable at once */
    PART_OF_LIMIT = 16,      /* the heap asks for half of what a process may have */
    PART_OF_GRANTED = 4,
};

#define MOST GIB(4)

/* The first use reserves it.  `bytes` is 0 before, `end` is set last: where the next object may
 * begin.  From `usable` on nothing can be written yet, so that what is only reserved counts for
 * no limit of data. */
static _Atomic(uintptr_t) begin PRIVATE_DATA, end PRIVATE_DATA, usable PRIVATE_DATA;
static _Atomic(size_t) bytes PRIVATE_DATA;

static _Atomic(size_t) most_wanted PRIVATE_DATA = MOST;

/* As much as a process with a limit on its address space can spare.  Where even that is refused
 * there is a limit that nobody tells of, and most of what it grants is left to the program. */
static void *reserve_space(size_t *granted)
{
    size_t first =
        min_size(atomic_load(&most_wanted), os_address_space_limit() / PART_OF_LIMIT);
    size_t size = max_size(align_down(first, ALIGNMENT), LEAST);
    void *p = os_reserve(size, ALIGNMENT);
    bool refused = !p;
    while (!p && size > LEAST) {
        size = max_size(align_down(size / 2, ALIGNMENT), LEAST);
        p = os_reserve(size, ALIGNMENT);
    }
    *granted = size;
    if (p && refused && size / PART_OF_GRANTED >= LEAST) {
        *granted = align_down(size / PART_OF_GRANTED, ALIGNMENT);
        os_release((char *)p + *granted, size - *granted);
    }
    return p;
}

/* Of two threads that are the first, one has its space for nothing. */
static bool map(void)
{
    size_t granted;
    void *p = reserve_space(&granted);
    uintptr_t none = 0;
    if (!p)
        return false;
    if (!atomic_compare_exchange_strong(&begin, &none, (uintptr_t)p)) {
        os_release(p, granted);
        return true;
    }
    os_leave_out(p, granted);
    account_add(ACCOUNT_EARLY, p, granted);
    atomic_store(&bytes, granted);
    atomic_store(&usable, (uintptr_t)p);
    atomic_store(&end, (uintptr_t)p);
    return true;
}

/* Two threads may make the same memory usable, which is as good as one. */
static bool make_usable(uintptr_t to)
{
    uintptr_t high = atomic_load(&begin) + atomic_load(&bytes);
    uintptr_t now = atomic_load(&usable), next;
    while (now < to) {
        next = min_size(align_up(to, STEP), high);
        if (!os_commit((void *)now, next - now))
            return false;
        os_put_in((void *)now, next - now);
        if (atomic_compare_exchange_strong(&usable, &now, next))
            break;
    }
    return true;
}

static size_t *header(const void *object)
{
    return (size_t *)((uintptr_t)object - HEADER);
}

/* Where an object of `size` bytes begins that is allocated when `end` is `old`, and where the next
 * one may; false: it does not fit. */
static bool place(uintptr_t old, size_t alignment, size_t size, uintptr_t *object,
                  uintptr_t *next)
{
    size_t all = atomic_load(&bytes);
    if (size > all || alignment > all)
        return false;
    *object = align_up(old + HEADER, alignment);
    *next = align_up(*object + max_size(size, 1), HEADER);
    return *next <= atomic_load(&begin) + all && make_usable(*next);
}

void *reserve_alloc(size_t alignment, size_t size)
{
    int saved_errno = errno;
    uintptr_t old, object, next;
    if (!atomic_load(&begin) && !map())
        return errno = ENOMEM, NULL;
    while (!(old = atomic_load(&end)))
        ; /* another thread is about to set it */
    do
        if (!place(old, alignment, size, &object, &next))
            return errno = ENOMEM, NULL;
    while (!atomic_compare_exchange_weak(&end, &old, next));
    *header((void *)object) = size;
    errno = saved_errno;
    return (void *)object;
}

size_t reserve_size(const void *object)
{
    return *header(object);
}

/* The memory is zeroed for the next object.  Gaps that an alignment left before the
 * object stay unused. */
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
    return (uintptr_t)address - low < atomic_load_explicit(&bytes, memory_order_relaxed);
}

bool reserve_used(void **low, void **high)
{
    *low = (void *)atomic_load(&begin);
    *high = (void *)atomic_load(&end);
    return *low < *high;
}

/* Who has looked at `bytes` before would have to take all of `most` at once to be misled. */
void reserve_shrink(size_t most)
{
    atomic_store(&most_wanted, min_size(most, MOST));
    size_t all = atomic_load(&bytes), kept = align_up(max_size(most, LEAST), ALIGNMENT);
    uintptr_t low = atomic_load(&begin);
    if (kept >= all || atomic_load(&end) - low > kept / 2 ||
        atomic_load(&usable) > low + kept)
        return;
    atomic_store(&bytes, kept);
    account_remove((void *)low);
    account_add(ACCOUNT_EARLY, (void *)low, kept);
    os_release((void *)(low + kept), all - kept);
}
