/* Statistics, for programs and at exit. */
#include <gcalloc/gcalloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/meta.h"
#include "base/options.h"
#include "collect/collector.h"
#include "heap/cache.h"
#include "heap/heap.h"
#include "mutator/init.h"
#include "world/stop.h"

/* Of all threads; while they run it is no more than roughly right. */
static struct cache_held held_by_all(void)
{
    struct cache_held all = {0};
    if (world_is_mine()) /* a root callback: the world is stopped */
        return all;
    world_lock();
    for (MUTATORS(m)) {
        struct cache_held held = {0};
        if (m->cache)
            held = cache_held(m->cache);
        all.run_bytes += held.run_bytes;
        all.magazine_bytes += held.magazine_bytes;
    }
    world_unlock();
    return all;
}

static void fill_heap(struct gc_stats *s, const struct heap *h)
{
    struct cache_held held = held_by_all();
    s->heap_bytes = h->used_bytes + h->dirty_bytes;
    s->heap_bytes_max = h->counters.heap_bytes_max;
    s->live_bytes = h->live_bytes;
    s->live_objects = h->live_objects;
    s->allocated_bytes = h->counters.allocated_bytes - held.run_bytes;
    s->reclaimed_bytes = h->counters.reclaimed_bytes;
    s->reclaimed_objects = h->counters.reclaimed_objects;
    s->freed_bytes =
        h->counters.freed_bytes + h->counters.reclaimed_bytes + held.magazine_bytes;
    s->budget_bytes = h->budget;
    s->charged_bytes = h->charged;
    s->limit_bytes = h->limit == SIZE_MAX ? 0 : h->limit;
    s->reserved_bytes = (uint64_t)(h->unit_limit - 1) << UNIT_SHIFT;
    s->returned_bytes = h->counters.returned_bytes;
    s->out_of_memory = h->counters.out_of_memory;
}

static void fill_collector(struct gc_stats *s, const struct collector *c)
{
    s->collections = c->collections;
    s->root_bytes = c->marker.root_bytes;
    s->pause_ns_last = c->pause_ns_last;
    s->pause_ns_max = c->pause_ns_max;
    s->pause_ns_total = c->pause_ns_total;
    s->stop_ns_last = c->stop_ns_last;
    s->stop_ns_total = c->stop_ns_total;
    s->mark_ns_total = c->mark_ns_total;
    s->sweep_ns_total = c->sweep_ns_total;
}

void gc_stats_get(struct gc_stats *stats)
{
    struct gc_stats s = {.version = GC_STATS_VERSION};
    fill_heap(&s, &process_heap);
    fill_collector(&s, &collector);
    s.meta_bytes = meta_bytes();
    s.size = (uint32_t)min_size(stats->size, sizeof s);
    memcpy(stats, &s, s.size);
}

static void log_stats(void)
{
    struct gc_stats s = {.size = sizeof s};
    gc_stats_get(&s);
#define LOG_FIELD(name, meaning) \
    log_line("%-18s %14llu  %s", #name, (unsigned long long)s.name, meaning);
    GC_STATS_FIELDS(LOG_FIELD)
#undef LOG_FIELD
}

void report_at_exit(void)
{
    size_t leaks = options.leaks ? gc_leak_check() : 0;
    if (options.stats)
        log_stats();
    if (leaks && options.exit_code) {
        fflush(NULL);
        _exit((int)options.exit_code);
    }
}
