/* Weak references and links: cleared when the object goes, and not before; what becomes of them
 * when objects are freed, moved and finalised; and what is an error. */
#include "object.h"

#include <errno.h>
#include <gcalloc/finalizer.h>
#include <gcalloc/weak.h>
#include <gcalloc/weakmap.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../roots/place.h"

enum { COUNT = 3000 };

/* Objects of many sizes and their references; what is not kept is hidden. */
static struct {
    void *kept[COUNT]; /* every other object */
    gc_weak *references[COUNT];
    uintptr_t hidden[COUNT];
    void **links; /* in memory of malloc: objects hidden and not */
} all;

static size_t size_of(size_t i)
{
    static const size_t sizes[] = {1, 16, 40, 500, 3000, 9000, 40000, 70000, 300000};
    return i % 97 == 0 ? sizes[i / 97 % 9] : sizes[i % 4];
}

static void make_all(void *flags)
{
    all.links = calloc(COUNT, sizeof *all.links);
    for (size_t i = 0; i < COUNT; i++) {
        void *object = i % 3 ? gc_alloc(size_of(i)) : gc_alloc_atomic(size_of(i));
        if (i % 2)
            all.kept[i] = object;
        all.hidden[i] = hide(object);
        all.references[i] = gc_weak_new_with(object, *(unsigned *)flags);
        ck_assert_ptr_nonnull(all.references[i]);
        all.links[i] = object;
        ck_assert_int_eq(gc_weak_link_add(&all.links[i], object, *(unsigned *)flags), 0);
    }
}

/* Kept ones are there, the others are not. */
static void look(void *unused)
{
    (void)unused;
    for (size_t i = 0; i < COUNT; i++) {
        void *object = gc_weak_get(all.references[i]);
        ck_assert_ptr_eq(object, all.kept[i]);
        ck_assert_ptr_eq(all.links[i], all.kept[i]);
        if (object)
            ck_assert_uint_ge(gc_usable_size(object), size_of(i));
    }
}

START_TEST(cleared_with_the_object)
{
    unsigned flags = _i ? GC_WEAK_LONG : 0;
    deeply(make_all, &flags);
    for (int i = 0; i < 3; i++) {
        collect(1);
        deeply(look, NULL);
    }
    memset(all.kept, 0, sizeof all.kept);
    collect(1);
    deeply(look, NULL);
    ck_assert_uint_eq(count_living(all.hidden, COUNT), 0);
}
END_TEST

/* ---- One object --------------------------------------------------------------------------- */

/* With a finalizer, or whatever the test does with it. */
static struct {
    gc_weak *first, *second;
    uintptr_t object;
    void *revived;
    unsigned finalized;
    bool seen[2];
} one;

static void *revealed(void)
{
    return reveal(one.object);
}

static void finalize(void *object, void *data)
{
    one.finalized++;
    one.seen[0] = gc_weak_get(one.first) == object;
    one.seen[1] = gc_weak_get(one.second) == object;
    if (data)
        one.revived = object;
}

static void make_finalized(void *data)
{
    void *object = gc_alloc(48);
    one.object = hide(object);
    one.first = gc_weak_new(object);
    one.second = gc_weak_new_with(object, GC_WEAK_LONG);
    ck_assert(gc_finalizer_set(object, finalize, data) == NULL);
}

static void run_finalizers(void *unused)
{
    (void)unused;
    ck_assert_uint_eq(gc_finalizers_run(), 1);
}

static bool leads(const gc_weak *reference)
{
    return gc_weak_get(reference) != NULL;
}

