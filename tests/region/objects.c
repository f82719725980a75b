/* The objects of a region: their sizes, layouts and places, and the memory that they take.  The region's
 * limit holds, and memory that is free goes back to the system. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "heap/arena.h"
#include "region.h"
#include "region/region.h"

START_TEST(only_in_brackets)
{
    ck_assert_ptr_null(gc_region_alloc(ours, 16));
    ck_assert_int_eq(errno, EPERM);
    ck_assert_int_eq(gc_region_end(ours), -1);
    ck_assert_int_eq(errno, EPERM);
    ck_assert_int_eq(gc_region_begin(ours), 0);
    ck_assert_int_eq(gc_region_begin(ours), 0);
    void *object = gc_region_alloc(ours, 16);
    ck_assert_ptr_nonnull(object);
    ck_assert_int_eq(gc_region_end(ours), 0);
    ck_assert_ptr_eq(gc_region_base(ours, object), object);
    ck_assert_int_eq(gc_region_close(ours), -1);
    ck_assert_int_eq(errno, EBUSY);
    ck_assert_int_eq(gc_region_end(ours), 0);
    ck_assert_int_eq(gc_region_free(ours, object), -1);
    ck_assert_int_eq(errno, EPERM);
}
END_TEST

START_TEST(sizes)
{
    ck_assert_int_eq(gc_region_begin(ours), 0);
    for (size_t size = 0; size < 3000000; size = size * 5 / 4 + 1) {
        unsigned char *p = gc_region_alloc(ours, size);
        ck_assert_msg(p != NULL, "%zu: %s", size, gc_region_error());
        ck_assert_uint_ge(gc_region_usable_size(ours, p), size);
        for (size_t i = 0; i < size; i++)
            if (p[i])
                ck_abort_msg("byte %zu of %zu is not zero", i, size);
        memset(p, 0xff, gc_region_usable_size(ours, p));
        p = gc_region_realloc(ours, p, size * 2 + 1);
        ck_assert_ptr_nonnull(p);
        for (size_t i = 0; i < size; i++)
            if (p[i] != 0xff)
                ck_abort_msg("byte %zu of %zu is lost", i, size);
        ck_assert_int_eq(gc_region_free(ours, p), 0);
        ck_assert_int_eq(gc_region_free(ours, p), -1);
        ck_assert_int_eq(errno, EINVAL);
    }
    for (size_t alignment = 16; alignment <= 4 << 20; alignment *= 2) {
        void *p = gc_region_alloc_aligned(ours, alignment, 100);
        ck_assert_uint_eq((uintptr_t)p % alignment, 0);
        ck_assert_ptr_nonnull(p);
    }
    ck_assert_ptr_null(gc_region_alloc_aligned(ours, 24, 100));
    ck_assert_int_eq(gc_region_end(ours), 0);
    ck_assert_int_eq(gc_region_check(ours), 0);
}
END_TEST

struct typed {
    struct link *pointer;
    uintptr_t number; /* looks like a pointer */
};

static gc_region_layout layout_of_typed(void)
{
    return gc_region_layout_get(ours, sizeof(struct typed), (size_t[]){0}, 1);
}

__attribute__((noinline)) static void make_typed(void)
{
    ENSURE(gc_region_begin(ours) == 0);
    struct typed *t = gc_region_alloc_layout(ours, layout_of_typed());
    ENSURE(t && !t->pointer && !t->number);
    t->pointer = gc_region_alloc(ours, sizeof(struct link));
    t->number = (uintptr_t)gc_region_alloc(ours, sizeof(struct link));
    t->pointer->value = 5;
    ENSURE(gc_region_root_set(ours, "typed", t) == 0);
    ENSURE(gc_region_end(ours) == 0);
}

/* It has never asked for the type. */
static void collect_elsewhere(void *unused)
{
    (void)unused;
    struct gc_region_stats s;
    gc_region *other = gc_region_open(our_name, 0);
    ENSURE(other && gc_region_collect(other) == 0 && gc_region_check(other) == 0);
    ENSURE(gc_region_stats(other, &s) == 0 && s.live_objects == 2);
}

