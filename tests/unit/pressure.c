/* A heap gives way while memory is short, as a file like the kernel's tells. */
#include "base/pressure.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/options.h"
#include "collect/pace.h"
#include "heap/extent.h"
#include "support.h"

enum {
    SECOND = 1000000, /* microseconds, as the kernel counts */
    LOOKS_MOST = 40,
    LOOKS_MANY = 80,
};

static char root[] = "/tmp/gcalloc-pressure-XXXXXX", file[64], other[64];
static struct pressure told;

/* The kernel's file, which stays the same one. */
static void tell(const char *text)
{
    FILE *f = fopen(file, "w");
    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    fclose(f);
}

static void tell_total(uint64_t microseconds)
{
    char text[256];
    snprintf(text, sizeof text,
             "some avg10=1.00 avg60=2.00 avg300=3.00 total=%llu\n"
             "full avg10=4.00 avg60=5.00 avg300=6.00 total=7\n",
             (unsigned long long)microseconds);
    tell(text);
}

static void start(void)
{
    static const char *const folders[] = {"/proc", "/proc/pressure"};
    ck_assert_ptr_nonnull(mkdtemp(root));
    for (size_t i = 0; i < COUNT_OF(folders); i++) {
        snprintf(file, sizeof file, "%s%s", root, folders[i]);
        ck_assert_int_eq(mkdir(file, 0700), 0);
    }
    snprintf(other, sizeof other, "%s/other", root);
    snprintf(file, sizeof file, "%s/proc/pressure/memory", root);
    tell_total(0);
}

static void end(void)
{
    char command[128];
    int number = descriptor_drop(&told.file);
    if (number >= 0)
        close(number);
    snprintf(command, sizeof command, "rm -r %s", root);
    ck_assert_int_eq(system(command), 0);
}

/* So many seconds after the first look. */
static int look_at(double seconds)
{
    errno = 77;
    int share = pressure_look(&told, 1000000000 + (uint64_t)(seconds * 1e9));
    ck_assert_int_eq(errno, 77);
    return share;
}

/* The share of the time between two looks, and not between looks that come too soon. */
START_TEST(share_of_the_time)
{
    ck_assert_int_eq(look_at(0), PRESSURE_NOT_KNOWN);
    pressure_begin(&told, root);
    tell_total(5 * SECOND);
    ck_assert_int_eq(look_at(0), PRESSURE_NOT_KNOWN);
    tell_total(6 * SECOND);
    ck_assert_int_eq(look_at(0.1), PRESSURE_NOT_KNOWN);
    ck_assert_int_eq(look_at(4), 250);
    ck_assert_int_eq(look_at(4), PRESSURE_NOT_KNOWN);
    ck_assert_int_eq(look_at(5), 0);
    tell_total(6 * SECOND + SECOND / 100);
    ck_assert_int_eq(look_at(6), 10);
    tell_total(99 * SECOND);
    ck_assert_int_eq(look_at(7), PRESSURE_ALL);
}
END_TEST

/* What is not of the kernel's form says nothing, nor does a file that is gone, or another by now. */
START_TEST(what_tells_nothing)
{
    static const char *const texts[] = {"",
                                        "full avg10=0.00 total=9000000\n",
                                        "some avg10=0.00\nfull avg10=0.00 total=8\n",
                                        "some total=\n",
                                        "some total=12x\n",
                                        "some total=3000000" /* less than before */};
    pressure_begin(&told, root);
    tell_total(4 * SECOND);
    look_at(0);
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        tell(texts[i]);
        ck_assert_int_eq(look_at(1 + (double)i), PRESSURE_NOT_KNOWN);
    }
    tell_total(5 * SECOND);
    ck_assert_int_eq(look_at(7), PRESSURE_ALL);
    FILE *f = fopen(other, "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_int_ge(dup2(fileno(f), told.file.number), 0);
    ck_assert_int_eq(look_at(8), PRESSURE_NOT_KNOWN);
    close(told.file.number);
    ck_assert_int_eq(look_at(9), PRESSURE_NOT_KNOWN);
    ck_assert_int_eq(fclose(f), 0);
}
END_TEST

