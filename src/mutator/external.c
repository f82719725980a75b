/* Memory outside of the heap that its objects hold: it counts as if it were theirs.  None
 * of it is allocated or freed here.  The count never wraps: there is a most that it comes to, and
 * what was not added is not taken off, nor from what is charged. */
#include <gcalloc/gcalloc.h>

#include "base/log.h"
#include "collect/trigger.h"
#include "heap/count.h"
#include "heap/heap.h"
#include "mutator/init.h"

/* So that sums of it with sizes of the heap do not wrap either. */
#define EXTERNAL_MOST (SIZE_MAX / 4)

static size_t *external(void)
{
    return &process_heap.numbers->external_bytes;
}

/* Returns how much was added. */
static size_t add(size_t bytes)
{
    size_t before = __atomic_load_n(external(), __ATOMIC_RELAXED), added;
    do
        added = min_size(bytes, EXTERNAL_MOST - before);
    while (!__atomic_compare_exchange_n(external(), &before, before + added, true,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    return added;
}

/* Returns how much was taken off. */
static size_t take(size_t bytes)
{
    size_t before = __atomic_load_n(external(), __ATOMIC_RELAXED), taken;
    do
        taken = min_size(bytes, before);
    while (!__atomic_compare_exchange_n(external(), &before, before - taken, true,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    return taken;
}

static void say(size_t bytes, size_t taken)
{
    static bool said PRIVATE_DATA;
    if (!__atomic_exchange_n(&said, true, __ATOMIC_RELAXED))
        log_line(
            "gc_external_sub(%zu): only %zu bytes of what gc_external_add was told are "
            "left, and the rest is ignored",
            bytes, taken);
}

void gc_external_add(size_t bytes)
{
    if (!mutator_enter())
        return;
    heap_charge(&process_heap, add(bytes));
    trigger_poll(&process_collector);
    mutator_leave();
}

void gc_external_sub(size_t bytes)
{
    if (!mutator_enter())
        return;
    size_t taken = take(bytes);
    heap_credit(&process_heap, taken);
    mutator_leave();
    if (taken < bytes)
        say(bytes, taken);
}
