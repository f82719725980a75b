/* Goes through the heap in rounds, by address.  A block is compared with the next CANDIDATES blocks that have room, so that
 * the time of a round is in proportion to the heap. */
#include "heap/mesh_find.h"

#include "heap/altered.h"
#include "heap/block.h"
#include "heap/mesh.h"

enum {
    /* A page with fewer free granules has hardly any chance. */
    ROOM_LEAST = PAGE_GRANULES / 8,
    /* About as many join in a millisecond, which is mostly the system's: two mappings and two page faults each. */
    STEP_PAGES = 40,
    /* Rounds to be left out after one that came to nothing, at most, each time twice as many. */
    REST_MOST = 16,
    /* A round that freed less than this part of the heap's pages came to nothing. */
    WORTH_OF = 256,
};

/* Whether more pages may enter the frame by way of this one: the first of its pages, so that nobody counts on what
 * was found of the frame before another one entered. */
static bool takes_in(const struct heap *h, uint32_t number)
{
    unsigned count = 1;
    for (uint32_t n = mesh_page_at(h, number)->next; n != number;
         n = mesh_page_at(h, n)->next, count++)
        if (n < number)
            return false;
    return count < MESH_MEMBERS_MOST &&
           mesh_frame_is_open(h->mesh, mesh_page_at(h, number)->frame);
}

/* What the objects of all pages of the frame have. */
static struct granules frame_busy(const struct heap *h, uint32_t number)
{
    struct granules busy = mesh_busy(h, number / UNIT_PAGES, number % UNIT_PAGES);
    if (!mesh_page_shares(mesh_page_at(h, number)))
        return busy;
    for (uint32_t n = mesh_page_at(h, number)->next; n != number;
         n = mesh_page_at(h, n)->next) {
        struct granules more = mesh_busy(h, n / UNIT_PAGES, n % UNIT_PAGES);
        granules_add(&busy, &more);
    }
    return busy;
}

static void look_at_page(const struct heap *h, struct candidate *c, unsigned page)
{
    uint32_t number = mesh_page_number(c->head, page);
    uint16_t bit = (uint16_t)(1u << page);
    const struct mesh_page *p = mesh_page_at(h, number);
    bool shares = mesh_page_shares(p), alone = !shares || p->next == number;
    if (h->units[c->head].holes & bit || (shares && !takes_in(h, number)))
        return;
    struct granules *busy = &c->busy[page];
    *busy = frame_busy(h, number);
    if (!granules_any(busy) || granules_count(busy) > PAGE_GRANULES - ROOM_LEAST)
        return;
    c->room |= bit;
    c->joins |= alone ? bit : 0;
}

/* A block that a cache draws from is to be filled, and one that is tenured has its pages protected. */
static bool is_candidate(const struct heap *h, uint32_t head)
{
    const struct block *b = block_at(h, head);
    return mesh_suits(h->words[head]) && !b->taken && b->free_count > 0 &&
           !block_has(h, head, BLOCK_TENURED) && !block_has(h, head, BLOCK_UNSWEPT) &&
           !altered_block(h, head);
}

/* The first block from unit `u` on.  The block that was there when the last step ended may have gone since, and where
 * it was is then inside of other free units, of which only the first knows how many they are. */
static uint32_t first_block(const struct heap *h, uint32_t u)
{
    if (u < unit_end(h) && word_class(h->words[u]) != CLASS_NONE)
        return unit_head(h, u);
    for (BLOCKS(h, head))
        if (head >= u)
            return head;
    return unit_end(h);
}

/* Fills the finder with the next candidates.  Returns false if there are no more behind them. */
static bool gather(struct heap *h, struct mesh_finder *f)
{
    uint32_t head = first_block(h, f->cursor);
    f->count = 0;
    for (; head < unit_end(h) && f->count < CANDIDATES;
         head = block_next(h, head + block_units(h, head))) {
        struct candidate *c = &f->of[f->count];
        if (!is_candidate(h, head))
            continue;
        c->head = head;
        c->room = c->joins = 0;
        for (unsigned page = 0; page < UNIT_PAGES; page++)
            look_at_page(h, c, page);
        f->count += c->room != 0;
    }
    return head < unit_end(h);
}

/* The pages of the second that can join the first. */
static uint16_t fitting(const struct candidate *keeper, const struct candidate *joining)
{
    unsigned pages = keeper->room & joining->joins;
    for (unsigned rest = pages; rest; rest &= rest - 1) {
        unsigned page = (unsigned)__builtin_ctz(rest);
        if (granules_meet(&keeper->busy[page], &joining->busy[page]))
            pages &= ~(1u << page);
    }
    return (uint16_t)pages;
}

