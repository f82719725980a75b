/* Modules that come and go, and the depot's stacks in them. */
#include "trace/modules.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/os.h"
#include "support.h"
#include "trace/depot.h"

static void *open_plugin(const char *path)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    ck_assert_msg(library, "%s", dlerror());
    return library;
}

static uintptr_t code_of(void *library, const char *name)
{
    uintptr_t code = (uintptr_t)dlsym(library, name);
    ck_assert_uint_ne(code, 0);
    return code + 1;
}

static void close_plugin(void *library)
{
    modules_closing();
    ck_assert_int_eq(dlclose(library), 0);
    modules_closed();
}

static uint16_t number_of(uintptr_t address)
{
    uint16_t number;
    modules_look();
    modules_of(&address, &number, 1);
    return number;
}

static struct module get(uint16_t number)
{
    struct module m;
    ck_assert(module_get(number, &m));
    return m;
}

START_TEST(the_program_is_one)
{
    uint16_t number = number_of((uintptr_t)open_plugin);
    struct module m = get(number);
    ck_assert(m.loaded && m.low <= (uintptr_t)open_plugin && m.head_bytes > 0);
    ck_assert_uint_eq(number_of((uintptr_t)&m), MODULE_NONE);
    ck_assert_uint_eq(number_of((uintptr_t)close_plugin), number);
    ck_assert_uint_ne(number_of((uintptr_t)&environ), MODULE_LOST);
    ck_assert(!module_get(MODULE_NONE, &m) && !module_get(MODULE_LOST, &m));
}
END_TEST

/* Closed by dlclose alone, as the C library does: the next look finds it. */
START_TEST(unloaded_and_loaded_again)
{
    void *library = open_plugin(PLUGINS "small.so");
    uintptr_t code = code_of(library, "plugin_count");
    uint16_t number = number_of(code);
    ck_assert(get(number).loaded);
    ck_assert_str_eq(get(number).name, PLUGINS "small.so");
    ck_assert_ptr_null(get(number).folder);
    uint32_t unloads = modules_unloads(), epoch = modules_epoch();
    uint32_t changes = modules_changes;
    ck_assert_int_eq(dlclose(library), 0);
    ck_assert_uint_eq(number_of(code), MODULE_NONE);
    ck_assert(!get(number).loaded);
    ck_assert_uint_eq(modules_unloads(), unloads + 1);
    ck_assert_uint_ne(modules_epoch(), epoch);
    ck_assert_uint_ne(modules_changes, changes);

    library = open_plugin(PLUGINS "small.so");
    uintptr_t again = code_of(library, "plugin_count");
    ck_assert((number_of(again) == number) == (again == code));
    ck_assert_uint_eq(modules_unloads(), unloads + 1);
    close_plugin(library);
}
END_TEST

START_TEST(nothing_changes_nothing)
{
    modules_look();
    uint32_t unloads = modules_unloads(), epoch = modules_epoch();
    uint32_t changes = modules_changes;
    modules_look();
    ck_assert(modules_unloads() == unloads && modules_epoch() == epoch &&
              modules_changes == changes);
}
END_TEST

START_TEST(closing_is_a_change)
{
    uint32_t before = modules_changes;
    ck_assert(!modules_are_closing());
    modules_closing();
    uint32_t within = modules_changes;
    ck_assert(modules_are_closing());
    modules_closed();
    ck_assert(!modules_are_closing());
    ck_assert(before != within && within != modules_changes);
}
END_TEST

/* Libraries that differ in a name, or in the size of a variable, commonly at one address. */
START_TEST(others_have_other_numbers)
{
    static const char *const plugins[][2] = {{PLUGINS "small.so", "plugin_count"},
                                             {PLUGINS "other.so", "plugin_other"},
                                             {PLUGINS "large.so", "plugin_count"}};
    uint16_t numbers[COUNT_OF(plugins)];
    uint32_t stacks[COUNT_OF(plugins)];
    for (size_t round = 0; round < 3; round++) {
        uintptr_t codes[COUNT_OF(plugins)];
        for (size_t i = 0; i < COUNT_OF(plugins); i++) {
            void *library = open_plugin(plugins[i][0]);
            codes[i] = code_of(library, plugins[i][1]);
            uint16_t number = number_of(codes[i]);
            uintptr_t frames[] = {codes[i], (uintptr_t)open_plugin, 1, codes[i]};
            uint32_t stack = depot_put(frames, COUNT_OF(frames));
            const uint16_t *in = depot_modules(stack);
            ck_assert(in[0] == number && in[3] == number && in[2] == MODULE_NONE);
            ck_assert_uint_eq(depot_put(frames, COUNT_OF(frames)), stack);
            if (round > 0 && get(numbers[i]).low == get(number).low) {
                ck_assert_uint_eq(number, numbers[i]);
                ck_assert_uint_eq(stack, stacks[i]);
            }
            numbers[i] = number;
            stacks[i] = stack;
            for (size_t j = 0; j < i; j++)
                ck_assert(numbers[j] != number && stacks[j] != stack);
            close_plugin(library);
        }
    }
    ck_assert_uint_eq(depot_check(), depot_count());
}
END_TEST

START_TEST(relative_names)
{
    char folder[PATH_MAX];
    ck_assert_int_eq(chdir(PLUGINS), 0);
    ck_assert_ptr_nonnull(getcwd(folder, sizeof folder));
    void *library = open_plugin("./small.so");
    struct module m = get(number_of(code_of(library, "plugin_count")));
    ck_assert_str_eq(m.name, "./small.so");
    ck_assert_str_eq(m.folder, folder);
    close_plugin(library);
}
END_TEST

/* What cannot be noted is not taken for what will be loaded there later, and is noted by the
 * next look. */
START_TEST(memory_is_refused)
{
    size_t lost = 0;
    for (uint32_t nth = 1; nth <= 8; nth++) {
        const char *path = nth % 2 ? PLUGINS "small.so" : PLUGINS "other.so";
        void *library = open_plugin(path);
        uintptr_t code = code_of(library, nth % 2 ? "plugin_count" : "plugin_other");
        os_fail(nth, true);
        uint16_t number = number_of(code);
        os_fail(0, false);
        lost += number == MODULE_LOST;
        ck_assert(number == MODULE_LOST || strcmp(get(number).name, path) == 0);
        ck_assert_str_eq(get(number_of(code)).name, path);
        ck_assert(get(number_of(code)).loaded);
        close_plugin(library);
    }
    ck_assert_uint_gt(lost, 0);
}
END_TEST

TCase *modules_tests(void)
{
    TCase *t = tcase_create("modules");
    tcase_add_test(t, the_program_is_one);
    tcase_add_test(t, unloaded_and_loaded_again);
    tcase_add_test(t, nothing_changes_nothing);
    tcase_add_test(t, closing_is_a_change);
    tcase_add_test(t, others_have_other_numbers);
    tcase_add_test(t, relative_names);
    tcase_add_test(t, memory_is_refused);
    return t;
}
