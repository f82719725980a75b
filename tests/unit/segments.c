/* Static data and thread-local variables. */
#include "roots/segments.h"

#include <dlfcn.h>
#include <stdio.h>

#include "base/bits.h"
#include "base/maps.h"
#include "base/options.h"
#include "heap/heap.h"
#include "support.h"

static void *in_data = &in_data;
static void *in_bss;
static __thread void *in_tls = "tls";
static __thread void *in_tls_bss;
static const char in_rodata[64] = "constant";
static void *const in_relro = &in_data; /* constant, once it is relocated */
static void *private_variable PRIVATE_DATA;

static struct range_list l;
static struct tls_modules modules;
static struct segments_loaded loaded;

static bool covers(const void *address, size_t bytes)
{
    uintptr_t at = (uintptr_t)address;
    for (size_t i = 0; i < l.count; i++)
        if (at >= l.ranges[i].low && at + bytes <= l.ranges[i].high)
            return true;
    return false;
}

static bool touches(const void *address, size_t bytes)
{
    uintptr_t at = (uintptr_t)address;
    for (size_t i = 0; i < l.count; i++)
        if (at < l.ranges[i].high && at + bytes > l.ranges[i].low)
            return true;
    return false;
}

static bool relro_is_read_only(void)
{
    char line[256];
    bool writable = true;
    FILE *maps = fopen("/proc/self/maps", "r");
    while (fgets(line, sizeof line, maps)) {
        unsigned long low, high;
        char mode;
        ck_assert_int_eq(sscanf(line, "%lx-%lx r%c", &low, &high, &mode) > 1, 1);
        if ((uintptr_t)&in_relro >= low && (uintptr_t)&in_relro < high)
            writable = mode == 'w';
    }
    fclose(maps);
    return !writable;
}

START_TEST(variables_are_covered)
{
    segments_snapshot(&l, &l, &modules, &loaded);
    ck_assert(covers(&in_data, sizeof in_data));
    ck_assert(covers(&in_bss, sizeof in_bss));
    ck_assert(covers(&in_tls, sizeof in_tls));
    ck_assert(covers(&in_tls_bss, sizeof in_tls_bss));
    ck_assert(covers(&stdout, sizeof stdout));
    ck_assert(covers(&errno, sizeof errno));
    ck_assert(!l.incomplete);
}
END_TEST

START_TEST(constants_are_not)
{
    segments_snapshot(&l, &l, &modules, &loaded);
    ck_assert(!touches(in_rodata, sizeof in_rodata));
    ck_assert(!touches((const void *)(uintptr_t)segments_snapshot, 1));
    ck_assert(relro_is_read_only() ? !touches(&in_relro, sizeof in_relro)
                                   : covers(&in_relro, sizeof in_relro));
}
END_TEST

START_TEST(own_data_is_not)
{
    segments_snapshot(&l, &l, &modules, &loaded);
    ck_assert(!touches(&private_variable, sizeof private_variable));
    ck_assert(!touches(&process_heap, sizeof process_heap));
    ck_assert(!touches(&options, sizeof options));
    ck_assert(!touches(geometries, sizeof geometries));
}
END_TEST

/* All that is named can be read, and no byte twice. */
START_TEST(ranges_are_readable_and_apart)
{
    struct mapping m;
    segments_snapshot(&l, &l, &modules, &loaded);
    for (size_t i = 0; i < l.count; i++) {
        for (uintptr_t at = l.ranges[i].low; at < l.ranges[i].high; at = m.high) {
            ENSURE(maps_find(at, &m));
            ENSURE(m.readable);
        }
        for (size_t j = 0; j < i; j++)
            ENSURE(l.ranges[i].high <= l.ranges[j].low ||
                   l.ranges[j].high <= l.ranges[i].low);
    }
}
END_TEST

static void *open_plugin(const char *path)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    ck_assert_msg(library, "%s", dlerror());
    return library;
}

/* One that commonly gets the same addresses, and the loader's same record. */
START_TEST(another_library_is_noticed)
{
    void *small = open_plugin(PLUGINS "small.so");
    segments_snapshot(&l, &l, &modules, &loaded);
    ck_assert(segments_unchanged(&loaded));
    ck_assert_int_eq(dlclose(small), 0);
    ck_assert(!segments_unchanged(&loaded));
    void *large = open_plugin(PLUGINS "large.so");
    ck_assert(!segments_unchanged(&loaded));
    l.count = 0;
    segments_snapshot(&l, &l, &modules, &loaded);
    ck_assert(segments_unchanged(&loaded));
    void **words = dlsym(large, "plugin_words");
    ck_assert(covers(words, 100 * sizeof *words));
    ck_assert_int_eq(dlclose(large), 0);
}
END_TEST

TCase *segments_tests(void)
{
    TCase *t = tcase_create("segments");
    tcase_add_test(t, variables_are_covered);
    tcase_add_test(t, constants_are_not);
    tcase_add_test(t, own_data_is_not);
    tcase_add_test(t, ranges_are_readable_and_apart);
    tcase_add_test(t, another_library_is_noticed);
    return t;
}
