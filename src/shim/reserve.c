/* One piece of address space, handed out from its low end to its high end without a lock.
 * It is no heap: memory comes back from the object that was allocated last, and then from those before it that
 * were freed earlier.  From its end on it reads as zero.
 *
 *   header, 16 bytes      | object ...
 *   what it is | user's   |
 *
 * What it is: the size in the low half; how far before its header that of the object before is, in granules;
 * and one of the tags below in the highest four bits. */
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

enum { DISTANCE_SHIFT = 32, TAG_SHIFT = 60 };

#define SIZE_MASK ((UINT64_C(1) << DISTANCE_SHIFT) - 1)
#define TAG_MASK (UINT64_C(15) << TAG_SHIFT)
#define LIVES (UINT64_C(10) << TAG_SHIFT)
#define FREED (UINT64_C(5) << TAG_SHIFT)
#define GOES (UINT64_C(3) << TAG_SHIFT) /* one thread is about to take the memory back */

_Static_assert(MOST <= SIZE_MASK + 1,
               "a size fits into its half, as a header is before each");

/* In granules from `begin` on, by which all is aligned: where the next object may begin, and where the header of the last
 * one is, or 0. */
struct top {
    uint32_t end, last;
};

/* The first use reserves it.  `bytes` is 0 before, `top` is set last, with an end that is not 0.  From `usable` on
 * nothing can be written yet, so that what is only reserved counts for no limit of data. */
static _Atomic(uintptr_t) begin PRIVATE_DATA, usable PRIVATE_DATA;
static _Atomic(size_t) bytes PRIVATE_DATA;
static _Atomic(struct top) top PRIVATE_DATA;

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
    atomic_store(&top, (struct top){.end = 1});
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

static uintptr_t address_of(uint32_t granules)
{
    return atomic_load(&begin) + (uintptr_t)granules * HEADER;
}

static uint32_t granules_of(uintptr_t address)
{
    return (uint32_t)((address - atomic_load(&begin)) / HEADER);
}

static _Atomic(uint64_t) *header_at(uint32_t granules)
{
    return (_Atomic(uint64_t) *)address_of(granules);
}

static _Atomic(uint64_t) *header(const void *object)
{
    return (_Atomic(uint64_t) *)((uintptr_t)object - HEADER);
}

/* Where an object of `size` bytes begins that is allocated when the end is `old`, and where the next
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

void reserve_set_size(void *object, size_t size)
{
    atomic_store(header(object), size | LIVES);
}

void *reserve_alloc(size_t alignment, size_t size)
{
    int saved_errno = errno;
    uintptr_t object, next;
    struct top old, new;
    if (!atomic_load(&begin) && !map())
        return errno = ENOMEM, NULL;
    while ((old = atomic_load(&top)).end == 0)
        ; /* another thread is about to set it */
    do {
        if (!place(address_of(old.end), alignment, size, &object, &next))
            return errno = ENOMEM, NULL;
        new = (struct top){granules_of(next), granules_of(object) - 1};
    } while (!atomic_compare_exchange_weak(&top, &old, new));
    uint64_t distance = old.last ? new.last - old.last : 0;
    atomic_store(header((void *)object), size | distance << DISTANCE_SHIFT | LIVES);
    errno = saved_errno;
    return (void *)object;
}

size_t reserve_size(const void *object)
{
    return atomic_load(header(object)) & SIZE_MASK;
}

bool reserve_is_object(const void *address)
{
    return (uintptr_t)address % HEADER == 0 &&
           (atomic_load(header(address)) & TAG_MASK) == LIVES;
}

/* Behind the object whose header is there. */
static uint32_t end_of(uint32_t last, uint64_t what)
{
    size_t size = max_size(what & SIZE_MASK, 1);
    return last + 1 + (uint32_t)((size + HEADER - 1) / HEADER);
}

/* Takes back the memory of the last object if that has been freed, zeroed for the next one.  Only the thread that has
 * changed its tag does so; the object may not be the last one any more by then, nor the one that it was. */
static bool take_back(void)
{
    struct top old = atomic_load(&top), new = {.end = old.last};
    if (!old.last)
        return false;
    _Atomic(uint64_t) *h = header_at(old.last);
    uint64_t what = atomic_load(h);
    if ((what & TAG_MASK) != FREED ||
        !atomic_compare_exchange_strong(h, &what, what ^ FREED ^ GOES))
        return false;
    uint32_t distance = (uint32_t)((what & ~TAG_MASK) >> DISTANCE_SHIFT);
    uint32_t end = end_of(old.last, what);
    new.last = distance ? old.last - distance : 0;
    memset((void *)address_of(old.last + 1), 0, (size_t)(end - old.last - 1) * HEADER);
    atomic_store(h + 1, 0);
    bool last = old.end == end;
    if (last)
        atomic_store(h, 0);
    if (last && atomic_compare_exchange_strong(&top, &old, new))
        return true;
    atomic_store(h, what);
    return false;
}

void reserve_free(void *object)
{
    _Atomic(uint64_t) *h = header(object);
    uint64_t what = atomic_load(h);
    if ((what & TAG_MASK) != LIVES)
        return;
    atomic_compare_exchange_strong(h, &what, what ^ LIVES ^ FREED);
    while (take_back())
        continue;
}

bool reserve_has(const void *address)
{
    uintptr_t low = atomic_load_explicit(&begin, memory_order_relaxed);
    return (uintptr_t)address - low < atomic_load_explicit(&bytes, memory_order_relaxed);
}

bool reserve_used(void **low, void **high)
{
    struct top now = atomic_load(&top);
    *low = (void *)atomic_load(&begin);
    *high = (void *)address_of(now.end);
    return now.last > 0;
}

/* Who has looked at `bytes` before would have to take all of `most` at once to be misled. */
void reserve_shrink(size_t most)
{
    atomic_store(&most_wanted, min_size(most, MOST));
    size_t all = atomic_load(&bytes), kept = align_up(max_size(most, LEAST), ALIGNMENT);
    uintptr_t low = atomic_load(&begin);
    struct top now = atomic_load(&top);
    if (kept >= all || (size_t)now.end * HEADER > kept / 2 ||
        atomic_load(&usable) > low + kept)
        return;
    atomic_store(&bytes, kept);
    account_remove((void *)low);
    account_add(ACCOUNT_EARLY, (void *)low, kept);
    os_release((void *)(low + kept), all - kept);
}
