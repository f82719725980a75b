/* Pages inside blocks that go back to the system, against a list of what lives. */
#include "heap/holes.h"

#include <stdio.h>

#include "base/os.h"
#include "heap/extent.h"
#include "heap/sweep.h"
#include "support.h"

enum { OBJECTS_MOST = 40000 };

struct kept {
    uint8_t *object;
    size_t size;
    uint8_t fill;
};

static struct fixture f;
static struct kept *objects;
static uint32_t count;

static const size_t sizes[] = {16, 48, 200, 1000, 3000, 7168, 12000, 57344, 60000};

/* `bytes` of objects of one size, of all kinds. */
static void allocate(size_t size, size_t bytes)
{
    objects = zeroed(OBJECTS_MOST, sizeof *objects);
    for (count = 0; count < bytes / size && count < OBJECTS_MOST; count++) {
        struct kept *x = &objects[count];
        x->object = fixture_alloc(&f, (enum kind)(count / 3000 % KIND_COUNT), size);
        x->size = object_of(&f, x->object).size;
        x->fill = (uint8_t)(1 + roll(255));
        memset(x->object, x->fill, x->size);
    }
}

/* One of so many stays. */
static void drop_others(uint32_t one_of)
{
    uint32_t left = 0;
    f.heap.numbers->mark =
        f.heap.numbers->mark == STATE_MARK_A ? STATE_MARK_B : STATE_MARK_A;
    for (uint32_t i = 0; i < count; i++) {
        if (i % one_of != one_of / 2)
            continue;
        *state_of(&f, objects[i].object) = f.heap.numbers->mark;
        objects[left++] = objects[i];
    }
    count = left;
    cache_empty(f.cache);
    sweep(&f.heap, true);
}

static bool has_object(uintptr_t page)
{
    for (uint32_t i = 0; i < count; i++) {
        uintptr_t low = (uintptr_t)objects[i].object;
        if (low < page + os_page_bytes() && page < low + objects[i].size)
            return true;
    }
    return false;
}

/* Bytes of the pages in blocks without an object; `resident`: of those that hold memory. */
static size_t vacant_bytes(bool resident)
{
    size_t bytes = 0;
    for (BLOCKS(&f.heap, head)) {
        uintptr_t low = unit_address(&f.heap, head);
        uintptr_t high = unit_address(&f.heap, head + block_units(&f.heap, head));
        for (uintptr_t page = low; page < high; page += os_page_bytes())
            if (!has_object(page) && (!resident || resident_pages((void *)page, 1)))
                bytes += os_page_bytes();
    }
    return bytes;
}

static void check_contents(void)
{
    fixture_check(&f);
    for (uint32_t i = 0; i < count; i++)
        ENSURE(all_bytes_are(objects[i].object, objects[i].size, objects[i].fill));
}

START_TEST(pages_without_objects_go)
{
    fixture_create(&f);
    allocate(sizes[_i], MIB(4));
    drop_others(57);
    size_t vacant = vacant_bytes(false);
    ck_assert_uint_gt(vacant, 0);
    size_t held = extent_bytes(&f.heap).held, used = extent_bytes(&f.heap).used;
    ck_assert_uint_eq(holes_make(&f.heap, 0), 0);
    ck_assert_uint_eq(f.heap.numbers->hole_bytes, vacant);
    ck_assert_uint_eq(vacant_bytes(true), 0);
    ck_assert_uint_eq(f.heap.numbers->counters.returned_bytes, vacant);
    ck_assert_uint_eq(extent_bytes(&f.heap).held, held - vacant);
    ck_assert_uint_eq(extent_bytes(&f.heap).used, used - vacant);
    check_contents();
    unsigned long calls = os_calls();
    holes_make(&f.heap, 0);
    ck_assert_uint_eq(os_calls(), calls); /* they do not go twice */
    ck_assert_uint_eq(f.heap.numbers->hole_bytes, vacant);
    fixture_destroy(&f);
}
END_TEST

/* Objects in the holes are zeroed where they must be; then the holes are none any more. */
START_TEST(holes_are_filled)
{
    fixture_create(&f);
    struct kept *old = zeroed(OBJECTS_MOST, sizeof *old);
    allocate(sizes[_i], MIB(4));
    drop_others(57);
    uint32_t kept = count;
    memcpy(old, objects, count * sizeof old[0]);
    holes_make(&f.heap, 0);
    ck_assert_uint_gt(f.heap.numbers->hole_bytes, 0);
    size_t before = f.heap.numbers->hole_bytes, held = extent_bytes(&f.heap).held;
    for (uint32_t i = 0; i < MIB(5) / sizes[_i] && i < OBJECTS_MOST; i++) {
        uint8_t *object = fixture_alloc(&f, KIND_SCANNED, sizes[_i]);
        size_t size = object_of(&f, object).size;
        ENSURE(all_bytes_are(object, size, 0));
        memset(object, 0xff, size);
    }
    ck_assert_uint_lt(f.heap.numbers->hole_bytes, before);
    ck_assert_uint_gt(extent_bytes(&f.heap).held, held);
    ck_assert_uint_ge(f.heap.numbers->counters.heap_bytes_max,
                      extent_bytes(&f.heap).held);
    memcpy(objects, old, kept * sizeof old[0]);
    check_contents();
    fixture_destroy(&f);
}
END_TEST

