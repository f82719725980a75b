/* What a debugger needs to know of the structures that headers describe. */
#include "base/debugger.h"

#include "base/node_table.h"
#include "base/options.h"
#include "base/specific.h"
#include "collect/collector.h"
#include "heap/heap.h"
#include "heap/layout.h"
#include "heap/lookup.h"
#include "roots/range.h"
#include "world/next.h"
#include "world/registry.h"
#include "world/self.h"

LINKED(debugger);

extern char __start_gcalloc_private[] __attribute__((visibility("hidden")));
extern char __stop_gcalloc_private[] __attribute__((visibility("hidden")));

DEBUGGER_TABLE = {
    DEBUGGER_NUMBER(DEBUGGER_VERSION),

    DEBUGGER_VARIABLE("process_heap", process_heap),
    DEBUGGER_VARIABLE("process_collector", process_collector),
    DEBUGGER_VARIABLE("geometries", geometries),
    DEBUGGER_VARIABLE("no_numbers", heap_numbers_none),
    DEBUGGER_PLACE("private.start", __start_gcalloc_private),
    DEBUGGER_PLACE("private.end", __stop_gcalloc_private),
    DEBUGGER_VARIABLE("options.collect", options.collect),
    DEBUGGER_VARIABLE("options.quarantine", options.quarantine),

    DEBUGGER_FIELD(heap, base),
    DEBUGGER_FIELD(heap, bytes),
    DEBUGGER_FIELD(heap, words),
    DEBUGGER_FIELD(heap, states),
    DEBUGGER_FIELD(heap, units),
    DEBUGGER_FIELD(heap, sites),
    DEBUGGER_FIELD(heap, typed),
    DEBUGGER_FIELD(heap, types),
    DEBUGGER_FIELD(heap, numbers),
    DEBUGGER_FIELD(heap, layouts),
    DEBUGGER_FIELD(heap, pad_from),

    DEBUGGER_FIELD(heap_numbers, tables_bytes),
    DEBUGGER_FIELD(heap_numbers, unit_limit),
    DEBUGGER_FIELD(heap_numbers, mark),
    DEBUGGER_FIELD(heap_numbers, used_bytes),
    DEBUGGER_FIELD(heap_numbers, dirty_bytes),
    DEBUGGER_FIELD(heap_numbers, unit_run_bytes),
    DEBUGGER_FIELD(heap_numbers, hole_bytes),
    DEBUGGER_FIELD(heap_numbers, limit),
    DEBUGGER_FIELD(heap_numbers, budget),
    DEBUGGER_FIELD(heap_numbers, charged),
    DEBUGGER_FIELD(heap_numbers, counters.freed_bytes),
    DEBUGGER_FIELD(heap_numbers, counters.reclaimed_bytes),
    DEBUGGER_FIELD(heap_numbers, counters.reclaimed_objects),

    DEBUGGER_FIELD(collector, collections),
    DEBUGGER_FIELD(collector, disabled),

    DEBUGGER_SIZE(geometry),
    DEBUGGER_FIELD(geometry, reciprocal),
    DEBUGGER_FIELD(geometry, size),
    DEBUGGER_FIELD(geometry, count),

    DEBUGGER_SIZE(unit),
    DEBUGGER_FIELD(unit, block.bytes),
    DEBUGGER_FIELD(unit, block.touched),
    DEBUGGER_FIELD(unit, block.flags),

    DEBUGGER_SIZE(site),
    DEBUGGER_FIELD(site, stack),
    DEBUGGER_FIELD(site, note),

    DEBUGGER_SIZE(typed_bin),
    DEBUGGER_FIELD(typed_bin, what),
    DEBUGGER_SIZE(layout),
    DEBUGGER_FIELD(layout, words),
    DEBUGGER_FIELD(layout, count),
    DEBUGGER_FIELD(layout, size),
    DEBUGGER_FIELD(layout, header),
    DEBUGGER_FIELD(layout, shape),
    DEBUGGER_FIELD(layout, sized),
    DEBUGGER_FIELD(layout, name),

    DEBUGGER_FIELD(mutator, next),
    DEBUGGER_FIELD(mutator, life),
    DEBUGGER_FIELD(mutator, own),
    DEBUGGER_FIELD(mutator, tid),
    DEBUGGER_FIELD(mutator, safety),
    DEBUGGER_FIELD(mutator, system.low),
    DEBUGGER_FIELD(mutator, system.left),
    DEBUGGER_FIELD(mutator, stack_low),
    DEBUGGER_FIELD(mutator, stack_high),
    DEBUGGER_FIELD(mutator, pointer),
    DEBUGGER_FIELD(mutator, cache),
    DEBUGGER_FIELD(mutator, blocking),
    DEBUGGER_FIELD(mutator, argument),
    DEBUGGER_FIELD(mutator, result),
    DEBUGGER_FIELD(mutator, armed),
    DEBUGGER_FIELD(mutator, disarmed.ss_sp),
    DEBUGGER_FIELD(mutator, interruptions),
    DEBUGGER_FIELD(interruptions, count),
    DEBUGGER_FIELD(interruptions, of),
    DEBUGGER_NUMBER(INTERRUPTIONS_MOST),

    DEBUGGER_FIELD(node_table, tree.root),
    DEBUGGER_FIELD(node_table, nodes),
    DEBUGGER_FIELD(treap_links, left),
    DEBUGGER_FIELD(treap_links, right),
    DEBUGGER_FIELD(range, low),
    DEBUGGER_FIELD(range, high),

    DEBUGGER_NUMBER(UNIT_SHIFT),
    DEBUGGER_NUMBER(UNIT_USED),
    DEBUGGER_NUMBER(UNIT_TYPED),
    DEBUGGER_NUMBER(UNIT_BIN_SHIFT),
    DEBUGGER_NUMBER(UNIT_BIN_BITS),
    DEBUGGER_NUMBER(UNIT_DISTANCE_SHIFT),
    DEBUGGER_NUMBER(UNIT_DISTANCE_MAX),
    DEBUGGER_NUMBER(UNIT_STATES_SHIFT),
    DEBUGGER_NUMBER(GEOMETRY_SHIFT),
    DEBUGGER_NUMBER(CLASS_BITS),
    DEBUGGER_NUMBER(CLASS_NONE),
    DEBUGGER_NUMBER(CLASS_LARGE),
    DEBUGGER_NUMBER(KIND_ATOMIC),
    DEBUGGER_NUMBER(KIND_MANUAL),
    DEBUGGER_NUMBER(STATE_FREE),
    DEBUGGER_NUMBER(STATE_RESERVED),
    DEBUGGER_NUMBER(STATE_NEW),
    DEBUGGER_NUMBER(BLOCK_FILLED),
    DEBUGGER_NUMBER(LAYOUTS_TOGETHER),
    DEBUGGER_NUMBER(LAYOUT_BITS),
    DEBUGGER_NUMBER(LAYOUT_WORDS),
    DEBUGGER_NUMBER(SITE_FREED),
    DEBUGGER_NUMBER(SITE_STACK),
    DEBUGGER_NUMBER(SITE_SLACK),
    DEBUGGER_NUMBER(LIFE_STARTING),
    DEBUGGER_NUMBER(LIFE_LIVING),
    DEBUGGER_NUMBER(LIFE_FINISHED),
    DEBUGGER_NUMBER(SAFETY_NONE),
    DEBUGGER_NUMBER(SPECIFIC_BLOCKS),
    DEBUGGER_NUMBER(SPECIFIC_BLOCK_BYTES),
};
