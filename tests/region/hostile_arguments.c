/* Wrong arguments: what is no region, no name, no object and no size, what is not given, and the limits of what
 * is.  Each function says what was wrong, and nothing comes of it. */
#include <errno.h>
#include <gcalloc/ipc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "hostile.h"

static const char *name;
static gc_region *r;

static void set_up(void)
{
    r = make_empty(&name);
}

static void tear_down(void)
{
    gc_region_unlink(name, 0);
}

void assert_no_region(gc_region *none)
{
    static const char words[] = "no region that is open";
    static const size_t offset;
    struct gc_region_stats stats;
    void *expected = NULL;
    int place;
    assert_refused(gc_region_begin(none) == -1, EINVAL, words);
    assert_refused(gc_region_end(none) == -1, EINVAL, words);
    assert_refused(!gc_region_alloc(none, 8), EINVAL, words);
    assert_refused(!gc_region_alloc_atomic(none, 8), EINVAL, words);
    assert_refused(!gc_region_alloc_aligned(none, 64, 8), EINVAL, words);
    assert_refused(!gc_region_alloc_layout(none, 1), EINVAL, words);
    assert_refused(!gc_region_layout_get(none, 8, &offset, 1), EINVAL, words);
    assert_refused(!gc_region_realloc(none, &place, 8), EINVAL, words);
    assert_refused(gc_region_free(none, &place) == -1, EINVAL, words);
    assert_refused(!gc_region_base(none, &place), EINVAL, words);
    assert_refused(!gc_region_usable_size(none, &place), EINVAL, words);
    assert_refused(!gc_region_offset(none, &place), EINVAL, words);
    assert_refused(!gc_region_pointer(none, 8), EINVAL, words);
    assert_refused(gc_region_root_set(none, "a", NULL) == -1, EINVAL, words);
    assert_refused(gc_region_root_remove(none, "a") == -1, EINVAL, words);
    assert_refused(!gc_region_root_get(none, "a"), EINVAL, words);
    assert_refused(gc_region_root_swap(none, "a", &expected, NULL) == -1, EINVAL, words);
    assert_refused(gc_region_root_list(none, NULL, NULL) == -1, EINVAL, words);
    assert_refused(gc_region_hold(none, &place) == -1, EINVAL, words);
    assert_refused(gc_region_release(none, &place) == -1, EINVAL, words);
    assert_refused(gc_region_collect(none) == -1, EINVAL, words);
    assert_refused(gc_region_sync(none) == -1, EINVAL, words);
    assert_refused(gc_region_stats(none, &stats) == -1, EINVAL, words);
    assert_refused(gc_region_walk(none, NULL, NULL) == -1, EINVAL, words);
    assert_refused(gc_region_process_list(none, NULL, NULL) == -1, EINVAL, words);
    assert_refused(gc_region_check(none) == -1, EINVAL, words);
    assert_refused(gc_region_close(none) == -1, EINVAL, words);
}

START_TEST(no_region)
{
    static _Alignas(64) uint64_t something[1000];
    assert_no_region(NULL);
    assert_no_region((gc_region *)(void *)something);
    ck_assert_int_eq(gc_region_begin(r), 0);
    ck_assert_ptr_nonnull(gc_region_alloc(r, 8));
    ck_assert_int_eq(gc_region_end(r), 0);
    ck_assert_int_eq(gc_region_close(r), 0);
    assert_no_region(r);
}
END_TEST

