/* Blocks that share memory, against a list of what lives. */
#include "heap/mesh.h"

#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/os.h"
#include "heap/holes.h"
#include "heap/mesh_find.h"
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

static const size_t sizes[] = {16, 48, 64, 112, 200, 500, 1000, 1500, 2000};

static void start(void)
{
    fixture_create(&f);
    objects = zeroed(OBJECTS_MOST, sizeof *objects);
    ck_assert(mesh_start(&f.heap));
}

static void allocate(size_t size, uint32_t most)
{
    for (uint32_t i = 0; i < most && count < OBJECTS_MOST; i++) {
        struct kept *x = &objects[count++];
        enum kind kind = (enum kind)(count / 12000 % KIND_COUNT);
        x->object = fixture_alloc(&f, kind, size);
        x->size = object_of(&f, x->object).size;
        x->fill = (uint8_t)(1 + roll(255));
        if (!(kind & KIND_ATOMIC))
            ENSURE(all_bytes_are(x->object, size, 0));
        memset(x->object, x->fill, x->size);
    }
}

/* Frees what is not kept: by hand, as their threads do. */
static void free_others(bool (*keeps)(uint32_t i))
{
    uint32_t left = 0;
    for (uint32_t i = 0; i < count; i++)
        if (keeps(i))
            objects[left++] = objects[i];
        else
            fixture_free(&f, objects[i].object);
    count = left;
    cache_empty(f.cache);
}

static bool keeps_some(uint32_t i)
{
    (void)i;
    return roll(16) == 0;
}

static bool keeps_half(uint32_t i)
{
    (void)i;
    return roll(2) == 0;
}

static bool keeps_none(uint32_t i)
{
    (void)i;
    return false;
}

static void check_contents(void)
{
    fixture_check(&f);
    for (uint32_t i = 0; i < count; i++)
        ENSURE(all_bytes_are(objects[i].object, objects[i].size, objects[i].fill));
}

static void mesh_all(void)
{
    mesh_tidy(&f.heap);
    f.heap.mesh->finder->forked = false;
    mesh_wake(&f.heap);
    while (mesh_step(&f.heap))
        continue;
}

static size_t shared(void)
{
    return mesh_bytes(&f.heap) / OS_PAGE;
}

/* ---- Exactly --------------------------------------------------------------------------- */

/* Of each page of one block the first slots are kept, of each of the other the last. */
static bool keeps_apart(uint32_t i)
{
    enum { IN_PAGE = OS_PAGE / 64, IN_BLOCK = UNIT_BYTES / 64 };
    return i / IN_BLOCK % 2 ? i % IN_PAGE >= IN_PAGE / 2 : i % IN_PAGE < IN_PAGE / 2;
}

static bool keeps_overlapping(uint32_t i)
{
    return i % (OS_PAGE / 64) <= 32 && i % (OS_PAGE / 64) != 5;
}

/* Two full blocks of slots of 64 bytes, in order of address. */
static void fill_two_blocks(void)
{
    enum { OF_TWO = 2 * UNIT_BYTES / 64 };
    for (count = 0; count < OF_TWO;) {
        struct kept *x = &objects[count++];
        x->object = fixture_alloc(&f, KIND_ATOMIC, 64);
        x->size = 64;
        x->fill = (uint8_t)count;
        memset(x->object, x->fill, x->size);
    }
    for (uint32_t i = 1; i < count; i++)
        ck_assert_ptr_eq(objects[i].object, objects[i - 1].object + 64);
}

START_TEST(blocks_that_do_not_overlap_share_all)
{
    start();
    fill_two_blocks();
    uintptr_t low = (uintptr_t)objects[0].object;
    free_others(keeps_apart);
    ck_assert_uint_eq(resident_pages((void *)low, 2 * UNIT_BYTES), 32);
    mesh_all();
    ck_assert_uint_eq(shared(), 16);
    ck_assert_uint_eq(f.heap.mesh->meshed, 16);
    check_contents();
    objects[0].fill = 77;
    memset(objects[0].object, 77, objects[0].size);
    check_contents();
    /* Nothing is left to be handed out in either block. */
    uint32_t head = unit_of(&f.heap, low);
    ck_assert_uint_eq(block_at(&f.heap, head)->free_count, 0);
    ck_assert_uint_eq(block_at(&f.heap, head + 1)->free_count, 0);
    fixture_destroy(&f);
}
END_TEST

START_TEST(blocks_that_overlap_do_not)
{
    start();
    fill_two_blocks();
    free_others(keeps_overlapping);
    mesh_all();
    ck_assert_uint_eq(shared(), 0);
    check_contents();
    fixture_destroy(&f);
}
END_TEST

static bool keeps_first_block(uint32_t i)
{
    return i < UNIT_BYTES / 64 / 2;
}

