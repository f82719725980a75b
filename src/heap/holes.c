/* A pass over the blocks with free slots makes the holes; handing out a slot fills those
 * in it. */
#include "heap/holes.h"

#include "base/check.h"
#include "base/os.h"
#include "heap/block.h"
#include "heap/count.h"
#include "heap/extent.h"
#include "heap/mesh_pages.h"
#include "heap/state.h"

enum {
    FEW_OF = 16, /* few holes: less than this part of the blocks' memory */
    /* What quiet blocks have free is worth a pass if it is this part of the memory, which is more where huge
     * pages would be split, and no less than so many bytes. */
    WORTH_OF = 32,
    WORTH_WITH_HUGE_PAGES = 8,
    WORTH_LEAST = MIB(1),
};

_Static_assert(UNIT_PAGES == 16, "struct unit has one bit for each page");

/* One bit for each page of a block. */
struct pages {
    uint16_t of[BLOCK_UNITS_MOST];
};

/* What a pass through all blocks with free slots knows. */
struct pass {
    struct heap *heap;
    size_t states;     /* bytes of the pages that the blocks' states are on */
    uintptr_t page;    /* the last of these pages */
    size_t keep;       /* bytes that may still stay */
    size_t first, end; /* units around the blocks with new holes; first 0: none */
};

static size_t bytes_of(uint16_t pages)
{
    return (size_t)__builtin_popcount(pages) * OS_PAGE;
}

/* Adds the page of the system at this byte of the block, which may be several of the heap's. */
static void add_page(struct pages *p, size_t low, size_t bytes)
{
    for (size_t i = low / OS_PAGE; i < (low + bytes) / OS_PAGE; i++)
        p->of[i / UNIT_PAGES] |= (uint16_t)(1u << i % UNIT_PAGES);
}

/* The first slot in [from, to) that is not FREE, nor lent to another block, or `to` if there is none. */
static uint32_t find_object(const struct heap *h, uint32_t head, uint32_t from,
                            uint32_t to)
{
    const uint8_t *states = block_states(h, head);
    uint32_t i = state_find_not_free(states, from, to);
    if (UNLIKELY(block_has(h, head, BLOCK_MESHED)))
        while (i < to && mesh_is_lent(h, head, i))
            i = state_find_not_free(states, i + 1, to);
    return i;
}

/* The pages of a block that no object lies in.  One object is enough to see that a page is none of
 * them: most often that is the first slot, and the page takes no longer than that. */
static struct pages vacant_pages(const struct heap *h, uint32_t head)
{
    const struct geometry *g = word_geometry(h->words[head]);
    struct pages p = {0};
    size_t end = (size_t)block_units(h, head) << UNIT_SHIFT, page = os_page_bytes(), next;
    for (size_t low = 0; low < end; low = next) {
        next = low + page;
        uint32_t from = (uint32_t)min_size(low / g->size, g->count);
        uint32_t to = (uint32_t)min_size((next - 1) / g->size + 1, g->count);
        uint32_t object = find_object(h, head, from, to);
        if (object < to)
            next = max_size(next, align_up(((size_t)object + 1) * g->size, page));
        else
            add_page(&p, low, page);
    }
    return p;
}

/* Gives back the runs of `pages` that have at least one page that is no hole yet.
 * Returns the new holes. */
static uint16_t give_pages(struct heap *h, uint32_t unit, uint32_t pages)
{
    uint32_t had = h->units[unit].holes, made = 0;
    while (pages) {
        uint32_t first = (uint32_t)__builtin_ctz(pages);
        uint32_t count = (uint32_t)__builtin_ctz(~(pages >> first));
        uint32_t run = ((1u << count) - 1) << first;
        void *start = (void *)(unit_address(h, unit) + first * OS_PAGE);
        pages &= ~run;
        if ((run & ~had) && h->space->decommit(h->space, start, count * OS_PAGE) ==
                                (size_t)count * OS_PAGE)
            made |= run & ~had;
    }
    h->units[unit].holes = (uint16_t)(had | made);
    return (uint16_t)made;
}

void holes_note(struct heap *h, uint32_t head, unsigned page)
{
    uint16_t bit = (uint16_t)(1u << page);
    if (!(vacant_pages(h, head).of[0] & bit) || h->units[head].holes & bit)
        return;
    h->units[head].holes |= bit;
    extent_change_holes(h, OS_PAGE, 0);
}

/* Gives back a block's vacant pages, but for those of units that `keep` has room for.
 * Returns the bytes given back. */
static size_t thin_block(struct pass *p, uint32_t head)
{
    struct heap *h = p->heap;
    struct pages vacant = vacant_pages(h, head);
    uint32_t units = block_units(h, head);
    vacant.of[0] &= (uint16_t)~mesh_pages_of(h, head); /* they leave their frames first */
    size_t made = 0;
    for (uint32_t i = 0; i < units; i++) {
        size_t bytes = bytes_of(vacant.of[i] & (uint16_t)~h->units[head + i].holes);
        if (bytes > p->keep)
            made += bytes_of(give_pages(h, head + i, vacant.of[i]));
        else
            p->keep -= bytes;
    }
    return made;
}

