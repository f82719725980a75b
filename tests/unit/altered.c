/* Blocks and free units with pages that the program has altered. */
#include "heap/altered.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/critical.h"
#include "base/os.h"
#include "heap/sweep.h"
#include "support.h"

enum { SIZE = 4 * OS_PAGE, OBJECTS = 40 };

static struct fixture f;
static void *objects[OBJECTS];

static void allocate(size_t size)
{
    for (size_t i = 0; i < COUNT_OF(objects); i++)
        objects[i] = fixture_alloc(&f, KIND_SCANNED, size);
}

/* A page of an object. */
static void protect(void *object)
{
    void *page = (void *)align_up((uintptr_t)object, OS_PAGE);
    altered_note(&f.heap, (uintptr_t)page, (uintptr_t)page + OS_PAGE);
    ck_assert_int_eq(syscall(SYS_mprotect, page, (size_t)OS_PAGE, PROT_NONE), 0);
}

static uint32_t head_of(const void *object)
{
    return unit_head(&f.heap, unit_of(&f.heap, (uintptr_t)object));
}

static bool renew(void *object)
{
    struct cell o = object_of(&f, object);
    return altered_renew_object(&f.heap, &o);
}

static void use_all(void)
{
    for (size_t i = 0; i < 100; i++) {
        void *object = fixture_alloc(&f, KIND_SCANNED, SIZE);
        ck_assert(all_bytes_are(object, SIZE, 0));
        memset(object, 1, SIZE);
    }
    fixture_check(&f);
}

/* A block that is set apart goes on: what is freed of it is new before, and goes to no magazine. */
START_TEST(freed_objects_are_renewed)
{
    fixture_create(&f);
    allocate(SIZE);
    void *dead = objects[_i];
    uint32_t head = head_of(dead);
    protect(dead);
    ck_assert(altered_block(&f.heap, head));
    ck_assert_uint_eq(word_shard(f.heap.words[head]), SHARD_APART);
    fixture_check(&f);
    ck_assert(renew(objects[_i + 1]) && altered_block(&f.heap, head));
    ck_assert(renew(dead) && !altered_block(&f.heap, head));
    memset(dead, 1, SIZE);
    fixture_free(&f, dead);
    ck_assert_int_eq(*state_of(&f, dead), STATE_FREE);
    fixture_check(&f);
    use_all();
    fixture_destroy(&f);
}
END_TEST

/* Where there is no memory for its pages, an object stays as it is, also in a sweep. */
START_TEST(objects_stay_without_memory)
{
    fixture_create(&f);
    allocate(SIZE);
    protect(objects[0]);
    uint32_t head = head_of(objects[0]);
    f.heap.numbers->mark = *state_of(&f, objects[1]) = STATE_MARK_A;
    os_fail(1, true);
    ck_assert(!renew(objects[0]));
    sweep(&f.heap, true);
    os_fail(0, false);
    ck_assert(altered_block(&f.heap, head));
    ck_assert_int_eq(*state_of(&f, objects[0]), STATE_MARK_A);
    fixture_check(&f);
    f.heap.numbers->mark = *state_of(&f, objects[1]) = STATE_MARK_B;
    sweep(&f.heap, true);
    ck_assert_int_eq(*state_of(&f, objects[0]), STATE_FREE);
    fixture_check(&f);
    use_all();
    fixture_destroy(&f);
}
END_TEST

/* All of it is free: its memory is new. */
START_TEST(empty_blocks_are_renewed)
{
    fixture_create(&f);
    allocate(SIZE);
    for (size_t i = 0; i < COUNT_OF(objects); i++) {
        memset(objects[i], 1, SIZE);
        protect(objects[i]);
    }
    for (size_t i = 0; i < COUNT_OF(objects); i++)
        fixture_free(&f, objects[i]);
    cache_empty(f.cache);
    fixture_check(&f);
    ck_assert_uint_eq(f.heap.numbers->used_bytes, 0);
    for (size_t i = 0; i < COUNT_OF(objects); i++) {
        ck_assert_int_eq(*(char *)objects[i], 0);
        *(char *)objects[i] = 1;
    }
    fixture_destroy(&f);
}
END_TEST

