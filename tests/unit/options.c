/* Options: values, their errors, and the environment. */
#include "base/options.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "support.h"

struct row {
    const char *key;
    enum option_type type;
    enum option_time time;
    size_t initial;
    void *value;
    const char *meaning;
};

static const struct row rows[] = {
#define ROW(key, type, time, initial, meaning) \
    {#key, OPTION_##type, OPTION_##time, initial, &options.key, meaning},
    OPTIONS(ROW)
#undef ROW
};

static void read_environment(const char *settings)
{
    ck_assert_int_eq(setenv("GCALLOC_OPTIONS", settings, 1), 0);
    options_read_environment();
}

START_TEST(every_key)
{
    const struct row *r = &rows[_i];
    size_t *value = r->value;
    if (r->type == OPTION_PATH || r->type == OPTION_CHOICE)
        return;
    ck_assert_uint_eq(*value, r->initial);
    struct options before = options;
    size_t other = !r->initial;
    ck_assert_int_eq(options_set(r->key, other ? "1" : "0", false), 0);
    ck_assert_uint_eq(*value, other);
    int late = options_set(r->key, r->initial ? "1" : "0", true);
    ck_assert_int_eq(late, r->time == OPTION_AT_START ? EBUSY : 0);
    *value = r->initial;
    ck_assert_mem_eq(&options, &before, sizeof options);
}
END_TEST

START_TEST(every_path)
{
    const struct row *r = &rows[_i];
    if (r->type != OPTION_PATH)
        return;
    char long_path[sizeof options.report.text + 1];
    memset(long_path, 'x', sizeof long_path - 1);
    long_path[sizeof long_path - 1] = '\0';
    ck_assert_int_eq(options_set(r->key, "/dev/null", false), 0);
    ck_assert_str_eq(((struct option_path *)r->value)->text, "/dev/null");
    ck_assert_int_eq(options_set(r->key, long_path, false), EINVAL);
    ck_assert_str_eq(((struct option_path *)r->value)->text, "/dev/null");
    int late = options_set(r->key, "/dev/null", true);
    ck_assert_int_eq(late, r->time == OPTION_AT_START ? EBUSY : 0);
}
END_TEST

/* The meaning begins with the names: "a|b|c: ...". */
START_TEST(every_choice)
{
    const struct row *r = &rows[_i];
    if (r->type != OPTION_CHOICE)
        return;
    char names[256];
    size_t place = 0, *value = r->value;
    ck_assert_uint_eq(*value, r->initial);
    snprintf(names, sizeof names, "%.*s", (int)strcspn(r->meaning, ":"), r->meaning);
    for (char *name = strtok(names, "|"); name; name = strtok(NULL, "|")) {
        ck_assert_int_eq(options_set(r->key, name, false), 0);
        ck_assert_uint_eq(*value, place++);
    }
    ck_assert_uint_ge(place, 2);
    ck_assert_int_eq(options_set(r->key, "none of them", false), EINVAL);
    ck_assert_int_eq(options_set(r->key, "", false), EINVAL);
    ck_assert_uint_eq(*value, place - 1);
}
END_TEST

START_TEST(sizes_have_units)
{
    static const char letters[] = "kKmMgGtT";
    for (unsigned i = 0; i < 8; i++) {
        unsigned shift = 10 * (i / 2 + 1);
        char text[32];
        snprintf(text, sizeof text, "3%c", letters[i]);
        ck_assert_int_eq(options_set("floor", text, true), 0);
        ck_assert_uint_eq(options.floor, (size_t)3 << shift);
        snprintf(text, sizeof text, "%zu%c", SIZE_MAX >> shift, letters[i]);
        ck_assert_int_eq(options_set("floor", text, true), 0);
        ck_assert_uint_eq(options.floor, SIZE_MAX >> shift << shift);
        snprintf(text, sizeof text, "%zu%c", (SIZE_MAX >> shift) + 1, letters[i]);
        ck_assert_int_eq(options_set("floor", text, true), EINVAL);
        ck_assert_uint_eq(options.floor, SIZE_MAX >> shift << shift);
    }
    ck_assert_int_eq(options_set("floor", "18446744073709551615", true), 0);
    ck_assert_uint_eq(options.floor, SIZE_MAX);
}
END_TEST

static const struct {
    const char *key, *value;
} bad[] = {
    {"floor", ""},
    {"floor", "K"},
    {"floor", "-1"},
    {"floor", "+1"},
    {"floor", " 1"},
    {"floor", "1 "},
    {"floor", "1KB"},
    {"floor", "1kk"},
    {"floor", "0x10"},
    {"floor", "1e6"},
    {"floor", "1.5M"},
    {"floor", "1P"},
    {"growth", "1K"},
    {"growth", "1 2"},
    {"growth", "-"},
    {"exit_code", "256"},
    {"verify", "2"},
    {"verify", "yes"},
    {"verify", "1K"},
    {"verify", "01x"},
    {"verify", ""},
    {"floor", "18446744073709551616"},
    {"growth", "99999999999999999999999"},
};

START_TEST(bad_values_change_nothing)
{
    struct options before = options;
    errno = EDOM;
    ck_assert_int_eq(options_set(bad[_i].key, bad[_i].value, false), EINVAL);
    ck_assert_int_eq(errno, EDOM);
    ck_assert_mem_eq(&options, &before, sizeof options);
}
END_TEST

START_TEST(unknown_keys)
{
    static const char *const keys[] = {"", "flor", "floor ", "FLOOR", "floors", "floo"};
    struct options before = options;
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        ck_assert_int_eq(options_set(keys[i], "1", false), ENOENT);
    ck_assert_mem_eq(&options, &before, sizeof options);
}
END_TEST

START_TEST(environment_is_read)
{
    log_capture();
    read_environment("floor=3M:growth=70:verify=1:reserve=2G");
    ck_assert_uint_eq(options.floor, MIB(3));
    ck_assert_uint_eq(options.growth, 70);
    ck_assert_uint_eq(options.verify, 1);
    ck_assert_uint_eq(options.reserve, GIB(2));
    read_environment("::floor=1K::");
    ck_assert_uint_eq(options.floor, KIB(1));
    read_environment("");
    ck_assert_int_eq(unsetenv("GCALLOC_OPTIONS"), 0);
    options_read_environment();
    ck_assert_str_eq(logged(), "");
}
END_TEST

START_TEST(environment_errors_are_named)
{
    log_capture();
    read_environment("floor=1K:flor=2:growth:verify=maybe:=3:growth=9");
    ck_assert_str_eq(
        logged(),
        "gcalloc: GCALLOC_OPTIONS: there is no option 'flor'; help=1 lists them\n"
        "gcalloc: GCALLOC_OPTIONS: 'growth' is not of the form key=value; left "
        "out\n"
        "gcalloc: GCALLOC_OPTIONS: verify cannot be 'maybe'; left as it was\n"
        "gcalloc: GCALLOC_OPTIONS: there is no option ''; help=1 lists them\n");
    ck_assert_uint_eq(options.floor, KIB(1));
    ck_assert_uint_eq(options.growth, 9);
    ck_assert_uint_eq(options.verify, 0);
}
END_TEST

START_TEST(long_settings)
{
    static char settings[600];
    log_capture();
    memset(settings, '0', sizeof settings - 1);
    memcpy(settings, "floor=", 6);
    settings[254] = '7';
    memcpy(settings + 255, ":growth=5", 10);
    read_environment(settings);
    ck_assert_uint_eq(options.floor, 7);
    ck_assert_uint_eq(options.growth, 5);
    ck_assert_str_eq(logged(), "");
    memset(settings + 6, '0', 300);
    settings[255] = '8';
    memcpy(settings + 256, ":growth=6", 10);
    read_environment(settings);
    ck_assert_uint_eq(options.floor, 7);
    ck_assert_uint_eq(options.growth, 6);
    ck_assert_str_eq(logged(), "gcalloc: GCALLOC_OPTIONS: a setting of 256 bytes is too "
                               "long; left out\n");
}
END_TEST

/* Of another process, which its child is as well. */
START_TEST(process_alone_tells)
{
    char settings[64];
    snprintf(settings, sizeof settings, "leaks=1:stacks=1:log=1:stats=1:process=%d",
             getpid() + _i);
    read_environment(settings);
    size_t tells = _i == 0;
    ck_assert_uint_eq(options.leaks, tells);
    ck_assert_uint_eq(options.stacks, tells);
    ck_assert_uint_eq(options.log, tells);
    ck_assert_uint_eq(options.stats, tells);
}
END_TEST

START_TEST(log_file_takes_the_log)
{
    char path[] = "/tmp/gcalloc-unit-XXXXXX", settings[64], line[64] = "";
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    snprintf(settings, sizeof settings, "log_file=%s:flor=1", path);
    read_environment(settings);
    unlink(path);
    ck_assert_int_gt(read(fd, line, sizeof line - 1), 0);
    ck_assert_str_eq(line,
                     "gcalloc: GCALLOC_OPTIONS: there is no option 'flor'; help=1 lis");
    close(fd);
}
END_TEST

/* The option is there: what is missing is the folder. */
START_TEST(log_file_that_cannot_be_opened)
{
    log_capture();
    read_environment("log_file=/nonexistent/file");
    ck_assert_str_eq(logged(), "gcalloc: GCALLOC_OPTIONS: log_file cannot be "
                               "'/nonexistent/file'; left as it was\n");
}
END_TEST

START_TEST(list_names_every_option)
{
    log_capture();
    options_list();
    const char *text = logged();
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char line[64];
        if (rows[i].type == OPTION_PATH)
            snprintf(line, sizeof line, "gcalloc:   %s=  ", rows[i].key);
        else if (rows[i].type == OPTION_CHOICE)
            snprintf(line, sizeof line, "gcalloc:   %s=NAME  ", rows[i].key);
        else
            snprintf(line, sizeof line, "gcalloc:   %s=%zu  ", rows[i].key,
                     *(size_t *)rows[i].value);
        ck_assert_ptr_nonnull(strstr(text, line));
    }
}
END_TEST

