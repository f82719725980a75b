/* Pages of blocks that share memory: several pages of the heap are one frame, a page of a file, mapped at each of
 * their addresses.  An object stays where it is, and so does every pointer to it.
 *
 * Of a frame's 256 granules each is owned by one of its pages.  A slot that is not owned by its own page, or not
 * all of it, is lent: its state is RESERVED, so that nobody has it, and it is in no cache.  What is owned is used as
 * ever, by allocation, freeing and marking, which know nothing of this.
 *
 * Only blocks of one unit have such pages, whose slots are no larger than half a page, so that no object has a
 * page for itself.  A page that is its process's own, of a file that others may have mapped (a fork came after the
 * mesh), has the frame FRAME_APART.
 *
 * Who may write: pages and what they own change on a stopped world; those of an empty block, which has no lent slot,
 * under the lock of its list. */
#ifndef GCALLOC_HEAP_MESH_PAGES_H
#define GCALLOC_HEAP_MESH_PAGES_H

#include "base/os_share.h"
#include "heap/lookup.h"

enum {
    UNIT_PAGES = UNIT_BYTES / OS_PAGE,
    PAGE_GRANULES = OS_PAGE / GRANULE,
    GRANULE_WORDS = PAGE_GRANULES / 64,
    MESH_SLOT_MOST = OS_PAGE / 2,
    FRAME_NONE = 0, /* frames are numbered from 1 on */
};

#define FRAME_APART UINT32_MAX

/* A bit for each granule of a page. */
struct granules {
    uint64_t of[GRANULE_WORDS];
};

/* A page of the heap, by number: unit * UNIT_PAGES + page of the unit. */
struct mesh_page {
    uint32_t frame;
    uint32_t
        next; /* the next page of the frame, in a ring; a page alone has its own number */
    struct granules owned;
};

struct mesh {
    struct mesh_page *pages; /* by number */
    size_t pages_bytes;
    struct os_share file;
    /* Frames so far, in all, and in files before the present one: pages that could not be set apart are still in
     * those.  Frame f is at byte (f - 1 - frames_before) * OS_PAGE of the file. */
    uint32_t frames, frames_before;
    /* Mappings that there are more than without meshes.  What goes with a block is seen by the next tidying. */
    uint32_t mappings;
    uint32_t shared; /* pages that have another one's memory.  Atomic */
    uint64_t meshed; /* pages that have come to have it, since the start */
    struct mesh_finder *finder;
};

/* Whether the block may have pages in frames, by its class. */
bool mesh_suits(unit_word word);

/* The pages of the block's first unit that are in a file, a bit each. */
uint16_t mesh_pages_of(const struct heap *h, uint32_t head);

/* Whether the slot's memory, or part of it, is another block's. */
bool mesh_is_lent(const struct heap *h, uint32_t head, uint32_t slot);

/* The granules of a page of the block that slots lie in which are not FREE, and not lent. */
struct granules mesh_busy(const struct heap *h, uint32_t head, unsigned page);

/* Sets what is known of a page.  Slots that come to be lent, which were FREE, become RESERVED, and those that are lent
 * no more FREE: the block's counters follow, but not its list.  The world is stopped. */
void mesh_page_set(struct heap *h, uint32_t number, struct mesh_page page);

/* The block, all of whose slots are FREE, is to be given back: its pages get memory of their own, which reads as
 * zero.  Returns false if there is none for one of them, or if one has its memory in common with others, which it leaves
 * in a stop only (mesh_tidy): then the block must stay. */
bool mesh_let_go(struct heap *h, uint32_t head);

/* Checks that frames, rings, owners and states agree.  Returns the number of slots of the block that are lent. */
uint32_t mesh_check_block(const struct heap *h, uint32_t head);

/* The bytes that the heap holds less of, as pages have them in common. */
INLINE size_t mesh_bytes(const struct heap *h)
{
    return h->mesh ? (size_t)__atomic_load_n(&h->mesh->shared, __ATOMIC_RELAXED) * OS_PAGE
                   : 0;
}

INLINE bool granules_any(const struct granules *a)
{
    return (a->of[0] | a->of[1] | a->of[2] | a->of[3]) != 0;
}

/* Whether they have a granule in common. */
INLINE bool granules_meet(const struct granules *a, const struct granules *b)
{
    return ((a->of[0] & b->of[0]) | (a->of[1] & b->of[1]) | (a->of[2] & b->of[2]) |
            (a->of[3] & b->of[3])) != 0;
}

INLINE void granules_add(struct granules *a, const struct granules *b)
{
    for (int i = 0; i < GRANULE_WORDS; i++)
        a->of[i] |= b->of[i];
}

INLINE void granules_remove(struct granules *a, const struct granules *b)
{
    for (int i = 0; i < GRANULE_WORDS; i++)
        a->of[i] &= ~b->of[i];
}

INLINE unsigned granules_count(const struct granules *a)
{
    unsigned count = 0;
    for (int i = 0; i < GRANULE_WORDS; i++)
        count += (unsigned)__builtin_popcountll(a->of[i]);
    return count;
}

INLINE struct granules granules_all(void)
{
    return (struct granules){{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}};
}

INLINE struct mesh_page *mesh_page_at(const struct heap *h, uint32_t number)
{
    return &h->mesh->pages[number];
}

INLINE uint32_t mesh_page_number(uint32_t unit, unsigned page)
{
    return unit * UNIT_PAGES + page;
}

INLINE uintptr_t mesh_page_address(const struct heap *h, uint32_t number)
{
    return h->base + (uintptr_t)number * OS_PAGE;
}

/* Whether the page is in a frame that other pages may have, too. */
INLINE bool mesh_page_shares(const struct mesh_page *p)
{
    return p->frame != FRAME_NONE && p->frame != FRAME_APART;
}

/* Whether the frame is in the present file. */
INLINE bool mesh_frame_is_open(const struct mesh *m, uint32_t frame)
{
    return frame != FRAME_APART && frame > m->frames_before;
}

INLINE uint64_t mesh_frame_place(const struct mesh *m, uint32_t frame)
{
    return (uint64_t)(frame - 1 - m->frames_before) * OS_PAGE;
}

#endif
