/* gc_option_set, GCALLOC_OPTIONS, and what options print. */
#include <gcalloc/memory.h>

#include "api.h"

#include <unistd.h>

#include "base/options.h"

static void expect_error(const char *key, const char *value, int error)
{
    errno = 0;
    ck_assert_int_eq(gc_option_set(key, value), -1);
    ck_assert_msg(errno == error, "%s=%s: errno %d", key, value, errno);
}

static void expect_set(const char *key, const char *value)
{
    errno = 4711;
    ck_assert_msg(gc_option_set(key, value) == 0, "%s=%s: errno %d", key, value, errno);
    ck_assert_int_eq(errno, 4711);
}

START_TEST(unknown_options)
{
    static const char *const keys[] = {"", "nonsense", "Floor", "floor ", "heap_limi"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        expect_error(keys[i], "1", ENOENT);
}
END_TEST

START_TEST(bad_values)
{
    static const char *const sizes[] = {
        "",    "x",   "-1",  "+1",   " 1",        "1 ",
        "1KK", "K",   "1Q",  "0x10", "1.5M",      "99999999999999999999",
        "1B",  "1KB", "1,0", "1e6",  "17000000T", "18446744073709551616"};
    static const char *const flags[] = {"", "2", "yes", "-1", "1K", "01x"};
    expect_set("floor", "3M");
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        expect_error("floor", sizes[i], EINVAL);
        expect_error("heap_limit", sizes[i], EINVAL);
    }
    ck_assert_uint_eq(options.floor, MIB(3));
    ck_assert_uint_eq(options.heap_limit, 0);
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        expect_error("verify", flags[i], EINVAL);
    expect_set("growth", "77");
    expect_error("growth", "100K", EINVAL);
    expect_error("stress", "1M", EINVAL);
    ck_assert_uint_eq(options.growth, 77);
}
END_TEST

START_TEST(good_values)
{
    static const struct {
        const char *text;
        size_t bytes;
    } sizes[] = {{"0", 0},          {"12345", 12345}, {"7k", KIB(7)},
                 {"7K", KIB(7)},    {"3m", MIB(3)},   {"3M", MIB(3)},
                 {"2g", GIB(2)},    {"2G", GIB(2)},   {"1t", GIB(1024)},
                 {"1T", GIB(1024)}, {"007", 7},       {"18446744073709551615", SIZE_MAX}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        expect_set("floor", sizes[i].text);
        ck_assert_uint_eq(options.floor, sizes[i].bytes);
    }
    expect_set("growth", "250");
    expect_set("verify", "1");
    expect_set("verify", "0");
    expect_set("end_pointers", "1");
    expect_set("reserve", "1G");
    gc_init();
    ck_assert_uint_eq(stats_now().reserved_bytes, GIB(1));
}
END_TEST

/* These two only before the first allocation, the others at any time. */
START_TEST(options_of_the_start)
{
    gc_init();
    expect_error("reserve", "1G", EBUSY);
    expect_error("end_pointers", "1", EBUSY);
    expect_set("floor", "2M");
    ck_assert_uint_eq(stats_now().budget_bytes, MIB(1));
    expect_set("memory", "0");
    ck_assert_uint_eq(stats_now().budget_bytes, MIB(2));
    expect_set("heap_limit", "1G");
    ck_assert_uint_eq(stats_now().limit_bytes, GIB(1));
    expect_set("heap_limit", "0");
    ck_assert_uint_eq(stats_now().limit_bytes, 0);
    expect_set("growth", "50");
    expect_set("stress", "0");
    expect_set("log", "0");
}
END_TEST

