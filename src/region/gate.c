/* The gate, closed by who collects: it waits there until the brackets of all other processes have ended. */
#include <errno.h>

#include "base/crash.h"
#include "base/futex.h"
#include "base/options.h"
#include "base/os.h"
#include "region/region.h"

enum {
    MILLISECOND = 1000000, /* nanoseconds */
    AWAKE = 2000,          /* looks at a bracket before its end is waited for asleep */
};

/* What the gate says that is closed, and that only a collection opens: nobody has this number. */
enum { NOBODY = REGION_THREADS + 1 };

/* A bracket of another process; and, of who wants all of them to have ended (`alone`), of another thread. */
static bool holds_up(const gc_region *r, const struct region_thread *t, bool alone)
{
    if (!__atomic_load_n(&t->active, __ATOMIC_ACQUIRE))
        return false;
    bool own = __atomic_load_n(&t->member, __ATOMIC_ACQUIRE) == r->member + 1;
    return !own || (alone && t != &r->threads[lock_holder - 1]);
}

/* Waits until the bracket ends.  false: the time is over. */
static bool await_end(const gc_region *r, const struct region_thread *t, bool alone,
                      uint64_t end)
{
    for (int i = 0; i < AWAKE; i++) {
        if (!holds_up(r, t, alone))
            return true;
        relax();
    }
    for (unsigned looks = 0; holds_up(r, t, alone); looks++) {
        uint32_t never = 0;
        bool over = os_now() > end;
        if ((over || looks % 8 == 0) && region_thread_is_dead(t))
            return true;
        if (over)
            return false;
        futex_wait(&never, 0, MILLISECOND / 8);
    }
    return true;
}

/* Who stays in a bracket is named. */
static bool await_all(gc_region *r, bool alone)
{
    uint64_t end = os_now() + OPTION_NOW(region_wait) * (uint64_t)MILLISECOND;
    for (uint32_t i = 0; i < region_slots(r); i++) {
        const struct region_thread *t = &r->threads[i];
        if (!holds_up(r, t, alone) || await_end(r, t, alone, end))
            continue;
        uint32_t member = t->member - 1;
        region_fail(
            ETIMEDOUT,
            "%s: thread %u of process %u stays in a bracket; a collection waits %zu ms "
            "for that (option region_wait)",
            r->name, t->tid, member < REGION_MEMBERS ? r->members[member].pid : 0,
            OPTION_NOW(region_wait));
        return false;
    }
    return true;
}

void region_open_gate(gc_region *r)
{
    CRASH_POINT("gate: to be opened");
    __atomic_store_n(&r->header->gate, r->orphaned ? NOBODY : 0, __ATOMIC_SEQ_CST);
    CRASH_POINT("gate: open, the lock held");
    futex_wake_shared(&r->header->gate, INT32_MAX);
    lock_leave(&r->header->collect_lock);
}

bool region_gate_is_orphaned(const gc_region *r)
{
    uint32_t closed = __atomic_load_n(&r->header->gate, __ATOMIC_ACQUIRE);
    return closed && lock_hooks.is_dead(&r->header->collect_lock, closed);
}

bool region_close_gate(gc_region *r, bool alone)
{
    if (!lock_try_shared(&r->header->collect_lock))
        return region_fail(EBUSY, "%s: another process collects", r->name) == 0;
    r->orphaned = __atomic_load_n(&r->header->gate, __ATOMIC_RELAXED) != 0;
    __atomic_store_n(&r->header->gate, lock_holder, __ATOMIC_SEQ_CST);
    CRASH_POINT("gate: closed");
    if (await_all(r, alone))
        return true;
    region_open_gate(r);
    return false;
}
