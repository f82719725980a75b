/* gc_stats_memory: what it tells of is what the kernel has of the library, and each byte is where it belongs. */
#include <errno.h>
#include <gcalloc/finalizer.h>
#include <gcalloc/layout.h>
#include <gcalloc/memory.h>
#include <gcalloc/weak.h>
#include <pthread.h>
#include <stddef.h>
#include <unistd.h>

#include "../check/resident.h"
#include "api.h"
#include "sanitizer.h"

static struct gc_memory memory_now(void)
{
    struct gc_memory m = {.size = sizeof m};
    ck_assert_int_eq(gc_stats_memory(&m), 0);
    return m;
}

START_TEST(wrong_arguments)
{
    struct gc_memory m = {.size = offsetof(struct gc_memory, kept) - 1};
    ck_assert_int_eq(gc_stats_memory(NULL), -1);
    ck_assert_int_eq(errno, EINVAL);
    errno = 0;
    ck_assert_int_eq(gc_stats_memory(&m), -1);
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_uint_eq(m.version, 0);
}
END_TEST

static int result, error;

static void ask_in_callback(void *unused)
{
    struct gc_memory m = {.size = sizeof m};
    (void)unused;
    errno = 0;
    result = gc_stats_memory(&m);
    error = errno;
}

START_TEST(in_a_root_callback)
{
    ck_assert_int_eq(gc_root_callback_add(ask_in_callback, NULL), 0);
    gc_collect();
    ck_assert_int_eq(result, -1);
    ck_assert_int_eq(error, EBUSY);
}
END_TEST

START_TEST(sizes_of_the_structure)
{
    struct {
        struct gc_memory m;
        uint64_t later[4];
    } larger;
    for (size_t size = offsetof(struct gc_memory, kept); size <= sizeof larger;
         size += 8) {
        size_t filled = size < sizeof larger.m ? size : sizeof larger.m;
        memset(&larger, 0x33, sizeof larger);
        larger.m.size = (uint32_t)size;
        ck_assert_int_eq(gc_stats_memory(&larger.m), 0);
        ck_assert_uint_eq(larger.m.version, GC_MEMORY_VERSION);
        ck_assert_uint_eq(larger.m.size, filled);
        ck_assert(is_filled((char *)&larger + filled, sizeof larger - filled, 0x33));
    }
}
END_TEST

/* ---- Beside the kernel ------------------------------------------------------------------------- */

static void *held[20000];

static void fill(size_t size)
{
    for (size_t i = 0; i < 20000; i++) {
        size_t bytes = 1 + (i * 7919) % size;
        held[i] = gc_alloc(bytes);
        memset(held[i], 1, bytes);
    }
}

static void allocate_small(void)
{
    fill(500);
}

static void allocate_medium(void)
{
    fill(5000);
}

static void free_some(void)
{
    for (size_t i = 0; i < 20000; i += 3)
        gc_free(held[i]), held[i] = NULL;
}

static void drop_some(void)
{
    for (size_t i = 0; i < 20000; i += 2)
        held[i] = NULL;
    gc_collect();
}

static void allocate_large(void)
{
    for (size_t i = 0; i < 100; i++) {
        held[i] = gc_alloc(100000 + i * 10000);
        memset(held[i], 1, 50000); /* the rest is never touched */
    }
}

static void resize(void)
{
    for (size_t i = 0; i < 100; i++)
        held[i] = gc_realloc(held[i], 1000000 - i * 9000);
}

static void make_weak_links(void)
{
    for (size_t i = 1; i < 20000; i += 2)
        if (held[i])
            ck_assert_ptr_nonnull(gc_weak_new(held[i]));
}

static void ignore(void *object, void *data)
{
    (void)object, (void)data;
}

static void set_finalizers(void)
{
    for (size_t i = 0; i < 20000; i++)
        if (held[i])
            gc_finalizer_set(held[i], ignore, NULL);
}

static void *work(void *unused)
{
    for (size_t i = 0; i < 5000; i++)
        gc_free(gc_alloc(1 + i % 3000));
    return unused;
}

static void run_threads(void)
{
    pthread_t threads[8];
    for (int i = 0; i < 8; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, work, NULL), 0);
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
}

static void collect(void)
{
    gc_collect();
}

static void drop_all(void)
{
    memset(held, 0, sizeof held);
    gc_collect();
    gc_finalizers_run();
    gc_collect();
}

/* What the kernel has of the process beyond the account.  It may make a huge page of small ones between two
 * looks: the account has to be what it was before and after that of the kernel. */
static int64_t beyond_account(int64_t *total)
{
    int64_t after = (int64_t)memory_now().total, anonymous;
    do {
        *total = after;
        anonymous = (int64_t)anonymous_bytes();
        after = (int64_t)memory_now().total;
    } while (after != *total);
    return anonymous - *total;
}

/* Whatever the program does, the account changes as the kernel's does: to the page, but for what the
 * C library keeps of threads and files. */