/* Whatever the variable says, each option has a value that its type allows, and later
 * settings are read. */
START_TEST(random_settings)
{
    static const char *const pieces[] = {
        "floor", "growth", "verify", "stress", "heap_limit", "=", "=", "=",    ":",
        ":",     "1",      "9",      "0",      "K",          "T", "-", "\xff", "%n%s"};
    char settings[200];
    ck_assert_int_eq(options_set("log_file", "/dev/null", false), 0);
    for (int i = 0; i < 20000; i++) {
        settings[0] = '\0';
        for (uint32_t n = roll(24); n > 0; n--)
            strcat(settings, pieces[roll(COUNT_OF(pieces))]);
        strcat(settings, ":end_pointers=1");
        options.end_pointers = 0;
        read_environment(settings);
        ENSURE(options.end_pointers == 1);
        ENSURE(options.verify <= 1 && options.log <= 1 && options.stats <= 1);
    }
}
END_TEST

TCase *options_tests(void)
{
    TCase *t = tcase_create("options");
    tcase_add_loop_test(t, every_key, 0, COUNT_OF(rows));
    tcase_add_loop_test(t, every_path, 0, COUNT_OF(rows));
    tcase_add_loop_test(t, every_choice, 0, COUNT_OF(rows));
    tcase_add_test(t, sizes_have_units);
    tcase_add_loop_test(t, bad_values_change_nothing, 0, COUNT_OF(bad));
    tcase_add_test(t, unknown_keys);
    tcase_add_test(t, environment_is_read);
    tcase_add_test(t, environment_errors_are_named);
    tcase_add_test(t, long_settings);
    tcase_add_loop_test(t, process_alone_tells, 0, 2);
    tcase_add_test(t, log_file_takes_the_log);
    tcase_add_test(t, log_file_that_cannot_be_opened);
    tcase_add_test(t, list_names_every_option);
    tcase_add_test(t, random_settings);
    return t;
}
