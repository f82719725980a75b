/* Calls that may sleep: outside of the bracket that they were called in, with what they need held. */
#include <errno.h>

#include "region/ipc/ipc.h"

enum {
    SPINS = 200,               /* tries before it sleeps: others are often quick */
    SLICE = 50 * 1000 * 1000,  /* nanoseconds until it looks again */
    MILLISECOND = 1000 * 1000, /* nanoseconds */
};

bool wait_begin(struct wait *w, struct region_use *u, int timeout, void *object,
                void *other)
{
    *w = (struct wait){.use = u, .kept = {object, other}, .timeout = timeout};
    if (LIKELY(timeout == 0 || u->depth == 1))
        return true;
    return region_fail(EDEADLK,
                       "%s: a call that may sleep, in %u brackets: it may be in one only",
                       u->region->name, u->depth) == 0;
}

static void release_all(struct wait *w)
{
    int saved_errno = errno;
    for (int i = 0; i < 2; i++)
        if (w->kept[i])
            gc_region_release(w->use->region, w->kept[i]);
    w->sleeps = false;
    errno = saved_errno;
}

/* Holds what the call needs, before it sleeps for the first time. */
static bool hold_all(struct wait *w)
{
    gc_region *r = w->use->region;
    if (gc_region_hold(r, w->kept[0]) != 0)
        return false;
    if (w->kept[1] && gc_region_hold(r, w->kept[1]) != 0) {
        int error = errno;
        gc_region_release(r, w->kept[0]);
        return errno = error, false;
    }
    return w->sleeps = true;
}

static bool is_spinning(struct wait *w)
{
    relax();
    return w->spins++ < SPINS;
}

/* Sleeps for one slice at most.  The use stays one in a bracket for its own process, which does not close the
 * region meanwhile. */
static bool sleep_at(struct wait *w, struct bell *b, uint32_t word)
{
    gc_region *r = w->use->region;
    uint64_t now = os_now();
    if (!w->sleeps && !hold_all(w))
        return false;
    if (w->timeout > 0 && w->end == 0)
        w->end = now + (uint64_t)w->timeout * MILLISECOND;
    if (w->end && now >= w->end)
        return errno = ETIMEDOUT, false;
    uint64_t rest = w->end ? w->end - now : SLICE;
    region_exit(w->use);
    if (region_is_due(r))
        region_collect(r, CAUSE_BUDGET);
    w->look = !bell_wait(b, word, min_size(rest, SLICE));
    return region_enter(w->use);
}

/* Not at once. */
NOINLINE static int wait_longer(struct wait *w, struct bell *b, int (*step)(void *data),
                                void *data)
{
    int error = EAGAIN;
    while (error == EAGAIN && is_spinning(w))
        error = step(data);
    while (error == EAGAIN) {
        uint32_t word = bell_watch(b);
        error = step(data);
        if (error == EAGAIN && !sleep_at(w, b, word)) {
            error = errno;
            break;
        }
    }
    if (w->sleeps)
        release_all(w);
    return error;
}

int wait_for(struct wait *w, struct bell *b, int (*step)(void *data), void *data)
{
    int saved_errno = errno, error = step(data);
    if (error == EAGAIN && w->timeout != 0)
        error = wait_longer(w, b, step, data);
    else if (error == EAGAIN) {
        w->look = true; /* it does not sleep, and may be called again and again */
        error = step(data);
    }
    errno = error ? error : saved_errno;
    return error ? -1 : 0;
}
