/* Pages join frames and leave them. */
#include "heap/mesh.h"

#include <errno.h>
#include <string.h>

#include "base/account.h"
#include "base/log.h"
#include "base/meta.h"
#include "base/os.h"
#include "base/track.h"
#include "heap/block.h"
#include "heap/holes.h"
#include "heap/mesh_find.h"

enum {
    /* The kernel allows a process 65,530 mappings as a rule: half of them are the program's. */
    MAPPINGS_MOST = 32000,
    /* So many are left out: a program that forks again and again gains nothing. */
    ROUNDS_AFTER_FORK = 8,
};

/* ---- Start and end ------------------------------------------------------------------------ */

static struct mesh_page *make_table(size_t bytes)
{
    void *table = os_reserve(bytes, OS_PAGE);
    if (table && os_commit(table, bytes)) {
        os_small_pages(table, bytes);
        account_add(ACCOUNT_MESHES, table, bytes);
        return table;
    }
    if (table)
        os_release(table, bytes);
    return NULL;
}

bool mesh_start(struct heap *h)
{
    if (os_page_bytes() != OS_PAGE || h->space != &os_mmap)
        return errno = ENOTSUP, false;
    struct mesh *m = meta_alloc(ACCOUNT_MESHES, sizeof *m);
    if (!m)
        return false;
    m->pages_bytes =
        align_up((size_t)h->numbers->unit_limit * UNIT_PAGES * sizeof(struct mesh_page),
                 OS_PAGE);
    m->pages = make_table(m->pages_bytes);
    m->finder = m->pages ? meta_alloc(ACCOUNT_MESHES, sizeof *m->finder) : NULL;
    bool made = m->finder && os_share_open(&m->file);
    if (made)
        h->mesh = m;
    else
        mesh_end(&(struct heap){.mesh = m});
    return made;
}

void mesh_end(struct heap *h)
{
    struct mesh *m = h->mesh;
    if (!m)
        return;
    if (m->pages) {
        account_remove(m->pages);
        os_release(m->pages, m->pages_bytes);
    }
    if (m->finder)
        meta_free(m->finder, sizeof *m->finder);
    os_share_close(&m->file);
    meta_free(m, sizeof *m);
    h->mesh = NULL;
}

/* ---- Joining ------------------------------------------------------------------------------ */

/* A run of pages of one block, side by side. */
struct run {
    uint32_t first; /* by number */
    unsigned count;
};

/* How many mappings the block makes more than one that is in no file: where one page and the next are not mapped
 * together, and at its ends. */
static uint32_t count_mappings(const struct heap *h, uint32_t head)
{
    const struct mesh_page *p = mesh_page_at(h, mesh_page_number(head, 0));
    uint32_t count = (p->frame != FRAME_NONE ? 1u : 0u) +
                     (p[UNIT_PAGES - 1].frame != FRAME_NONE ? 1u : 0u);
    for (p++; p < mesh_page_at(h, mesh_page_number(head + 1, 0)); p++)
        count += p->frame == FRAME_NONE ? p[-1].frame != FRAME_NONE
                                        : p->frame != p[-1].frame + 1;
    return count;
}

static bool has_mappings(const struct mesh *m)
{
    return m->mappings <= MAPPINGS_MOST;
}

static bool map_run(struct heap *h, struct run r, uint32_t frame, bool apart)
{
    struct mesh *m = h->mesh;
    return os_share_map(&m->file, mesh_frame_place(m, frame),
                        (void *)mesh_page_address(h, r.first), (size_t)r.count * OS_PAGE,
                        apart);
}

/* Moves pages that are in no frame to new ones, in which each is alone.  Returns false if that fails. */
static bool make_frames(struct heap *h, struct run r)
{
    struct mesh *m = h->mesh;
    uint32_t frame = m->frames + 1;
    if (frame > FRAME_APART - r.count || !has_mappings(m) ||
        !os_share_fill(&m->file, mesh_frame_place(m, frame),
                       (void *)mesh_page_address(h, r.first),
                       (size_t)r.count * OS_PAGE) ||
        !map_run(h, r, frame, false))
        return false;
    m->frames += r.count;
    for (unsigned i = 0; i < r.count; i++)
        mesh_page_set(h, r.first + i,
                      (struct mesh_page){frame + i, r.first + i, granules_all()});
    return true;
}

