/* Containers: old objects of every kind that words are written to. */
#include <gcalloc/layout.h>
#include <gcalloc/slab.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "young.h"

enum {
    PAGE = 4096,
    MEDIUM = 20000,
    LARGE = 300 << 10,
    HUGE = 3 << 20,
    SPARSE = 8 << 20,
    NEIGHBOURS = 500,
};

static void spread(struct container *c, size_t bytes)
{
    size_t step = bytes / VICTIMS & ~(sizeof(void *) - 1);
    ck_assert_ptr_nonnull(c->object);
    for (size_t i = 0; i < VICTIMS; i++)
        c->cells[i] = (void **)(void *)((char *)c->object + i * step);
}

static void make(struct container *c, size_t bytes)
{
    c->object = gc_alloc(bytes);
    spread(c, bytes);
}

static void small(struct container *c)
{
    make(c, VICTIMS * sizeof(void *));
}
static void medium(struct container *c)
{
    make(c, MEDIUM);
}
static void large(struct container *c)
{
    make(c, LARGE);
}
static void huge(struct container *c)
{
    make(c, HUGE);
}
static void sparse(struct container *c)
{
    make(c, SPARSE);
}

/* Its block is full of others. */
static void among_others(struct container *c)
{
    static void *others[NEIGHBOURS];
    for (size_t i = 0; i < NEIGHBOURS; i++)
        others[i] = gc_alloc(VICTIMS * sizeof(void *));
    c->object = others[NEIGHBOURS / 2];
    spread(c, VICTIMS * sizeof(void *));
}

static void manual(struct container *c)
{
    c->object = gc_alloc_manual(MEDIUM);
    spread(c, MEDIUM);
}

static void aligned(struct container *c)
{
    c->object = gc_alloc_aligned(PAGE, PAGE);
    spread(c, PAGE);
}

static void bitmap(struct container *c)
{
    static const uint64_t all = UINT64_MAX;
    gc_layout l = gc_layout_new_bitmap(VICTIMS * sizeof(void *), &all);
    c->object = gc_alloc_layout(l);
    spread(c, VICTIMS * sizeof(void *));
}

static void array(struct container *c)
{
    size_t first = 0;
    gc_layout l = gc_layout_new_array(0, gc_layout_new(PAGE + 8, &first, 1));
    c->object = gc_alloc_layout_sized(l, VICTIMS * (PAGE + 8));
    spread(c, VICTIMS * (PAGE + 8));
}

static void trace_outside(void *object, size_t size, void *data)
{
    void **words = *(void ***)object;
    (void)size, (void)data;
    if (words)
        gc_trace_range(words, words + VICTIMS);
}

/* The words lie in memory of malloc's, where nobody notes writes. */
static void outside(struct container *c)
{
    gc_layout l = gc_layout_new_traced(64, trace_outside, NULL);
    void **words = calloc(VICTIMS, sizeof *words);
    c->object = gc_alloc_layout(l);
    ck_assert(c->object && words);
    *(void ***)c->object = words;
    for (size_t i = 0; i < VICTIMS; i++)
        c->cells[i] = &words[i];
}

static void slab(struct container *c)
{
    c->object = gc_slab_alloc(gc_slab_create("cells", MEDIUM, 0, NULL, 0));
    spread(c, MEDIUM);
}

/* Once it is old it grows, and its pages move. */
static void grow(struct container *c)
{
    c->object = gc_realloc(c->object, 4 * HUGE);
    spread(c, 4 * HUGE);
}

/* Once it is old it grows where it is, as there is nothing behind it. */
static void grow_at_end(struct container *c)
{
    static size_t bytes = HUGE;
    bytes += LARGE;
    c->object = gc_realloc(c->object, bytes);
    spread(c, bytes);
}

/* Once it is old it shrinks, and what it leaves is others'. */
static void shrink(struct container *c)
{
    static size_t bytes = HUGE;
    bytes /= 2;
    c->object = gc_realloc(c->object, bytes);
    spread(c, bytes);
}

/* Once it is old a page of it becomes unreadable, and comes back. */
static void protect(struct container *c)
{
    char *page = (char *)(((uintptr_t)c->object + PAGE) & -(uintptr_t)PAGE);
    ck_assert_int_eq(mprotect(page, PAGE, PROT_NONE), 0);
    ck_assert_int_eq(mprotect(page, PAGE, PROT_READ | PROT_WRITE), 0);
}

/* Once it is old its memory is given away. */
static void discard(struct container *c)
{
    char *page = (char *)(((uintptr_t)c->object + PAGE) & -(uintptr_t)PAGE);
    ck_assert_int_eq(madvise(page, HUGE - 2 * PAGE, MADV_DONTNEED), 0);
}

/* Once it is old other memory takes the place of its pages. */
static void replace(struct container *c)
{
    char *page = (char *)(((uintptr_t)c->object + PAGE) & -(uintptr_t)PAGE);
    ck_assert_ptr_eq(mmap(page, HUGE - 2 * PAGE, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
                     page);
}

static const struct sort {
    void (*make)(struct container *c);
    void (*alter)(struct container *c);
} sorts[SORTS] = {
    {small, NULL},       {among_others, NULL}, {medium, NULL},  {large, NULL},
    {huge, NULL},        {sparse, NULL},       {manual, NULL},  {aligned, NULL},
    {bitmap, NULL},      {array, NULL},        {outside, NULL}, {slab, NULL},
    {huge, grow},        {huge, protect},      {huge, discard}, {huge, replace},
    {huge, grow_at_end}, {huge, shrink},
};

void container_make(struct container *c, int sort)
{
    sorts[sort].make(c);
    collect(2);
}

void container_alter(struct container *c, int sort)
{
    if (sorts[sort].alter)
        sorts[sort].alter(c);
}

/* ---- What it points to lives ------------------------------------------------------------- */

static void put(void *where, size_t i, void *p)
{
    struct writing *w = where;
    w->way(w->container->cells[i], p);
}

struct place writing_place(struct writing *w)
{
    return (struct place){put, w};
}

/* Victims that the container had before are old by now, and go with a full collection. */
void live_once(struct place place)
{
    struct victims *v = place_fill(place);
    collect_young(1);
    victims_assert_intact(v);
    collect_young(2);
    victims_assert_intact(v);
    place_clear(place);
    victims_assert_gone(v);
    free(v);
}

uint64_t container_write(struct container *c, int sort, write_way *const *ways,
                         int way_count)
{
    container_make(c, sort);
    uint64_t before = young_collections();
    for (int i = 0; i < way_count; i++) {
        struct writing w = {c, ways[(sort + i) % way_count]};
        go_young("256K", (i + sort / way_count) % 2);
        live_once(writing_place(&w));
        container_alter(c, sort);
    }
    return young_collections() - before;
}
