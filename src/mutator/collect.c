/* The program asks for a collection. */
#include <gcalloc/gcalloc.h>

#include "collect/collector.h"
#include "heap/heap.h"
#include "mutator/guard.h"
#include "mutator/init.h"

void gc_collect(void)
{
    if (!mutator_enter())
        return;
    collector_run(&process_collector, CAUSE_REQUEST);
    guard_poll(&process_heap);
    mutator_leave();
}

void gc_collect_begin(void)
{
    struct collector *c = &process_collector;
    if (!mutator_enter())
        return;
    bool beside = concurrent_is_possible(c->heap) && !collector_is_disabled(c);
    collector_run(c, beside ? CAUSE_BEGIN : CAUSE_REQUEST);
    concurrent_go_on(c);
    mutator_leave();
}

void gc_collect_young(void)
{
    if (!mutator_enter())
        return;
    __atomic_store_n(&process_collector.generations.asked, true, __ATOMIC_RELAXED);
    collector_run(&process_collector, CAUSE_YOUNG);
    mutator_leave();
}
