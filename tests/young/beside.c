/* Collections that mark while the program runs: whatever it does between their two stops, what can be reached
 * lives, and what could not be reached before the first is gone after the second. */
#include <gcalloc/finalizer.h>
#include <gcalloc/weak.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../api/sanitizer.h"
#include "young.h"

static struct container containers[2];
static void *words[VICTIMS];

static uint64_t concurrent_collections(void)
{
    struct gc_stats s = {.size = sizeof s};
    gc_stats_get(&s);
    return s.concurrent_collections;
}

/* With `at_length` the marking has come to its end, most probably, before the program goes on; without, it has
 * hardly begun. */
static void begin(bool at_length)
{
    gc_collect_begin();
    if (at_length)
        usleep(3000);
}

/* The second stop, and nothing else. */
static void finish(void)
{
    gc_collect_young();
}

static void set_up(void)
{
    ck_assert_int_eq(gc_option_set("pause", "1"), 0);
    ck_assert_int_eq(gc_option_set("verify", UNDER_TSAN ? "0" : "1"), 0);
    gc_init();
    collect(2);
}

static void put(void *where, size_t i, void *p)
{
    struct container *c = where;
    gc_store(c->object, c->cells[i], p);
}

START_TEST(kind_is_told)
{
    set_up();
    uint64_t before = concurrent_collections();
    begin(false);
    ck_assert_uint_eq(concurrent_collections(), before);
    finish();
    bool possible = kernel_notes_writes() && sysconf(_SC_NPROCESSORS_ONLN) > 1;
    ck_assert_uint_eq(concurrent_collections() - before, possible);
    ck_assert_int_eq(gc_option_set("pause", "0"), 0);
    begin(false);
    finish();
    ck_assert_uint_eq(concurrent_collections() - before, possible);
}
END_TEST

/* Who tells of what the program writes. */
enum { BY_KERNEL, BY_BARRIER, TELLERS };

static void set_up_for(int teller)
{
    if (teller == BY_BARRIER)
        ck_assert_int_eq(gc_option_set("tracking", "barrier"), 0);
    set_up();
}

/* New objects, in old ones that may have been scanned by now. */
START_TEST(new_in_old)
{
    struct place place = {put, &containers[0]};
    int sort = _i / TELLERS;
    set_up_for(_i % TELLERS);
    container_make(&containers[0], sort);
    for (int i = 0; i < 3; i++) {
        bool at_length = i % 2;
        begin(at_length);
        struct victims *v = place_fill(place);
        finish();
        victims_assert_intact(v);
        begin(at_length);
        place_clear(place);
        finish(); /* which may keep them */
        victims_assert_gone(v);
        free(v);
        begin(at_length);
        container_alter(&containers[0], sort);
    }
}
END_TEST

static void move_victims(void *unused)
{
    (void)unused;
    for (size_t i = 0; i < VICTIMS; i++) {
        gc_store(containers[1].object, containers[1].cells[i], *containers[0].cells[i]);
        *containers[0].cells[i] = NULL;
    }
}

/* What only one old object pointed to, only another one does. */
START_TEST(moved)
{
    set_up_for(_i % TELLERS);
    container_make(&containers[0], _i / TELLERS);
    container_make(&containers[1], SORTS - 1 - _i / TELLERS);
    for (int i = 0; i < 2; i++) {
        struct victims *v = place_fill((struct place){put, &containers[0]});
        collect(1);
        begin(i);
        deeply(move_victims, NULL);
        finish();
        victims_assert_intact(v);
        place_clear((struct place){put, &containers[1]});
        victims_assert_gone(v);
        free(v);
    }
}
END_TEST

/* What was dead before the beginning is gone at the end, and what died later goes with the next one. */
START_TEST(garbage)
{
    struct place place = place_words(words);
    set_up();
    for (int i = 0; i < 10; i++) {
        struct victims *v = place_fill(place), *later = NULL;
        collect(1);
        place_clear(place);
        begin(_i);
        later = place_fill(place);
        place_clear(place);
        finish();
        ck_assert_uint_eq(victims_living(v), 0);
        victims_assert_gone(later);
        free(v);
        free(later);
    }
}
END_TEST

/* ---- Freed and resized by hand ---------------------------------------------------------- */

static const size_t sizes[] = {16, 48, 500, 4000, 40000, 300000, 1100000};

enum { SIZES = sizeof sizes / sizeof sizes[0], EACH = 10, BLOCKS = SIZES * EACH };

static struct {
    void *object;
    size_t size;
} blocks[BLOCKS];

static void fill_block(size_t i, size_t size)
{
    blocks[i].object = gc_alloc(size);
    blocks[i].size = size;
    write_pattern(blocks[i].object, size, i);
}

static void resize_block(size_t i, size_t size)
{
    size_t kept = size < blocks[i].size ? size : blocks[i].size;
    blocks[i].object = gc_realloc(blocks[i].object, size);
    ck_assert(has_pattern(blocks[i].object, kept, i));
    blocks[i].size = size;
    write_pattern(blocks[i].object, size, i);
}

static void free_block(size_t i)
{
    gc_free(blocks[i].object);
    blocks[i].object = NULL;
}

static void check_blocks(void)
{
    for (size_t i = 0; i < BLOCKS; i++)
        ck_assert(!blocks[i].object || has_pattern(blocks[i].object, blocks[i].size, i));
}

