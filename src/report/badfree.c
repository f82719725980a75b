/* Pointers that should have been the start of a living object: what they are instead. */
#include <dlfcn.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/maps.h"
#include "base/options.h"
#include "heap/heap.h"
#include "mutator/object.h"
#include "mutator/site.h"
#include "report/out.h"
#include "report/symbolize.h"
#include "trace/capture.h"
#include "world/thread.h"

enum { NOW_DEPTH = 32 };

static bool in_heap(const void *address)
{
    return (uintptr_t)address - process_heap.base < process_heap.bytes;
}

static bool on_stack(uintptr_t address)
{
    return address >= the_mutator.stack_low && address < the_mutator.stack_high;
}

/* One line for a pointer outside of the heap. */
static void describe_foreign(const char *function, const void *address)
{
    Dl_info info;
    struct mapping m;
    if (on_stack((uintptr_t)address))
        log_line("%s(%p): this is on the stack, not in the heap", function, address);
    else if (dladdr(address, &info) && info.dli_sname)
        log_line("%s(%p): this is static data or code, %s+%zu in %s, not in the heap",
                 function, address, info.dli_sname,
                 (size_t)((const char *)address - (const char *)info.dli_saddr),
                 info.dli_fname);
    else if (dladdr(address, &info))
        log_line("%s(%p): this is static data or code of %s, not in the heap", function,
                 address, info.dli_fname);
    else if (maps_find((uintptr_t)address, &m))
        log_line(
            "%s(%p): this is no pointer into the heap, but memory of another allocator",
            function, address);
    else
        log_line("%s(%p): this is no pointer into the heap, nor to any memory", function,
                 address);
}

/* One line for a slot that is nobody's. */
static void describe_free_slot(const char *function, const void *address,
                               const struct object *o, const struct site *site)
{
    size_t offset = (uintptr_t)address - o->address;
    bool freed = site && (site->note & SITE_FREED);
    const char *fate = "was freed or collected, or never allocated";
    if (site)
        fate = freed ? "was freed already" : site->stack ? "was collected" : "is free";
    if (offset == 0)
        log_line("%s(%p): %s: the object of up to %zu bytes here %s", function, address,
                 freed ? "double free" : "no living object", o->size, fate);
    else
        log_line(
            "%s(%p): the pointer is %zu bytes into a slot at %p, whose object of up to "
            "%zu bytes %s",
            function, address, offset, (void *)o->address, o->size, fate);
}

static void describe(const char *function, const void *address, const uint8_t *state)
{
    if (!in_heap(address)) {
        describe_foreign(function, address);
        return;
    }
    struct object o;
    if (object_around(address, &o))
        log_line("%s(%p): the pointer is %zu bytes into the object of %zu bytes at %p",
                 function, address, (uintptr_t)address - o.address, site_requested(&o),
                 (void *)o.address);
    else if (state &&
             word_class(process_heap.words[unit_of(&process_heap, (uintptr_t)address)]) !=
                 CLASS_NONE) {
        o = lookup_object(&process_heap, state);
        describe_free_slot(function, address, &o, site_at(&process_heap, state));
    } else
        log_line("%s(%p): no living object: this is free memory of the heap", function,
                 address);
}

/* The nearest living object of the block on one side; NULL: none. */
static const uint8_t *neighbour(const uint8_t *state, int step)
{
    const struct heap *h = &process_heap;
    size_t number = (size_t)(state - h->states);
    uint32_t head = (uint32_t)(number >> STATE_SHIFT);
    const uint8_t *first = block_states(h, head);
    const uint8_t *end = first + word_geometry(h->words[head])->count;
    for (const uint8_t *s = state + step; s >= first && s < end; s += step)
        if (*s >= STATE_NEW)
            return s;
    return NULL;
}

static void print_neighbour(const uint8_t *state, const char *where)
{
    if (!state)
        return;
    struct object o = lookup_object(&process_heap, state);
    out_print("  %s: an object of %zu bytes at %p\n", where, site_requested(&o),
              (void *)o.address);
}

static void print_stacks(const struct site *site, bool living)
{
    uintptr_t frames[NOW_DEPTH];
    out_print("  called by\n");
    out_frames(frames, capture_stack(frames, NOW_DEPTH));
    if (site && site->stack) {
        out_print("  allocated by\n");
        out_stack(site->stack);
    }
    if (site && !living && (site->note & SITE_FREED)) {
        out_print("  freed first by\n");
        out_stack(site->note & ~SITE_FREED);
    }
}

void report_bad_pointer(const char *function, const void *address)
{
    const struct heap *h = &process_heap;
    const uint8_t *state = in_heap(address) ? lookup_state(h, (uintptr_t)address) : NULL;
    describe(function, address, state);
    out_open();
    print_stacks(state ? site_at(h, state) : NULL, state && *state >= STATE_NEW);
    if (state) {
        print_neighbour(neighbour(state, -1), "before it");
        print_neighbour(neighbour(state, 1), "behind it");
    }
    out_close();
    symbolize_end();
    if (options.on_bad_free == BAD_FREE_ABORT)
        abort();
    log_line("%s: nothing was done", function);
}
