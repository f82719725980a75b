/* Pointers in other objects: lists, cycles, manual objects; and where they do not count:
 * in atomic objects, in malloc's memory, disguised. */
#include "place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NODES = 100000 };

struct node {
    struct node *next;
    uintptr_t number;
};

struct graph {
    void **first; /* the place of its only pointer */
    uintptr_t *hidden;
    bool cyclic;
};

static void build_list(void *argument)
{
    struct graph *g = argument;
    struct node *first = NULL, *last = NULL;
    for (uintptr_t i = 0; i < NODES; i++) {
        struct node *n = gc_alloc(sizeof *n);
        *n = (struct node){first, i};
        g->hidden[i] = hide(n);
        last = last ? last : n;
        first = n;
    }
    if (g->cyclic)
        last->next = first;
    *g->first = first;
}

static void walk_list(void *argument)
{
    const struct graph *g = argument;
    const struct node *n = *g->first;
    for (uintptr_t i = NODES; i-- > 0; n = n->next) {
        ck_assert_uint_eq(hide(n), g->hidden[i]);
        ck_assert_uint_eq(n->number, i);
    }
    ck_assert_ptr_eq(n, g->cyclic ? *g->first : NULL);
}

static void check_list(bool cyclic)
{
    void *first = NULL;
    struct graph g = {&first, malloc(NODES * sizeof(uintptr_t)), cyclic};
    deeply(build_list, &g);
    collect(COLLECTIONS);
    ck_assert_uint_eq(count_living(g.hidden, NODES), NODES);
    deeply(walk_list, &g);
    first = NULL;
    collect(1);
    ck_assert_uint_eq(count_living(g.hidden, NODES), 0);
    free(g.hidden);
}

START_TEST(linked_list)
{
    check_list(false);
}
END_TEST

START_TEST(ring)
{
    check_list(true);
}
END_TEST

/* Objects that point to each other without order; the first one leads to all. */
static void build_web(void *argument)
{
    enum { LINKS = 4 };
    struct graph *g = argument;
    void **nodes[VICTIMS];
    for (size_t i = 0; i < VICTIMS; i++) {
        nodes[i] = gc_calloc(LINKS, sizeof(void *));
        g->hidden[i] = hide(nodes[i]);
    }
    for (size_t i = 0; i < VICTIMS; i++)
        for (size_t k = 0; k < LINKS; k++)
            nodes[i][k] = nodes[(LINKS * i + k + 1) % VICTIMS];
    *g->first = nodes[0];
}

START_TEST(cyclic_graph)
{
    void *first = NULL;
    uintptr_t *hidden = malloc(VICTIMS * sizeof *hidden);
    deeply(build_web, &(struct graph){&first, hidden, true});
    collect(COLLECTIONS);
    ck_assert_uint_eq(count_living(hidden, VICTIMS), VICTIMS);
    first = NULL;
    collect(1);
    ck_assert_uint_eq(count_living(hidden, VICTIMS), 0);
    free(hidden);
}
END_TEST

/* An object of each way to allocate, held by a static pointer, as the place. */
static void **table;

static void allocate_table(void *argument)
{
    static const size_t bytes = VICTIMS * sizeof(void *);
    void *(*allocate)(size_t size) = *(void *(**)(size_t size))argument;
    table = allocate(bytes);
    ck_assert_ptr_nonnull(table);
    for (size_t i = 0; i < VICTIMS; i++)
        table[i] = NULL;
}

static void make_table(void *(*allocate)(size_t size))
{
    deeply(allocate_table, &allocate);
}

/* Of the victims that a chain of two starts with, through another object. */
static void put_behind(void *where, size_t i, void *p)
{
    void **link = p ? gc_alloc(sizeof *link) : NULL;
    if (link)
        *link = p;
    ((void **)where)[i] = link;
}

START_TEST(scanned_object)
{
    make_table(gc_alloc);
    place_check(place_words(table));
    place_check((struct place){put_behind, table});
}
END_TEST

