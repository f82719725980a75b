/* Which granules of a page are whose, and what that means for the states of slots. */
#include "heap/mesh_pages.h"

#include "base/check.h"
#include "heap/state.h"

/* Slots [from, to) have a part on the page of a block. */
struct slots {
    uint32_t from, to;
};

enum { SLOTS_MOST = PAGE_GRANULES + 1 };

static struct slots slots_on(const struct geometry *g, unsigned page)
{
    size_t low = (size_t)page * OS_PAGE;
    return (
        struct slots){(uint32_t)min_size(low / g->size, g->count),
                      (uint32_t)min_size((low + OS_PAGE - 1) / g->size + 1, g->count)};
}

static uint64_t bits_below(unsigned n)
{
    return n < 64 ? ((uint64_t)1 << n) - 1 : UINT64_MAX;
}

static void add_range(struct granules *a, unsigned from, unsigned to)
{
    for (unsigned word = from / 64; word * 64 < to; word++) {
        unsigned low = from > word * 64 ? from - word * 64 : 0;
        a->of[word] |= bits_below(to - word * 64) & ~bits_below(low);
    }
}

/* The granules of the page that the slot has. */
static struct granules granules_of(const struct geometry *g, uint32_t slot, unsigned page)
{
    struct granules all = {0};
    size_t low = (size_t)page * OS_PAGE, high = low + OS_PAGE;
    size_t from = max_size((size_t)slot * g->size, low);
    size_t to = min_size(((size_t)slot + 1) * g->size, high);
    if (from < to)
        add_range(&all, (unsigned)((from - low) / GRANULE),
                  (unsigned)((to - low) / GRANULE));
    return all;
}

bool mesh_suits(unit_word word)
{
    const struct geometry *g = word_geometry(word);
    return word_class(word) >= 1 && word_class(word) <= CLASS_SMALL_LAST &&
           g->size <= MESH_SLOT_MOST;
}

static uint16_t pages_in_frames(const struct heap *h, uint32_t unit)
{
    unsigned pages = 0;
    for (unsigned i = 0; i < UNIT_PAGES; i++)
        if (mesh_page_at(h, mesh_page_number(unit, i))->frame != FRAME_NONE)
            pages |= 1u << i;
    return (uint16_t)pages;
}

uint16_t mesh_pages_of(const struct heap *h, uint32_t head)
{
    return block_has(h, head, BLOCK_MESHED) ? pages_in_frames(h, head) : 0;
}

bool mesh_is_lent(const struct heap *h, uint32_t head, uint32_t slot)
{
    const struct geometry *g = word_geometry(h->words[head]);
    size_t low = (size_t)slot * g->size, high = low + g->size;
    for (unsigned page = (unsigned)(low / OS_PAGE); page * (size_t)OS_PAGE < high;
         page++) {
        const struct mesh_page *p = mesh_page_at(h, mesh_page_number(head, page));
        if (p->frame == FRAME_NONE)
            continue;
        struct granules lacks = granules_of(g, slot, page);
        granules_remove(&lacks, &p->owned);
        if (granules_any(&lacks))
            return true;
    }
    return false;
}

struct granules mesh_busy(const struct heap *h, uint32_t head, unsigned page)
{
    const struct geometry *g = word_geometry(h->words[head]);
    const uint8_t *states = block_states(h, head);
    bool lends = block_has(h, head, BLOCK_MESHED);
    struct slots on = slots_on(g, page);
    struct granules busy = {0};
    for (uint32_t i = on.from; (i = state_find_not_free(states, i, on.to)) < on.to; i++)
        if (!lends || !mesh_is_lent(h, head, i)) {
            struct granules of = granules_of(g, i, page);
            granules_add(&busy, &of);
        }
    return busy;
}