/* What has to be given, and is not. */
START_TEST(nothing_given)
{
    ck_assert_int_eq(gc_region_begin(r), 0);
    gc_map *map = gc_map_new(r);
    void *object = gc_region_alloc(r, 8), *expected = NULL;
    assert_refused(gc_region_stats(r, NULL) == -1, EINVAL, "stats is NULL");
    assert_refused(gc_region_walk(r, NULL, NULL) == -1, EINVAL, "visit is NULL");
    assert_refused(gc_region_root_list(r, NULL, NULL) == -1, EINVAL, "visit is NULL");
    assert_refused(gc_region_process_list(r, NULL, NULL) == -1, EINVAL, "visit is NULL");
    assert_refused(gc_region_root_swap(r, "a", NULL, object) == -1, EINVAL,
                   "expected is NULL");
    assert_refused(gc_region_root_set(r, NULL, object) == -1, EINVAL, "name");
    assert_refused(gc_region_root_remove(r, NULL) == -1, EINVAL, "name");
    assert_refused(!gc_region_root_get(r, NULL), EINVAL, "name");
    assert_refused(gc_region_describe("/gcalloc-none", 0, NULL) == -1, EINVAL,
                   "description is NULL");
    assert_refused(!gc_region_layout_get(r, 8, NULL, 1), EINVAL, "offsets is NULL");
    ck_assert_uint_ne(gc_region_layout_get(r, 8, NULL, 0), 0);
    assert_refused(gc_region_hold(r, NULL) == -1, EINVAL, "start of");
    assert_refused(gc_region_release(r, NULL) == -1, EINVAL, "");
    assert_refused(!gc_map_get(r, map, NULL, 1), EINVAL, "key is NULL");
    assert_refused(gc_map_put(r, map, NULL, 1, object) == -1, EINVAL, "key is NULL");
    assert_refused(gc_map_put(r, map, "a", 1, NULL) == -1, EINVAL, "NULL");
    assert_refused(gc_map_swap(r, map, NULL, 1, &expected, object) == -1, EINVAL,
                   "key is NULL");
    assert_refused(gc_map_swap(r, map, "a", 1, NULL, object) == -1, EINVAL,
                   "expected is NULL");
    assert_refused(gc_map_remove(r, map, NULL, 1) == -1, EINVAL, "key is NULL");
    assert_refused(gc_map_list(r, map, NULL, NULL) == -1, EINVAL, "visit is NULL");
    ck_assert_int_eq(gc_map_put(r, map, NULL, 0, object), 0);
    ck_assert_ptr_eq(gc_map_get(r, map, NULL, 0), object);
    ck_assert_int_eq(gc_region_end(r), 0);
}
END_TEST

/* Names, limits and flags that are none. */
START_TEST(no_names)
{
    char longest[400];
    memset(longest, 'x', sizeof longest);
    longest[0] = '/', longest[sizeof longest - 1] = '\0';
    const char *const names[] = {NULL, "", "x", "/", "/a/b", longest};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_refused(!gc_region_create(names[i], 1 << 20, 0, 0), EINVAL, "name");
        assert_refused(!gc_region_open(names[i], 0), EINVAL, "name");
        assert_refused(gc_region_unlink(names[i], 0) == -1, EINVAL, "name");
    }
    const size_t limits[] = {0, 1, (1 << 20) - 1, ((size_t)1 << 40) + 1, SIZE_MAX};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        assert_refused(!gc_region_create("/gcalloc-none", limits[i], 0, 0), EINVAL,
                       "limit");
    assert_refused(!gc_region_create("/gcalloc-none", 1 << 20, 64, 0), EINVAL, "flags");
    assert_refused(!gc_region_open("/gcalloc-none", GC_REGION_EXCLUSIVE), EINVAL,
                   "flags");
}
END_TEST

static void assert_no_object(void *p)
{
    assert_refused(gc_region_free(r, p) == -1, EINVAL, "not the start of");
    assert_refused(!gc_region_realloc(r, p, 8), EINVAL, "not the start of");
    assert_refused(gc_region_hold(r, p) == -1, EINVAL, "not the start of");
    assert_refused(gc_region_release(r, p) == -1, EINVAL, "does not hold");
    assert_refused(gc_region_root_set(r, "root", p) == -1, EINVAL, "not the start of");
    ck_assert_uint_eq(gc_region_usable_size(r, p), 0);
}