static void copy_granules(char *to, const char *from, const struct granules *which)
{
    for (unsigned i = 0; i < PAGE_GRANULES; i++)
        if (which->of[i / 64] >> i % 64 & 1)
            memcpy(to + i * GRANULE, from + i * GRANULE, GRANULE);
}

/* The page of this number, which is mapped to the frame by now, has no one but `busy` of it, and nobody else has
 * that. */
static void enter_frame(struct heap *h, uint32_t number, uint32_t keeper,
                        const struct granules *busy)
{
    uint32_t frame = mesh_page_at(h, keeper)->frame, next = mesh_page_at(h, keeper)->next;
    uint32_t other = keeper;
    do {
        struct mesh_page p = *mesh_page_at(h, other);
        granules_remove(&p.owned, busy);
        if (other == keeper)
            p.next = number;
        mesh_page_set(h, other, p);
        other = other == keeper ? next : p.next;
    } while (other != keeper);
    mesh_page_set(h, number, (struct mesh_page){frame, next, *busy});
}

/* The page, which is alone, is mapped elsewhere by now. */
static void drop_frame(struct heap *h, uint32_t number)
{
    const struct mesh *m = h->mesh;
    uint32_t frame = mesh_page_at(h, number)->frame;
    if (mesh_frame_is_open(m, frame))
        os_share_drop(&m->file, mesh_frame_place(m, frame), OS_PAGE);
}

/* Has pages of one block, which are alone, share the frames of others, which follow each other. */
static bool join_run(struct heap *h, struct run joining, uint32_t keeper)
{
    struct mesh *m = h->mesh;
    char *from = m->finder->copies;
    char *at = (char *)mesh_page_address(h, joining.first);
    if (!has_mappings(m) ||
        !os_copy(from, (uintptr_t)at, (size_t)joining.count * OS_PAGE) ||
        !map_run(h, joining, mesh_page_at(h, keeper)->frame, false))
        return false;
    for (unsigned i = 0; i < joining.count; i++) {
        uint32_t number = joining.first + i;
        drop_frame(h, number);
        struct granules busy = mesh_busy(h, number / UNIT_PAGES, number % UNIT_PAGES);
        copy_granules(at + (size_t)i * OS_PAGE, from + (size_t)i * OS_PAGE, &busy);
        enter_frame(h, number, keeper + i, &busy);
    }
    __atomic_fetch_add(&m->shared, joining.count, __ATOMIC_RELAXED);
    m->meshed += joining.count;
    return true;
}

/* ---- Lists of blocks ---------------------------------------------------------------------- */

/* Blocks whose slots are being lent or come back.  They are on no list meanwhile, and count as taken. */
struct affected {
    struct heap *heap;
    unsigned count;
    struct {
        uint32_t head;
        bool taken; /* by a cache, before */
    } of[UNIT_PAGES * MESH_MEMBERS_MOST + 1];
};

static void affect(struct affected *a, uint32_t head)
{
    struct block *b = block_at(a->heap, head);
    for (unsigned i = 0; i < a->count; i++)
        if (a->of[i].head == head)
            return;
    block_unlist(a->heap, head);
    a->of[a->count].head = head;
    a->of[a->count++].taken = b->taken;
    b->taken = true;
}

/* The blocks of all pages of the frame that the page is in. */
static void affect_members(struct affected *a, uint32_t number)
{
    uint32_t n = number;
    do {
        affect(a, n / UNIT_PAGES);
        n = mesh_page_at(a->heap, n)->next;
    } while (mesh_page_at(a->heap, number)->frame != FRAME_NONE && n != number);
}

static void list_affected(struct affected *a)
{
    for (unsigned i = 0; i < a->count; i++) {
        uint32_t head = a->of[i].head;
        block_at(a->heap, head)->taken = a->of[i].taken;
        if (!a->of[i].taken)
            block_settle(a->heap, head);
    }
}

/* ---- Runs of pages ------------------------------------------------------------------------ */