START_TEST(before_and_after_finalization)
{
    static char data;
    deeply(make_finalized, _i ? &data : NULL);
    collect(1);
    ck_assert(!leads(one.first) && leads(one.second));
    collect(2);
    ck_assert(!leads(one.first) && leads(one.second));
    deeply(run_finalizers, NULL);
    ck_assert(one.finalized == 1 && !one.seen[0] && one.seen[1]);
    collect(1);
    ck_assert(leads(one.second) == (_i == 1));
    ck_assert_uint_eq(count_living(&one.object, 1), (unsigned)_i);
    one.revived = NULL;
    collect(1);
    ck_assert(!leads(one.second));
    ck_assert_uint_eq(count_living(&one.object, 1), 0);
}
END_TEST

static void make_one(void *size)
{
    void *object = gc_alloc(*(size_t *)size);
    memset(object, 7, *(size_t *)size);
    one.object = hide(object);
    one.revived = object;
    one.first = gc_weak_new(object);
    one.second = gc_weak_new_with(object, GC_WEAK_LONG);
}

static size_t one_sizes[] = {16, 48, 5000, 30000, 70000, 400000};

START_TEST(freed_by_hand)
{
    deeply(make_one, &one_sizes[_i]);
    gc_free(one.revived);
    ck_assert(!leads(one.first) && !leads(one.second));
    one.revived = NULL;
    collect(1);
}
END_TEST

static void move(void *size)
{
    one.revived = gc_realloc(revealed(), *(size_t *)size);
    one.object = hide(one.revived);
}

static size_t target = 5;

static void assert_moved(void *argument)
{
    void **link = argument;
    ck_assert_ptr_eq(gc_weak_get(one.first), one.revived);
    ck_assert_ptr_eq(gc_weak_get(one.second), one.revived);
    ck_assert_ptr_eq(link[0], (char *)one.revived + 3);
    ck_assert_ptr_eq(link[1], &target);
}

static void put_links(void *argument)
{
    void **link = argument;
    link[0] = (char *)one.revived + 3;
    link[1] = &target;
    ck_assert_int_eq(gc_weak_link_add(&link[0], one.revived, 0), 0);
    ck_assert_int_eq(gc_weak_link_add(&link[1], one.revived, 0), 0);
}

START_TEST(moved)
{
    size_t larger = 3 * one_sizes[_i] + (size_t)(_i % 2 ? 10 << 20 : 0);
    void **link = malloc(2 * sizeof *link);
    deeply(make_one, &one_sizes[_i]);
    deeply(put_links, link);
    deeply(move, &larger);
    deeply(assert_moved, link);
    collect(2);
    deeply(assert_moved, link);
    one.revived = NULL;
    collect(1);
    ck_assert(!leads(one.first) && !leads(one.second) && !link[0] && !link[1]);
    free(link);
}
END_TEST

/* ---- Links inside of objects --------------------------------------------------------------- */

/* An atomic object with links to one object. */
struct holder {
    uint64_t other[4];
    void *links[60];
};

static uintptr_t holder;
static void *root;

static void make_holder(void *unused)
{
    struct holder *h = gc_alloc_atomic(sizeof *h);
    (void)unused;
    one.revived = gc_alloc(32);
    for (size_t i = 0; i < 60; i++) {
        h->links[i] = one.revived;
        ck_assert_int_eq(gc_weak_link_add(&h->links[i], one.revived, i % 2), 0);
    }
    holder = hide(h);
    root = h;
}

/* Nobody writes to it when another object has its memory. */
static void fill_holders(void *unused)
{
    (void)unused;
    for (int i = 0; i < 2000; i++) {
        struct holder *h = gc_alloc_atomic(sizeof *h);
        memset(h, 0xa5, sizeof *h);
        if (hide(h) == holder)
            root = h;
    }
}

static void assert_untouched(void *unused)
{
    const struct holder *h = root;
    (void)unused;
    ck_assert_msg(root != NULL, "the memory was not used again");
    for (size_t i = 0; i < 60; i++)
        ck_assert_ptr_eq(h->links[i], (void *)0xa5a5a5a5a5a5a5a5);
}

