/* Pointers one past the end of an object, the only ones to it. */
#include "place.h"

#include <stdlib.h>

enum {
    PADDED_FROM = 256, /* larger objects have a byte beyond their end, of either kind */
    GRANULE = 16,
    FEW = 3, /* collections */
    LONG_FROM = 16384,
    LONG_VICTIMS = 6, /* in a herd of such long ones */
};

typedef void *allocate_fn(size_t size);

struct herd {
    allocate_fn *allocate;
    size_t size;
    char **words; /* the place */
    uintptr_t hidden[VICTIMS];
};

static size_t count_of(const struct herd *h)
{
    return h->size < LONG_FROM ? VICTIMS : LONG_VICTIMS;
}

static void allocate_herd(void *argument)
{
    struct herd *h = argument;
    for (size_t i = 0; i < count_of(h); i++) {
        char *p = h->allocate(h->size);
        ck_assert_ptr_nonnull(p);
        write_pattern(p, h->size, i);
        h->hidden[i] = hide(p);
        h->words[i] = p + h->size;
    }
}

static void read_herd(void *argument)
{
    const struct herd *h = argument;
    for (size_t i = 0; i < count_of(h); i++)
        ck_assert(has_pattern(reveal(h->hidden[i]), h->size, i));
}

static void check_ends(allocate_fn *allocate, size_t size, char **words)
{
    struct herd h = {allocate, size, words, {0}};
    deeply(allocate_herd, &h);
    collect(FEW);
    size_t living = count_living(h.hidden, count_of(&h));
    ck_assert_msg(living == count_of(&h), "size %zu: %zu living", size, living);
    deeply(read_herd, &h);
    for (size_t i = 0; i < VICTIMS; i++)
        words[i] = NULL;
    collect(1);
    ck_assert_uint_eq(count_living(h.hidden, count_of(&h)), 0);
}

START_TEST(small_atomic_from_the_stack)
{
    char *words[VICTIMS] = {NULL};
    for (size_t size = 1; size < PADDED_FROM; size++)
        check_ends(gc_alloc_atomic, size, words);
}
END_TEST

static const size_t sizes[] = {
    256,   257,   271,    272,    320,    1024,    2048,          4096,
    8191,  8192,  8193,   16384,  32768,  65520,   65535,         65536,
    65537, 69632, 131072, 196608, 262144, 1 << 20, (1 << 20) - 1, (1 << 20) - 4096,
};

enum { SIZES = sizeof sizes / sizeof sizes[0] };

static char *static_words[VICTIMS];

static void check_sizes(allocate_fn *allocate, char **words)
{
    for (size_t i = 0; i < SIZES; i++)
        check_ends(allocate, sizes[i], words);
}

START_TEST(padded_from_static_data)
{
    check_sizes(gc_alloc, static_words);
    check_sizes(gc_alloc_atomic, static_words);
}
END_TEST

START_TEST(padded_from_an_object)
{
    static char **words;
    words = gc_calloc(VICTIMS, sizeof *words);
    check_sizes(gc_alloc, words);
    check_sizes(gc_alloc_atomic, words);
}
END_TEST

/* Sizes that objects come to by resizing, in place or not. */
static void *grow(size_t size)
{
    return gc_realloc(gc_realloc(gc_alloc(size / 2), size / 4 * 3), size);
}

static void *grow_a_little(size_t size)
{
    return gc_realloc(gc_alloc_atomic(size - 1), size);
}

static void *shrink(size_t size)
{
    return gc_realloc(gc_alloc(2 * size), size);
}

START_TEST(padded_after_realloc)
{
    check_sizes(grow, static_words);
    check_sizes(grow_a_little, static_words);
    check_sizes(shrink, static_words);
}
END_TEST

static void *allocate_zeroed(size_t size)
{
    return gc_calloc(size, 1);
}

static void *allocate_with_alignment(size_t size)
{
    return gc_alloc_with(size, GRANULE, GC_ATOMIC);
}

START_TEST(padded_by_other_functions)
{
    check_sizes(allocate_zeroed, static_words);
    check_sizes(allocate_with_alignment, static_words);
}
END_TEST

START_TEST(all_with_end_pointers)
{
    ck_assert_int_eq(gc_option_set("end_pointers", "1"), 0);
    for (size_t size = 1; size < PADDED_FROM; size++) {
        check_ends(gc_alloc, size, static_words);
        check_ends(gc_alloc_atomic, size, static_words);
    }
    for (size_t i = 0; i < SIZES; i++)
        check_ends(gc_alloc, sizes[i], static_words);
}
END_TEST

/* The documented exception: a small scanned object, with a multiple of 16 bytes.  Of the
 * herd only the last one's end is held, behind which there is no other object. */
START_TEST(small_scanned_may_go)
{
    char *words[VICTIMS] = {NULL};
    unsetenv("GCALLOC_OPTIONS"); /* which may ask for end_pointers */
    for (size_t size = GRANULE; size < PADDED_FROM; size += GRANULE) {
        struct herd h = {gc_alloc, size, words, {0}};
        deeply(allocate_herd, &h);
        for (size_t i = 0; i < VICTIMS - 1; i++)
            words[i] = NULL;
        collect(1);
        ck_assert_uint_eq(count_living(h.hidden, VICTIMS), 0);
        /* The macro for pointers would keep a copy, for the next size. */
        ck_assert(words[VICTIMS - 1] != NULL);
    }
}
END_TEST

/* And so, from static data, may a small atomic one. */
START_TEST(small_atomic_from_static_data_may_go)
{
    struct herd h = {gc_alloc_atomic, 64, static_words, {0}};
    unsetenv("GCALLOC_OPTIONS"); /* which may ask for end_pointers */
    deeply(allocate_herd, &h);
    for (size_t i = 0; i < VICTIMS - 1; i++)
        static_words[i] = NULL;
    collect(1);
    ck_assert_uint_eq(count_living(h.hidden, VICTIMS), 0);
}
END_TEST

TCase *ends_case(void)
{
    TCase *tc = tcase_create("ends");
    tcase_add_test(tc, small_atomic_from_the_stack);
    tcase_add_test(tc, padded_from_static_data);
    tcase_add_test(tc, padded_from_an_object);
    tcase_add_test(tc, padded_after_realloc);
    tcase_add_test(tc, padded_by_other_functions);
    tcase_add_test(tc, all_with_end_pointers);
    tcase_add_test(tc, small_scanned_may_go);
    tcase_add_test(tc, small_atomic_from_static_data_may_go);
    return tc;
}
