/* Option compact: objects stay where and what they are, and take less memory. */
#include <pthread.h>
#include <unistd.h>

#include "api.h"
#include "heap/heap.h"
#include "heap/mesh_pages.h"

enum {
    OBJECTS = 60000,
    SIZE = 100,
    KEPT_OF = 12, /* one of so many is kept */
};

static unsigned char **objects;

static void start(void)
{
    ck_assert_int_eq(gc_option_set("compact", "mesh"), 0);
    gc_init();
}

/* Objects of which few live, scattered. */
static void make_fragments(void)
{
    objects = gc_alloc(OBJECTS * sizeof *objects);
    ck_assert_ptr_nonnull(objects);
    for (unsigned i = 0; i < OBJECTS; i++) {
        objects[i] = gc_alloc(SIZE);
        ck_assert_ptr_nonnull(objects[i]);
        write_pattern(objects[i], SIZE, i);
    }
    for (unsigned i = 0; i < OBJECTS; i++)
        if ((i * 2654435761u >> 16) % KEPT_OF)
            objects[i] = NULL;
}

static void check_fragments(void)
{
    check_heap_sound();
    for (unsigned i = 0; i < OBJECTS; i++)
        if (objects[i])
            ENSURE(has_pattern(objects[i], SIZE, i));
}

START_TEST(fragments_share_memory)
{
    start();
    make_fragments();
    gc_collect();
    struct gc_stats s = stats_now();
    ck_assert_uint_gt(s.meshed_bytes, s.heap_bytes / 4);
    check_fragments();
    make_fragments();
    gc_collect();
    check_fragments();
    memset(objects, 0, OBJECTS * sizeof *objects);
    collect_clean();
    ck_assert_uint_lt(stats_now().meshed_bytes, KIB(64));
    check_heap_sound();
}
END_TEST

/* All but one of 20 objects of a heap that is full are dropped: more than half of them can be had again. */
START_TEST(a_limit_counts_memory_once)
{
    start();
    ck_assert_int_eq(gc_option_set("heap_limit", "20M"), 0);
    void **all = gc_alloc_manual(MIB(4));
    size_t first = 0;
    while (first < MIB(4) / 8 && (all[first] = gc_alloc(64)))
        first++;
    ck_assert_uint_lt(first, MIB(4) / 8);
    for (size_t i = 0; i < first; i++)
        if (i % 20)
            all[i] = NULL;
    gc_collect();
    ck_assert_uint_gt(stats_now().meshed_bytes, MIB(4));
    size_t again = 0;
    for (size_t i = 0; i < first; i++)
        if (!all[i] && (all[i] = gc_alloc(64)))
            again++;
    ck_assert_msg(again > first / 2, "%zu objects of %zu again", again, first);
    check_heap_sound();
}
END_TEST

/* ---- Threads that a stop does not wait for ----------------------------------------------- */

static int enter[2], leave[2];

static void *block(void *unused)
{
    char c;
    gc_blocking_begin();
    ck_assert_int_eq(write(enter[1], "x", 1), 1);
    ck_assert_int_eq(read(leave[0], &c, 1), 1);
    gc_blocking_end();
    return unused;
}

START_TEST(a_blocking_thread_holds_it_off)
{
    pthread_t thread;
    char c;
    start();
    ck_assert_int_eq(pipe(enter) | pipe(leave), 0);
    ck_assert_int_eq(pthread_create(&thread, NULL, block, NULL), 0);
    ck_assert_int_eq(read(enter[0], &c, 1), 1);
    make_fragments();
    gc_collect();
    ck_assert_uint_eq(stats_now().meshed_bytes, 0);
    ck_assert_int_eq(write(leave[1], "x", 1), 1);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    gc_collect();
    ck_assert_uint_gt(stats_now().meshed_bytes, 0);
    check_fragments();
}
END_TEST

/* ---- Where it cannot be ------------------------------------------------------------------- */

START_TEST(the_break_is_not_compacted)
{
    ck_assert_int_eq(gc_option_set("os", "sbrk"), 0);
    capture_begin();
    start();
    make_fragments();
    gc_collect();
    ck_assert_ptr_nonnull(
        strstr(capture_end(), "the heap is not compacted: this needs os=mmap"));
    ck_assert_uint_eq(stats_now().meshed_bytes, 0);
    check_fragments();
}
END_TEST

START_TEST(not_without_the_option)
{
    gc_init();
    make_fragments();
    gc_collect();
    ck_assert_uint_eq(stats_now().meshed_bytes, 0);
    ck_assert_int_eq(gc_option_set("compact", "mesh"), -1);
    ck_assert_int_eq(errno, EBUSY);
}
END_TEST

Suite *compact_suite(void)
{
    Suite *s = suite_create("compact");
    ADD(s, fragments_share_memory);
    ADD(s, a_limit_counts_memory_once);
    ADD(s, a_blocking_thread_holds_it_off);
    ADD(s, the_break_is_not_compacted);
    ADD(s, not_without_the_option);
    return s;
}
