/* Replays recorded traces on a private heap under each fit policy.  bench/README.md says
 * what the columns mean.
 *
 *   replay [--runs N] [--json FILE] [--log] TRACE...
 *
 * A trace whose name ends in .xz is read through xz.  Objects are laid out as the library
 * lays them out, but their contents are not touched. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/options.h"
#include "base/os.h"
#include "heap/block.h"
#include "heap/cache.h"
#include "heap/extent.h"
#include "heap/fit.h"
#include "heap/heap.h"
#include "heap/wide.h"
#include "trace.h"

enum {
    ADAPTIVE = 4,
    POLICIES = 5,
    /* Where a node is in the tree depends on a hash of its number: one extent that is
     * found again and again may happen to be near the root or deep down.  So each trace
     * is measured from so many first units on, and the mean taken. */
    SHIFTS = 16,
};

static const struct fit *const policies[POLICIES] = {&fit_best, &fit_first, &fit_next,
                                                     &fit_buddy, &fit_adaptive};

static _Noreturn void fail(const char *what, const char *which)
{
    fprintf(stderr, "replay: %s: %s\n", what, which);
    exit(1);
}

static void *grown(void *array, size_t count, size_t *capacity, size_t element)
{
    if (count < *capacity)
        return array;
    *capacity = *capacity ? 2 * *capacity : 1024;
    array = realloc(array, *capacity * element);
    if (!array)
        fail("out of memory", "reading");
    return array;
}

/* ---- Reading a trace -------------------------------------------------------------- */

struct operation {
    enum trace_op op;
    size_t object; /* its number */
    size_t size, alignment;
};

struct trace {
    char name[64];
    struct operation *operations;
    size_t count, capacity, objects;
    size_t large; /* allocations that do not fit a size class */
};

static bool read_operation(FILE *in, struct trace *t, struct operation *o)
{
    uint64_t first, second = 0;
    if (!trace_read_number(in, &first))
        return false;
    o->op = (enum trace_op)(first & ((1u << TRACE_OP_BITS) - 1));
    first >>= TRACE_OP_BITS;
    if (o->op >= TRACE_REALLOC && !trace_read_number(in, &second))
        return false;
    bool is_new = o->op == TRACE_ALLOC || o->op == TRACE_ALIGNED;
    o->object = is_new ? ++t->objects : t->objects - first;
    o->size = is_new ? first : second;
    o->alignment = o->op == TRACE_ALIGNED ? (size_t)1 << (second & 63) : GRANULE;
    if (o->object == 0 || o->object > t->objects)
        fail("not a trace", t->name);
    t->large += o->op != TRACE_FREE && o->size >= MEDIUM_MAX;
    return true;
}

static void set_name(struct trace *t, const char *path)
{
    const char *slash = strrchr(path, '/');
    snprintf(t->name, sizeof t->name, "%s", slash ? slash + 1 : path);
    t->name[strcspn(t->name, ".")] = '\0';
}

static struct trace read_trace(const char *path)
{
    struct trace t = {0};
    bool packed;
    FILE *in = trace_open(path, &packed);
    if (!in)
        fail("cannot read", path);
    set_name(&t, path);
    struct operation o;
    while (read_operation(in, &t, &o)) {
        t.operations =
            grown(t.operations, t.count, &t.capacity, sizeof(struct operation));
        t.operations[t.count++] = o;
    }
    if (!trace_close(in, packed) || t.count == 0)
        fail("cannot read", path);
    return t;
}

/* ---- One object at a time, as src/mutator does on the process heap --------------- */

static struct heap heap;
static struct cache *cache;

static void *alloc_slot(unsigned bin)
{
    struct slot taken;
    while (!bin_take(&cache->bins[bin], false, &taken))
        if (!cache_advance(cache, bin) && !cache_refill(cache, bin))
            return NULL;
    return taken.object;
}

