/* Address space from the program break.
 *
 * The break belongs to nobody: malloc moves it too.  Where it has moved up since the heap
 * last grew, the heap goes on above it and leaves the space between alone.
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

static uintptr_t current_break(void)
{
    return (uintptr_t)sbrk(0);
}

/* The first multiple above the break. */
static uintptr_t start_above(uintptr_t now, size_t alignment)
{
    return align_up(now + 1, alignment);
}

/* Nothing is reserved but the way to the alignment: the break may grow as far as it can.
 */
static void *reserve(size_t bytes, size_t alignment)
{
    uintptr_t now = current_break(), start = start_above(now, alignment);
    if (bytes > UINTPTR_MAX - start)
        return errno = ENOMEM, NULL;
    if (os_refused() || sbrk((intptr_t)(start - now)) != (void *)now)
        return NULL;
    return (void *)start;
}

/* false with errno ENOMEM: nothing; with EAGAIN: not from `now` on, or something that another
 * caller of sbrk was given as well. */
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

static void *extend(void *end, size_t bytes, size_t alignment)
{
    uintptr_t now = current_break(), start = (uintptr_t)end;
    if (os_refused())
        return NULL;
    if (now < start) {
        log_line(
            "somebody has moved the program break below the heap's end, from %p to %p: "
            "what lay between is lost, and the heap grows no more",
            end, (void *)now);
        return errno = ENOMEM, NULL;
    }
    if (now > start)
        start = start_above(now, alignment);
    size_t more = start - now + bytes;
    if (more > PTRDIFF_MAX)
        return errno = ENOMEM, NULL;
    if (grow(now, more))
        return (void *)start;
    return errno == EAGAIN ? extend(end, bytes, alignment) : NULL;
}

/* The memory goes back, the space only if nothing lies above it. */
static void release(void *start, size_t used, size_t reserved)
{
    (void)reserved;
    if (used && current_break() == (uintptr_t)start + used)
        sbrk(-(intptr_t)used);
    else if (used)
        os_decommit(start, used);
}

const struct os_space os_sbrk = {"sbrk", false, reserve, extend, release};