START_TEST(what_leaves_gives_the_other_all)
{
    start();
    fill_two_blocks();
    uint32_t head = unit_of(&f.heap, (uintptr_t)objects[0].object);
    free_others(keeps_apart);
    mesh_all();
    free_others(keeps_first_block); /* the first block's objects come first */
    mesh_tidy(&f.heap);
    ck_assert_uint_eq(shared(), 0);
    ck_assert_uint_eq(block_at(&f.heap, head)->free_count, UNIT_BYTES / 64 / 2);
    ck_assert(!unit_is_head(&f.heap, head + 1) || block_at(&f.heap, head + 1)->taken);
    check_contents();
    free_others(keeps_none);
    check_contents();
    ck_assert_uint_eq(f.heap.numbers->reserved_apart, 0);
    fixture_destroy(&f);
}
END_TEST

enum { WIDE_SLOT = 1536, TAIL = UNIT_BYTES % WIDE_SLOT };

/* Of blocks of wide slots those on the last page, and of the others those where the wide ones have their tail. */
static bool keeps_ends(uint32_t i)
{
    size_t at = (uintptr_t)objects[i].object % UNIT_BYTES;
    size_t end = UNIT_BYTES - TAIL;
    return objects[i].size == WIDE_SLOT ? at + WIDE_SLOT > UNIT_BYTES - OS_PAGE
                                        : at >= end;
}

static bool keeps_small(uint32_t i)
{
    return objects[i].size < WIDE_SLOT;
}

/* A block whose slots are all free may still have memory in common. */
START_TEST(objects_may_lie_in_a_tail)
{
    start();
    count = 0;
    allocate(1500, 8 * (UNIT_BYTES / WIDE_SLOT));
    allocate(64, 8 * (UNIT_BYTES / 64));
    free_others(keeps_ends);
    mesh_all();
    ck_assert_uint_gt(shared(), 0);
    check_contents();
    free_others(keeps_small);
    check_contents();
    allocate(1500, 8 * (UNIT_BYTES / WIDE_SLOT));
    check_contents();
    mesh_tidy(&f.heap);
    check_contents();
    fixture_destroy(&f);
}
END_TEST

/* ---- At random ------------------------------------------------------------------------- */

START_TEST(objects_stay_what_they_are)
{
    size_t size = sizes[_i];
    start();
    count = 0;
    for (int round = 0; round < 12; round++) {
        allocate(size, round < 6 ? 6000 : 300);
        free_others(round % 3 == 2 ? keeps_half : keeps_some);
        check_contents();
        mesh_all();
        check_contents();
        holes_make(&f.heap, 0);
        check_contents();
    }
    ck_assert_uint_gt(f.heap.mesh->meshed, 0);
    free_others(keeps_none);
    mesh_tidy(&f.heap);
    check_contents();
    ck_assert_uint_eq(shared(), 0);
    ck_assert_uint_eq(f.heap.numbers->reserved_apart, 0);
    allocate(size, 20000); /* which ensures that it is zero */
    check_contents();
    fixture_destroy(&f);
}
END_TEST

/* A collection in which one of so many objects survives, chosen at random; 0: none does. */
static void collect(uint32_t one_of)
{
    struct heap_numbers *n = f.heap.numbers;
    uint32_t left = 0;
    n->mark = n->mark == STATE_MARK_A ? STATE_MARK_B : STATE_MARK_A;
    for (uint32_t i = 0; i < count; i++)
        if (one_of && roll(one_of) == 0) {
            *state_of(&f, objects[i].object) = n->mark;
            objects[left++] = objects[i];
        }
    count = left;
    sweep(&f.heap, true);
}

START_TEST(collections_find_them_too)
{
    start();
    count = 0;
    for (int round = 0; round < 8; round++) {
        allocate(sizes[_i], sizes[_i] < 64 ? 15000 : 5000);
        collect(sizes[_i] < 64 ? 100 : 12);
        check_contents();
        mesh_all();
        check_contents();
    }
    ck_assert_uint_gt(f.heap.mesh->meshed, 0);
    fixture_destroy(&f);
}
END_TEST

/* ---- What fails ------------------------------------------------------------------------ */

START_TEST(any_call_may_be_refused)
{
    bool done = false;
    log_capture();
    for (unsigned nth = 1; !done; nth += nth < 40 ? 1 : 7) {
        start();
        count = 0;
        allocate(200, 3000);
        free_others(keeps_some);
        unsigned long before = os_calls();
        os_fail(nth, _i);
        mesh_all();
        done = os_calls() - before < nth;
        check_contents();
        free_others(keeps_half);
        mesh_tidy(&f.heap);
        mesh_before_fork(&f.heap, true);
        os_fail(0, false);
        check_contents();
        free_others(keeps_none);
        mesh_tidy(&f.heap);
        check_contents();
        fixture_destroy(&f);
    }
}
END_TEST

