/* Address space from the program break.
 *
 * The break belongs to nobody: malloc moves it too.  Where it has moved up since the heap
 * last grew, the heap goes on above it and leaves the space between alone.  sbrk is not
 * thread-safe, so growing needs a world that is stopped, or has one thread only. */
#include "base/os.h"

#include <errno.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/log.h"

static uintptr_t current_break(void)
{
    return (uintptr_t)sbrk(0);
}

/* Nothing is reserved but the way to the alignment: the break may grow as far as it can.
 */
static void *reserve(size_t bytes, size_t alignment)
{
    uintptr_t now = current_break(), start = align_up(now, alignment);
    if (bytes > UINTPTR_MAX - start)
        return errno = ENOMEM, NULL;
    if (os_refused() || sbrk((intptr_t)(start - now)) != (void *)now)
        return NULL;
    return (void *)start;
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
        start = align_up(now, alignment);
    size_t more = start - now + bytes;
    if (more > PTRDIFF_MAX)
        return errno = ENOMEM, NULL;
    return sbrk((intptr_t)more) == (void *)now ? (void *)start : NULL;
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

const struct os_space os_sbrk = {"sbrk", reserve, extend, release};