/* A limit below what is in use: nothing is lost, and nothing new can be had. */
START_TEST(limit_below_use)
{
    static void *objects[30];
    for (unsigned i = 0; i < 30; i++) {
        objects[i] = gc_alloc(MIB(1));
        write_pattern(objects[i], MIB(1), i);
    }
    expect_set("heap_limit", "10M");
    errno = 0;
    ck_assert_ptr_null(gc_alloc(MIB(1)));
    ck_assert_int_eq(errno, ENOMEM);
    for (unsigned i = 0; i < 30; i++)
        ck_assert(has_pattern(objects[i], MIB(1), i));
    for (unsigned i = 0; i < 25; i++) {
        gc_free(objects[i]);
        objects[i] = NULL;
    }
    ck_assert_ptr_nonnull(gc_alloc(MIB(1)));
    ck_assert_uint_le(stats_now().heap_bytes, MIB(10));
    check_heap_sound();
    expect_set("heap_limit", "1M");
    check_heap_sound();
}
END_TEST

static void collect_twice(void)
{
    setenv("GCALLOC_OPTIONS", "log=1:memory=0", 1);
    ck_assert_ptr_nonnull(gc_alloc_manual(MIB(1)));
    gc_collect();
    gc_collect();
}

START_TEST(log_lines)
{
    const char *text = output_of_child(collect_twice);
    ck_assert_uint_eq(occurrences(text, "\n"), 2);
    for (unsigned line = 1; line <= 2; line++) {
        unsigned number;
        unsigned long long pause, stop, mark, sweep, live, objects, freed, heap, next, at;
        int end = 0;
        sscanf(text,
               "gcalloc: gc %u (request) pause %llu us (stop %llu, mark %llu, sweep "
               "%llu), live "
               "%llu KiB in %llu objects, freed %llu KiB, heap %llu KiB, next after "
               "%llu KiB, at %llu ms\n%n",
               &number, &pause, &stop, &mark, &sweep, &live, &objects, &freed, &heap,
               &next, &at, &end);
        ck_assert_msg(end > 0, "not the form of a line: %s", text);
        ck_assert_uint_eq(number, line);
        ck_assert_uint_ge(pause, stop + mark + sweep);
        ck_assert_uint_eq(live, 1024);
        ck_assert_uint_eq(objects, 1);
        ck_assert_uint_ge(heap, live);
        ck_assert_uint_eq(next, 8192);
        text += end;
    }
    ck_assert_str_eq(text, "");
}
END_TEST

static void end_with_stats(void)
{
    setenv("GCALLOC_OPTIONS", "stats=1", 1);
    ck_assert_ptr_nonnull(gc_alloc_manual(1000));
    gc_collect();
}

