/* What programs do wrong with their objects, as the heap finds it: overflows by what lies behind an object, writes
 * after a free by what was freed, pointers to that by a mark. */
#include "mutator/guard.h"

#include <gcalloc/gcalloc.h>
#include <string.h>
#include <sys/mman.h>

#include "collect/collector.h"
#include "heap/heap.h"
#include "mutator/held.h"
#include "mutator/quarantine.h"
#include "faults.h"
#include "support.h"

/* Each test is a process, and has set nothing yet. */
static void start(const char *first, const char *second)
{
    ck_assert_int_eq(gc_option_set(first, "1"), 0);
    ck_assert_int_eq(gc_option_set(second, "1"), 0);
    faults_note();
    gc_init();
}

static void assert_found(enum fault_kind kind, const void *object, size_t first,
                         size_t end)
{
    ck_assert_uint_eq(seen.count, 1);
    ck_assert_int_eq(seen.last.kind, kind);
    ck_assert_uint_eq(seen.last.address, (uintptr_t)object);
    ck_assert_uint_eq(seen.last.first, first);
    ck_assert_uint_eq(seen.last.end, end);
    ck_assert_uint_ne(seen.last.allocated, 0);
    seen.count = 0;
}

static const size_t sizes[] = {0, 1, 16, 100, 256, 4000, 40000, 70000, 1000000};

START_TEST(overflows)
{
    start("canary", "verify");
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        size_t n = sizes[i];
        char *volatile object = gc_alloc(n);
        ck_assert_uint_eq(gc_usable_size(object), n);
        memset(object, 1, n);
        gc_collect();
        ck_assert_uint_eq(seen.count, 0);
        object[n + 2] = 3;
        gc_collect();
        assert_found(FAULT_OVERFLOW, object, n + 2, n + 3);
        object[n] = object[n + 7] = 3;
        void *before = object;
        object = gc_realloc(object, n + 1);
        assert_found(FAULT_OVERFLOW, before, n, n + 8);
        object[n] = 1;
        gc_collect();
        ck_assert_uint_eq(seen.count, 0);
        object[n + 1] = 3;
        gc_free(object);
        assert_found(FAULT_OVERFLOW, object, n + 1, n + 2);
    }
}
END_TEST

/* The slots of the dead come to others, smaller and larger ones. */
START_TEST(garbage)
{
    start("canary", "poison");
    for (int round = 0; round < 5; round++) {
        for (size_t i = 0; i < 20000; i++) {
            char *volatile object = gc_alloc(i * 7 % 300);
            memset(object, 1, i * 7 % 300);
            if (i % 3 == 0)
                gc_free(object);
        }
        gc_collect();
    }
    ck_assert_uint_eq(seen.count, 0);
    ck_assert_uint_gt(quarantine_count(), 0);
}
END_TEST

static void free_bytes(size_t bytes)
{
    for (; bytes >= 64; bytes -= 64)
        gc_free(gc_alloc_manual(50));
}

START_TEST(writes_after_the_free)
{
    start("poison", "verify");
    char *volatile object = gc_alloc_manual(100);
    gc_free(object);
    ck_assert_uint_eq(quarantine_bytes(), 112);
    gc_collect();
    ck_assert_uint_eq(seen.count, 0);
    object[10] = object[20] = 0;
    gc_collect();
    assert_found(FAULT_WRITE_AFTER_FREE, object, 10, 21);
    ck_assert_uint_ne(seen.last.freed, 0);
    object[111] = 0;
    free_bytes(MIB(2));
    assert_found(FAULT_WRITE_AFTER_FREE, object, 111, 112);
    ck_assert_uint_le(quarantine_bytes(), MIB(1));
    gc_collect();
}
END_TEST

static void *volatile root;

/* Nothing but `root` leads to it. */
NOINLINE static uintptr_t free_object(void)
{
    root = gc_alloc_manual(50);
    gc_free(root);
    return ~(uintptr_t)root;
}

static bool is_held(uintptr_t hidden)
{
    struct cell o = lookup_cell(&process_heap, ~hidden);
    if (!o.state) /* its block has gone */
        return false;
    const struct site *s = process_heap.sites + (o.state - process_heap.states);
    return s->note & SITE_HELD;
}

NOINLINE static void clear_stack(void)
{
    volatile char space[16384];
    for (size_t i = 0; i < sizeof space; i++)
        space[i] = 0;
}

