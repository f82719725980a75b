/* Canaries of objects with layouts: fixed ones, arrays, traced ones, those of slabs and counted ones. */
#include "mutator/canary.h"

#include <gcalloc/counted.h>
#include <gcalloc/gcalloc.h>
#include <gcalloc/layout.h>
#include <gcalloc/slab.h>
#include <string.h>

#include "heap/heap.h"
#include "faults.h"
#include "support.h"

/* Each test is a process, and has set nothing yet. */
static void start(void)
{
    ck_assert_int_eq(gc_option_set("canary", "1"), 0);
    ck_assert_int_eq(gc_option_set("verify", "1"), 0);
    faults_note();
    gc_init();
}

static void assert_found(const void *object, size_t bytes, size_t first, size_t end)
{
    ck_assert_uint_eq(seen.count, 1);
    ck_assert_int_eq(seen.last.kind, FAULT_OVERFLOW);
    ck_assert_uint_eq(seen.last.address, (uintptr_t)object);
    ck_assert_uint_eq(seen.last.bytes, bytes);
    ck_assert_uint_eq(seen.last.first, first);
    ck_assert_uint_eq(seen.last.end, end);
    seen.count = 0;
}

static void assert_sound(void)
{
    gc_collect();
    ck_assert_uint_eq(seen.count, 0);
}

static const size_t sizes[] = {8, 24, 48, 64, 256, 4000, 16384, 40000, 70000, 1000000};

START_TEST(of_one_size)
{
    start();
    size_t n = sizes[_i];
    gc_layout layout = gc_layout_new(n, (const size_t[]){0}, 1);
    char *volatile object = gc_alloc_layout(layout);
    ck_assert_uint_eq(gc_usable_size(object), n);
    memset(object, 1, n);
    assert_sound();
    ck_assert_ptr_eq(gc_realloc(object, n), object);
    object[n + 2] = 3;
    gc_collect();
    assert_found(object, n, n + 2, n + 3);
    object[n] = 0;
    gc_free(object);
    assert_found(object, n, n, n + 1);
    object = gc_alloc_layout(layout);
    for (size_t i = 0; i < n; i++)
        ck_assert_int_eq(object[i], 0);
    assert_sound();
}
END_TEST

START_TEST(of_arrays)
{
    start();
    gc_layout pairs = gc_layout_new_array(8, gc_layout_new(16, (const size_t[]){8}, 1));
    size_t n = 8 + 16 * (sizes[_i] / 16);
    char *volatile array = gc_alloc_layout_sized(pairs, n);
    memset(array, 1, n);
    assert_sound();
    array[n] = array[n + 7] = 3;
    void *before = array;
    array = gc_realloc(array, n + 16);
    assert_found(before, n, n, n + 8);
    ck_assert_uint_eq(gc_usable_size(array), n + 16);
    for (size_t i = 0; i < n + 16; i++)
        ck_assert_int_eq(array[i], i < n);
    array = gc_realloc(array, 8);
    assert_sound();
    array = gc_realloc(array, 3 * n);
    for (size_t i = 0; i < 3 * n; i++)
        ck_assert_int_eq(array[i], i < 8);
    array[3 * n + 1] = 0;
    gc_free(array);
    assert_found(array, 3 * n, 3 * n + 1, 3 * n + 2);
}
END_TEST

/* What a trace function sees of objects is what the program has written there, or zero.  Atomic, as several
 * markers trace. */
static struct {
    size_t size; /* that the objects have */
    unsigned long calls, of_other_sizes, patterns;
} traced;

static void trace(void *object, size_t size, void *data)
{
    unsigned long patterns = 0;
    (void)data;
    for (size_t i = 0; i < size; i++)
        patterns += ((unsigned char *)object)[i] > 1;
    __atomic_fetch_add(&traced.calls, 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(&traced.of_other_sizes, size != traced.size, __ATOMIC_RELAXED);
    __atomic_fetch_add(&traced.patterns, patterns, __ATOMIC_RELAXED);
}

START_TEST(traced_objects)
{
    ck_assert_int_eq(gc_option_set("stress", "2"), 0);
    start();
    gc_layout layout = gc_layout_new_traced(40, trace, NULL);
    gc_layout *kept[64] = {NULL};
    for (size_t i = 0; i < 2000; i++) {
        char *object = gc_alloc_layout(layout);
        memset(object, 1, 40);
        kept[i % COUNT_OF(kept)] = (void *)object;
        if (i % 3 == 0)
            gc_free(object), kept[i % COUNT_OF(kept)] = NULL;
    }
    traced.calls = traced.of_other_sizes = 0;
    traced.size = 40;
    assert_sound();
    ck_assert_uint_gt(traced.calls, COUNT_OF(kept) / 2);
    ck_assert_uint_eq(traced.of_other_sizes, 0);
    ck_assert_uint_eq(traced.patterns, 0);
    ck_assert_ptr_nonnull(kept[1]);
}
END_TEST

START_TEST(resized_while_traced)
{
    ck_assert_int_eq(gc_option_set("stress", "2"), 0);
    start();
    gc_layout layout = gc_layout_new_traced(40, trace, NULL);
    char *volatile object = gc_alloc_layout(layout);
    for (size_t n = 40, i = 0; i < 100; i++, n = 17 + n * 31 % 5003) {
        object = gc_realloc(object, n);
        ck_assert_uint_eq(gc_usable_size(object), n);
        memset(object, 1, n);
        traced.of_other_sizes = 0;
        traced.size = n;
        assert_sound();
        ck_assert_uint_eq(traced.of_other_sizes, 0);
    }
    ck_assert_uint_gt(traced.calls, 100);
    ck_assert_uint_eq(traced.patterns, 0);
}
END_TEST

static void construct(void *object)
{
    memset(object, 5, 48);
}

START_TEST(of_slabs)
{
    start();
    gc_slab *slab = gc_slab_create("parts", 48, 0, construct, GC_SLAB_KEEP);
    char *volatile object = gc_slab_alloc(slab);
    object[50] = 1;
    gc_slab_free(slab, object);
    assert_found(object, 48, 50, 51);
    assert_sound();
    ck_assert_ptr_eq(gc_slab_alloc(slab), object);
    ck_assert_int_eq(object[0] + object[47], 10);
    assert_sound();
    object[48] = 1;
    gc_collect();
    assert_found(object, 48, 48, 49);
    gc_slab_free(slab, object);
    ck_assert_int_eq(gc_slab_destroy(slab), 0);
    assert_sound();
}
END_TEST

START_TEST(counted)
{
    start();
    char *volatile object = gc_counted_new(40, NULL);
    char *head = object - sizeof(struct gc_counted_head);
    memset(object, 1, 40);
    assert_sound();
    object[41] = 1;
    ck_assert_int_eq(gc_option_set("verify", "0"), 0); /* with it the end waits */
    gc_release(object);
    assert_found(head, 40 + sizeof(struct gc_counted_head),
                 41 + sizeof(struct gc_counted_head),
                 42 + sizeof(struct gc_counted_head));
}
END_TEST

TCase *canary_tests(void)
{
    TCase *t = tcase_create("canary");
    tcase_add_loop_test(t, of_one_size, 0, COUNT_OF(sizes));
    tcase_add_loop_test(t, of_arrays, 0, COUNT_OF(sizes));
    tcase_add_test(t, traced_objects);
    tcase_add_test(t, resized_while_traced);
    tcase_add_test(t, of_slabs);
    tcase_add_test(t, counted);
    return t;
}