START_TEST(links_go_with_their_container)
{
    deeply(make_holder, NULL);
    if (_i)
        gc_free(root);
    root = NULL;
    collect(1);
    deeply(fill_holders, NULL);
    one.revived = NULL;
    collect(1);
    deeply(assert_untouched, NULL);
}
END_TEST

static void move_holder(void *size)
{
    root = gc_realloc(reveal(holder), *(size_t *)size);
    holder = hide(root);
}

static void assert_links(void *unused)
{
    (void)unused;
    for (size_t i = 0; i < 60; i++)
        ck_assert_ptr_eq(((struct holder *)root)->links[i], one.revived);
}

START_TEST(links_move_with_their_container)
{
    size_t larger = _i ? 500000 : 9000;
    deeply(make_holder, NULL);
    deeply(move_holder, &larger);
    collect(1);
    deeply(assert_links, NULL);
    one.revived = NULL;
    collect(1);
    deeply(assert_links, NULL);
}
END_TEST

/* A link near the end of an object of so many bytes, which is resized to so many. */
struct shrinking {
    size_t from, to;
    void **place, *target;
};

static void shrink_container(void *argument)
{
    struct shrinking *s = argument;
    void **container = gc_alloc_atomic(s->from);
    s->target = gc_alloc(16);
    s->place = &container[s->from / sizeof(void *) - 2];
    ck_assert_int_eq(gc_weak_link_add(s->place, s->target, 0), 0);
    root = gc_realloc(container, s->to);
    ptrdiff_t offset = (char *)s->place - (char *)container;
    s->place = (void **)(void *)((char *)root + offset);
}

/* Behind the new end the link is forgotten, wherever the object lies then. */
START_TEST(links_go_with_the_end_of_their_container)
{
    static const size_t sizes[][2] = {{8000, 16}, {1 << 20, 400000}, {8 << 20, 100}};
    struct shrinking s = {sizes[_i][0], sizes[_i][1], NULL, NULL};
    deeply(shrink_container, &s);
    errno = 0;
    ck_assert_int_eq(gc_weak_link_remove(s.place), -1);
    ck_assert_int_eq(errno, ENOENT);
    gc_retain_until(s.target);
}
END_TEST

static void make_small_map(void *unused)
{
    (void)unused;
    gc_weakmap *map = gc_weakmap_new(GC_WEAK_KEYS, NULL, NULL, NULL);
    ck_assert_int_eq(gc_weakmap_put(map, gc_alloc(16), gc_alloc(16)), 0);
    root = gc_realloc(map, 1);
    for (int i = 0; i < 1000; i++)
        memset(gc_alloc_atomic(16), 0x55, 16);
}

/* A map of which nothing but the beginning is left is none. */
START_TEST(a_map_that_is_made_too_small)
{
    deeply(make_small_map, NULL);
    collect(2);
    errno = 0;
    ck_assert_uint_eq(gc_weakmap_count(root), 0);
    ck_assert_int_eq(errno, EINVAL);
}
END_TEST

/* ---- Replaced and removed ------------------------------------------------------------------- */

static void *kept[2];
static void **place;

static void register_twice(void *unused)
{
    (void)unused;
    place = malloc(sizeof *place);
    kept[0] = gc_alloc(16);
    kept[1] = gc_alloc(16);
    *place = kept[0];
    ck_assert_int_eq(gc_weak_link_add(place, kept[0], 0), 0);
    ck_assert_int_eq(gc_weak_link_add(place, kept[1], GC_WEAK_LONG), 0);
    *place = kept[1];
}

static void assert_second(void *unused)
{
    (void)unused;
    ck_assert_ptr_eq(*place, kept[1]);
}

START_TEST(replaced)
{
    deeply(register_twice, NULL);
    kept[0] = NULL;
    collect(1);
    deeply(assert_second, NULL);
    kept[1] = NULL;
    collect(1);
    ck_assert_ptr_null(*place);
    ck_assert_int_eq(gc_weak_link_remove(place), -1);
    ck_assert_int_eq(errno, ENOENT);
    free(place);
}
END_TEST

