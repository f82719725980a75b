/* Bad frees: every kind of pointer that is not the start of a living object, given to
 * gc_free and to gc_realloc, with stacks recorded and without.  Each is reported exactly,
 * and the heap goes on soundly. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <gcalloc/gcalloc.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "badfree.h"
#include "deeply.h"

struct test test;

void begin(int variant)
{
    char path[] = "/tmp/gcalloc-badfree-XXXXXX";
    test.stacks = variant & STACKS;
    test.function = variant & REALLOC ? "gc_realloc" : "gc_free";
    test.captured = mkstemp(path);
    ck_assert_int_ge(test.captured, 0);
    ck_assert_int_eq(gc_option_set("log_file", path), 0);
    unlink(path);
    ck_assert_int_eq(gc_option_set("stacks", test.stacks ? "1" : "0"), 0);
    ck_assert_int_eq(gc_option_set("verify", "1"), 0);
    ck_assert_int_eq(gc_option_set("depth", "1"), 0); /* naming functions takes time */
}

const char *reported(void)
{
    static char text[1 << 16];
    ssize_t length = read(test.captured, text, sizeof text - 1);
    ck_assert_int_ge(length, 0);
    text[length] = '\0';
    return text;
}

NOINLINE const char *give(void *p)
{
    errno = 0;
    if (strcmp(test.function, "gc_free") == 0) {
        gc_free(p);
        ck_assert_int_eq(errno, 0);
    } else {
        ck_assert_ptr_null(gc_realloc(p, 100));
        ck_assert_int_eq(errno, EINVAL);
    }
    return reported();
}

void check_heap(void)
{
    enum { COUNT = 500 };
    static unsigned char *objects[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        objects[i] = gc_alloc(i % 97 + 1);
        memset(objects[i], (int)(i % 255 + 1), i % 97 + 1);
    }
    gc_collect();
    for (size_t i = 0; i < COUNT; i += 2) {
        gc_free(objects[i]);
        objects[i] = gc_alloc(i % 97 + 1);
        memset(objects[i], (int)(i % 255 + 1), i % 97 + 1);
    }
    gc_collect();
    for (size_t i = 0; i < COUNT; i++)
        for (size_t at = 0; at <= i % 97; at++)
            if (objects[i][at] != i % 255 + 1)
                ck_abort_msg("object %zu has changed", i);
    for (size_t i = 0; i < COUNT; i++)
        gc_free(objects[i]);
    ck_assert_str_eq(reported(), "");
}

void assert_line(const char *report, const char *line)
{
    char wanted[300];
    snprintf(wanted, sizeof wanted, "\n%s\n", line);
    ck_assert_msg(strstr(report, wanted) != NULL, "no line '%s' in:\n%s", line, report);
}

void assert_no(const char *report, const char *text)
{
    ck_assert_msg(strstr(report, text) == NULL, "'%s' in:\n%s", text, report);
}

const char *expect(void *p, const char *what, const char *detail)
{
    char title[200];
    snprintf(title, sizeof title, "gcalloc: %s(%p): %s\n", test.function, p, what);
    const char *report = give(p);
    ck_assert_msg(strncmp(report, title, strlen(title)) == 0, "not '%s' but:\n%s", title,
                  report);
    assert_line(report, detail);
    assert_line(report, "  called by");
    assert_line(report, "  nothing was done");
    return report;
}

size_t shown_size(void *p, size_t requested)
{
    return test.stacks ? requested : gc_usable_size(p);
}

void expect_interior(char *p, size_t offset, size_t requested)
{
    char detail[200];
    snprintf(detail, sizeof detail,
             "  it is %zu byte%s into the object of %zu bytes at %p", offset,
             offset == 1 ? "" : "s", shown_size(p, requested), (void *)p);
    const char *report = expect(p + offset, "not the start of an object", detail);
    assert_no(report, "freed first by");
    ck_assert_int_eq(strstr(report, "  allocated by") != NULL, test.stacks);
    ck_assert_ptr_eq(gc_base(p), p);
}

const char *expect_freed(void *p)
{
    if (test.stacks)
        return expect(p, "double free",
                      "  the object of up to 48 bytes there was freed before");
    return expect(p, "no living object",
                  "  the object of up to 48 bytes there was freed,\n"
                  "  was collected, or never was");
}

/* ---- Double frees ---------------------------------------------------------------- */

START_TEST(double_free_at_once)
{
    begin(_i);
    void *p = gc_alloc(40);
    gc_free(p);
    for (int i = 0; i < 3; i++)
        expect_freed(p);
    check_heap();
}
END_TEST

/* A neighbour keeps the block. */
START_TEST(double_free_much_later)
{
    begin(_i);
    void *volatile neighbour = gc_alloc_manual(40);
    void *p = gc_alloc_manual(40);
    gc_free(p);
    for (int i = 0; i < 100000; i++)
        gc_free(gc_alloc((size_t)i % 30000 + 64));
    gc_collect();
    expect_freed(p);
    check_heap();
    ck_assert_ptr_eq(gc_base(neighbour), neighbour);
}
END_TEST

