/* Making, destroying and checking a heap as a whole. */
#include "heap/heap.h"

#include "base/check.h"
#include "heap/arena.h"
#include "heap/block.h"
#include "heap/cache.h"
#include "heap/extent.h"
#include "heap/fit.h"
#include "heap/holes.h"
#include "heap/layout.h"
#include "heap/mesh.h"
#include "heap/state.h"
#include "heap/tenured.h"

/* A run is charged to the budget as a whole.  It is an eighth of a medium block at most,
 * so that a class that is used once does not cost half a megabyte. */
enum { RUN_BYTES_MAX = KIB(64) };

struct heap process_heap PRIVATE_DATA = {.numbers = NO_NUMBERS};

bool heap_create(struct heap *h, const struct heap_config *config)
{
    *h = (struct heap){
        .numbers = NO_NUMBERS,
        .space = config->space,
        .pad_from = config->end_pointers ? 0 : PAD_FROM,
        .fit = config->fit ? config->fit : &fit_first,
        .records_sites = config->sites,
        .huge_from = config->huge_from ? config->huge_from : SIZE_MAX,
        .group_limit = SIZE_MAX,
    };
    if (!arena_create(h, config->reserve))
        return false;
    h->fit->start(h);
    h->numbers->mark = STATE_MARK_A;
    h->numbers->limit = SIZE_MAX;
    h->numbers->budget = SIZE_MAX;
    h->numbers->stretch = 100;
    h->numbers->end_pointers = config->end_pointers;
    h->numbers->run_bytes_max = RUN_BYTES_MAX;
    return true;
}

void heap_destroy(struct heap *h)
{
    cache_release_kept(h);
    layouts_release(h);
    tenured_release(h);
    mesh_end(h);
    arena_destroy(h);
}

/* Counts the used units that are in no block: unit 0, gaps that the arena left out, and
 * the unit runs of caches. */
static uint32_t unused_units(const struct heap *h)
{
    uint32_t unused = 0;
    for (uint32_t u = 0; u < unit_end(h); u++)
        unused += h->words[u] == UNIT_USED;
    return unused;
}

void heap_check_held(struct heap *h, uint32_t held, uint32_t in_flight)
{
    uint32_t free_units = extent_check(h);
    uint32_t used_units = 0, listable = 0, listed = 0, reserved = 0;
    size_t bytes = 0, holes = 0;
    for (BLOCKS(h, head)) {
        const struct block *b = block_at(h, head);
        uint32_t units = block_units(h, head);
        reserved += block_check(h, head);
        listable += !b->taken && block_offers(h, head);
        used_units += units;
        bytes += b->bytes ? b->bytes : (size_t)units << UNIT_SHIFT;
        holes += holes_check(h, head);
    }
    for (unsigned i = 0; i < block_lists(h); i++)
        listed += block_list_check(h, i);
    layouts_check(h);
    CHECK(listed == listable);
    CHECK(used_units + free_units + unused_units(h) == unit_end(h));
    CHECK(bytes == h->numbers->used_bytes && holes == h->numbers->hole_bytes);
    CHECK(h->numbers->unit_run_bytes <= (size_t)unused_units(h) << UNIT_SHIFT);
    held += h->numbers->reserved_apart;
    CHECK(reserved >= held && reserved - held <= in_flight);
}

void heap_check(struct heap *h, const struct cache *c)
{
    heap_check_held(h, c ? cache_check(c) : 0, 0);
}