/* Two that are told the same come to give way by the same part, and both come back in the end. */
START_TEST(who_shares_something_comes_to_the_same)
{
    unsigned one = 0, two = 72;
    for (int i = 0; i < LOOKS_MANY; i++) {
        int stalled = i % 8 == 0 ? 100 : 0;
        one = pace_yield(one, stalled);
        two = pace_yield(two, stalled);
        ENSURE(one < 100 && two < 100);
    }
    ck_assert_int_le(abs((int)one - (int)two), 1);
    ck_assert_uint_gt(pace_yield(0, PRESSURE_ALL), 0);
    ck_assert_uint_eq(pace_yield(one, PRESSURE_NOT_KNOWN), one);
    for (int i = 0; i < LOOKS_MOST; i++)
        one = pace_yield(one, 0);
    ck_assert_uint_eq(one, 0);
}
END_TEST

static struct heap h;

/* The budget after a cycle at so many seconds, with `live` bytes found alive. */
static size_t budget_at(unsigned seconds, size_t live)
{
    h.numbers->live_bytes = live;
    pace_after_cycle(&h, &(struct pace_cycle){.ended = 1000000000ull * seconds});
    return h.numbers->budget;
}

/* The heap has 16 MiB of free memory, and its usual budget is 8. */
static void start_heap(void)
{
    ck_assert(make_heap(&h, MIB(64), false));
    options.memory = 0;
    options.floor = MIB(8);
    uint32_t first = extent_take(&h, 256, 1, MIB(16));
    extent_give(&h, first, 256, 256, MIB(16));
    pressure_begin(&h.pressure, root);
    ck_assert_uint_eq(budget_at(1, 0), MIB(8));
    ck_assert_uint_eq(h.numbers->dirty_bytes, MIB(16));
}

/* The budget falls while tasks wait for memory, no lower than is of use; free memory beyond it goes; and
 * when they wait no longer it comes back by steps. */
START_TEST(heaps_give_way)
{
    start_heap();
    size_t last = MIB(8);
    for (unsigned i = 2; i < 10; i++) {
        tell_total((uint64_t)i * SECOND / 2);
        size_t budget = budget_at(i, 0);
        ENSURE(budget < last || budget == MIB(1));
        ENSURE(h.numbers->dirty_bytes <= budget);
        last = budget;
    }
    ck_assert_uint_eq(last, MIB(1));
    ck_assert_uint_ge(budget_at(11, MIB(40)), MIB(40) / 16);
    for (unsigned i = 12; i < 12 + LOOKS_MOST; i++) {
        size_t budget = budget_at(i, 0);
        ENSURE(budget >= last && budget <= last + MIB(1));
        last = budget;
    }
    ck_assert_uint_eq(last, MIB(8));
    heap_check(&h, NULL);
    heap_destroy(&h);
}
END_TEST

/* Option pressure=0 is heeded at any time. */
START_TEST(who_does_not_give_way)
{
    start_heap();
    tell_total(SECOND);
    ck_assert_uint_lt(budget_at(2, 0), MIB(8));
    options.pressure = 0;
    tell_total(2 * SECOND);
    ck_assert_uint_eq(budget_at(3, 0), MIB(8));
    options.pressure = 1;
    h.numbers->used_bytes = 0;
    heap_destroy(&h);
}
END_TEST

TCase *pressure_tests(void)
{
    TCase *t = tcase_create("pressure");
    tcase_add_checked_fixture(t, start, end);
    tcase_add_test(t, share_of_the_time);
    tcase_add_test(t, what_tells_nothing);
    tcase_add_test(t, who_shares_something_comes_to_the_same);
    tcase_add_test(t, heaps_give_way);
    tcase_add_test(t, who_does_not_give_way);
    return t;
}