START_TEST(no_objects)
{
    char other_name[60];
    snprintf(other_name, sizeof other_name, "%s-2", name);
    gc_region_unlink(other_name, 0);
    gc_region *other = gc_region_create(other_name, 1 << 20, 0, 0);
    ck_assert(other && gc_region_begin(r) == 0 && gc_region_begin(other) == 0);
    char *o = gc_region_alloc(r, 100), *large = gc_region_alloc(r, 1 << 20);
    char *freed = gc_region_alloc(r, 100), *freed_large = gc_region_alloc(r, 300000);
    void *others = gc_region_alloc(other, 100);
    ck_assert(o && large && freed && others && gc_region_free(r, freed) == 0);
    ck_assert(freed_large && gc_region_free(r, freed_large) == 0);
    void *const wrong[] = {o + 1,
                           o + 8,
                           o + 99,
                           large + 4096,
                           large + 65536,
                           freed,
                           freed_large,
                           others,
                           &o,
                           (void *)(uintptr_t)name,
                           (void *)UINTPTR_MAX,
                           (void *)(uintptr_t)8,
                           gc_region_pointer(r, 8),
                           gc_region_pointer(r, 4 << 20)};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_no_object(wrong[i]);
    ck_assert_int_eq(gc_region_free(r, o), 0);
    assert_no_object(o);
    ck_assert_int_eq(gc_region_end(r) + gc_region_end(other), 0);
    assert_refused(gc_region_end(r) == -1, EPERM, "between gc_region_begin");
    ck_assert_int_eq(gc_region_check(r), 0);
    gc_region_unlink(other_name, 0);
}
END_TEST

START_TEST(sizes)
{
    ck_assert_int_eq(gc_region_begin(r), 0);
    volatile size_t none = 0, most = SIZE_MAX, half = SIZE_MAX / 2, large = 16 << 20;
    void *o = gc_region_alloc(r, none);
    ck_assert(o && gc_region_alloc_atomic(r, none) && gc_region_realloc(r, o, none));
    const size_t wrong[] = {most,     most - 1, most - 65536, half,
                            half + 2, large,    large + 1};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_refused(!gc_region_alloc(r, wrong[i]), ENOMEM, "limit");
        assert_refused(!gc_region_alloc_atomic(r, wrong[i]), ENOMEM, "limit");
        assert_refused(!gc_region_alloc_aligned(r, 4096, wrong[i]), ENOMEM, "limit");
        o = gc_region_alloc(r, 50);
        assert_refused(!gc_region_realloc(r, o, wrong[i]), ENOMEM, "limit");
        ck_assert_uint_ge(gc_region_usable_size(r, o), 50);
    }
    for (size_t alignment = 1; alignment <= (size_t)1 << 30; alignment *= 2) {
        o = gc_region_alloc_aligned(r, alignment, 40);
        ck_assert(o ? (uintptr_t)o % alignment == 0 : errno == ENOMEM);
    }
    const size_t alignments[] = {none, 3, 48, (size_t)1 << 31, most};
    for (size_t i = 0; i < sizeof alignments / sizeof *alignments; i++)
        assert_refused(!gc_region_alloc_aligned(r, alignments[i], 8), EINVAL,
                       "alignment");
    ck_assert_int_eq(gc_region_end(r), 0);
    ck_assert_int_eq(gc_region_check(r), 0);
}
END_TEST

START_TEST(limits)
{
    const size_t edges[] = {1 << 20, (1 << 20) + 1, GIB(GC_TSAN ? 64 : 1024)};
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) {
        struct gc_region_stats stats;
        ck_assert_int_eq(gc_region_close(r), 0);
        gc_region_unlink(name, 0);
        r = gc_region_create(name, edges[i], 0, 0);
        ck_assert_msg(r != NULL, "%s", gc_region_error());
        ck_assert_int_eq(gc_region_stats(r, &stats), 0);
        ck_assert_uint_ge(stats.limit, edges[i]);
        ck_assert_int_eq(gc_region_begin(r), 0);
        for (size_t size = 0; size < 100000; size = size * 2 + 1)
            ck_assert_ptr_nonnull(gc_region_alloc(r, size));
        ck_assert_int_eq(gc_region_end(r), 0);
        ck_assert_int_eq(gc_region_collect(r) + gc_region_check(r), 0);
    }
}
END_TEST

TCase *arguments_case(void)
{
    TCase *tc = tcase_create("arguments");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, no_region);
    tcase_add_test(tc, nothing_given);
    tcase_add_test(tc, no_names);
    tcase_add_test(tc, no_objects);
    tcase_add_test(tc, sizes);
    tcase_add_test(tc, limits);
    return tc;
}