START_TEST(removed)
{
    deeply(register_twice, NULL);
    ck_assert_int_eq(gc_weak_link_remove(place), 0);
    ck_assert_int_eq(gc_weak_link_remove(place), -1);
    ck_assert_int_eq(errno, ENOENT);
    kept[0] = kept[1] = NULL;
    *place = &kept;
    collect(1);
    ck_assert_ptr_eq(*place, (void *)&kept);
    free(place);
}
END_TEST

/* What the collector sees keeps the object, weak link or not. */
START_TEST(a_link_that_is_scanned)
{
    static void *seen;
    deeply(register_twice, NULL);
    seen = kept[0];
    ck_assert_int_eq(gc_weak_link_add(&seen, kept[0], 0), 0);
    kept[0] = kept[1] = NULL;
    collect(2);
    ck_assert_ptr_eq(gc_base(seen), seen);
    ck_assert_ptr_null(*place);
    free(place);
}
END_TEST

START_TEST(errors)
{
    static void *word;
    static uint64_t fake[4] = {1, 2, 3, 4};
    char *object = gc_alloc(64);
    ck_assert_int_eq(gc_weak_link_add(NULL, object, 0), -1);
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_int_eq(gc_weak_link_add((void **)((char *)&word + 1), object, 0), -1);
    ck_assert_int_eq(gc_weak_link_add(&word, object + 1, 0), -1);
    ck_assert_int_eq(gc_weak_link_add(&word, NULL, 0), -1);
    ck_assert_int_eq(gc_weak_link_add(&word, fake, 0), -1);
    errno = 0;
    ck_assert_int_eq(gc_weak_link_add(&word, object, 2), -1);
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_int_eq(gc_weak_link_remove(&word), -1);
    ck_assert_int_eq(errno, ENOENT);
    ck_assert_int_eq(gc_weak_link_remove((void **)((char *)&word + 1)), -1);
    errno = 0;
    ck_assert_ptr_null(gc_weak_new(object + 8));
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_ptr_null(gc_weak_new(fake));
    ck_assert_ptr_null(gc_weak_new_with(object, 8));
    errno = 0;
    ck_assert_ptr_null(gc_weak_get(NULL));
    ck_assert_int_eq(errno, 0);
    ck_assert_ptr_null(gc_weak_get((const gc_weak *)fake));
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_ptr_eq(gc_base(object), object);
}
END_TEST

/* ---- A child of fork -------------------------------------------------------------------------- */

START_TEST(in_a_child)
{
    unsigned flags = 0;
    deeply(make_all, &flags);
    pid_t child = fork();
    if (child == 0) {
        all.kept[1] = NULL;
        collect(1);
        deeply(look, NULL);
        _exit(0);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    collect(1);
    deeply(look, NULL);
}
END_TEST

TCase *weak_case(void)
{
    TCase *tc = tcase_create("weak");
    tcase_add_loop_test(tc, cleared_with_the_object, 0, 2);
    tcase_add_loop_test(tc, before_and_after_finalization, 0, 2);
    tcase_add_loop_test(tc, freed_by_hand, 0, 6);
    tcase_add_loop_test(tc, moved, 0, 6);
    tcase_add_loop_test(tc, links_go_with_their_container, 0, 2);
    tcase_add_loop_test(tc, links_move_with_their_container, 0, 2);
    tcase_add_test(tc, a_map_that_is_made_too_small);
    tcase_add_loop_test(tc, links_go_with_the_end_of_their_container, 0, 3);
    tcase_add_test(tc, replaced);
    tcase_add_test(tc, removed);
    tcase_add_test(tc, a_link_that_is_scanned);
    tcase_add_test(tc, errors);
    tcase_add_test(tc, in_a_child);
    return tc;
}
