/* Finalizers that are ready run: where the program says so, on the attendant, or when it ends.  No lock is
 * held meanwhile, and nothing of this file's is between two states: a finalizer may leave as it likes. */
#include "object/ready.h"

#include <gcalloc/finalizer.h>

#include "base/options.h"
#include "mutator/init.h"
#include "object/watch.h"

/* From here on the caller's frame keeps the object alive. */
static bool take_ready(struct ready *r)
{
    watch_lock();
    uint32_t number = watched.ready.count;
    if (number) {
        *r = *(struct ready *)table_at(&watched.ready, number);
        table_remove(&watched.ready, number);
    }
    watch_unlock();
    return number;
}

size_t gc_finalizers_run(void)
{
    struct ready r = {0};
    size_t count = 0;
    for (;; count++) {
        if (!mutator_enter())
            return count;
        bool taken = take_ready(&r);
        mutator_leave();
        if (!taken)
            return count;
        r.function((void *)r.object, (void *)r.data);
    }
}

size_t gc_finalizers_ready(void)
{
    if (!mutator_enter())
        return 0;
    watch_lock();
    uint32_t count = watched.ready.count;
    watch_unlock();
    mutator_leave();
    return count;
}

/* The finalizer that was set last, if there is one. */
static bool take_any(struct watch *w)
{
    watch_lock();
    uint32_t number = watched.watches.count;
    while (number && watch_at(number)->flags & WATCH_GUARDED)
        number--;
    if (number) {
        *w = *watch_at(number);
        watch_remove(number);
    }
    watch_unlock();
    return number;
}

void ready_run_all(void)
{
    struct watch w;
    if (!OPTION_NOW(finalize_at_exit))
        return;
    do
        gc_collect();
    while (gc_finalizers_run() > 0);
    for (uint32_t left = watched.watches.count; left; left--)
        if (take_any(&w))
            w.function((void *)w.object, (void *)w.data);
}