static void note_lent(struct heap *h, uint32_t head, uint32_t slot, bool lent)
{
    struct block *b = block_at(h, head);
    uint8_t *state = block_states(h, head) + slot;
    if (GC_CHECKING)
        CHECK(*state == (lent ? STATE_FREE : STATE_RESERVED));
    *state = lent ? STATE_RESERVED : STATE_FREE;
    b->free_count += lent ? -1u : 1u;
    b->touched = (uint32_t)max_size(b->touched, slot + 1);
    __atomic_fetch_add(&h->numbers->reserved_apart, lent ? 1u : -1u, __ATOMIC_RELAXED);
}

static void set_flag(struct heap *h, uint32_t head)
{
    uint8_t *flags = &block_at(h, head)->flags;
    if (pages_in_frames(h, head))
        __atomic_fetch_or(flags, BLOCK_MESHED, __ATOMIC_RELAXED);
    else
        __atomic_fetch_and(flags, (uint8_t)~BLOCK_MESHED, __ATOMIC_RELAXED);
}

void mesh_page_set(struct heap *h, uint32_t number, struct mesh_page page)
{
    uint32_t head = number / UNIT_PAGES;
    struct slots on = slots_on(word_geometry(h->words[head]), number % UNIT_PAGES);
    bool before[SLOTS_MOST];
    for (uint32_t i = on.from; i < on.to; i++)
        before[i - on.from] = mesh_is_lent(h, head, i);
    *mesh_page_at(h, number) = page;
    set_flag(h, head);
    for (uint32_t i = on.from; i < on.to; i++) {
        bool lent = mesh_is_lent(h, head, i);
        if (lent != before[i - on.from])
            note_lent(h, head, i, lent);
    }
}

/* Whether no page of the block has memory in common with others: even without a lent slot one may, as objects of
 * others lie in the block's tail. */
static bool is_alone(const struct heap *h, uint32_t head)
{
    for (unsigned i = 0; i < UNIT_PAGES; i++) {
        uint32_t number = mesh_page_number(head, i);
        const struct mesh_page *p = mesh_page_at(h, number);
        if (mesh_page_shares(p) && p->next != number)
            return false;
    }
    return true;
}

bool mesh_let_go(struct heap *h, uint32_t head)
{
    if (!is_alone(h, head))
        return false;
    for (unsigned i = 0; i < UNIT_PAGES; i++) {
        uint32_t number = mesh_page_number(head, i);
        struct mesh_page *p = mesh_page_at(h, number);
        if (p->frame == FRAME_NONE)
            continue;
        void *address = (void *)mesh_page_address(h, number);
        if (mesh_frame_is_open(h->mesh, p->frame))
            os_share_drop_at(address, OS_PAGE);
        if (!os_share_unmap(address, OS_PAGE))
            return false;
        *p = (struct mesh_page){0};
    }
    set_flag(h, head);
    return true;
}

/* Checks that nobody else of the frame owns what the page does.  Rings are short. */
static void check_ring(const struct heap *h, uint32_t number)
{
    const struct mesh_page *p = mesh_page_at(h, number);
    if (!mesh_page_shares(p))
        CHECK(p->next == number);
    for (uint32_t n = p->next; n != number; n = mesh_page_at(h, n)->next) {
        const struct mesh_page *other = mesh_page_at(h, n);
        CHECK(other->frame == p->frame);
        CHECK(!granules_meet(&other->owned, &p->owned));
    }
}

uint32_t mesh_check_block(const struct heap *h, uint32_t head)
{
    uint16_t pages = pages_in_frames(h, head);
    CHECK((pages != 0) == block_has(h, head, BLOCK_MESHED));
    if (!pages)
        return 0;
    CHECK(mesh_suits(h->words[head]));
    const uint8_t *states = block_states(h, head);
    uint32_t lent = 0, count = word_geometry(h->words[head])->count;
    for (uint32_t i = 0; i < count; i++)
        if (mesh_is_lent(h, head, i)) {
            CHECK(states[i] == STATE_RESERVED);
            lent++;
        }
    for (unsigned i = 0; i < UNIT_PAGES; i++)
        if (pages >> i & 1)
            check_ring(h, mesh_page_number(head, i));
    return lent;
}
