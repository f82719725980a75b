/* Statistics, for programs and at exit. */
#include <gcalloc/memory.h>
#include <gcalloc/walk.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/meta.h"
#include "base/options.h"
#include "collect/collector.h"
#include "heap/mesh_pages.h"
#include "heap/cache.h"
#include "heap/count.h"
#include "heap/extent.h"
#include "heap/heap.h"
#include "heap/layout.h"
#include "heap/sweep_later.h"
#include "mutator/barred.h"
#include "mutator/hooks.h"
#include "mutator/held.h"
#include "mutator/quarantine.h"
#include "profile/profile.h"
#include "report/ending.h"
#include "report/holders.h"
#include "report/leaked.h"
#include "report/out.h"
#include "world/next.h"
#include "world/stop.h"

LINKED(stats);

/* Of all threads; while they run it is no more than roughly right.  The world lock is
 * held. */
static struct cache_held held_by_all(void)
{
    struct cache_held all = {0};
    lock_check_held(RANK_WORLD);
    for (MUTATORS(m)) {
        const struct cache *c = __atomic_load_n(&m->cache, __ATOMIC_ACQUIRE);
        struct cache_held held = c ? cache_held(c) : (struct cache_held){0};
        all.run_bytes += held.run_bytes;
        all.magazine_bytes += held.magazine_bytes;
    }
    return all;
}

static void fill_heap(struct gc_stats *s, struct heap *h)
{
    struct cache_held held = held_by_all();
    struct extent_bytes bytes = extent_bytes(h);
    size_t limit = __atomic_load_n(&h->numbers->limit, __ATOMIC_RELAXED);
    s->heap_bytes = bytes.held;
    s->heap_bytes_max = bytes.held_most;
    s->live_bytes = h->numbers->live_bytes;
    s->live_objects = h->numbers->live_objects;
    s->allocated_bytes =
        count_get(&h->numbers->counters.allocated_bytes) - held.run_bytes;
    s->reclaimed_bytes = h->numbers->counters.reclaimed_bytes;
    s->reclaimed_objects = h->numbers->counters.reclaimed_objects;
    s->freed_bytes = count_get(&h->numbers->counters.freed_bytes) +
                     h->numbers->counters.reclaimed_bytes + held.magazine_bytes +
                     quarantine_bytes() + barred_bytes() + held_bytes();
    s->budget_bytes = __atomic_load_n(&h->numbers->budget, __ATOMIC_RELAXED);
    s->charged_bytes = __atomic_load_n(&h->numbers->charged, __ATOMIC_RELAXED);
    s->limit_bytes = limit == SIZE_MAX ? 0 : limit;
    s->reserved_bytes = (uint64_t)(h->numbers->unit_limit - 1) << UNIT_SHIFT;
    s->returned_bytes = count_get(&h->numbers->counters.returned_bytes);
    s->external_bytes = __atomic_load_n(&h->numbers->external_bytes, __ATOMIC_RELAXED);
    s->meshed_bytes = mesh_bytes(h);
    s->out_of_memory = count_get(&h->numbers->counters.out_of_memory);
}

static void fill_collector(struct gc_stats *s, const struct collector *c)
{
    s->collections = c->collections;
    s->young_collections = c->young_collections;
    s->concurrent_collections = c->concurrent_collections;
    s->root_bytes = c->marker.root_bytes;
    s->young_static_bytes = c->young_static_bytes;
    s->marking_assists = c->marking_assists;
    s->pause_ns_last = c->pause_ns_last;
    s->pause_ns_max = c->pause_ns_max;
    s->pause_ns_total = c->pause_ns_total;
    s->stop_ns_last = c->stop_ns_last;
    s->stop_ns_total = c->stop_ns_total;
    s->mark_ns_total = c->mark_ns_total;
    s->sweep_ns_total = c->sweep_ns_total;
}