START_TEST(double_free_of_large)
{
    begin(_i);
    void *p = gc_alloc(1 << 20);
    gc_free(p);
    if (test.stacks) {
        const char *report =
            expect(p, "double free", "  the object there was freed before");
        assert_line(report, "  allocated by");
        assert_line(report, "  freed first by");
    } else {
        expect(p, "no living object", "  it points to free memory of the heap");
    }
    check_heap();
}
END_TEST

/* The memory has gone to an object that starts elsewhere. */
START_TEST(double_free_after_reuse)
{
    begin(_i);
    enum { OLD = 2000 };
    static char *old[OLD];
    for (size_t i = 0; i < OLD; i++)
        old[i] = gc_alloc_manual(1000);
    for (size_t i = 0; i < OLD; i++)
        gc_free(old[i]);
    gc_collect();
    size_t found = OLD;
    for (size_t n = 0; n < 100 && found == OLD; n++) {
        for (size_t i = 0; i < 1000; i++)
            ck_assert_ptr_nonnull(gc_calloc(1, 40));
        for (size_t i = 0; i < OLD && found == OLD; i++)
            if (gc_base(old[i]) && gc_base(old[i]) != old[i])
                found = i;
    }
    ck_assert_uint_lt(found, OLD);
    char *owner = gc_base(old[found]);
    expect_interior(owner, (size_t)(old[found] - owner), 40);
    check_heap();
}
END_TEST

/* The limit of what can be told: the new object starts where the old one did. */
START_TEST(double_free_of_the_same_start)
{
    begin(_i);
    void *p = gc_alloc(40);
    gc_free(p);
    void *q = gc_alloc(40);
    ck_assert_ptr_eq(p, q);
    gc_free(p);
    ck_assert_str_eq(reported(), "");
    ck_assert_ptr_null(gc_base(q));
    expect_freed(q);
    check_heap();
}
END_TEST

START_TEST(object_that_was_moved)
{
    begin(_i);
    void *p = gc_alloc(40);
    void *moved = gc_realloc(p, 5000);
    ck_assert_ptr_ne(p, moved);
    expect_freed(p);
    ck_assert_ptr_eq(gc_base(moved), moved);
    check_heap();
}
END_TEST

/* ---- Stacks ------------------------------------------------------------------------ */

static void *object;

static NOINLINE void allocate_it(void)
{
    object = gc_alloc_manual(40);
}

static NOINLINE void free_it(void)
{
    gc_free(object);
    object = *(void *volatile *)&object; /* no tail call */
}

/* These three stand in the report, in this order, each followed by its function. */
static void assert_stack(const char **report, const char *title, const char *function)
{
    char wanted[200];
    snprintf(wanted, sizeof wanted, "\n  %s\n    #0  %-28s badfree.c:", title, function);
    const char *at = strstr(*report, wanted);
    ck_assert_msg(at != NULL, "no '%s' in:\n%s", wanted, *report);
    *report = at + 1;
}

START_TEST(stacks)
{
    begin(_i);
    allocate_it();
    free_it();
    const char *report = give(object);
    assert_stack(&report, "called by", "give");
    if (test.stacks) {
        assert_stack(&report, "allocated by", "allocate_it");
        assert_stack(&report, "freed first by", "free_it");
    } else {
        assert_no(report, "allocated by");
        assert_no(report, "freed first by");
    }
}
END_TEST

/* ---- Afterwards ---------------------------------------------------------------------- */

START_TEST(one_after_another)
{
    begin(_i);
    unsigned random = 1;
    char *objects[16];
    for (size_t i = 0; i < 16; i++)
        objects[i] = gc_alloc(100 * i + 10);
    close(test.captured);
    ck_assert_int_eq(gc_option_set("log_file", "/dev/null"), 0);
    test.captured = open("/dev/null", O_RDONLY);
    for (int i = 0; i < 8; i++) {
        random = random * 1103515245 + 12345;
        give(objects[random >> 28] + (random >> 8 & 1022) + 1);
    }
    for (size_t i = 0; i < 16; i++)
        if (gc_base(objects[i]))
            gc_free(objects[i]);
    check_heap();
}
END_TEST

START_TEST(abort_at_once)
{
    begin(_i);
    ck_assert_int_eq(gc_option_set("on_bad_free", "abort"), 0);
    char *p = gc_alloc(40);
    give(p + 1);
}
END_TEST

START_TEST(abort_spares_the_good)
{
    begin(_i);
    ck_assert_int_eq(gc_option_set("on_bad_free", "abort"), 0);
    gc_free(gc_realloc(gc_alloc(40), 5000));
    check_heap();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {double_free_at_once,
                                  double_free_much_later,
                                  double_free_of_large,
                                  double_free_after_reuse,
                                  double_free_of_the_same_start,
                                  object_that_was_moved,
                                  stacks,
                                  one_after_another,
                                  abort_spares_the_good};
    Suite *suite = suite_create("bad frees");
    TCase *t = tcase_create("badfree");
    tcase_set_timeout(t, 300);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_loop_test(t, tests[i], 0, VARIANTS);
    add_pointers(t);
    tcase_add_loop_test_raise_signal(t, abort_at_once, SIGABRT, 0, VARIANTS);
    suite_add_tcase(suite, t);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