/* Only the first pages are set apart before a fork, and the others stay what they are. */
START_TEST(a_fork_may_be_refused_half_way)
{
    bool done = false;
    log_capture();
    for (unsigned nth = 1; !done; nth += nth < 20 ? 1 : 5) {
        start();
        count = 0;
        allocate(200, 3000);
        free_others(keeps_some);
        mesh_all();
        ck_assert_uint_gt(shared(), 0);
        unsigned long before = os_calls();
        os_fail(nth, true);
        mesh_before_fork(&f.heap, true);
        os_fail(0, false);
        done = os_calls() - before < nth;
        ck_assert(!done || shared() == 0);
        for (int round = 0; round < 4; round++) {
            allocate(112, 3000);
            check_contents();
            free_others(keeps_half);
            mesh_all();
            check_contents();
        }
        mesh_before_fork(&f.heap, true);
        check_contents();
        free_others(keeps_none);
        mesh_tidy(&f.heap);
        check_contents();
        ck_assert_uint_eq(shared(), 0);
        ck_assert_uint_eq(f.heap.numbers->reserved_apart, 0);
        fixture_destroy(&f);
    }
}
END_TEST

START_TEST(start_may_be_refused)
{
    for (unsigned nth = 1;; nth++) {
        fixture_create(&f);
        os_fail(nth, false);
        unsigned long before = os_calls();
        bool started = mesh_start(&f.heap);
        bool met = os_calls() - before >= nth;
        os_fail(0, false);
        ck_assert(started != met);
        ck_assert((f.heap.mesh != NULL) == started);
        fixture_destroy(&f);
        if (started)
            break;
        ck_assert_uint_lt(nth, 20);
    }
}
END_TEST

START_TEST(the_file_may_be_closed)
{
    start();
    count = 0;
    for (int round = 0; round < 4; round++) {
        allocate(200, 8000);
        free_others(keeps_some);
        mesh_all();
        ck_assert_uint_gt(shared(), 0);
        close(f.heap.mesh->file.file.number);
        check_contents();
        if (round == 2)
            mesh_before_fork(&f.heap, true);
        check_contents();
    }
    fixture_destroy(&f);
}
END_TEST

START_TEST(the_file_may_not_grow)
{
    struct rlimit limit = {OS_PAGE, OS_PAGE};
    start();
    count = 0;
    allocate(200, 8000);
    free_others(keeps_some);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    mesh_all(); /* SIGXFSZ ends who writes more */
    ck_assert_uint_le(shared(), MESH_MEMBERS_MOST - 1);
    check_contents();
    fixture_destroy(&f);
}
END_TEST

/* Where a step ended, there may be no block when the next one begins. */
START_TEST(the_next_step_begins_anywhere)
{
    start();
    count = 0;
    allocate(112, 20000);
    free_others(keeps_some);
    mesh_all();
    bool any_left = _i;
    collect(any_left ? 1000 : 0);
    for (uint32_t unit = 1; unit <= unit_end(&f.heap); unit++) {
        mesh_wake(&f.heap);
        f.heap.mesh->finder->cursor = unit;
        mesh_step(&f.heap);
    }
    check_contents();
    fixture_destroy(&f);
}
END_TEST

/* ---- fork ------------------------------------------------------------------------------ */

/* Every object gets another value, in this process only. */
static void change_all(uint8_t by)
{
    for (uint32_t i = 0; i < count; i++) {
        ENSURE(all_bytes_are(objects[i].object, objects[i].size, objects[i].fill));
        objects[i].fill += by;
        memset(objects[i].object, objects[i].fill, objects[i].size);
    }
}

static void live_on(uint8_t by)
{
    for (int round = 0; round < 4; round++) {
        change_all(by);
        allocate(112, 2000);
        free_others(keeps_half);
        mesh_all();
        check_contents();
    }
}

START_TEST(a_child_has_its_own)
{
    bool meshed = _i; /* before the first fork */
    start();
    count = 0;
    allocate(112, 20000);
    free_others(keeps_some);
    if (meshed)
        mesh_all();
    ck_assert((shared() > 0) == meshed);
    for (int generation = 0; generation < 3; generation++) {
        mesh_before_fork(&f.heap, true);
        pid_t child = fork();
        if (child == 0) {
            live_on(3);
            _exit(0);
        }
        live_on(5);
        int status;
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert_int_eq(status, 0);
        check_contents();
    }
    fixture_destroy(&f);
}
END_TEST

TCase *mesh_tests(void)
{
    TCase *t = tcase_create("mesh");
    if (breaks_apart()) /* no memory of the break is mapped over */
        return t;
    tcase_add_test(t, blocks_that_do_not_overlap_share_all);
    tcase_add_test(t, blocks_that_overlap_do_not);
    tcase_add_test(t, what_leaves_gives_the_other_all);
    tcase_add_test(t, objects_may_lie_in_a_tail);
    tcase_add_loop_test(t, objects_stay_what_they_are, 0, COUNT_OF(sizes));
    tcase_add_loop_test(t, collections_find_them_too, 0, COUNT_OF(sizes));
    tcase_add_loop_test(t, any_call_may_be_refused, 0, 2);
    tcase_add_test(t, a_fork_may_be_refused_half_way);
    tcase_add_test(t, start_may_be_refused);
    tcase_add_test(t, the_file_may_be_closed);
    tcase_add_test(t, the_file_may_not_grow);
    tcase_add_loop_test(t, the_next_step_begins_anywhere, 0, 2);
    tcase_add_loop_test(t, a_child_has_its_own, 0, 2);
    return t;
}