/* What a cycle writes holds still meanwhile. */
void gc_stats_get(struct gc_stats *stats)
{
    struct gc_stats s = {.version = GC_STATS_VERSION};
    static bool said PRIVATE_DATA;
    uint32_t size = stats ? stats->size : 0;
    if (size < offsetof(struct gc_stats, collections)) {
        if (!__atomic_exchange_n(&said, true, __ATOMIC_RELAXED))
            log_line("gc_stats_get: nothing is filled in: there is no structure, or its "
                     "`size` is %u, which is to be sizeof(struct gc_stats)",
                     size);
        return;
    }
    bool taken = world_hold();
    sweep_later(&process_heap, UINT32_MAX);
    fill_heap(&s, &process_heap);
    fill_collector(&s, &process_collector);
    world_let_go(taken);
    s.meta_bytes = meta_bytes();
    s.size = (uint32_t)min_size(size, sizeof s);
    memcpy(stats, &s, s.size);
}

static void log_stats(void)
{
    struct gc_stats s = {.size = sizeof s};
    struct gc_memory m = {.size = sizeof m};
#define LOG_FIELD(from, name, meaning) \
    log_line("%-22s %14llu  %s", #name, (unsigned long long)(from).name, meaning);
#define LOG_STATS(name, meaning) LOG_FIELD(s, name, meaning)
#define LOG_MEMORY(name, meaning) LOG_FIELD(m, name, meaning)
    gc_stats_get(&s);
    GC_STATS_FIELDS(LOG_STATS)
    if (gc_stats_memory(&m) != 0)
        return;
    log_line("where memory goes, in bytes:");
    GC_MEMORY_FIELDS(LOG_MEMORY)
#undef LOG_MEMORY
#undef LOG_STATS
#undef LOG_FIELD
}

static void log_type(const struct gc_type_count *count, void *data)
{
    (void)data;
    if (count->name)
        log_line("type %s: %zu objects, %zu bytes", count->name, count->objects,
                 count->bytes);
    else if (count->layout)
        log_line("type %u: %zu objects, %zu bytes", count->layout, count->objects,
                 count->bytes);
    else
        log_line("without a layout: %zu objects, %zu bytes", count->objects,
                 count->bytes);
}

/* The objects that there are by layout, in a program that has layouts. */
static void log_types(void)
{
    if (layout_count(&process_heap) > 0)
        gc_stats_types(log_type, NULL);
}

/* One object on one line, where reports go. */
static void print_json(void)
{
    struct gc_stats s = {.size = sizeof s};
    struct gc_memory m = {.size = sizeof m};
    const char *separator = "";
    gc_stats_get(&s);
    gc_stats_memory(&m);
#define PRINT_FIELD(from, name)                                                    \
    out_print("%s\"%s\":%llu", separator, #name, (unsigned long long)(from).name), \
        separator = ",";
#define PRINT_STATS(name, meaning) PRINT_FIELD(s, name)
#define PRINT_MEMORY(name, meaning) PRINT_FIELD(m, name)
    out_print("{\"statistics\":{");
    GC_STATS_FIELDS(PRINT_STATS)
    separator = "";
    out_print("},\"memory\":{");
    GC_MEMORY_FIELDS(PRINT_MEMORY)
    out_print("}}\n");
#undef PRINT_MEMORY
#undef PRINT_STATS
#undef PRINT_FIELD
}

static void report_stats(void)
{
    if (OPTION_NOW(report_format) != FORMAT_JSON) {
        log_stats();
        log_types();
    } else if (out_lock()) {
        out_open();
        print_json();
        out_close();
        out_unlock();
    }
}

static void report_at_exit(void)
{
    leaked_record();
    holders_record();
    profile_end();
    ending_report();
    if (OPTION_NOW(stats))
        report_stats();
    ending_finish();
}

__attribute__((constructor(BEFORE_PROGRAMS))) static void begin(void)
{
    report_hooks.at_exit = report_at_exit;
    report_hooks.started = ending_begin;
    ending_begin(); /* the heap may have been used before */
}