START_TEST(manual_object)
{
    make_table(gc_alloc_manual);
    uintptr_t hidden = hide(table);
    place_check(place_words(table));
    place_check((struct place){put_behind, table});
    struct victims *v = place_fill((struct place){put_behind, table});
    table = NULL;
    collect(COLLECTIONS);
    victims_assert_intact(v);
    gc_free(reveal(hidden));
    victims_assert_gone(v);
}
END_TEST

/* Where the words of a table lie that is much larger than what is written of it: the first half
 * one page after the other, but for every second, the rest a megabyte apart. */
static size_t sparse_place(size_t i)
{
    size_t half = VICTIMS / 2;
    return i < half ? 8192 * i + 8 * i : (half + i) << 20;
}

static void put_sparse(void *where, size_t i, void *p)
{
    memcpy((char *)where + sparse_place(i), &p, sizeof p);
}

enum { SPARSE_BYTES = (2 * VICTIMS) << 20 };

static void allocate_sparse(void *argument)
{
    (void)argument;
    table = gc_alloc(SPARSE_BYTES);
    ck_assert_ptr_nonnull(table);
}

/* How many pages of the table the process has, or the system knows anything of. */
static size_t known_pages(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), known = 0;
    FILE *pages = fopen("/proc/self/pagemap", "r");
    uint64_t entry;
    if (!pages)
        return 0;
    setvbuf(pages, NULL, _IOFBF, 1 << 16);
    fseeko(pages, (off_t)((uintptr_t)table / page * sizeof entry), SEEK_SET);
    for (size_t at = 0; at < SPARSE_BYTES; at += page)
        known += fread(&entry, sizeof entry, 1, pages) == 1 && entry >> 62;
    fclose(pages);
    return known;
}

/* What was never written costs nothing: not even the pages are looked at, as these would be
 * mapped by that. */
START_TEST(sparse_object)
{
    gc_init();
    gc_option_set("verify", "0"); /* the naive marker reads all */
    deeply(allocate_sparse, NULL);
    size_t known = known_pages();
    collect(1);
    ck_assert_uint_eq(known_pages(), known);
    place_check((struct place){put_sparse, table});
    size_t most = known + SPARSE_BYTES / 2 / (size_t)sysconf(_SC_PAGESIZE);
    if (known < most / 8) /* not by huge pages */
        ck_assert_uint_le(known_pages(), most);
}
END_TEST

static void check_keeps_nothing(void **words)
{
    struct victims *v = place_fill(place_words(words));
    victims_assert_gone(v);
    free(v);
}

START_TEST(atomic_object)
{
    make_table(gc_alloc_atomic);
    check_keeps_nothing(table);
    ck_assert_ptr_eq(gc_base(table), table);
}
END_TEST

START_TEST(manual_atomic_object)
{
    make_table(gc_alloc_manual_atomic);
    check_keeps_nothing(table);
    ck_assert_ptr_eq(gc_base(table), table);
}
END_TEST

START_TEST(memory_of_malloc)
{
    void **words = calloc(VICTIMS, sizeof *words);
    check_keeps_nothing(words);
    free(words);
}
END_TEST

static void put_disguised(void *where, size_t i, void *p)
{
    ((uintptr_t *)where)[i] = (uintptr_t)p ^ 0x5555555555555555;
}

START_TEST(disguised_pointer)
{
    void *words[VICTIMS] = {NULL};
    struct victims *v = place_fill((struct place){put_disguised, words});
    victims_assert_gone(v);
    ck_assert_uint_ne((uintptr_t)words[0], 0);
}
END_TEST

TCase *objects_case(void)
{
    TCase *tc = tcase_create("objects");
    tcase_add_test(tc, linked_list);
    tcase_add_test(tc, ring);
    tcase_add_test(tc, cyclic_graph);
    tcase_add_test(tc, scanned_object);
    tcase_add_test(tc, manual_object);
    tcase_add_test(tc, atomic_object);
    tcase_add_test(tc, manual_atomic_object);
    tcase_add_test(tc, memory_of_malloc);
    tcase_add_test(tc, disguised_pointer);
    tcase_add_test(tc, sparse_object);
    return tc;
}
