/* Events. */
#include <errno.h>

#include "region/ipc/ipc.h"

struct gc_event {
    uint64_t kind;
    uint32_t is_set;    /* atomic */
    uint32_t automatic; /* a wait clears it */
    struct bell bell;
};

gc_event *gc_event_new(gc_region *r, unsigned flags)
{
    if (flags & ~GC_EVENT_AUTO)
        return region_fail(EINVAL, "gc_event_new has the flag GC_EVENT_AUTO"), NULL;
    gc_event *e = ipc_new(r, IPC_EVENT, sizeof *e);
    if (e)
        e->automatic = flags & GC_EVENT_AUTO;
    return e;
}

int gc_event_set(gc_region *r, gc_event *e)
{
    if (!ipc_use(r, e, IPC_EVENT))
        return -1;
    __atomic_exchange_n(&e->is_set, 1, __ATOMIC_SEQ_CST);
    if (e->automatic)
        bell_ring_one(&e->bell);
    else
        bell_ring(&e->bell);
    return 0;
}

int gc_event_clear(gc_region *r, gc_event *e)
{
    if (!ipc_use(r, e, IPC_EVENT))
        return -1;
    __atomic_store_n(&e->is_set, 0, __ATOMIC_SEQ_CST);
    return 0;
}

static int try_event(void *data)
{
    gc_event *e = data;
    uint32_t set = __atomic_load_n(&e->is_set, __ATOMIC_SEQ_CST);
    if (!set || (e->automatic &&
                 !__atomic_compare_exchange_n(&e->is_set, &set, 0, false,
                                              __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)))
        return EAGAIN;
    return 0;
}

int gc_event_wait(gc_region *r, gc_event *e, int timeout_ms)
{
    struct wait w;
    struct region_use *u = ipc_use(r, e, IPC_EVENT);
    if (!u || !wait_begin(&w, u, timeout_ms, e, NULL))
        return -1;
    return wait_for(&w, &e->bell, try_event, e);
}