struct pair {
    struct candidate *keeper, *joining;
    uint16_t pages;
};

static void consider(struct pair *best, struct candidate *keeper,
                     struct candidate *joining)
{
    uint16_t pages = fitting(keeper, joining);
    if (__builtin_popcount(pages) > __builtin_popcount(best->pages))
        *best = (struct pair){keeper, joining, pages};
}

/* The best partner for a candidate among those behind it. */
static struct pair find_pair(struct mesh_finder *f, unsigned i)
{
    struct pair best = {.pages = 0};
    for (unsigned j = i + 1; j < f->count; j++) {
        consider(&best, &f->of[i], &f->of[j]);
        consider(&best, &f->of[j], &f->of[i]);
    }
    return best;
}

/* Meshes the pair.  Returns false if not all of it could be. */
static bool mesh_pair(struct heap *h, const struct pair *p)
{
    unsigned full = 0;
    uint16_t joined = mesh_join(h, p->keeper->head, p->joining->head, p->pages);
    for (unsigned rest = joined; rest; rest &= rest - 1) {
        unsigned page = (unsigned)__builtin_ctz(rest);
        granules_add(&p->keeper->busy[page], &p->joining->busy[page]);
        full |= takes_in(h, mesh_page_number(p->keeper->head, page)) ? 0 : 1u << page;
    }
    p->keeper->room &= (uint16_t)~full;
    p->keeper->joins &= (uint16_t)~joined;
    p->joining->joins &= (uint16_t)~joined;
    p->joining->room &= (uint16_t)~joined;
    return joined == p->pages;
}

/* A program may close all descriptors: what is meshed is kept apart from then on, as no fork could do it by the
 * file. */
static bool has_file(struct heap *h)
{
    struct mesh *m = h->mesh;
    if (os_share_begin(&m->file))
        return true;
    if (m->frames > m->frames_before)
        mesh_set_apart(h, true);
    return os_share_open(&m->file);
}

static bool begin_round(struct heap *h)
{
    struct mesh_finder *f = h->mesh->finder;
    mesh_tidy(h);
    if (f->rest > 0) {
        f->rest--;
        return false;
    }
    f->forked = false;
    f->meshed = h->mesh->meshed;
    f->cursor = 1;
    return true;
}

static bool end_round(struct heap *h)
{
    struct mesh_finder *f = h->mesh->finder;
    uint64_t worth = (h->numbers->used_bytes / OS_PAGE) / WORTH_OF;
    bool idle = h->mesh->meshed - f->meshed <= worth;
    f->idle_rounds = idle ? f->idle_rounds + 1 : 0;
    f->rest =
        idle ? (unsigned)min_size((size_t)1 << min_size(f->idle_rounds, 8), REST_MOST)
             : 0;
    f->cursor = 0;
    return false;
}

/* What is left to be done in a step. */
struct step {
    unsigned pages; /* that may still join */
    bool failed;
};

/* Meshes a candidate with those behind it.  Returns false when the step is over. */
static bool mesh_candidate(struct heap *h, unsigned i, struct step *s)
{
    struct pair p;
    while ((p = find_pair(h->mesh->finder, i)).pages) {
        unsigned count = (unsigned)__builtin_popcount(p.pages);
        s->failed = !mesh_pair(h, &p);
        s->pages -= (unsigned)min_size(s->pages, count);
        if (s->failed || s->pages == 0)
            return false;
    }
    return true;
}

/* Gathers candidates and meshes what can be of the first half of them, or of all if they are the last. */
static void mesh_some(struct heap *h, struct step *s)
{
    struct mesh_finder *f = h->mesh->finder;
    bool more = gather(h, f);
    unsigned end = more ? f->count / 2 : f->count;
    for (unsigned i = 0; i < end; i++) {
        f->cursor = f->of[i].head;
        if (!mesh_candidate(h, i, s))
            return;
    }
    f->cursor = more ? f->of[end].head : unit_end(h);
}

void mesh_wake(struct heap *h)
{
    struct mesh_finder *f = h->mesh->finder;
    f->rest = f->forked ? f->rest : 0;
}

bool mesh_step(struct heap *h)
{
    struct mesh_finder *f = h->mesh->finder;
    struct step s = {.pages = STEP_PAGES};
    if (f->cursor == 0 && !begin_round(h))
        return false;
    lock_check_all(true);
    s.failed = !has_file(h);
    if (!s.failed)
        mesh_some(h, &s);
    lock_check_all(false);
    return s.failed || f->cursor >= unit_end(h) ? end_round(h) : true;
}