/* Bytes of the pages that the listed blocks have their states on, list by list. */
static size_t states_pages(void)
{
    size_t bytes = 0;
    for (unsigned i = 0; i < SHARDS * BIN_COUNT; i++) {
        uint32_t head = f.heap.numbers->shards[i / BIN_COUNT].bins[i % BIN_COUNT].first;
        for (uintptr_t last = 0, page; head; head = block_at(&f.heap, head)->next) {
            page = align_down((uintptr_t)block_states(&f.heap, head), OS_PAGE);
            bytes += page != last ? OS_PAGE : 0;
            last = page;
        }
    }
    return bytes;
}

/* The first of them stay; with the states of their blocks they are no more than asked for. */
START_TEST(some_may_stay)
{
    fixture_create(&f);
    allocate(200, MIB(4));
    drop_others(57);
    size_t vacant = vacant_bytes(false);
    size_t rest = holes_make(&f.heap, MIB(1));
    ck_assert_uint_lt(rest, UNIT_BYTES);
    size_t stay = vacant - f.heap.numbers->hole_bytes, states = states_pages();
    ck_assert_uint_eq(stay + states + rest, MIB(1));
    check_contents();
    uint32_t head = block_next(&f.heap, 1);
    ck_assert_uint_eq(f.heap.units[head].holes, 0);
    ck_assert_uint_eq(holes_make(&f.heap, MIB(64)), MIB(64) - stay - states);
    ck_assert_uint_eq(vacant - f.heap.numbers->hole_bytes, stay);
    fixture_destroy(&f);
}
END_TEST

START_TEST(taken_blocks_are_left_alone)
{
    fixture_create(&f);
    fixture_alloc(&f, KIND_SCANNED, 12000);
    uint32_t head = block_next(&f.heap, 1);
    holes_make(&f.heap, 0);
    ck_assert_uint_eq(f.heap.numbers->hole_bytes, 0);
    cache_empty(f.cache);
    ck_assert(!block_at(&f.heap, head)->taken);
    holes_make(&f.heap, 0);
    ck_assert_uint_gt(f.heap.numbers->hole_bytes, 0);
    fixture_destroy(&f);
}
END_TEST

/* A block with holes that becomes empty, whatever became of them. */
START_TEST(empty_blocks_have_no_holes)
{
    fixture_create(&f);
    allocate(sizes[_i], MIB(4));
    drop_others(57);
    holes_make(&f.heap, 0);
    ck_assert_uint_gt(f.heap.numbers->hole_bytes, 0);
    for (uint32_t i = 0; i < count; i++)
        fixture_free(&f, objects[i].object);
    cache_empty(f.cache);
    ck_assert_uint_eq(f.heap.numbers->hole_bytes, 0);
    ck_assert_uint_eq(f.heap.numbers->used_bytes, 0);
    count = 0;
    check_contents();
    allocate(sizes[_i], MIB(4));
    check_contents();
    fixture_destroy(&f);
}
END_TEST

/* What the system was told of huge pages where the heap begins: "hg", "nh" or nothing. */
static bool has_flag(const char *flag)
{
    char line[512], *flags;
    unsigned long low, high;
    uintptr_t address = unit_address(&f.heap, 1);
    bool here = false;
    FILE *maps = fopen("/proc/self/smaps", "r");
    ck_assert_ptr_nonnull(maps);
    while (fgets(line, sizeof line, maps)) {
        if (sscanf(line, "%lx-%lx ", &low, &high) == 2)
            here = low <= address && address < high;
        flags = strstr(line, "VmFlags:");
        if (here && flags)
            break;
    }
    fclose(maps);
    return strstr(line, flag) != NULL;
}

/* Where there are holes there are no huge pages, until there are none. */
START_TEST(huge_pages_stay_away)
{
    struct heap_config config = {.space = tested_space(),
                                 .reserve = MIB(256),
                                 .huge_from = MIB(1)};
    ck_assert(heap_create(&f.heap, &config));
    f.cache = cache_create(&f.heap);
    allocate(1000, MIB(8));
    bool supported = has_flag(" hg");
    drop_others(57);
    holes_recover(&f.heap);
    ck_assert(has_flag(" hg") == supported);
    holes_make(&f.heap, 0);
    ck_assert(!has_flag(" hg"));
    ck_assert(has_flag(" nh") == supported);
    holes_recover(&f.heap);
    ck_assert(!has_flag(" hg"));
    check_contents();
    count = 0;
    drop_others(57);
    holes_recover(&f.heap);
    ck_assert(has_flag(" hg") == supported);
    check_contents();
    fixture_destroy(&f);
}
END_TEST

