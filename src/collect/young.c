/* The remembered set of a heap, and marking from it. */
#include "collect/young.h"

#include "base/os.h"
#include "base/track_writes.h"
#include "collect/phase.h"
#include "heap/altered.h"
#include "heap/block.h"

const struct cycle_kind cycle_young = {.label = "young",
                                       .remembers = true,
                                       .young = true};

enum { PARTS_MOST = 64 };

/* ---- The remembered set --------------------------------------------------------------- */

/* A walk over the blocks. */
struct remembering {
    struct marker *m; /* NULL: nothing is to be scanned */
    const struct heap *h;
    int file;
    bool again;     /* the pages are protected again, as they will be asked for again */
    uintptr_t last; /* the typed object that was pushed last */
    bool known;     /* the kernel told of all tenured blocks so far */
    size_t bytes;   /* that it told of */
};

/* Has the old ones among the block's slots [from, to) scanned again, of those that are not typed the part in
 * [low, high) only. */
READS_RACING static void scan_slots(struct remembering *r, uint32_t head, uint32_t from,
                                    uint32_t to, uintptr_t low, uintptr_t high)
{
    const struct heap *h = r->h;
    const uint8_t *states = block_states(h, head);
    uint8_t mark = h->numbers->mark;
    size_t across = r->m->unaligned ? sizeof(uintptr_t) : 0; /* a word over the edge */
    for (uint32_t i = from, next; i < to; i = next) {
        next = i + 1;
        if (states[i] != mark)
            continue;
        struct cell o = block_cell(h, head, i);
        if (word_atomic(o.word)) {
            if (o.address != r->last)
                marker_push_again(r->m, &o);
            r->last = o.address;
            continue;
        }
        while (next < to && states[next] == mark)
            next++;
        uintptr_t end = o.address + (next - i) * o.size;
        marker_push_range(r->m, max_size(o.address, low - across),
                          min_size(end, high + across));
    }
}

/* Has the old objects in [low, high), a part of the block, scanned again. */
static void scan_part(struct remembering *r, uint32_t head, uintptr_t low, uintptr_t high)
{
    const struct geometry *g = word_geometry(r->h->words[head]);
    uintptr_t start = unit_address(r->h, head);
    size_t from = slot_index(g, low - start), to = slot_index(g, high - 1 - start) + 1;
    scan_slots(r, head, (uint32_t)from, (uint32_t)min_size(to, g->count), low, high);
}

static uintptr_t block_end(const struct heap *h, uint32_t head)
{
    return unit_address(h, head + block_units(h, head));
}

/* What was written in tenured blocks, [low, high), may lie in several of them. */
static void scan_written(struct remembering *r, uintptr_t low, uintptr_t high)
{
    while (low < high) {
        uint32_t head = unit_head(r->h, unit_of(r->h, low));
        uintptr_t end = min_size(block_end(r->h, head), high);
        scan_part(r, head, low, end);
        low = end;
    }
}

/* In whole pages, as the kernel tells. */
static size_t pages_of(const struct remembering *r)
{
    return (r->bytes + OS_PAGE - 1) / OS_PAGE;
}

/* Asks what was written of tenured blocks side by side. */
static void ask(struct remembering *r, uintptr_t low, uintptr_t high)
{
    struct os_part parts[PARTS_MOST];
    while (low < high) {
        size_t count = track_writes_collect(r->file, &low, high, r->again, parts,
                                            PARTS_MOST, &r->known);
        for (size_t i = 0; i < count; i++) {
            if (r->m)
                scan_written(r, parts[i].low, parts[i].high);
            r->bytes += parts[i].high - parts[i].low;
        }
    }
}

/* A page that the program has altered may be anybody's by now: what lies around it is scanned
 * whole. */
static void leave_altered(struct heap *h)
{
    if (LIKELY(!__atomic_load_n(&h->numbers->altered, __ATOMIC_RELAXED)))
        return;
    for (BLOCKS(h, head))
        if (block_has(h, head, BLOCK_TENURED) && altered_block(h, head))
            block_leave_tenure(h, head);
}

static void remember(struct remembering *r, struct heap *h)
{
    for (struct tenured_run t = tenured_next_run(h, 1); t.first < t.end;
         t = tenured_next_run(h, t.end))
        ask(r, unit_address(h, t.first), unit_address(h, t.end));
    for (uint32_t u = 1; (u = tenured_next_other(h, u)) < unit_end(h); u++)
        if (word_has_pointers(h->words[u]))
            scan_part(r, u, unit_address(h, u), block_end(h, u));
}

/* A young cycle has what old objects point to marked, as far as they may have come to point to it since the
 * last cycle. */
static void mark_remembered(struct cycle *c)
{
    struct heap *h = c->heap;
    struct remembering r = {.m = c->marker, .h = h, .known = true, .again = h->young};
    if (!c->kind->remembers)
        return;
    if (h->marking && !h->scanned) /* all that is marked is grey */
        return cycle_roots_drain(&c->roots, c->marker);
    leave_altered(h);
    r.file = track_writes_open();
    remember(&r, h);
    track_writes_close(r.file);
    h->remembers = r.known;
    if (!r.known && !h->young) /* it is all to be tracked anew */
        h->tenures = false;
    c->written_pages = pages_of(&r);
    cycle_roots_drain(&c->roots, c->marker);
}

size_t young_ask_beside(struct marker *m, const struct heap *h, int file,
                        struct tenured_run t)
{
    struct remembering r = {.m = m, .h = h, .file = file, .known = true, .again = true};
    ask(&r, unit_address(h, t.first), unit_address(h, t.end));
    return pages_of(&r);
}

void young_prepare(void)
{
    static struct phase phase PRIVATE_DATA = {.rank = PHASE_ROOTS,
                                              .run = mark_remembered};
    phase_add(&phase);
}