START_TEST(stats_at_exit)
{
    const char *text = output_of_child(end_with_stats);
    size_t fields = 0;
#define EXPECT_FIELD(name, meaning)                                 \
    ck_assert_uint_eq(occurrences(text, "gcalloc: " #name " "), 1); \
    ck_assert_uint_eq(occurrences(text, "  " meaning "\n"), 1);     \
    fields++;
    GC_STATS_FIELDS(EXPECT_FIELD)
    GC_MEMORY_FIELDS(EXPECT_FIELD)
    ck_assert_uint_eq(occurrences(text, "where memory goes"), 1);
    ck_assert_uint_eq(occurrences(text, "\n"), fields + 1);
    unsigned long long collections = 0;
    sscanf(strstr(text, "gcalloc: collections"), "gcalloc: collections %llu",
           &collections);
    ck_assert_uint_eq(collections, 1);
}
END_TEST

static void end_with_json(void)
{
    setenv("GCALLOC_OPTIONS", "stats=1:report_format=json", 1);
    ck_assert_ptr_nonnull(gc_alloc_manual(1000));
    gc_collect();
}

/* One object on one line, with each field once, and nothing else. */
START_TEST(stats_as_json)
{
    const char *text = output_of_child(end_with_json);
    size_t fields = 0;
#undef EXPECT_FIELD
#define EXPECT_FIELD(name, meaning)                            \
    ck_assert_uint_eq(occurrences(text, "\"" #name "\":"), 1); \
    fields++;
    GC_STATS_FIELDS(EXPECT_FIELD)
    GC_MEMORY_FIELDS(EXPECT_FIELD)
    ck_assert_uint_eq(occurrences(text, ":"), fields + 2);
    ck_assert_uint_eq(occurrences(text, ","), fields - 1);
    ck_assert_uint_eq(occurrences(text, "\n"), 1);
    ck_assert(strncmp(text, "{\"statistics\":{\"collections\":1,", 31) == 0);
    ck_assert(strstr(text, "},\"memory\":{\"total\":") != NULL);
    ck_assert_str_eq(strstr(text, "}}"), "}}\n");
}
END_TEST

static void start_with_help(void)
{
    setenv("GCALLOC_OPTIONS", "floor=3M:help=1", 1);
    gc_init();
    gc_init();
}

START_TEST(help)
{
    const char *text = output_of_child(start_with_help);
    size_t count = 0;
#define EXPECT_OPTION(key, type, time, initial, meaning)             \
    ck_assert_uint_eq(occurrences(text, "gcalloc:   " #key "="), 1); \
    ck_assert_uint_eq(occurrences(text, "  " meaning "\n"), 1);      \
    count++;
    OPTIONS(EXPECT_OPTION)
    ck_assert_uint_eq(occurrences(text, "\n"), count);
    ck_assert_ptr_nonnull(strstr(text, "floor=3145728 "));
}
END_TEST

static void start_with_bad_settings(void)
{
    setenv("GCALLOC_OPTIONS", "nonsense=1:floor=5Q:bare::heap_limit=2M:growth=", 1);
    size_t growth = options.growth;
    gc_init();
    if (options.floor != MIB(8) || options.heap_limit != MIB(2) ||
        options.growth != growth)
        _exit(1);
}

/* What is wrong is named and left out, the rest is taken. */
START_TEST(bad_environment)
{
    const char *text = output_of_child(start_with_bad_settings);
    ck_assert_uint_eq(occurrences(text, "\n"), 4);
    ck_assert_uint_eq(occurrences(text, "'nonsense'"), 1);
    ck_assert_uint_eq(occurrences(text, "floor cannot be '5Q'"), 1);
    ck_assert_uint_eq(occurrences(text, "'bare'"), 1);
    ck_assert_uint_eq(occurrences(text, "growth cannot be ''"), 1);
}
END_TEST

static char log_path[] = "/tmp/gcalloc-api-XXXXXX";

static void log_to_file(void)
{
    if (gc_option_set("log_file", log_path) != 0)
        _exit(1);
    gc_option_set("log", "1");
    gc_collect();
    if (gc_option_set("log_file", "/nowhere/at/all") != -1)
        _exit(1);
    gc_free(log_path);
}

/* Lines are appended to the file, and go on there when another cannot be opened. */
START_TEST(log_file)
{
    char text[4096];
    int fd = mkstemp(log_path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, "first\n", 6), 6);
    ck_assert_str_eq(output_of_child(log_to_file), "");
    ssize_t length = pread(fd, text, sizeof text - 1, 0);
    close(fd);
    unlink(log_path);
    ck_assert_int_gt(length, 0);
    text[length] = '\0';
    ck_assert_uint_eq(occurrences(text, "gcalloc: "), 2);
    ck_assert_int_eq(strncmp(text, "first\ngcalloc: gc 1 (request)", 29), 0);
    ck_assert_uint_eq(occurrences(text, "gcalloc: gc_free("), 1);
}
END_TEST

Suite *option_suite(void)
{
    Suite *s = suite_create("option");
    ADD(s, unknown_options);
    ADD(s, bad_values);
    ADD(s, good_values);
    ADD(s, options_of_the_start);
    ADD(s, limit_below_use);
    ADD(s, log_lines);
    ADD(s, stats_at_exit);
    ADD(s, stats_as_json);
    ADD(s, help);
    ADD(s, bad_environment);
    ADD(s, log_file);
    return s;
}