START_TEST(what_is_pointed_to_stays)
{
    ck_assert_int_eq(gc_option_set("stacks", "1"), 0);
    start("quarantine", "verify");
    uintptr_t hidden = free_object();
    clear_stack();
    uint64_t collections = collector_count(&process_collector);
    free_bytes(MIB(20));
    ck_assert_uint_gt(collector_count(&process_collector), collections);
    ck_assert(is_held(hidden));
    ck_assert_uint_le(quarantine_bytes(), MIB(9));
    root = NULL;
    free_bytes(MIB(20));
    ck_assert(!is_held(hidden));
    ck_assert_uint_eq(seen.count, 0);
}
END_TEST

/* As no collection can tell, the oldest go when they are too many. */
START_TEST(bounded_without_collections)
{
    start("quarantine", "canary");
    free_bytes(MIB(1));
    gc_disable();
    free_bytes(MIB(80));
    gc_enable();
    free_bytes(MIB(5));
    ck_assert_uint_le(quarantine_bytes(), MIB(80));
    gc_collect();
}
END_TEST

/* Whether the memory comes back before so many bytes were allocated. */
NOINLINE static bool comes_back(uintptr_t hidden, size_t bytes)
{
    for (; bytes >= 64; bytes -= 64) {
        uintptr_t object = (uintptr_t)gc_alloc_manual(50);
        bool same = ~object == hidden; /* whose complement would be a pointer to it */
        gc_free((void *)object);
        if (same)
            return true;
    }
    return false;
}

NOINLINE static void store_root(void *place, size_t offset)
{
    *(void **)place = (char *)root + offset;
    root = NULL;
}

/* Nothing else points to it from here on, as no frame of the test has had its address. */
static void move_root(void *place, size_t offset)
{
    store_root(place, offset);
    clear_stack();
}

static unsigned calls;

static void count_call(void *data)
{
    (void)data;
    calls++;
}

/* The quarantine alone has neither sites nor observers, and its looks are no collections. */
START_TEST(alone)
{
    start("quarantine", "verify");
    ck_assert(process_heap.hold && !process_heap.sites && !process_heap.told);
    uintptr_t hidden = free_object();
    clear_stack();
    uint64_t looks = RACING(process_collector.looks);
    uint64_t collections = collector_count(&process_collector);
    ck_assert_int_eq(gc_hook_add(GC_BEFORE_COLLECTION, count_call, NULL), 0);
    ck_assert_int_eq(gc_hook_add(GC_AFTER_COLLECTION, count_call, NULL), 0);
    ck_assert(!comes_back(hidden, MIB(40)));
    ck_assert_uint_gt(RACING(process_collector.looks), looks + 3);
    ck_assert_uint_eq(collector_count(&process_collector), collections);
    ck_assert_uint_eq(calls, 0);
    ck_assert_uint_le(held_bytes(), MIB(9));
    gc_collect();
    ck_assert_uint_eq(calls, 2);
    root = NULL;
    ck_assert(comes_back(hidden, MIB(40)));
}
END_TEST

START_TEST(alone_in_an_object)
{
    start("quarantine", "verify");
    void **holder = gc_alloc_manual(1000);
    uintptr_t hidden = free_object();
    move_root(&holder[100], 20);
    ck_assert(!comes_back(hidden, MIB(20)));
    gc_free(holder); /* whom the stack may point to, but nobody reads */
    ck_assert(comes_back(hidden, MIB(40)));
}
END_TEST

enum { BYTES_EACH = 32000 };

/* Frees objects that the array points to, in order. */
NOINLINE static void free_those_of(void **array, size_t count)
{
    for (size_t i = 0; i < count; i++)
        array[i] = gc_alloc_manual(BYTES_EACH);
    for (size_t i = 0; i < count; i++)
        gc_free(array[i]);
}

NOINLINE static void free_others(size_t count)
{
    for (size_t i = 0; i < count; i++)
        gc_free(gc_alloc_manual(BYTES_EACH));
}

static size_t count_reserved(void **array, size_t count)
{
    size_t reserved = 0;
    for (size_t i = 0; i < count; i++) {
        struct cell o = lookup_cell(&process_heap, (uintptr_t)array[i]);
        reserved += o.state && *o.state == STATE_RESERVED;
    }
    return reserved;
}

