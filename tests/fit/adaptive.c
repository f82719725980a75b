/* Adaptive switches when it should, says so, and not to and fro. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/options.h"
#include "heap/extent.h"
#include "heap/lookup.h"
#include "heap/fit.h"
#include "heap/heap.h"
#include "suites.h"

enum {
    BLOCKS = 512,
    WINDOW = 64, /* searches, as in fit_adaptive.c */
};

static struct heap h;
static char log_path[64];

static const struct fit *now(void)
{
    return h.numbers->fit_state.adaptive.best ? &fit_best : &fit_first;
}

static uint32_t take(uint32_t units)
{
    uint32_t first = extent_take(&h, units, 1, (size_t)units << UNIT_SHIFT);
    ck_assert_uint_ne(first, 0);
    return first;
}

static void give(uint32_t first, uint32_t units)
{
    extent_give(&h, first, units, units, (size_t)units << UNIT_SHIFT);
}

static void start(void)
{
    struct heap_config config = {.space = &os_mmap,
                                 .fit = &fit_adaptive,
                                 .reserve = GIB(8)};
    ck_assert(heap_create(&h, &config));
    ck_assert_ptr_eq(now(), &fit_first);
    strcpy(log_path, "/tmp/fit-adaptive-XXXXXX");
    int fd = mkstemp(log_path);
    ck_assert_int_ge(fd, 0);
    close(fd);
    ck_assert(log_open(log_path));
    options.log = 1;
}

static void finish(void)
{
    extent_check(&h);
    unlink(log_path);
    heap_destroy(&h);
}

/* A heap with every third unit free. */
static void make_holes(void)
{
    uint32_t blocks[BLOCKS];
    for (uint32_t i = 0; i < BLOCKS; i++)
        blocks[i] = take(1);
    for (uint32_t i = 0; i < BLOCKS; i += 3)
        give(blocks[i], 1);
}

/* Searches that all succeed. */
static void be_steady(uint32_t windows)
{
    for (uint32_t i = 0; i < windows * WINDOW; i++)
        give(take(1), 1);
}

/* Objects that no hole holds and that stay: the heap has to grow, again and again. */
static void grow(uint32_t windows, uint32_t units)
{
    uint64_t until = h.numbers->fit_state.searches + windows * WINDOW;
    while (h.numbers->fit_state.searches < until)
        take(units);
}

static void check_log(uint32_t lines, const char *last)
{
    char line[512] = "";
    uint32_t count = 0;
    FILE *in = fopen(log_path, "r");
    ck_assert_ptr_nonnull(in);
    while (fgets(line, sizeof line, in))
        count++;
    fclose(in);
    ck_assert_uint_eq(count, lines);
    ck_assert_uint_eq(h.numbers->fit_state.adaptive.switches, lines);
    ck_assert_ptr_nonnull(strstr(line, last));
}

START_TEST(steady_heap_gets_best_fit)
{
    make_holes();
    be_steady(8);
    ck_assert_ptr_eq(now(), &fit_best);
    check_log(1, "fit from first to best (the heap has enough)");
}
END_TEST

START_TEST(failed_fits_bring_first_fit_back)
{
    make_holes();
    be_steady(10);
    ck_assert_ptr_eq(now(), &fit_best);
    grow(10, 60);
    ck_assert_ptr_eq(now(), &fit_first);
    check_log(2, "fit from best to first (failed fits)");
}
END_TEST

START_TEST(full_heap_stays_with_first_fit)
{
    for (uint32_t i = 0; i < 8 * WINDOW; i++)
        take(1);
    be_steady(8);
    ck_assert_ptr_eq(now(), &fit_first);
    ck_assert_uint_eq(h.numbers->fit_state.adaptive.switches, 0);
}
END_TEST

/* Ten changes of the program's ways, and each time it takes longer to be believed. */
START_TEST(does_not_swing)
{
    make_holes();
    for (int i = 0; i < 10; i++) {
        be_steady(8);
        take(40);
    }
    ck_assert_uint_le(h.numbers->fit_state.adaptive.switches, 2);
}
END_TEST

TCase *adaptive_case(void)
{
    TCase *t = tcase_create("adaptive");
    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, start, finish);
    tcase_add_test(t, steady_heap_gets_best_fit);
    tcase_add_test(t, failed_fits_bring_first_fit_back);
    tcase_add_test(t, full_heap_stays_with_first_fit);
    tcase_add_test(t, does_not_swing);
    return t;
}