/* Where the system has no memory in their place, the units are nobody's for ever; those beside
 * them, of one object, are free. */
START_TEST(not_to_be_renewed)
{
    fixture_create(&f);
    char *object = fixture_alloc(&f, KIND_ATOMIC, MIB(2));
    ck_assert_ptr_nonnull(object);
    uint32_t unit = unit_of(&f.heap, (uintptr_t)object) + 3;
    protect((void *)unit_address(&f.heap, unit));
    os_fail(1, true);
    fixture_free(&f, object);
    os_fail(0, false);
    ck_assert(!lookup_owns(&f.heap, unit_address(&f.heap, unit)));
    ck_assert(lookup_owns(&f.heap, unit_address(&f.heap, unit - 1)));
    ck_assert(lookup_owns(&f.heap, unit_address(&f.heap, unit + 1)));
    ck_assert_uint_eq(f.heap.numbers->used_bytes, 0);
    fixture_check(&f);
    for (size_t i = 0; i < 64; i++)
        memset(fixture_alloc(&f, KIND_ATOMIC, UNIT_BYTES + 1), 1, UNIT_BYTES + 1);
    fixture_check(&f);
    fixture_destroy(&f);
}
END_TEST

/* Noted where no lock may be waited for, the block is set apart by the next sweep, which renews
 * what dies; what marking found, too. */
START_TEST(set_apart_by_a_sweep)
{
    fixture_create(&f);
    allocate(SIZE);
    uint32_t head = head_of(objects[0]);
    f.heap.numbers->mark = STATE_MARK_A;
    for (size_t i = 0; i < COUNT_OF(objects); i++)
        *state_of(&f, objects[i]) = STATE_MARK_A;
    critical_begin();
    if (_i)
        altered_found(&f.heap, align_up((uintptr_t)objects[0], OS_PAGE));
    else
        protect(objects[0]);
    critical_end();
    ck_assert(altered_block(&f.heap, head));
    ck_assert_uint_ne(word_shard(f.heap.words[head]), SHARD_APART);
    sweep(&f.heap, true);
    ck_assert_uint_eq(word_shard(f.heap.words[head]), SHARD_APART);
    fixture_check(&f);
    f.heap.numbers->mark = STATE_MARK_B;
    *state_of(&f, objects[1]) = STATE_MARK_B;
    sweep(&f.heap, true);
    ck_assert(!altered_block(&f.heap, head));
    ck_assert_uint_ne(word_shard(f.heap.words[head]), SHARD_APART);
    ck_assert_int_eq(*state_of(&f, objects[0]), STATE_FREE);
    fixture_check(&f);
    use_all();
    fixture_destroy(&f);
}
END_TEST

/* What lies outside of objects is nobody's business. */
START_TEST(outside_of_objects)
{
    fixture_create(&f);
    void *object = fixture_alloc(&f, KIND_ATOMIC, MIB(2));
    altered_note(&f.heap, 0, UINTPTR_MAX);
    ck_assert(altered_block(&f.heap, head_of(object)));
    ck_assert(!(f.heap.words[0] & UNIT_ALTERED));
    altered_note(&f.heap, f.heap.base, f.heap.base + 1);
    altered_note(&f.heap, f.heap.base + f.heap.bytes, UINTPTR_MAX);
    altered_found(&f.heap, f.heap.base + f.heap.bytes);
    altered_found(&f.heap, 0);
    fixture_check(&f);
    fixture_destroy(&f);
}
END_TEST

TCase *altered_tests(void)
{
    TCase *t = tcase_create("altered");
    tcase_add_loop_test(t, freed_objects_are_renewed, 0, 8);
    tcase_add_test(t, objects_stay_without_memory);
    tcase_add_test(t, empty_blocks_are_renewed);
    tcase_add_test(t, not_to_be_renewed);
    tcase_add_loop_test(t, set_apart_by_a_sweep, 0, 2);
    tcase_add_test(t, outside_of_objects);
    return t;
}