/* The run of pages at the beginning of `pages` that are alike: in no frame, or in frames that follow each other. */
static struct run next_run(const struct heap *h, uint32_t head, uint16_t pages)
{
    unsigned first = (unsigned)__builtin_ctz(pages), count = 1;
    uint32_t number = mesh_page_number(head, first);
    const struct mesh_page *p = mesh_page_at(h, number);
    bool shares = mesh_page_shares(p);
    while (first + count < UNIT_PAGES && pages >> (first + count) & 1) {
        const struct mesh_page *next = p + count;
        if (mesh_page_shares(next) != shares ||
            (shares && next->frame != p->frame + count))
            break;
        count++;
    }
    return (struct run){number, count};
}

static uint16_t run_pages(struct run r)
{
    return (uint16_t)(((1u << r.count) - 1) << r.first % UNIT_PAGES);
}

static bool join_next(struct heap *h, struct run r, uint32_t joining)
{
    struct affected a = {.heap = h};
    affect(&a, joining);
    for (unsigned i = 0; i < r.count; i++)
        affect_members(&a, r.first + i);
    bool joined =
        (mesh_page_shares(mesh_page_at(h, r.first)) || make_frames(h, r)) &&
        join_run(h,
                 (struct run){mesh_page_number(joining, r.first % UNIT_PAGES), r.count},
                 r.first);
    list_affected(&a);
    return joined;
}

/* Has a block that is in no frame yet enter some with all its pages, as that is one mapping. */
static void frame_all(struct heap *h, uint32_t head)
{
    if (mesh_pages_of(h, head) == 0 && h->units[head].holes == 0)
        make_frames(h, (struct run){mesh_page_number(head, 0), UNIT_PAGES});
}

uint16_t mesh_join(struct heap *h, uint32_t keeper, uint32_t joining, uint16_t pages)
{
    uint16_t joined = 0;
    uint32_t before = count_mappings(h, keeper) + count_mappings(h, joining);
    frame_all(h, keeper);
    while (pages) {
        struct run r = next_run(h, keeper, pages);
        if (!join_next(h, r, joining))
            break;
        pages &= (uint16_t)~run_pages(r);
        joined |= run_pages(r);
    }
    h->mesh->mappings += count_mappings(h, keeper) + count_mappings(h, joining) - before;
    return joined;
}

/* ---- Leaving ------------------------------------------------------------------------------ */

/* Takes the page out of its ring.  Returns another page of it, or `number` if it was alone. */
static uint32_t unlink(struct heap *h, uint32_t number)
{
    struct mesh_page *p = mesh_page_at(h, number);
    uint32_t next = p->next, before = next;
    if (next == number)
        return number;
    while (mesh_page_at(h, before)->next != number)
        before = mesh_page_at(h, before)->next;
    mesh_page_at(h, before)->next = next;
    p->next = number;
    __atomic_fetch_sub(&h->mesh->shared, 1, __ATOMIC_RELAXED);
    return next;
}

/* The page holds no object, and leaves its frame: another page there inherits what it owns.  Nothing happens for
 * want of memory. */
static void leave(struct affected *a, uint32_t number)
{
    struct heap *h = a->heap;
    struct mesh_page was = *mesh_page_at(h, number);
    void *address = (void *)mesh_page_address(h, number);
    if (mesh_frame_is_open(h->mesh, was.frame) && was.next == number)
        os_share_drop_at(address, OS_PAGE);
    if (!os_share_unmap(address, OS_PAGE))
        return;
    affect_members(a, number);
    uint32_t heir = unlink(h, number);
    if (heir != number) {
        struct mesh_page inherits = *mesh_page_at(h, heir);
        granules_add(&inherits.owned, &was.owned);
        mesh_page_set(h, heir, inherits);
    }
    mesh_page_set(h, number, (struct mesh_page){0});
    holes_note(h, number / UNIT_PAGES, number % UNIT_PAGES);
}

