/* The copy of the object graph. */
#include "shadow.h"

#include <gcalloc/gcalloc.h>
#include <stdlib.h>
#include <string.h>

struct copy *copies;
uint32_t *used, used_count;
struct root *roots;
size_t root_count;

static uint32_t *unused, unused_count; /* free entries */
static uint32_t *pending;              /* of shadow_trace */

enum { ENTRIES = 4 * LIVE_MOST };

static void *new_table(size_t count, size_t element_bytes)
{
    void *table = calloc(count, element_bytes);
    if (!table)
        abort();
    return table;
}

void shadow_create(size_t roots_most)
{
    copies = new_table(ENTRIES, sizeof *copies);
    used = new_table(ENTRIES, sizeof *used);
    unused = new_table(ENTRIES, sizeof *unused);
    pending = new_table(ENTRIES, sizeof *pending);
    roots = new_table(roots_most, sizeof *roots);
    for (uint32_t i = 0; i < ENTRIES; i++)
        unused[unused_count++] = ENTRIES - 1 - i;
}

uint32_t shadow_add(void *object, size_t size, unsigned flags, uint32_t seed)
{
    if (unused_count == 0)
        abort();
    uint32_t n = unused[--unused_count];
    copies[n] = (struct copy){
        .hidden = ~(uintptr_t)object,
        .size = (uint32_t)size,
        .seed = seed,
        .flags = (uint8_t)flags,
        .listed = used_count,
    };
    if (!(flags & GC_ATOMIC)) {
        size_t fit = size / sizeof(void *);
        copies[n].edge_count = (uint8_t)(fit < EDGES_MOST ? fit : EDGES_MOST);
    }
    used[used_count++] = n;
    return n + 1;
}

void shadow_remove(uint32_t number)
{
    struct copy *c = &copies[number - 1];
    used[c->listed] = used[--used_count];
    copies[used[c->listed]].listed = c->listed;
    c->hidden = 0;
    unused[unused_count++] = number - 1;
}

char *shadow_object(const struct copy *c)
{
    return (char *)~c->hidden;
}

static unsigned char pattern_byte(uint32_t seed, size_t i)
{
    return (unsigned char)(0x80u | ((seed + i + i / 256) & 0x7f));
}

static size_t payload_at(const struct copy *c)
{
    return c->edge_count * sizeof(void *);
}

void shadow_fill(const struct copy *c, size_t from)
{
    char *object = shadow_object(c);
    for (size_t i = from < payload_at(c) ? payload_at(c) : from; i < c->size; i++)
        object[i] = (char)pattern_byte(c->seed, i);
}

bool shadow_is_filled(const struct copy *c)
{
    const unsigned char *object = (unsigned char *)shadow_object(c);
    for (size_t i = payload_at(c); i < c->size; i++)
        if (object[i] != pattern_byte(c->seed, i))
            return false;
    return true;
}

uintptr_t shadow_edge_word(const struct copy *c, unsigned i)
{
    if (!c->edges[i])
        return 0;
    return ~copies[c->edges[i] - 1].hidden + c->inside[i];
}

static void reach(uint32_t number, uint32_t *depth)
{
    if (!number || copies[number - 1].reachable)
        return;
    copies[number - 1].reachable = true;
    pending[(*depth)++] = number - 1;
}

void shadow_trace(void)
{
    uint32_t depth = 0;
    for (uint32_t i = 0; i < used_count; i++)
        copies[used[i]].reachable = false;
    for (size_t i = 0; i < root_count; i++)
        reach(roots[i].target, &depth);
    for (uint32_t i = 0; i < used_count; i++)
        if (copies[used[i]].flags & GC_MANUAL)
            reach(used[i] + 1, &depth);
    while (depth > 0) {
        const struct copy *c = &copies[pending[--depth]];
        for (unsigned i = 0; i < c->edge_count; i++)
            reach(c->edges[i], &depth);
    }
}