START_TEST(layouts)
{
    ck_assert_uint_ne(layout_of_typed(), 0);
    ck_assert_uint_eq(layout_of_typed(), layout_of_typed());
    ck_assert_uint_eq(gc_region_layout_get(ours, 513, NULL, 0), 0);
    ck_assert_uint_eq(gc_region_layout_get(ours, 16, (size_t[]){12}, 1), 0);
    ck_assert_uint_eq(gc_region_layout_get(ours, 16, (size_t[]){16}, 1), 0);
    make_typed();
    ck_assert_uint_eq(live_objects(ours), 2);
    ck_assert_int_eq(gc_region_close(ours), 0);
    ck_assert_int_eq(in_child(collect_elsewhere, NULL), 0);
    ours = gc_region_open(our_name, 0);
    ck_assert_ptr_nonnull(ours);
    ck_assert_int_eq(gc_region_begin(ours), 0);
    ck_assert_ptr_null(gc_region_alloc_layout(ours, 200));
    struct typed *t = gc_region_root_get(ours, "typed");
    ck_assert_int_eq(t->pointer->value, 5);
    ck_assert_ptr_null(gc_region_base(ours, (void *)t->number));
    ck_assert_ptr_eq(gc_region_realloc(ours, t, 10), t);
    ck_assert_ptr_null(gc_region_realloc(ours, t, 1000));
    for (int i = 0; i < 5000; i++) {
        void *typed = gc_region_alloc_layout(ours, layout_of_typed());
        ck_assert_ptr_nonnull(typed);
        ck_assert_int_eq(gc_region_free(ours, typed), 0);
    }
    ck_assert_int_eq(gc_region_end(ours), 0);
    ck_assert_uint_eq(live_objects(ours), 2);
    size_t size = 8;
    while (gc_region_layout_get(ours, size % 512 + 1, (size_t[]){size % 3 * 8},
                                size % 512 > 30))
        size++;
    ck_assert_int_eq(errno, ENOSPC);
    ck_assert_uint_eq(live_objects(ours), 2);
}
END_TEST

enum { MANY = 300000 }; /* pointers, in an object of 2.4 MB */

static void make_many(void *unused)
{
    (void)unused;
    gc_region *other = gc_region_open(our_name, 0);
    ENSURE(other && gc_region_begin(other) == 0);
    struct link **links = gc_region_alloc(other, MANY * sizeof *links);
    ENSURE(links && gc_region_root_set(other, "links", links) == 0);
    for (size_t i = 0; i < MANY; i += 511) {
        ENSURE((links[i] = gc_region_alloc(other, sizeof(struct link))));
        links[i]->value = (long)i;
    }
    ENSURE(gc_region_end(other) == 0 && gc_region_close(other) == 0);
}

/* Pages of a large object that the collecting process has never touched have pointers all the same. */
START_TEST(large_and_of_others)
{
    ck_assert_int_eq(in_child(make_many, NULL), 0);
    ck_assert_uint_eq(live_objects(ours), 1 + (MANY + 510) / 511);
    ck_assert_int_eq(gc_region_begin(ours), 0);
    struct link **links = gc_region_root_get(ours, "links");
    for (size_t i = 0; i < MANY; i += 511)
        ck_assert_int_eq(links[i]->value, (long)i);
    ck_assert_int_eq(gc_region_end(ours), 0);
}
END_TEST

/* As when a thread had read how far the region has grown, and was held up while others made it grow further. */
START_TEST(a_view_that_is_ahead)
{
    ck_assert_int_eq(gc_region_begin(ours), 0);
    ck_assert_ptr_nonnull(gc_region_alloc(ours, 200000));
    struct heap *h = &ours->heap;
    size_t bytes = h->bytes;
    ck_assert_uint_gt(bytes, UNIT_BYTES);
    h->numbers->bytes -= UNIT_BYTES;
    arena_look(h);
    ck_assert_uint_eq(h->bytes, bytes);
    h->numbers->bytes += UNIT_BYTES;
    ck_assert_int_eq(gc_region_end(ours), 0);
}
END_TEST

