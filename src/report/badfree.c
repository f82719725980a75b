/* Pointers that should have been the start of a living object: what they are instead.
 * Nothing is repaired: the call that had such a pointer does nothing.  Only the report is
 * made under the lock of reports; the heap may change meanwhile. */
#include <dlfcn.h>
#include <stdlib.h>

#include "base/cancel.h"
#include "base/log.h"
#include "base/maps.h"
#include "base/options.h"
#include "heap/heap.h"
#include "mutator/fence.h"
#include "mutator/hooks.h"
#include "mutator/object.h"
#include "mutator/site.h"
#include "object/counted.h"
#include "report/fault.h"
#include "report/loaded.h"
#include "report/out.h"
#include "report/symbolize.h"
#include "trace/capture.h"
#include "trace/modules.h"
#include "world/next.h"
#include "world/systemstack.h"
#include "world/thread.h"

LINKED(badfree);

static bool in_heap(const void *address)
{
    return (uintptr_t)address - process_heap.base < process_heap.bytes;
}

static bool on_stack(uintptr_t address)
{
    const struct mutator *m = thread_self;
    return m && address >= m->stack_low && address < m->stack_high;
}

static void title(const char *function, const void *address, const char *what)
{
    out_title("%s(%p): %s", function, address, what);
}

static void describe_static(const void *address, const Dl_info *info)
{
    if (info->dli_sname)
        out_print("  it is %s+%zu in %s\n", info->dli_sname,
                  (size_t)((const char *)address - (const char *)info->dli_saddr),
                  info->dli_fname);
    else
        out_print("  it is in %s, at offset 0x%zx\n", info->dli_fname,
                  (size_t)((const char *)address - (const char *)info->dli_fbase));
}

/* A pointer outside of the heap. */
static void describe_foreign(const char *function, const void *address)
{
    Dl_info info;
    struct mapping m;
    if (on_stack((uintptr_t)address)) {
        title(function, address, "on the stack, not in the heap");
    } else if (loaded_find(address, &info)) {
        title(function, address, "static data or code, not in the heap");
        describe_static(address, &info);
    } else if (maps_find((uintptr_t)address, &m) == MAPS_FOUND) {
        title(function, address, "not in the heap");
        out_print("  it points to memory of another allocator\n");
    } else {
        title(function, address, "not in the heap");
        out_print("  it points to no memory at all\n");
    }
}

/* What is wrong with a pointer so far into a living object.  At its start only gc_slab_free minds it. */
static const char *living_title(const struct cell *o, size_t offset)
{
    if (offset == 0)
        return "not an object of this slab";
    if (offset == sizeof(struct gc_counted_head) && counted_head(&process_heap, o))
        return "a counted object, which gc_release frees";
    return "not the start of an object";
}

static void describe_living(const char *function, const void *address,
                            const struct cell *o)
{
    size_t offset = (uintptr_t)address - o->address, bytes = site_requested(o);
    title(function, address, living_title(o, offset));
    out_print("  it is %zu byte%s into the object of %zu byte%s at %p\n", offset,
              plural(offset), bytes, plural(bytes), (void *)o->address);
}

static bool was_freed(const struct site *site)
{
    return site && site_freed(site);
}

/* What became of the slot's last object. */
static void describe_fate(const struct cell *o, const struct site *site)
{
    if (!site)
        out_print("of up to %zu bytes there was freed,\n"
                  "  was collected, or never was\n",
                  o->size);
    else if (was_freed(site))
        out_print("of up to %zu bytes there was freed before\n", o->size);
    else if (site->stack)
        out_print("of %zu byte%s there was collected\n", o->size - site_slack(site),
                  plural(o->size - site_slack(site)));
    else
        out_print("of up to %zu bytes there never was\n", o->size);
}

/* A slot that is nobody's. */
static void describe_free_slot(const char *function, const void *address,
                               const struct cell *o, const struct site *site)
{
    size_t offset = (uintptr_t)address - o->address;
    title(function, address,
          was_freed(site) && !offset ? "double free" : "no living object");
    if (offset)
        out_print("  it is %zu byte%s into a slot at %p;\n", offset, plural(offset),
                  (void *)o->address);
    out_print("  the object ");
    describe_fate(o, site);
}

/* Memory that belongs to no block; the site is of the last object that began there. */
static void describe_free_units(const char *function, const void *address,
                                const struct site *site)
{
    title(function, address, was_freed(site) ? "double free" : "no living object");
    if (was_freed(site))
        out_print("  the object there was freed before\n");
    else if (site && site->stack)
        out_print("  the object there was collected\n");
    else
        out_print("  it points to free memory of the heap\n");
}

