/* What layouts refuse: bad arguments, trace functions that use the heap, more layouts than there may be. */
#include <errno.h>
#include <gcalloc/layout.h>
#include <stdlib.h>
#include <string.h>

#include "typed.h"

static void trace_nothing(void *object, size_t size, void *data)
{
    (void)object, (void)size, (void)data;
}

#define REFUSED(call)                    \
    do {                                 \
        errno = 0;                       \
        ck_assert((call) == 0);          \
        ck_assert_int_eq(errno, EINVAL); \
    } while (0)

START_TEST(bad_arguments)
{
    uint64_t bits = 1;
    size_t offsets[] = {0, 8, 16};
    gc_layout odd = gc_layout_new(20, offsets, 2);
    gc_layout good = gc_layout_new(24, offsets, 3);
    gc_layout array = gc_layout_new_array(0, good);
    gc_layout traced = gc_layout_new_traced(16, trace_nothing, NULL);
    ck_assert(odd && good && array && traced);
    REFUSED(gc_layout_new(0, offsets, 0));
    REFUSED(gc_layout_new((size_t)1 << 31, offsets, 1));
    REFUSED(gc_layout_new(16, offsets, 3));
    REFUSED(gc_layout_new(23, offsets, 3));
    REFUSED(gc_layout_new(24, (size_t[]){4}, 1));
    REFUSED(gc_layout_new(24, (size_t[]){SIZE_MAX - 7}, 1));
    REFUSED(gc_layout_new_bitmap(0, &bits));
    REFUSED(gc_layout_new_array(4, good));
    REFUSED(gc_layout_new_array(0, 0));
    REFUSED(gc_layout_new_array(0, odd));
    REFUSED(gc_layout_new_array(0, array));
    REFUSED(gc_layout_new_array(0, traced));
    REFUSED(gc_layout_new_array(0, traced + 1000));
    REFUSED(gc_layout_new_traced(16, NULL, NULL));
    REFUSED(gc_layout_new_traced(0, trace_nothing, NULL));
    REFUSED((uintptr_t)gc_alloc_layout(0));
    REFUSED((uintptr_t)gc_alloc_layout(array));
    REFUSED((uintptr_t)gc_alloc_layout(traced + 1));
    REFUSED((uintptr_t)gc_alloc_layout(UINT32_MAX));
    REFUSED((uintptr_t)gc_alloc_layout_sized(good, 24));
    REFUSED((uintptr_t)gc_alloc_layout_sized(0, 24));
    REFUSED((uintptr_t)gc_alloc_layout_sized(UINT32_MAX, 24));
    REFUSED(gc_layout_name(0, "none") + 1);
    REFUSED(gc_layout_name(good, NULL) + 1);
    gc_trace_word((uintptr_t)&bits); /* does nothing here */
    gc_trace_range(&bits, &bits + 1);
}
END_TEST

static int traced_calls; /* atomic: markers run at the same time */

/* What a trace function may not do fails, on whichever marker. */
static void trace_and_allocate(void *object, size_t size, void *data)
{
    static char here[16];
    (void)size, (void)data;
    gc_trace_word(*(uintptr_t *)object);
    errno = 0;
    if (gc_alloc(16) || errno != EBUSY || gc_alloc_atomic(100000) ||
        gc_root_add(here, here + sizeof here) == 0 || gc_realloc(object, 100))
        abort();
    gc_free(object);
    gc_collect();
    __atomic_fetch_add(&traced_calls, 1, __ATOMIC_RELAXED);
}

START_TEST(trace_functions_that_use_the_heap)
{
    gc_layout layout = gc_layout_new_traced(16, trace_and_allocate, NULL);
    void **chain = NULL;
    log_begin();
    for (int i = 0; i < 20000; i++) {
        void **next = gc_alloc_layout(layout);
        ck_assert_ptr_nonnull(next);
        *next = chain;
        kept[i % 8] = chain = next;
    }
    gc_collect();
    ck_assert_int_ge(traced_calls, 20000);
    ck_assert_ptr_nonnull(strstr(log_lines(), "trace function"));
    size_t length = 0;
    for (void **o = kept[(20000 - 1) % 8]; o; o = *o)
        length++;
    ck_assert_uint_eq(length, 20000);
    ck_assert_ptr_nonnull(gc_alloc(16));
}
END_TEST

START_TEST(too_many_layouts)
{
    size_t count = 0;
    log_begin();
    while (gc_layout_new(16, NULL, 0))
        count++;
    ck_assert_int_eq(errno, ENOSPC);
    ck_assert_ptr_nonnull(strstr(log_lines(), "layouts"));
    ck_assert_uint_ge(count, 4000);
    ck_assert_uint_lt(count, 65536);
    kept[0] = gc_alloc_layout((gc_layout)count);
    ck_assert_ptr_nonnull(kept[0]);
    collect_deeply();
    ck_assert_ptr_eq(gc_base(kept[0]), kept[0]);
}
END_TEST

TCase *refused_case(void)
{
    TCase *t = tcase_create("refused");
    tcase_add_test(t, bad_arguments);
    tcase_add_test(t, trace_functions_that_use_the_heap);
    tcase_add_test(t, too_many_layouts);
    return t;
}