/* Calls `visit` for each block with free slots that no cache draws from, list by list.
 * The lock of the block's list is held meanwhile. */
static void each_block(struct heap *h, void (*visit)(struct pass *, uint32_t head),
                       struct pass *p)
{
    for (unsigned i = 0; i < block_lists(h); i++) {
        struct bin_list *list = block_list(h, i);
        if (__atomic_load_n(&list->first, __ATOMIC_RELAXED) == 0)
            continue;
        lock_take(&list->lock, RANK_BIN);
        for (uint32_t head = list->first; head; head = block_at(h, head)->next)
            visit(p, head);
        lock_release(&list->lock, RANK_BIN);
    }
}

/* Counts the pages of the states of a block, which stay however few objects there are,
 * and with them whatever else is on the page.  Lists are in order of address, as a rule,
 * so that it is enough to know the page of the block before. */
static void count_states(struct pass *p, uint32_t head)
{
    uintptr_t page = align_down((uintptr_t)block_states(p->heap, head), OS_PAGE);
    p->states += page == p->page ? 0 : OS_PAGE;
    p->page = page;
}

/* Makes holes in a block, which count from the moment on that their slots may be handed out. */
static void thin(struct pass *p, uint32_t head)
{
    struct heap *h = p->heap;
    size_t size = word_geometry(h->words[head])->size;
    size_t made =
        block_at(h, head)->free_count * size < OS_PAGE ? 0 : thin_block(p, head);
    if (made == 0)
        return;
    extent_change_holes(h, made, 0);
    count_add(&h->numbers->counters.returned_bytes, made);
    p->first = p->first ? min_size(p->first, head) : head;
    p->end = max_size(p->end, head + block_units(h, head));
}

/* Asks for small pages around the new holes, which the system would fill again to make
 * huge pages whole. */
static void keep_small(struct heap *h, const struct pass *p)
{
    if (p->first == 0 || RACING(h->bytes) <= h->huge_from)
        return;
    os_small_pages((void *)unit_address(h, (uint32_t)p->first), (p->end - p->first)
                                                                    << UNIT_SHIFT);
    __atomic_store_n(&h->numbers->keeps_small, true, __ATOMIC_RELAXED);
}

size_t holes_make(struct heap *h, size_t keep)
{
    struct pass p = {.heap = h};
    each_block(h, count_states, &p);
    p.keep = keep - min_size(keep, p.states);
    each_block(h, thin, &p);
    keep_small(h, &p);
    return p.keep;
}

/* Blocks that were thinned before have no pages left that hold memory, and cost a look. */
static void thin_quiet(struct pass *p, uint32_t head)
{
    const struct heap *h = p->heap;
    uint32_t count = word_geometry(h->words[head])->count;
    if (block_has(h, head, BLOCK_QUIET) && !block_has(h, head, BLOCK_TENURED) &&
        block_at(h, head)->free_count >= count - count / 4)
        thin(p, head);
}

void holes_make_quiet(struct heap *h)
{
    struct pass p = {.heap = h};
    size_t part = heap_has_huge_pages(h) ? WORTH_WITH_HUGE_PAGES : WORTH_OF;
    size_t used = __atomic_load_n(&h->numbers->used_bytes, __ATOMIC_RELAXED);
    if (h->newly_quiet < max_size(used / part, WORTH_LEAST))
        return;
    h->newly_quiet = 0;
    each_block(h, thin_quiet, &p);
    keep_small(h, &p);
}

void holes_recover(struct heap *h)
{
    if (!__atomic_load_n(&h->numbers->keeps_small, __ATOMIC_RELAXED) ||
        h->numbers->hole_bytes > h->numbers->used_bytes / FEW_OF)
        return;
    os_huge_pages((void *)unit_address(h, 1), h->bytes - UNIT_BYTES);
    __atomic_store_n(&h->numbers->keeps_small, false, __ATOMIC_RELAXED);
}

void holes_fill(struct heap *h, uint32_t head, size_t from, size_t to)
{
    size_t filled = 0;
    if (LIKELY(__atomic_load_n(&h->numbers->hole_bytes, __ATOMIC_RELAXED) == 0))
        return;
    size_t end = align_up(to, os_page_bytes()) / OS_PAGE;
    for (size_t i = align_down(from, os_page_bytes()) / OS_PAGE; i < end; i++) {
        uint16_t *holes = &h->units[head + i / UNIT_PAGES].holes;
        uint16_t page = (uint16_t)(1u << i % UNIT_PAGES);
        filled += *holes & page ? OS_PAGE : 0;
        *holes &= (uint16_t)~page;
    }
    if (filled)
        extent_change_holes(h, 0, filled);
}

size_t holes_check(const struct heap *h, uint32_t head)
{
    size_t bytes = 0;
    if (word_class(h->words[head]) == CLASS_LARGE)
        return 0;
    struct pages vacant = vacant_pages(h, head);
    for (uint32_t i = 0; i < block_units(h, head); i++) {
        uint16_t holes = h->units[head + i].holes;
        CHECK((holes & ~vacant.of[i]) == 0);
        bytes += bytes_of(holes);
    }
    return bytes;
}
