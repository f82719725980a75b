/* Bad frees of pointers into the heap that start no object, and of pointers elsewhere. */
#include <gcalloc/gcalloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "badfree.h"
#include "deeply.h"

/* ---- Pointers into the heap -------------------------------------------------------- */

START_TEST(interior)
{
    begin(_i);
    static const size_t offsets[] = {1, 8, 16, 39};
    char *p = gc_alloc_manual(40);
    memset(p, 7, 40);
    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++)
        expect_interior(p, offsets[i], 40);
    for (size_t i = 0; i < 40; i++)
        ck_assert_int_eq(p[i], 7);
    gc_free(p);
    ck_assert_str_eq(reported(), "");
    check_heap();
}
END_TEST

START_TEST(interior_of_large)
{
    begin(_i);
    static const size_t offsets[] = {1, 4096, 65536, 70000, 2999999};
    char *p = gc_alloc(3000000);
    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++)
        expect_interior(p, offsets[i], 3000000);
    gc_free(p);
    ck_assert_str_eq(reported(), "");
    check_heap();
}
END_TEST

static uintptr_t hidden;
static void *volatile in_its_block;

static void allocate_hidden(void)
{
    in_its_block = gc_alloc(40);
    hidden = ~(uintptr_t)gc_alloc(40);
}

START_TEST(collected)
{
    begin(_i);
    deeply(allocate_hidden);
    gc_collect();
    void *p = (void *)~hidden;
    ck_assert_ptr_null(gc_base(p));
    if (test.stacks) {
        const char *report =
            expect(p, "no living object", "  the object of 40 bytes there was collected");
        assert_line(report, "  allocated by");
        assert_no(report, "freed first by");
    } else {
        expect_freed(p);
    }
    check_heap();
}
END_TEST

START_TEST(inside_a_free_slot)
{
    begin(_i);
    char *p = gc_alloc(40), detail[100];
    gc_free(p);
    snprintf(detail, sizeof detail, "  it is 5 bytes into a slot at %p;", (void *)p);
    const char *report = expect(p + 5, "no living object", detail);
    ck_assert_ptr_nonnull(
        strstr(report, "  the object of up to 48 bytes there was freed"));
    check_heap();
}
END_TEST

START_TEST(never_allocated)
{
    begin(_i);
    char *p = (char *)gc_alloc(40) + 100 * 48;
    expect(p, "no living object",
           test.stacks ? "  the object of up to 48 bytes there never was"
                       : "  the object of up to 48 bytes there was freed,");
    check_heap();
}
END_TEST

START_TEST(neighbours)
{
    begin(_i);
    char *p[3], before[100], behind[100];
    for (size_t i = 0; i < 3; i++)
        p[i] = gc_alloc(40 + i);
    snprintf(before, sizeof before, "  before it: an object of %zu bytes at %p",
             shown_size(p[0], 40), (void *)p[0]);
    snprintf(behind, sizeof behind, "  behind it: an object of %zu bytes at %p",
             shown_size(p[2], 42), (void *)p[2]);
    const char *report = give(p[1] + 1);
    assert_line(report, before);
    assert_line(report, behind);
    gc_free(p[1]);
    report = give(p[1]);
    assert_line(report, before);
    assert_line(report, behind);
    report = give(p[0] + 1);
    assert_no(report, "before it");
    assert_line(report, behind);
    gc_free(p[2]);
    report = give(p[0] + 1);
    assert_no(report, "before it");
    assert_no(report, "behind it");
    check_heap();
}
END_TEST

/* ---- Pointers elsewhere ------------------------------------------------------------ */

START_TEST(on_the_stack)
{
    begin(_i);
    gc_init();
    int local[100];
    char title[100];
    for (int i = 0; i < 100; i += 33) {
        snprintf(title, sizeof title, "gcalloc: %s(%p): on the stack, not in the heap\n",
                 test.function, (void *)&local[i]);
        const char *report = give(&local[i]);
        ck_assert_ptr_eq(strstr(report, title), report);
    }
    check_heap();
}
END_TEST

static int in_data = 1;
static int in_bss[100];

START_TEST(static_data_and_code)
{
    begin(_i);
    gc_init();
    void *const pointers[] = {&in_data, &in_bss[50], (void *)(uintptr_t) "a constant",
                              (void *)(uintptr_t)check_heap};
    for (size_t i = 0; i < 4; i++)
        ck_assert_ptr_nonnull(strstr(
            give(pointers[i]), "): static data or code, not in the heap\n  it is in "));
    ck_assert_ptr_nonnull(
        strstr(give((void *)(uintptr_t)gc_collect), "  it is gc_collect+0 in "));
    ck_assert_int_eq(in_data, 1);
    check_heap();
}
END_TEST

START_TEST(of_another_allocator)
{
    begin(_i);
    gc_init();
    char *small = malloc(100), *large = malloc(1 << 20);
    char *mapped = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *const pointers[] = {small, small + 8, large, mapped, mapped + 100};
    for (size_t i = 0; i < 5; i++)
        expect(pointers[i], "not in the heap",
               "  it points to memory of another allocator");
    free(small);
    free(large);
    munmap(mapped, 4096);
    expect(mapped, "not in the heap", "  it points to no memory at all");
    check_heap();
}
END_TEST

START_TEST(wild)
{
    begin(_i);
    gc_init();
    static const uintptr_t pointers[] = {1,           8,
                                         4096,        UINT64_C(0xdeadbeefdeadbeef),
                                         UINTPTR_MAX, UINTPTR_MAX / 2};
    for (size_t i = 0; i < sizeof pointers / sizeof pointers[0]; i++)
        expect((void *)pointers[i], "not in the heap", "  it points to no memory at all");
    check_heap();
}
END_TEST

START_TEST(before_anything_else)
{
    begin(_i);
    expect((void *)4096, "not in the heap", "  it points to no memory at all");
    check_heap();
}
END_TEST

START_TEST(null_is_fine)
{
    begin(_i);
    gc_free(NULL);
    ck_assert_ptr_nonnull(gc_realloc(NULL, 10));
    ck_assert_str_eq(reported(), "");
    check_heap();
}
END_TEST

void add_pointers(TCase *t)
{
    const TTest *const tests[] = {interior,
                                  interior_of_large,
                                  collected,
                                  inside_a_free_slot,
                                  never_allocated,
                                  neighbours,
                                  on_the_stack,
                                  static_data_and_code,
                                  of_another_allocator,
                                  wild,
                                  before_anything_else,
                                  null_is_fine};
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_loop_test(t, tests[i], 0, VARIANTS);
}