/* NULL: it is to be large. */
static void *alloc_wide(size_t size, size_t alignment)
{
    bool clean;
    unsigned class = sizeclass_wide(size, alignment);
    if (class == CLASS_NONE)
        return NULL;
    return wide_alloc(&heap, bin_of(KIND_MANUAL_ATOMIC, class), word_shard(cache->shard),
                      &clean);
}

static void *alloc_large(size_t size, size_t alignment)
{
    uint32_t head = block_create_large(&heap, KIND_MANUAL_ATOMIC, size, alignment);
    if (!head)
        return NULL;
    block_at(&heap, head)->free_count = 0;
    *block_states(&heap, head) = STATE_NEW;
    return (void *)unit_address(&heap, head);
}

static void *alloc(size_t size, size_t alignment)
{
    bool filled;
    unsigned class = alignment <= GRANULE
                         ? sizeclass_for(size, false)
                         : sizeclass_for_aligned(size, alignment, false, &filled);
    void *object = class == CLASS_LARGE ? alloc_wide(size, alignment)
                                        : alloc_slot(bin_of(KIND_MANUAL_ATOMIC, class));
    if (!object && class == CLASS_LARGE)
        object = alloc_large(size, alignment);
    if (!object)
        fail("out of memory", "replaying");
    return object;
}

static uint32_t head_of(const void *object)
{
    return unit_head(&heap, unit_of(&heap, (uintptr_t)object));
}

static void release(void *object)
{
    struct cell o = lookup_cell(&heap, (uintptr_t)object);
    if (word_class(o.word) <= CLASS_MEDIUM_LAST) {
        cache_free(cache, o.word, object, o.state);
        return;
    }
    uint32_t head = head_of(object);
    struct lock *lock = block_lock(&heap, head);
    *o.state = STATE_FREE;
    block_free_slots(&heap, head, 1);
    lock_release(lock, RANK_BIN);
}

static bool resize_in_place(void *object, size_t size)
{
    uint32_t head = head_of(object);
    unsigned class = word_class(heap.words[head]);
    if (class != CLASS_LARGE) {
        size_t slot = geometries[class].size;
        return size + (slot >= PAD_FROM) <= slot && (size > slot / 2 || slot == GRANULE);
    }
    if (size > block_at(&heap, head)->bytes)
        return block_grow_large(&heap, head, size);
    if (size <= MEDIUM_MAX)
        return false;
    block_shrink_large(&heap, head, size);
    return true;
}

static void *resize(void *object, size_t size)
{
    if (resize_in_place(object, size))
        return object;
    void *moved = alloc(size, GRANULE);
    release(object);
    return moved;
}

/* ---- A whole trace ---------------------------------------------------------------- */

struct held {
    void *address;
    size_t asked;
};

/* What one policy does with one trace: means over all shifts. */
struct result {
    double ns; /* per operation, the least of all runs */
    double peak_units, searches, steps, internal, external;
    double switches, moved; /* adaptive's; extents moved by them */
};

/* What is followed through a replay. */
struct measure {
    size_t asked, slots;           /* bytes of living objects */
    size_t slots_peak, asked_then; /* when `slots` was highest */
    size_t used_peak;              /* bytes */
    uint32_t end;                  /* of the highest unit ever in use */
};

static size_t slot_bytes(const void *object)
{
    uint32_t head = head_of(object);
    unsigned class = word_class(heap.words[head]);
    return class == CLASS_LARGE ? block_at(&heap, head)->bytes : geometries[class].size;
}

static void measure_out(struct measure *m, const struct held *o)
{
    m->asked -= o->asked;
    m->slots -= slot_bytes(o->address);
}

static void measure_in(struct measure *m, const struct held *o)
{
    m->asked += o->asked;
    m->slots += slot_bytes(o->address);
    if (m->slots > m->slots_peak) {
        m->slots_peak = m->slots;
        m->asked_then = m->asked;
    }
    m->used_peak = max_size(m->used_peak, heap.numbers->used_bytes);
    uint32_t head = head_of(o->address);
    m->end = (uint32_t)max_size(m->end, head + block_units(&heap, head));
}

