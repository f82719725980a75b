/* Steps of meshing, and the stops for them. */
#include "collect/compact.h"

#include <errno.h>

#include "base/cancel.h"
#include "base/log.h"
#include "base/options.h"
#include "base/os.h"
#include "heap/mesh.h"
#include "heap/mesh_pages.h"
#include "world/fork.h"
#include "world/stop.h"
#include "world/systemstack.h"

enum {
    STEPS_AT_ONCE = 4, /* where the program has asked for all that can be had, or rests */
    /* A program that goes on meanwhile is to have this many times as long for itself between two steps. */
    PASS_FACTOR = 9,
    /* Nanoseconds in which no other thread begins a step: the child of a fork does not see the end of it. */
    STEP_MOST = 1000000000,
};

enum { NOT_DUE, DUE, DUE_AFTER_REST };

/* Whether threads of the program are to do steps, and from when on (os_now).  Atomic. */
static struct {
    uint64_t from;
    uint32_t due; /* NOT_DUE, ... */
} steps PRIVATE_DATA;

/* The heap that is meshed.  Constant after start. */
static struct heap *meshed PRIVATE_DATA;

static void before_fork(bool stopped)
{
    mesh_before_fork(meshed, stopped);
}

void compact_start(struct heap *h)
{
    if (!options.compact)
        return;
    if (!mesh_start(h)) {
        log_line("compact=mesh: the heap is not compacted: %s",
                 errno == ENOTSUP
                     ? "this needs os=mmap, and pages of 4 KiB"
                     : "the system gives no file in memory, or no room for the tables");
        return;
    }
    meshed = h;
    fork_before_hook = before_fork;
}

/* Blocks are meshed on a world that stands, between cycles, and not where some are tenured, whose pages are known to
 * the kernel where they are. */
static bool can_step(const struct heap *h)
{
    return !h->marking && !h->tenures && world_stands();
}

void compact_in_cycle(struct heap *h)
{
    if (!h->mesh || !can_step(h))
        return;
    mesh_tidy(h);
    mesh_step(h);
}

/* Goes on by so many steps.  Returns false if nothing is left to be done in this round, or if it cannot be done
 * now. */
static bool stop_for(struct heap *h, unsigned count, bool wakes)
{
    bool more = false;
    world_lock();
    if (world_stop() && can_step(h)) {
        if (wakes)
            mesh_wake(h);
        do
            more = mesh_step(h);
        while (more && --count > 0);
    }
    world_restart();
    world_unlock();
    return more;
}

void compact_all(struct heap *h)
{
    if (!h->mesh)
        return;
    uint64_t began = os_now();
    for (bool first = true; stop_for(h, STEPS_AT_ONCE, first); first = false)
        world_let_run();
    if (OPTION_NOW(log))
        log_line("compacted in %llu ms: blocks have %zu KiB in common",
                 (unsigned long long)(os_now() - began) / 1000000, mesh_bytes(h) >> 10);
}

void compact_soon(struct heap *h, bool rests)
{
    if (h->mesh && (rests || __atomic_load_n(&steps.due, __ATOMIC_RELAXED) == NOT_DUE))
        __atomic_store_n(&steps.due, rests ? DUE_AFTER_REST : DUE, __ATOMIC_RELAXED);
}

static void step_now(void *heap)
{
    uint64_t began = os_now();
    if (began < __atomic_load_n(&steps.from, __ATOMIC_RELAXED) || world_is_mine())
        return;
    __atomic_store_n(&steps.from, began + STEP_MOST, __ATOMIC_RELAXED);
    uint32_t due = __atomic_exchange_n(&steps.due, DUE, __ATOMIC_RELAXED);
    if (!stop_for(heap, 1, due == DUE_AFTER_REST))
        __atomic_store_n(&steps.due, NOT_DUE, __ATOMIC_RELAXED);
    uint64_t now = os_now();
    __atomic_store_n(&steps.from, now + PASS_FACTOR * (now - began), __ATOMIC_RELAXED);
}

void compact_poll(struct heap *h)
{
    if (LIKELY(__atomic_load_n(&steps.due, __ATOMIC_RELAXED) == NOT_DUE) ||
        !registry_is_here())
        return;
    int saved_errno = errno;
    cancel_hold_off();
    systemstack_run(step_now, h);
    cancel_let_in();
    errno = saved_errno;
}