static void describe(const char *function, const void *address, const struct cell *slot,
                     const struct site *site)
{
    struct cell o;
    if (!in_heap(address))
        describe_foreign(function, address);
    else if (object_around(address, &o))
        describe_living(function, address, &o);
    else if (slot->state)
        describe_free_slot(function, address, slot, site);
    else
        describe_free_units(function, address, site);
}

/* What is known of fenced objects, which are not in the heap, as a site has it. */
static bool describe_fenced(const char *function, const void *address, struct site *site)
{
    struct fenced o;
    if (!fence_find(address, &o))
        return false;
    size_t offset = (uintptr_t)address - o.address;
    bool again = !o.lives && offset == 0;
    title(function, address,
          again     ? "double free"
          : o.lives ? "not the start of an object"
                    : "no living object");
    if (again)
        out_print("  the object of %zu byte%s there was freed before\n", o.size,
                  plural(o.size));
    else
        out_print("  it is %zu byte%s into the object of %zu byte%s at %p%s\n", offset,
                  plural(offset), o.size, plural(o.size), (void *)o.address,
                  o.lives ? "" : ", which was freed");
    *site = (struct site){o.allocated, o.lives ? 0 : SITE_FREED | o.freed};
    return true;
}

/* Where a block or a large object begins there is a site for whatever began there last. */
static const struct site *find_site(uintptr_t address, const struct cell *slot)
{
    const struct heap *h = &process_heap;
    if (slot->state)
        return site_at(h, slot->state);
    if (address - h->base >= h->bytes || address % UNIT_BYTES)
        return NULL;
    return site_at(h, block_states(h, unit_of(h, address)));
}

/* The nearest living object of its block on one side; one without a state: none.  The block may be taken back
 * meanwhile: each slot is looked up anew, and counts if it still is where one of that size was. */
static struct cell neighbour(const struct cell *slot, int step)
{
    size_t count = word_geometry(slot->word)->count;
    struct cell o = *slot;
    while (count > 1 && o.state) {
        o = lookup_cell(&process_heap, o.address + (size_t)step * slot->size);
        if (o.size != slot->size || word_states(o.word) != word_states(slot->word))
            break;
        if (*o.state >= STATE_NEW)
            return o;
    }
    return (struct cell){0};
}

static void print_neighbour(const struct cell *slot, int step, const char *where)
{
    struct cell o = neighbour(slot, step);
    if (o.state)
        out_print("  %s: an object of %zu byte%s at %p\n", where, site_requested(&o),
                  plural(site_requested(&o)), (void *)o.address);
}

static void print_stacks(struct call call, const struct site *site, bool living)
{
    uintptr_t frames[CAPTURE_DEPTH_MAX];
    modules_look();
    out_print("  called by\n");
    out_frames(frames, capture_stack(call, frames, OPTION_NOW(depth)));
    if (site && site->stack) {
        out_print("  allocated by\n");
        out_stack(site->stack);
    }
    if (!living && was_freed(site) && site_freed_by(site)) {
        out_print("  freed first by\n");
        out_stack(site_freed_by(site));
    }
}

/* A pointer that a function of the library was called with. */
struct bad_pointer {
    const char *function;
    const void *address;
    struct call call;
};

/* The lock of reports is held. */
static void report(void *argument)
{
    const struct bad_pointer *b = argument;
    struct cell slot = lookup_cell(&process_heap, (uintptr_t)b->address);
    const struct site *site = find_site((uintptr_t)b->address, &slot);
    struct site fenced;
    out_open();
    if (describe_fenced(b->function, b->address, &fenced))
        site = &fenced;
    else
        describe(b->function, b->address, &slot, site);
    if (slot.state) {
        print_neighbour(&slot, -1, "before it");
        print_neighbour(&slot, 1, "behind it");
    }
    print_stacks(b->call, site, slot.state && *slot.state >= STATE_NEW);
    if (OPTION_NOW(on_bad_free) == BAD_FREE_WARN)
        out_print("  nothing was done\n");
    out_close();
    symbolize_end();
}

static void report_bad_pointer(const char *function, const void *address)
{
    struct bad_pointer b = {function, address, CAPTURE_CALL()};
    if (!out_lock())
        return;
    thread_inside++; /* what the report allocates is the library's */
    fault_count();
    cancel_hold_off();
    systemstack_run(report, &b);
    cancel_let_in();
    thread_inside--;
    out_unlock();
    if (OPTION_NOW(on_bad_free) == BAD_FREE_ABORT)
        abort();
}

__attribute__((constructor(BEFORE_PROGRAMS))) static void begin(void)
{
    report_hooks.bad_pointer = report_bad_pointer;
}
