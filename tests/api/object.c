/* gc_usable_size, gc_base, gc_strdup, gc_strndup. */
#include "api.h"

START_TEST(usable_size_of_no_object)
{
    static char in_data[64];
    char on_stack[64];
    char *foreign = malloc(64);
    char *object = gc_alloc(64), *large = gc_alloc(100000);
    ck_assert_uint_eq(gc_usable_size(NULL), 0);
    ck_assert_uint_eq(gc_usable_size(in_data), 0);
    ck_assert_uint_eq(gc_usable_size(on_stack), 0);
    ck_assert_uint_eq(gc_usable_size(foreign), 0);
    ck_assert_uint_eq(gc_usable_size((void *)opaque(SIZE_MAX)), 0);
    ck_assert_uint_eq(gc_usable_size(object + 1), 0);
    ck_assert_uint_eq(gc_usable_size(object + 63), 0);
    ck_assert_uint_eq(gc_usable_size(large + 65536), 0);
    ck_assert_uint_ge(gc_usable_size(object), 64);
    ck_assert_uint_ge(gc_usable_size(large), 100000);
    gc_free(object);
    gc_free(large);
    ck_assert_uint_eq(gc_usable_size(object), 0);
    ck_assert_uint_eq(gc_usable_size(large), 0);
    free(foreign);
}
END_TEST

static void check_base_of_every_byte(char *object, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        if (gc_base(object + i) != object)
            ck_abort_msg("byte %zu of %zu", i, bytes);
    /* A pointer one past the end is the object's too, or another object's start. */
    const char *end_base = gc_base(object + bytes);
    ck_assert(end_base == NULL || end_base == object || end_base == object + bytes);
}

START_TEST(base_of_every_byte)
{
    const size_t *sizes;
    size_t count = interesting_sizes(&sizes);
    for (size_t k = 0; k < count && sizes[k] <= KIB(256); k++) {
        char *object = gc_alloc_with(sizes[k], 0, k % 2 ? GC_ATOMIC : 0);
        check_base_of_every_byte(object, gc_usable_size(object));
        gc_free(object);
        ck_assert_ptr_null(gc_base(object));
        ck_assert_ptr_null(gc_base(object + sizes[k] / 2));
    }
    char *huge = gc_alloc_atomic(MIB(100));
    for (size_t i = 0; i < MIB(100); i += 4093)
        ck_assert_ptr_eq(gc_base(huge + i), huge);
}
END_TEST

/* From 256 bytes, a pointer one past the usable end of a slot lies inside it. */
START_TEST(base_one_past_the_end)
{
    for (size_t size = 256; size < 65536; size = size * 9 / 8 + 7) {
        char *object = gc_alloc(size);
        ck_assert_ptr_eq(gc_base(object + gc_usable_size(object)), object);
        ck_assert_ptr_eq(gc_base(object + size), object);
    }
}
END_TEST

START_TEST(base_of_anything)
{
    int here;
    ck_assert_ptr_null(gc_base(NULL));
    ck_assert_ptr_null(gc_base(&here));
    ck_assert_ptr_null(gc_base((void *)&base_one_past_the_end));
    char *object = gc_alloc(1);
    ck_assert_ptr_null(gc_base((void *)opaque(1)));
    ck_assert_ptr_null(gc_base((void *)opaque(SIZE_MAX)));
    for (unsigned shift = 0; shift < 64; shift++) {
        const char *base = gc_base((void *)((uintptr_t)1 << shift));
        ck_assert(base == NULL || base == object);
        base = gc_base((void *)((uintptr_t)object ^ (uintptr_t)1 << shift));
        ck_assert(base == NULL || base == object);
    }
    /* All around the heap: any value is allowed. */
    for (size_t i = 0; i < GIB(1); i += 4001) {
        const char *base = gc_base((char *)((uintptr_t)object - GIB(1) / 2 + i));
        ENSURE(base == NULL || base == object);
    }
}
END_TEST

START_TEST(strings)
{
    static const char *const texts[] = {"", "a", "fifteen letters", "sixteen letters.",
                                        "more than sixteen letters"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        size_t length = strlen(texts[i]);
        char *copy = gc_strdup(texts[i]);
        ck_assert_ptr_ne(copy, texts[i]);
        ck_assert_str_eq(copy, texts[i]);
        ck_assert_uint_ge(gc_usable_size(copy), length + 1);
        for (size_t n = 0; n <= length + 3; n++) {
            copy = gc_strndup(texts[i], n);
            ck_assert_uint_eq(strlen(copy), min_size(n, length));
            ck_assert_int_eq(strncmp(copy, texts[i], n), 0);
        }
        ck_assert_str_eq(gc_strndup(texts[i], SIZE_MAX), texts[i]);
    }
    /* gc_strndup reads no byte beyond the first n. */
    char *block = gc_alloc_atomic(MIB(1));
    memset(block, 'x', MIB(1));
    ck_assert_uint_eq(strlen(gc_strndup(block, 1000)), 1000);
    block[MIB(1) - 1] = '\0';
    ck_assert_str_eq(gc_strdup(block), block);
}
END_TEST

static uintptr_t behind_string;

static void store_address_in_string(void *argument)
{
    char **string = argument;
    void *target = gc_alloc(32);
    *string = gc_strdup("room for an address, twice");
    *string += (16 - (uintptr_t)*string % 16) % 16;
    memcpy(*string, &target, sizeof target);
    behind_string = hide(target);
}

START_TEST(strings_are_atomic)
{
    char *string;
    run_apart(store_address_in_string, &string);
    ck_assert(lives(behind_string));
    collect_clean();
    ck_assert(!lives(behind_string));
    ck_assert_ptr_nonnull(gc_base(string));
}
END_TEST

Suite *object_suite(void)
{
    Suite *s = suite_create("object");
    ADD(s, usable_size_of_no_object);
    ADD(s, base_of_every_byte);
    ADD(s, base_one_past_the_end);
    ADD(s, base_of_anything);
    ADD(s, strings);
    ADD(s, strings_are_atomic);
    return s;
}