/* What nothing points to does not push out what something points to: 58 MiB of the 64 that the limit is. */
START_TEST(alone_below_the_limit)
{
    start("quarantine", "verify");
    size_t count = MIB(58) / MIB(1) * 32;
    void **array = gc_alloc_manual(count * sizeof *array);
    free_those_of(array, count);
    free_others(count);
    ck_assert_uint_eq(count_reserved(array, count), count);
}
END_TEST

START_TEST(alone_the_oldest_go)
{
    start("quarantine", "verify");
    size_t count = 3200, part = 640;
    void **array = gc_alloc_manual(count * sizeof *array);
    free_those_of(array, count);
    ck_assert_uint_eq(count_reserved(array + count - part, part), part);
    ck_assert_uint_le(count_reserved(array, part), part / 10);
}
END_TEST

static void name_page(void *page)
{
    gc_mark_range(page, (char *)page + 4096);
}

/* The range that a callback names is somewhere else. */
START_TEST(alone_named_by_a_callback)
{
    start("quarantine", "verify");
    uintptr_t *page =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(page, MAP_FAILED);
    ck_assert_int_eq(gc_root_callback_add(name_page, page), 0);
    uintptr_t hidden = free_object();
    move_root(page, 0);
    ck_assert(!comes_back(hidden, MIB(20)));
    *page = 0;
    ck_assert(comes_back(hidden, MIB(40)));
}
END_TEST

/* Pages that were never touched are not read, and those behind them are. */
START_TEST(alone_in_a_large_object)
{
    start("quarantine", "verify");
    char **holder = gc_alloc_manual(MIB(64));
    uintptr_t hidden = free_object();
    move_root(&holder[MIB(48) / sizeof *holder], 0);
    ck_assert(!comes_back(hidden, MIB(20)));
    void *untouched = (void *)align_down((uintptr_t)holder + MIB(8), 4096);
    unsigned char there;
    ck_assert_int_eq(mincore(untouched, 1, &there), 0);
    ck_assert_int_eq(there & 1, 0);
    holder[MIB(48) / sizeof *holder] = NULL;
    ck_assert(comes_back(hidden, MIB(40)));
}
END_TEST

static uint64_t freed_bytes(void)
{
    struct gc_stats s = {.size = sizeof s};
    gc_stats_get(&s);
    return s.freed_bytes;
}

/* What waits is freed, as programs count it: small, and large, of which some leave. */
START_TEST(what_waits_is_freed)
{
    start("poison", "verify");
    for (size_t i = 0; i < 300; i++) {
        size_t bytes = i % 2 ? 1000 : MIB(1) + i * 5000;
        void *object = gc_alloc_manual(bytes);
        uint64_t before = freed_bytes();
        gc_free(object);
        ck_assert_uint_ge(freed_bytes(), before + bytes);
    }
}
END_TEST

/* Those that wait do not count when memory is short, large ones neither. */
START_TEST(memory_is_short)
{
    ck_assert_int_eq(gc_option_set("heap_limit", "64M"), 0);
    start("poison", "verify");
    for (int i = 0; i < 100; i++) {
        char *object = gc_alloc_manual(MIB(40));
        ck_assert_ptr_nonnull(object);
        object[0] = object[MIB(40) - 1] = 1;
        gc_free(object);
    }
    gc_collect();
    ck_assert_uint_eq(seen.count, 0);
}
END_TEST

/* As no pause can tell, all go when they are too many. */
START_TEST(alone_without_collections)
{
    start("quarantine", "verify");
    gc_disable();
    free_bytes(MIB(200));
    ck_assert_uint_le(held_bytes(), MIB(80));
    gc_enable();
    free_bytes(MIB(5));
    gc_collect();
}
END_TEST

TCase *guard_tests(void)
{
    TCase *t = tcase_create("guard");
    tcase_add_test(t, overflows);
    tcase_add_test(t, garbage);
    tcase_add_test(t, writes_after_the_free);
    tcase_add_test(t, what_is_pointed_to_stays);
    tcase_add_test(t, bounded_without_collections);
    tcase_add_test(t, alone);
    tcase_add_test(t, alone_in_an_object);
    tcase_add_test(t, alone_without_collections);
    tcase_add_test(t, alone_below_the_limit);
    tcase_add_test(t, alone_the_oldest_go);
    tcase_add_test(t, alone_named_by_a_callback);
    tcase_add_test(t, alone_in_a_large_object);
    tcase_add_test(t, what_waits_is_freed);
    tcase_add_test(t, memory_is_short);
    return t;
}
