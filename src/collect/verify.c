/* The naive marker.  It shares no code with the real one: it finds a block by walking
 * back to the unit whose distance is 0, a slot by division, and recurses on a plain
 * stack. */
#include "collect/verify.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/meta.h"
#include "heap/block.h"

struct naive {
    struct heap *heap;
    uint8_t *reached; /* like the state map: 1 for objects that were reached */
    uintptr_t *stack; /* objects reached and not scanned yet */
    size_t depth, capacity;
};

struct found {
    uintptr_t address;
    size_t size;
    size_t number; /* index of its state byte */
    unsigned kind;
};

/* The living object around an address. */
static bool find(const struct naive *n, uintptr_t address, struct found *f)
{
    const struct heap *h = n->heap;
    if (address < h->base || address >= h->base + h->bytes)
        return false;
    size_t unit = (address - h->base) / UNIT_BYTES;
    if (unit == 0 || !(h->words[unit] & UNIT_USED))
        return false;
    while (h->words[unit] >> UNIT_DISTANCE_SHIFT != 0)
        unit--;
    unsigned class = h->words[unit] >> UNIT_BIN_SHIFT & 127;
    uintptr_t start = h->base + unit * UNIT_BYTES;
    size_t block_bytes = class == CLASS_LARGE ? UNIT_BYTES : geometries[class].size;
    size_t index = class == CLASS_LARGE ? 0 : (address - start) / block_bytes;
    if (class != CLASS_LARGE && index >= geometries[class].count)
        return false;
    f->number = unit * (UNIT_BYTES / GRANULE) + index;
    f->size = class == CLASS_LARGE ? h->units[unit].block.bytes : geometries[class].size;
    f->address = start + index * f->size;
    f->kind = h->words[unit] >> (UNIT_BIN_SHIFT + CLASS_BITS) & 7;
    return h->states[f->number] >= STATE_NEW;
}

static void reach(struct naive *n, const struct found *f)
{
    if (n->reached[f->number])
        return;
    n->reached[f->number] = 1;
    if (f->kind & KIND_OPAQUE)
        return;
    uintptr_t *stack = meta_grow(n->stack, n->depth, &n->capacity, sizeof *stack);
    if (!stack) {
        log_line("verify: no memory for the naive marker's stack");
        abort();
    }
    n->stack = stack;
    n->stack[n->depth++] = f->address;
}

READS_ANYTHING static void scan(struct naive *n, uintptr_t low, uintptr_t high)
{
    struct found f;
    for (uintptr_t p = align_up(low, 8); p + 8 <= high; p += 8)
        if (find(n, *(uintptr_t *)p, &f))
            reach(n, &f);
}

/* A small opaque object that ends where a word of a stack points counts too. */
READS_ANYTHING static void scan_ends(struct naive *n, uintptr_t low, uintptr_t high)
{
    struct found f;
    for (uintptr_t p = align_up(low, 8); p + 8 <= high; p += 8) {
        uintptr_t word = *(uintptr_t *)p;
        if (find(n, word - 1, &f) && (f.kind & KIND_OPAQUE) &&
            f.address + f.size == word && f.size < n->heap->pad_from)
            reach(n, &f);
    }
}

static void scan_all(struct naive *n, const struct range_list *l)
{
    for (size_t i = 0; i < l->count; i++)
        scan(n, l->ranges[i].low, l->ranges[i].high);
}

static void follow(struct naive *n)
{
    struct found f;
    while (n->depth > 0) {
        uintptr_t address = n->stack[--n->depth];
        if (find(n, address, &f))
            scan(n, f.address, f.address + f.size);
    }
}

static void reach_manual(struct naive *n)
{
    struct found f;
    for (BLOCKS(n->heap, head)) {
        if (!(word_kind(n->heap->words[head]) & KIND_MANUAL))
            continue;
        const struct geometry *g = &geometries[word_class(n->heap->words[head])];
        for (uint32_t i = 0; i < g->count; i++)
            if (find(n, unit_address(n->heap, head) + (uintptr_t)i * g->size, &f))
                reach(n, &f);
    }
}

static void compare(const struct naive *n)
{
    const struct heap *h = n->heap;
    for (BLOCKS(h, head)) {
        uint32_t count = geometries[word_class(h->words[head])].count;
        for (uint32_t i = 0; i < count; i++) {
            const uint8_t *state = block_states(h, head) + i;
            bool reached = n->reached[state - h->states];
            if (reached == (*state == h->mark))
                continue;
            struct object o = lookup_object(h, state);
            log_line("verify: the object at %p (%zu bytes, kind %u) has state %u and is "
                     "%sreachable",
                     (void *)o.address, o.size, word_kind(o.word), *state,
                     reached ? "" : "not ");
            abort();
        }
    }
}

void verify_marks(struct heap *h, const struct range_list *stacks,
                  const struct range_list *roots, const struct range_list *callbacks)
{
    size_t map_bytes = (h->bytes >> UNIT_SHIFT) << STATE_SHIFT;
    struct naive n = {.heap = h, .reached = meta_alloc(map_bytes)};
    if (!n.reached) {
        log_line(
            "verify: no memory for the naive marker; this collection goes unchecked");
        return;
    }
    scan_all(&n, stacks);
    for (size_t i = 0; i < stacks->count; i++)
        scan_ends(&n, stacks->ranges[i].low, stacks->ranges[i].high);
    scan_all(&n, roots);
    scan_all(&n, callbacks);
    reach_manual(&n);
    follow(&n);
    compare(&n);
    meta_free(n.reached, map_bytes);
    meta_free(n.stack, n.capacity * sizeof *n.stack);
}
