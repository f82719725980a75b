/* Memory outside of the heap that its objects hold: it counts as if it were theirs.  None
 * of it is allocated or freed here.  What is taken off never makes the count wrap. */
#include <gcalloc/gcalloc.h>

#include "collect/trigger.h"
#include "heap/count.h"
#include "heap/heap.h"
#include "mutator/init.h"

void gc_external_add(size_t bytes)
{
    struct heap *h = &process_heap;
    if (!mutator_enter())
        return;
    __atomic_fetch_add(&h->numbers->external_bytes, bytes, __ATOMIC_RELAXED);
    heap_charge(h, bytes);
    trigger_poll(&process_collector);
    mutator_leave();
}

void gc_external_sub(size_t bytes)
{
    struct heap *h = &process_heap;
    if (!mutator_enter())
        return;
    size_t external = __atomic_load_n(&h->numbers->external_bytes, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&h->numbers->external_bytes, &external,
                                        external - min_size(external, bytes), true,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        continue;
    heap_credit(h, bytes);
    mutator_leave();
}