static void apply(struct held *object, const struct operation *o)
{
    switch (o->op) {
    case TRACE_FREE:
        release(object->address);
        object->address = NULL;
        break;
    case TRACE_REALLOC:
        object->address = resize(object->address, o->size);
        break;
    case TRACE_ALLOC:
    case TRACE_ALIGNED:
        object->address = alloc(o->size, o->alignment);
        break;
    }
    object->asked = o->size;
}

static void apply_measured(struct held *object, const struct operation *o,
                           struct measure *m)
{
    if (object->address)
        measure_out(m, object);
    apply(object, o);
    if (object->address)
        measure_in(m, object);
}

/* Runs the trace, the first `shift` units left out; `m` is NULL when only the time
 * counts. Returns nanoseconds. */
static uint64_t run(const struct trace *t, const struct fit *fit, struct held *objects,
                    uint32_t shift, struct measure *m)
{
    struct heap_config config = {.space = &os_mmap, .fit = fit, .reserve = GIB(64)};
    if (!heap_create(&heap, &config) || !(cache = cache_create(&heap)))
        fail("no heap", fit->name);
    if (shift)
        extent_take(&heap, shift, 1, 0);
    memset(objects, 0, (t->objects + 1) * sizeof(struct held));
    uint64_t began = os_now();
    for (size_t i = 0; i < t->count; i++) {
        const struct operation *o = &t->operations[i];
        struct held *object = &objects[o->object];
        if (m)
            apply_measured(object, o, m);
        else
            apply(object, o);
    }
    return os_now() - began;
}

static void finish(void)
{
    cache_destroy(cache);
    heap_destroy(&heap);
}

static void add_shift(struct result *r, const struct trace *t, const struct fit *fit,
                      struct held *objects, uint32_t shift)
{
    struct measure m = {0};
    run(t, fit, objects, shift, &m);
    extent_check(&heap);
    uint32_t peak = m.end - 1 - shift;
    const struct fit_state *s = &heap.numbers->fit_state;
    r->peak_units += (double)peak / SHIFTS;
    r->searches += (double)(s->searches - (shift > 0)) / SHIFTS;
    r->steps += (double)s->steps / SHIFTS;
    r->switches += (double)s->adaptive.switches / SHIFTS;
    r->moved += (double)s->adaptive.moved / SHIFTS;
    r->internal += (1 - (double)m.asked_then / (double)m.slots_peak) / SHIFTS;
    r->external += ((double)peak * UNIT_BYTES / (double)m.used_peak - 1) / SHIFTS;
    finish();
}

static struct result replay(const struct trace *t, const struct fit *fit, int runs)
{
    struct held *objects = calloc(t->objects + 1, sizeof *objects);
    if (!objects)
        fail("out of memory", "replaying");
    struct result r = {.ns = INFINITY};
    for (uint32_t shift = 0; shift < SHIFTS; shift++)
        add_shift(&r, t, fit, objects, shift);
    size_t log = options.log;
    options.log = 0;
    for (int i = 0; i < runs; i++) {
        r.ns = fmin(r.ns, (double)run(t, fit, objects, 0, NULL) / (double)t->count);
        finish();
    }
    options.log = log;
    free(objects);
    return r;
}

/* ---- Reports ---------------------------------------------------------------------- */

/* Adaptive against the fixed policies. */
struct comparison {
    int best;           /* the fixed policy with the least peak, then the fewest steps */
    double peak, steps; /* adaptive's, divided by its */
    double steps_of_least; /* adaptive's steps, divided by the fewest of any */
};

static struct comparison compare(const struct result *r)
{
    struct comparison c = {0};
    double fewest = r[0].steps;
    for (int p = 1; p < ADAPTIVE; p++) {
        const struct result *best = &r[c.best];
        if (r[p].peak_units < best->peak_units ||
            (r[p].peak_units == best->peak_units && r[p].steps < best->steps))
            c.best = p;
        fewest = fmin(fewest, r[p].steps);
    }
    const struct result *a = &r[ADAPTIVE];
    c.peak = a->peak_units / r[c.best].peak_units;
    c.steps = a->steps / r[c.best].steps;
    c.steps_of_least = a->steps / fewest;
    return c;
}