/* What was lent of a page that is alone by now comes back. */
static void tidy_page(struct affected *a, uint32_t number)
{
    struct heap *h = a->heap;
    struct mesh_page p = *mesh_page_at(h, number);
    if (p.next == number && granules_count(&p.owned) < PAGE_GRANULES) {
        affect(a, number / UNIT_PAGES);
        p.owned = granules_all();
        mesh_page_set(h, number, p);
    }
    struct granules busy = mesh_busy(h, number / UNIT_PAGES, number % UNIT_PAGES);
    if (!granules_any(&busy))
        leave(a, number);
}

static void tidy_block(struct heap *h, uint32_t head)
{
    uint16_t pages = mesh_pages_of(h, head);
    struct affected a = {.heap = h};
    for (; pages; pages &= (uint16_t)(pages - 1))
        tidy_page(&a, mesh_page_number(head, (unsigned)__builtin_ctz(pages)));
    list_affected(&a);
}

/* Blocks with pages in a file, which may be released on the way, so that it goes by units. */
#define MESHED_BLOCKS(h, head)             \
    uint32_t head = mesh_next_block(h, 1); \
    head < unit_end(h);                    \
    head = mesh_next_block(h, head + 1)

static uint32_t mesh_next_block(const struct heap *h, uint32_t u)
{
    while (u < unit_end(h) && !(unit_is_head(h, u) && block_has(h, u, BLOCK_MESHED)))
        u++;
    return u;
}

void mesh_tidy(struct heap *h)
{
    uint32_t mappings = 0;
    lock_check_all(true);
    for (MESHED_BLOCKS(h, head))
        tidy_block(h, head);
    for (MESHED_BLOCKS(h, head))
        mappings += count_mappings(h, head);
    h->mesh->mappings = mappings;
    lock_check_all(false);
}

/* ---- Apart -------------------------------------------------------------------------------- */

/* Moves the run to memory of nobody's file. */
static bool copy_run(struct heap *h, struct run r)
{
    char *at = (char *)mesh_page_address(h, r.first), *copies = h->mesh->finder->copies;
    if (!os_copy(copies, (uintptr_t)at, (size_t)r.count * OS_PAGE) ||
        !os_share_unmap(at, (size_t)r.count * OS_PAGE))
        return false;
    track_copy(at, copies, (size_t)r.count * OS_PAGE);
    return true;
}

static bool set_run_apart(struct heap *h, struct run r, bool stopped)
{
    uint32_t frame = mesh_page_at(h, r.first)->frame;
    bool mapped = mesh_frame_is_open(h->mesh, frame) && map_run(h, r, frame, true);
    if (!mapped && !(stopped && copy_run(h, r)))
        return false;
    for (unsigned i = 0; i < r.count; i++) {
        unlink(h, r.first + i);
        mesh_page_at(h, r.first + i)->frame = FRAME_APART;
    }
    return true;
}

static bool set_block_apart(struct heap *h, uint32_t head, bool stopped)
{
    bool all = true;
    for (uint16_t pages = mesh_pages_of(h, head); pages;) {
        struct run r = next_run(h, head, pages);
        if (mesh_page_shares(mesh_page_at(h, r.first)))
            all &= set_run_apart(h, r, stopped);
        pages &= (uint16_t)~run_pages(r);
    }
    return all;
}

/* Each page has its contents for itself then, in a file that nobody writes to any more, and what it writes in
 * memory of its own.  What slots are lent is seen by the next tidying.  Pages that stay are in a file that is open
 * no more, and nobody enters their frames. */
bool mesh_set_apart(struct heap *h, bool stopped)
{
    struct mesh *m = h->mesh;
    bool all = true;
    os_share_begin(&m->file);
    for (MESHED_BLOCKS(h, head))
        all &= set_block_apart(h, head, stopped);
    os_share_close(&m->file);
    m->frames = all ? 0 : m->frames;
    m->frames_before = m->frames;
    return all;
}

/* The child gets none of the parent's file, in use or not. */
void mesh_before_fork(struct heap *h, bool stopped)
{
    struct mesh_finder *f = h->mesh->finder;
    bool used = h->mesh->frames > h->mesh->frames_before;
    if (!mesh_set_apart(h, stopped))
        log_line("fork: there is no memory to keep objects of the child apart from the "
                 "parent's: what one of them writes there, the other sees");
    f->rest = used ? ROUNDS_AFTER_FORK : f->rest;
    f->forked |= used;
}