START_TEST(refusal_makes_no_holes)
{
    fixture_create(&f);
    allocate(1000, MIB(1));
    drop_others(57);
    os_fail(1, true);
    holes_make(&f.heap, 0);
    os_fail(0, false);
    ck_assert_uint_eq(f.heap.numbers->hole_bytes, 0);
    ck_assert_uint_eq(f.heap.numbers->counters.returned_bytes, 0);
    check_contents();
    fixture_destroy(&f);
}
END_TEST

/* ---- Blocks that nothing happens to --------------------------------------------------------- */

static void sweep_again(void)
{
    drop_others(1);
}

START_TEST(quiet_blocks_go_by_themselves)
{
    fixture_create(&f);
    allocate(1000, MIB(8));
    drop_others(16);
    holes_make_quiet(&f.heap);
    ck_assert_uint_eq(f.heap.numbers->hole_bytes, 0);
    sweep_again();
    ck_assert_uint_eq(f.heap.newly_quiet, 0);
    holes_make_quiet(&f.heap);
    ck_assert_uint_eq(f.heap.numbers->hole_bytes, 0);
    sweep_again();
    ck_assert_uint_gt(f.heap.newly_quiet, MIB(6));
    holes_make_quiet(&f.heap);
    ck_assert_uint_gt(f.heap.numbers->hole_bytes, MIB(4));
    ck_assert_uint_eq(vacant_bytes(true), 0);
    check_contents();
    sweep_again(); /* what has become quiet before is no news */
    ck_assert_uint_eq(f.heap.newly_quiet, 0);
    fixture_destroy(&f);
}
END_TEST

/* A block or two in each cycle become quiet, never a megabyte at once. */
START_TEST(little_by_little_is_much)
{
    enum { BLOCK_OBJECTS = UNIT_BYTES / 1008 };
    fixture_create(&f);
    allocate(1000, MIB(8));
    drop_others(16);
    for (uint32_t used = count; used > 0 && f.heap.numbers->hole_bytes == 0;) {
        used -= (uint32_t)min_size(used, BLOCK_OBJECTS / 4);
        for (uint32_t i = 0; i < used;
             i++) { /* one in each of the other blocks dies and comes back */
            uint32_t head =
                unit_head(&f.heap, unit_of(&f.heap, (uintptr_t)objects[i].object));
            block_at(&f.heap, head)->live++;
        }
        sweep_again();
        ck_assert_uint_lt(f.heap.newly_quiet, MIB(2));
        holes_make_quiet(&f.heap);
    }
    ck_assert_uint_gt(f.heap.numbers->hole_bytes, 0);
    check_contents();
    fixture_destroy(&f);
}
END_TEST

START_TEST(blocks_that_are_used_are_not_quiet)
{
    fixture_create(&f);
    allocate(1000, MIB(8));
    drop_others(16);
    for (int cycle = 0; cycle < 6; cycle++) {
        uint32_t before = count;
        lock_check_all(true);       /* there is one thread */
        for (BLOCKS(&f.heap, head)) /* one object more in each */
            if (block_at(&f.heap, head)->free_count > 0) {
                struct kept *x = &objects[count++];
                block_unlist(&f.heap, head);
                x->object = block_take_slot(&f.heap, head).object;
                block_settle(&f.heap, head);
                x->size = object_of(&f, x->object).size;
                x->fill = 1;
                memset(x->object, 1, x->size);
            }
        lock_check_all(false);
        ck_assert_uint_gt(count, before);
        sweep_again();
        ck_assert_uint_eq(f.heap.newly_quiet, 0);
        holes_make_quiet(&f.heap);
        ck_assert_uint_eq(f.heap.numbers->hole_bytes, 0);
        check_contents();
    }
    fixture_destroy(&f);
}
END_TEST

TCase *holes_tests(void)
{
    TCase *t = tcase_create("holes");
    tcase_add_loop_test(t, pages_without_objects_go, 0, COUNT_OF(sizes));
    tcase_add_loop_test(t, holes_are_filled, 0, COUNT_OF(sizes));
    tcase_add_test(t, some_may_stay);
    tcase_add_test(t, taken_blocks_are_left_alone);
    tcase_add_loop_test(t, empty_blocks_have_no_holes, 0, COUNT_OF(sizes));
    tcase_add_test(t, huge_pages_stay_away);
    tcase_add_test(t, refusal_makes_no_holes);
    tcase_add_test(t, quiet_blocks_go_by_themselves);
    tcase_add_test(t, little_by_little_is_much);
    tcase_add_test(t, blocks_that_are_used_are_not_quiet);
    return t;
}
