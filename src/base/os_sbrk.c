/* The backend that takes a heap's address space from the program break.
 *
 * The break belongs to nobody: malloc moves it too.  Where it has moved up since the heap
 * last grew, the heap goes on above it and leaves the space between alone.
 *
 * Where the break cannot move, as something is mapped right above it, the heap goes on above
 * that, by mmap, and leaves the break alone from then on.
 *
 * Nor does the heap begin right at the break that it finds: others hold that address as the
 * end of what is theirs, the dynamic loader the process's first break, and would keep the
 * object there for ever.
 *
 * sbrk is not thread-safe: it reads the break and sets it in two steps, and two callers at
 * the same instant are given the same memory.  The heap's calls are made under one lock.
 * A foreign one that sets the break after ours is seen, and what both were given is left to
 * the other; one that sets it between the two steps of ours is not (docs/limits.md). */
#include "base/os.h"

#include <errno.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/log.h"
#include "base/maps.h"
#include "base/sys.h"

static uintptr_t current_break(void)
{
    return (uintptr_t)sbrk(0);
}

/* The first multiple above the break. */
static uintptr_t start_above(uintptr_t now, size_t alignment)
{
    return align_up(now + 1, alignment);
}

/* What the backend knows of its one heap, guarded by the lock of the heap's extents, or
 * used while the heap is made. */
static struct {
    /* The break that the last reservation found, and what it gave. */
    uintptr_t found, start;
    uintptr_t mapped_end; /* where the memory ends that mmap gave last; 0: none */
} space PRIVATE_DATA;

static void say_elsewhere(uintptr_t now)
{
    static bool said;
    if (!said)
        log_line("the program break cannot move from %p: the heap goes on by mmap",
                 (void *)now);
    said = true;
}

/* Whether the system would grant so much.  Where it locks all memory it grants little, and the
 * heap's tables are not to be made for more. */
static bool is_granted(size_t bytes)
{
    void *p = sys_map(NULL, bytes, PROT_NONE, MAP_NORESERVE);
    if (p == MAP_FAILED)
        return errno = ENOMEM, false;
    sys_unmap(p, bytes);
    return true;
}

/* Nothing is reserved but the way to the alignment, as the break may grow as far as it can. */
static void *reserve(const struct os_space *self, size_t bytes, size_t alignment)
{
    (void)self;
    uintptr_t now = current_break(), start = start_above(now, alignment);
    if (bytes > UINTPTR_MAX - start)
        return errno = ENOMEM, NULL;
    if (os_refused() || !is_granted(start - now + bytes))
        return NULL;
    space.found = now;
    space.start = start;
    space.mapped_end = 0;
    if (sbrk((intptr_t)(start - now)) != (void *)now) {
        space.mapped_end = start;
        say_elsewhere(now);
    }
    return (void *)start;
}

/* Moves the break.  Returns false with errno ENOMEM if there is nothing, and with EAGAIN
 * if what there is does not go on from `now`, or was given to another caller of sbrk as well. */
static bool grow(uintptr_t now, size_t more)
{
    void *before = sbrk((intptr_t)more);
    if (before == (void *)-1)
        return errno = ENOMEM, false;
    if (before == (void *)now && current_break() == now + more)
        return true;
    log_line("somebody has moved the program break from %p at the same instant: the heap "
             "goes on elsewhere",
             (void *)now);
    return errno = EAGAIN, false;
}

/* Makes bytes usable at the break, which lies no lower than `end`.  Returns NULL with
 * errno ENOMEM if it does not go on from there. */
static void *extend_break(uintptr_t end, size_t bytes, size_t alignment)
{
    uintptr_t now = current_break(), start = end;
    if (now > start)
        start = start_above(now, alignment);
    size_t more = start - now + bytes;
    if (more > PTRDIFF_MAX)
        return errno = ENOMEM, NULL;
    if (grow(now, more))
        return (void *)start;
    return errno == EAGAIN ? extend_break(end, bytes, alignment) : NULL;
}

enum { PLACES_MOST = 64 }; /* places that are tried at most */

/* The next address that may be free where something is in the way. */
static uintptr_t behind(uintptr_t start, size_t step, size_t alignment)
{
    struct mapping m;
    if (maps_find(start, &m) == MAPS_FOUND)
        return align_up(m.high, alignment);
    return align_up(start + step, alignment);
}

static void *map_above(uintptr_t start, size_t bytes, size_t alignment)
{
    size_t step = alignment;
    for (int i = 0; i < PLACES_MOST; i++) {
        void *p = sys_map_at((void *)start, bytes, PROT_READ | PROT_WRITE);
        if (p != MAP_FAILED) {
            space.mapped_end = start + bytes;
            return p;
        }
        if (errno != EEXIST)
            break;
        start = behind(start, step, alignment);
        step *= 2;
        if (start > UINTPTR_MAX / 2 - bytes || step > UINTPTR_MAX / 4)
            break;
    }
    return errno = ENOMEM, NULL;
}

static void *extend_elsewhere(uintptr_t start, size_t bytes, size_t alignment)
{
    uintptr_t now = current_break();
    void *p = map_above(max_size(start, start_above(now, alignment)), bytes, alignment);
    if (p)
        say_elsewhere(now);
    return p;
}

static void *extend(const struct os_space *self, void *end, size_t bytes,
                    size_t alignment)
{
    (void)self;
    uintptr_t start = (uintptr_t)end, now = current_break();
    if (os_refused())
        return NULL;
    if (start == space.mapped_end)
        return map_above(start, bytes, alignment);
    if (now < start) {
        log_line(
            "somebody has moved the program break below the heap's end, from %p to %p: "
            "what lay between is lost, and the heap grows no more",
            end, (void *)now);
        return errno = ENOMEM, NULL;
    }
    void *p = extend_break(start, bytes, alignment);
    return p ? p : extend_elsewhere(start, bytes, alignment);
}

/* The memory goes back, the space only if nothing lies above it. */
static void release(const struct os_space *self, void *start, size_t used,
                    size_t reserved)
{
    (void)self;
    (void)reserved;
    uintptr_t first = (uintptr_t)start;
    if (!used && first == space.start && current_break() == first)
        sbrk((intptr_t)(space.found - first));
    if (used && current_break() == (uintptr_t)start + used)
        sbrk(-(intptr_t)used);
    else if (used)
        os_decommit(start, used);
}

/* Only one thing can grow at the break, so the tables are mapped. */
const struct os_space os_sbrk = {
    .name = "sbrk",
    .gaps = true,
    .reserve = reserve,
    .extend = extend,
    .release = release,
    .reserve_tables = os_space_reserve,
    .commit_tables = os_space_commit,
    .release_tables = os_space_release,
    .decommit = os_space_decommit,
};