START_TEST(grows_as_the_kernel_says)
{
    static void (*const steps[])(void) = {
        allocate_small, allocate_medium, free_some,       collect,        drop_some,
        allocate_large, resize,          make_weak_links, set_finalizers, run_threads,
        collect,        drop_all,        allocate_small,  free_some,      drop_all,
    };
    enum { SLACK = 256 << 10 };
    if (anonymous_bytes() == 0)
        return;
    memset(held, 1, sizeof held);
    memset(held, 0, sizeof held);
    gc_init();
    gc_collect(); /* it reads all static data, which some kernels count from then on */
    int64_t total, before = beyond_account(&total);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        steps[i]();
        int64_t rest = beyond_account(&total) - before;
        ck_assert_msg(rest > -SLACK && rest < SLACK, "step %zu: %lld bytes of %lld", i,
                      (long long)rest, (long long)total);
    }
}
END_TEST

/* ---- What belongs where ---------------------------------------------------------------------- */

START_TEST(adds_up)
{
    allocate_medium();
    free_some();
    make_weak_links();
    struct gc_memory m = memory_now();
#define PLUS(name, meaning) +m.name
    ck_assert_uint_eq(m.total, (0 GC_MEMORY_FIELDS(PLUS)) / 2);
#undef PLUS
}
END_TEST

/* The bytes of objects are those of their slots. */
START_TEST(objects)
{
    allocate_small();
    uint64_t bytes = 0;
    for (size_t i = 0; i < 20000; i++)
        bytes += gc_usable_size(held[i]);
    gc_collect();
    struct gc_memory m = memory_now();
    ck_assert_uint_ge(m.kept, bytes);
    ck_assert_uint_le(m.kept, bytes + bytes / 50);
    ck_assert_uint_le(m.fresh, 1000);
    drop_all();
    m = memory_now();
    ck_assert_uint_le(m.kept + m.fresh, bytes / 50);
}
END_TEST

START_TEST(untouched_memory_is_not_there)
{
    held[0] = gc_alloc(100 << 20);
    struct gc_memory m = memory_now();
    ck_assert_uint_lt(m.fresh, 4 << 20);
    memset(held[0], 1, 50 << 20);
    m = memory_now();
    ck_assert_uint_ge(m.fresh, 50 << 20);
    ck_assert_uint_lt(m.fresh, 54 << 20);
}
END_TEST

static void mark_many(void)
{
    allocate_medium();
    gc_collect();
}

static void make_layouts(void)
{
    for (size_t i = 0; i < 300; i++)
        ck_assert_uint_ne(gc_layout_new(64, &(size_t){8 * (i % 8)}, 1), 0);
}

static void record(void)
{
    ck_assert_int_eq(gc_option_set("stacks", "1"), 0);
    allocate_small();
}

static void tell_of_stores(void)
{
    ck_assert_int_eq(gc_option_set("tracking", "barrier"), 0);
    ck_assert_int_eq(gc_option_set("generations", "always"), 0);
    allocate_small();
    gc_collect();
    gc_collect_young();
    for (size_t i = 0; i < 20000; i++)
        gc_write(held[i]);
}

static const struct {
    void (*act)(void);
    size_t field;
    uint64_t least;
} kinds[] = {
#define FIELD(name) offsetof(struct gc_memory, name)
    {allocate_small, FIELD(states), 20000},  {allocate_small, FIELD(caches), 4096},
    {allocate_small, FIELD(words), 4096},    {allocate_small, FIELD(descriptors), 4096},
    {allocate_small, FIELD(numbers), 4096},  {make_layouts, FIELD(layouts), 300 * 16},
    {record, FIELD(sites), 160000},          {record, FIELD(calls), 4096},
    {set_finalizers, FIELD(ends), 20000},    {run_threads, FIELD(threads), 4096},
    {mark_many, FIELD(marking), 4096},       {collect, FIELD(stacks), 4096},
    {tell_of_stores, FIELD(remembered), 20}, {collect, FIELD(variables), 4096},
#undef FIELD
};

START_TEST(each_in_its_place)
{
    if (kinds[_i].act == set_finalizers)
        allocate_small();
    kinds[_i].act();
    struct gc_memory m = memory_now();
    uint64_t bytes =
        *(const uint64_t *)(const void *)((const char *)&m + kinds[_i].field);
    if (HAS_SHADOW && kinds[_i].field == offsetof(struct gc_memory, stacks))
        return; /* sanitizers know of one stack for each thread, so there is no other */
    ck_assert_msg(bytes >= kinds[_i].least, "%d: %llu", _i, (unsigned long long)bytes);
}
END_TEST

Suite *memory_suite(void)
{
    Suite *s = suite_create("memory");
    TCase *arguments = new_case(s, "arguments"), *kernel = new_case(s, "kernel"),
          *places = new_case(s, "places");
    tcase_add_test(arguments, wrong_arguments);
    tcase_add_test(arguments, in_a_root_callback);
    tcase_add_test(arguments, sizes_of_the_structure);
    if (!UNDER_ASAN && !UNDER_TSAN) /* whose own memory grows with the program's */
        tcase_add_test(kernel, grows_as_the_kernel_says);
    tcase_add_test(places, adds_up);
    tcase_add_test(places, objects);
    tcase_add_test(places, untouched_memory_is_not_there);
    tcase_add_loop_test(places, each_in_its_place, 0, sizeof kinds / sizeof kinds[0]);
    return s;
}