/* Garbage makes room; what lives does not, and nothing of it is lost. */
START_TEST(the_limit)
{
    make_list(ours, "list", 1000);
    for (int i = 0; i < 300; i++) {
        ck_assert_int_eq(gc_region_begin(ours), 0);
        ck_assert_ptr_nonnull(gc_region_alloc(ours, 1 << 20));
        ck_assert_int_eq(gc_region_end(ours), 0);
    }
    ck_assert_int_eq(gc_region_begin(ours), 0);
    void **chain = NULL, **next;
    while ((next = gc_region_alloc(ours, 100000))) {
        *next = chain;
        chain = next;
    }
    ck_assert_int_eq(errno, ENOMEM);
    ck_assert_ptr_nonnull(strstr(gc_region_error(), "limit"));
    ck_assert_ptr_nonnull(chain);
    ck_assert_int_eq(gc_region_end(ours), 0);
    ck_assert_uint_eq(live_objects(ours), 1000);
    ck_assert_int_eq(sum_list(ours, "list"), 999 * 1000 / 2);
}
END_TEST

static blkcnt_t blocks_of(const char *file)
{
    struct stat found;
    ck_assert_int_eq(stat(file, &found), 0);
    return found.st_blocks; /* of 512 bytes */
}

/* What is free goes back to the system, and may be had again. */
START_TEST(memory_goes_back)
{
    char file[60];
    snprintf(file, sizeof file, "/dev/shm%s", our_name);
    for (int round = 0; round < 3; round++) {
        ck_assert_int_eq(gc_region_begin(ours), 0);
        char *large = gc_region_alloc(ours, 40 << 20);
        ck_assert_ptr_nonnull(large);
        for (size_t i = 0; i < 40 << 20; i += 1000)
            if (large[i])
                ck_abort_msg("byte %zu is not zero", i);
        memset(large, 1, 40 << 20);
        ck_assert_int_ge(blocks_of(file), (40 << 20) / 512);
        if (round == 1)
            ck_assert_int_eq(gc_region_free(ours, large), 0);
        large = NULL;
        ck_assert_int_eq(gc_region_end(ours), 0);
        ck_assert_uint_eq(live_objects(ours), 0);
        ck_assert_int_le(blocks_of(file), (16 << 20) / 512);
    }
}
END_TEST

START_TEST(places)
{
    ck_assert_int_eq(gc_region_begin(ours), 0);
    char *p = gc_region_alloc(ours, 100);
    ck_assert_ptr_eq(gc_region_pointer(ours, gc_region_offset(ours, p)), p);
    ck_assert_ptr_eq(gc_region_pointer(ours, gc_region_offset(ours, p + 9)), p + 9);
    ck_assert_uint_eq(gc_region_offset(ours, &p), 0);
    ck_assert_uint_eq(gc_region_offset(ours, NULL), 0);
    ck_assert_ptr_null(gc_region_pointer(ours, 0));
    ck_assert_ptr_null(gc_region_pointer(ours, UINT64_MAX));
    ck_assert_int_eq(gc_region_end(ours), 0);
}
END_TEST

TCase *objects_case(void)
{
    TCase *tc = tcase_create("objects");
    tcase_add_checked_fixture(tc, make_ours, unlink_ours);
    tcase_add_test(tc, only_in_brackets);
    tcase_add_test(tc, sizes);
    tcase_add_test(tc, layouts);
    tcase_add_test(tc, large_and_of_others);
    tcase_add_test(tc, a_view_that_is_ahead);
    tcase_add_test(tc, the_limit);
    tcase_add_test(tc, memory_goes_back);
    tcase_add_test(tc, places);
    return tc;
}