/* Whole blocks are free meanwhile, and objects become shorter and longer; the same memory is had
 * again after the end. */
START_TEST(by_hand)
{
    set_up();
    for (size_t i = 0; i < BLOCKS; i++)
        fill_block(i, sizes[i % SIZES]);
    for (size_t round = 0; round < 6; round++) {
        begin(_i);
        for (size_t i = 0; i < BLOCKS; i++) {
            if (!blocks[i].object)
                fill_block(i, sizes[(i + round) % SIZES]);
            else if ((i + round) % 3 == 0)
                free_block(i);
            else if ((i + round) % 3 == 1)
                resize_block(i, blocks[i].size / 2 + 8);
            else
                resize_block(i, blocks[i].size * 2 + 8);
        }
        check_blocks();
        finish();
        check_blocks();
    }
}
END_TEST

/* All that was freed can be had again. */
START_TEST(freed_memory_is_not_lost)
{
    struct gc_stats before = {.size = sizeof before}, after = {.size = sizeof after};
    set_up();
    for (int i = 0; i < 10; i++) {
        begin(_i);
        for (int k = 0; k < 20; k++)
            gc_free(gc_alloc(3000000));
        finish();
        gc_stats_get(i == 2 ? &before : &after);
    }
    ck_assert_uint_le(after.heap_bytes, before.heap_bytes + 6000000);
}
END_TEST

/* ---- Weak links and finalizers --------------------------------------------------------------- */

static gc_weak *weak;
static void *volatile strong;
static int finalized;

static void make_weak(void *unused)
{
    (void)unused;
    void *object = gc_alloc(100);
    write_pattern(object, 100, 1);
    weak = gc_weak_new(object);
    strong = object;
}

static void get_weak(void *unused)
{
    (void)unused;
    strong = gc_weak_get(weak);
}

static void check_weak(void *expected)
{
    bool held = *(bool *)expected;
    ck_assert(held == (strong != NULL) && gc_weak_get(weak) == strong);
    ck_assert(!held || has_pattern(strong, 100, 1));
}

/* What nothing but a weak link led to when marking began is taken from there meanwhile. */
START_TEST(taken_from_a_weak_link)
{
    set_up();
    for (int i = 0; i < 5; i++) {
        deeply(make_weak, NULL);
        collect(1);
        strong = NULL;
        begin(_i);
        deeply(get_weak, NULL);
        finish();
        deeply(check_weak, &(bool){true});
        strong = NULL;
        begin(_i);
        finish();
        deeply(check_weak, &(bool){false});
    }
}
END_TEST

static void note_end(void *object, void *data)
{
    (void)data;
    finalized += has_pattern(object, 100, 1);
}

static void watch(void *unused)
{
    make_weak(unused);
    gc_finalizer_set(strong, note_end, NULL);
}

START_TEST(finalizers)
{
    set_up();
    deeply(watch, NULL);
    begin(_i);
    finish();
    ck_assert_uint_eq(gc_finalizers_run(), 0);
    strong = NULL;
    begin(_i);
    finish();
    gc_finalizers_run();
    ck_assert_int_eq(finalized, 1);
}
END_TEST

/* ---- Processes ------------------------------------------------------------------------------- */

/* The child of a fork in the midst of it has nobody who marks. */
START_TEST(children)
{
    struct place place = {put, &containers[0]};
    set_up();
    container_make(&containers[0], 3);
    for (int i = 0; i < 4; i++) {
        int status;
        struct victims *v = place_fill(place);
        begin(_i);
        pid_t child = fork();
        if (child == 0) {
            finish();
            victims_assert_intact(v);
            begin(_i);
            finish();
            place_clear(place);
            victims_assert_gone(v);
            _exit(0);
        }
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert_int_eq(status, 0);
        finish();
        victims_assert_intact(v);
        place_clear(place);
        victims_assert_gone(v);
        free(v);
    }
}
END_TEST

/* The option may change in the midst of it. */
START_TEST(options_change)
{
    struct place place = {put, &containers[0]};
    set_up();
    container_make(&containers[0], 3);
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(gc_option_set("pause", "1"), 0);
        begin(_i);
        struct victims *v = place_fill(place);
        ck_assert_int_eq(gc_option_set("pause", "0"), 0);
        ck_assert_int_eq(gc_option_set("generations", i % 2 ? "always" : "never"), 0);
        finish();
        victims_assert_intact(v);
        collect(1);
        victims_assert_intact(v);
        place_clear(place);
        victims_assert_gone(v);
        free(v);
    }
}
END_TEST

TCase *beside_case(void)
{
    TCase *t = tcase_create("beside");
    tcase_add_test(t, kind_is_told);
    tcase_add_loop_test(t, new_in_old, 0, TELLERS * SORTS);
    tcase_add_loop_test(t, moved, 0, TELLERS * SORTS);
    tcase_add_loop_test(t, garbage, 0, 2);
    tcase_add_loop_test(t, by_hand, 0, 2);
    tcase_add_loop_test(t, freed_memory_is_not_lost, 0, 2);
    tcase_add_loop_test(t, taken_from_a_weak_link, 0, 2);
    tcase_add_loop_test(t, finalizers, 0, 2);
    tcase_add_loop_test(t, children, 0, 2);
    tcase_add_loop_test(t, options_change, 0, 2);
    return t;
}
