/* The library's own memory. */
#include "base/meta.h"

#include "base/os.h"
#include "support.h"

START_TEST(alloc_counts_pages)
{
    size_t page = os_page_bytes(), before = meta_bytes(), space = address_space();
    char *a = meta_alloc(ACCOUNT_OTHER, 1), *b = meta_alloc(ACCOUNT_OTHER, page),
         *c = meta_alloc(ACCOUNT_OTHER, page + 1);
    ck_assert(all_bytes_are(a, 1, 0));
    ck_assert(all_bytes_are(b, page, 0));
    ck_assert(all_bytes_are(c, page + 1, 0));
    ck_assert_uint_eq(meta_bytes(), before + 4 * page);
    meta_free(a, 1);
    meta_free(b, page);
    meta_free(c, page + 1);
    meta_free(NULL, page);
    ck_assert_uint_eq(meta_bytes(), before);
    ck_assert_uint_eq(address_space(), space);
}
END_TEST

/* Sizes of elements: a byte, those of the library's tables, one that does not divide a
 * page, one larger than a page. */
static const size_t element_sizes[] = {1, 8, 16, 24, 40, 1000, 4096, 5000};

/* Fills a table through several doublings: what it holds must survive each. */
START_TEST(grow_keeps_contents)
{
    size_t size = element_sizes[_i], before = meta_bytes(), capacity = 0, count = 0;
    uint8_t *table = NULL;
    for (; count * size < KIB(200); count++) {
        size_t old = capacity;
        table = meta_grow(ACCOUNT_OTHER, table, count, &capacity, size);
        ck_assert_ptr_nonnull(table);
        ck_assert_uint_gt(capacity, count);
        if (capacity == old)
            ENSURE(old > count);
        memset(table + count * size, (uint8_t)(count % 251), size);
    }
    for (size_t i = 0; i < count; i++)
        ENSURE(all_bytes_are(table + i * size, size, (uint8_t)(i % 251)));
    meta_free(table, capacity * size);
    ck_assert_uint_eq(meta_bytes(), before);
}
END_TEST

START_TEST(refusal_changes_nothing)
{
    size_t capacity = 0, before = meta_bytes();
    os_fail(1, true);
    errno = 0;
    ck_assert_ptr_null(meta_alloc(ACCOUNT_OTHER, 1));
    ck_assert_int_eq(errno, ENOMEM);
    ck_assert_ptr_null(meta_grow(ACCOUNT_OTHER, NULL, 0, &capacity, 8));
    ck_assert_uint_eq(capacity, 0);
    os_fail(0, false);
    uint64_t *table = meta_grow(ACCOUNT_OTHER, NULL, 0, &capacity, sizeof *table);
    size_t full = capacity;
    table[full - 1] = 42;
    os_fail(1, true);
    ck_assert_ptr_null(meta_grow(ACCOUNT_OTHER, table, full, &capacity, sizeof *table));
    os_fail(0, false);
    ck_assert_uint_eq(capacity, full);
    ck_assert_uint_eq(table[full - 1], 42);
    meta_free(table, full * sizeof *table);
    ck_assert_uint_eq(meta_bytes(), before);
}
END_TEST

TCase *meta_tests(void)
{
    TCase *t = tcase_create("meta");
    tcase_add_test(t, alloc_counts_pages);
    tcase_add_loop_test(t, grow_keeps_contents, 0, COUNT_OF(element_sizes));
    tcase_add_test(t, refusal_changes_nothing);
    return t;
}