static void print(const struct trace *t, const struct result *r)
{
    printf("\n%s: %zu operations, %zu objects, %zu large\n", t->name, t->count,
           t->objects, t->large);
    printf("%-9s %8s %10s %9s %9s %9s %9s %9s %7s\n", "policy", "ns/op", "peak units",
           "searches", "steps", "internal", "external", "switches", "moved");
    for (int p = 0; p < POLICIES; p++)
        printf("%-9s %8.1f %10.1f %9.0f %9.0f %8.1f%% %8.1f%% %9.2f %7.0f\n",
               policies[p]->name, r[p].ns, r[p].peak_units, r[p].searches, r[p].steps,
               100 * r[p].internal, 100 * r[p].external, r[p].switches, r[p].moved);
    struct comparison c = compare(r);
    printf("adaptive / %s: peak %.3f, steps %.3f (of the fewest: %.3f)\n",
           policies[c.best]->name, c.peak, c.steps, c.steps_of_least);
    fflush(stdout);
}

static void print_json(FILE *out, const struct trace *t, const struct result *r)
{
    fprintf(out, "  {\"trace\": \"%s\", \"operations\": %zu, \"large\": %zu,\n", t->name,
            t->count, t->large);
    for (int p = 0; p < POLICIES; p++)
        fprintf(out,
                "   \"%s\": {\"ns_per_operation\": %.2f, \"peak_units\": %.1f, "
                "\"searches\": %.1f, \"steps\": %.1f, \"internal\": %.4f, "
                "\"external\": %.4f, \"switches\": %.2f, \"moved\": %.1f},\n",
                policies[p]->name, r[p].ns, r[p].peak_units, r[p].searches, r[p].steps,
                r[p].internal, r[p].external, r[p].switches, r[p].moved);
    struct comparison c = compare(r);
    fprintf(out,
            "   \"adaptive_against_best_fixed\": {\"policy\": \"%s\", \"peak\": %.4f, "
            "\"steps\": %.4f, \"steps_of_fewest\": %.4f}}",
            policies[c.best]->name, c.peak, c.steps, c.steps_of_least);
}

/* Returns whether adaptive is where it should be: 3 % in peak, 10 % in steps. */
static bool replay_all(const char *path, int runs, FILE *json, bool is_first)
{
    struct trace t = read_trace(path);
    struct result results[POLICIES];
    for (int p = 0; p < POLICIES; p++)
        results[p] = replay(&t, policies[p], runs);
    print(&t, results);
    if (json) {
        fputs(is_first ? "[\n" : ",\n", json);
        print_json(json, &t, results);
    }
    free(t.operations);
    struct comparison c = compare(results);
    return t.large == 0 || (c.peak <= 1.03 && c.steps <= 1.10);
}

static FILE *open_json(const char *path)
{
    FILE *json = fopen(path, "w");
    if (!json)
        fail("cannot write", path);
    return json;
}

int main(int argc, char **argv)
{
    int runs = 3, at = 1, traces = 0, missed = 0;
    FILE *json = NULL;
    for (; at < argc && argv[at][0] == '-'; at++) {
        if (strcmp(argv[at], "--log") == 0)
            options.log = 1;
        else if (strcmp(argv[at], "--runs") == 0 && at + 1 < argc)
            runs = atoi(argv[++at]);
        else if (strcmp(argv[at], "--json") == 0 && at + 1 < argc)
            json = open_json(argv[++at]);
        else
            fail("unknown option", argv[at]);
    }
    if (at == argc || runs < 1)
        fail("usage", "replay [--runs N] [--json FILE] [--log] TRACE...");
    for (; at < argc; at++, traces++)
        missed += !replay_all(argv[at], runs, json, traces == 0);
    if (json)
        fputs("\n]\n", json), fclose(json);
    printf("\nadaptive within 3 %% of the best fixed policy in peak and 10 %% in steps: "
           "%d of %d traces\n",
           traces - missed, traces);
    return missed != 0;
}
