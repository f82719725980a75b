/* Reserving a heap's address space and growing into it. */
#include "heap/arena.h"

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/os.h"
#include "base/sys.h"
#include "support.h"

static struct heap h;

/* Returns how many units came. */
static uint32_t grow_by(uint32_t units)
{
    return arena_grow(&h, &units) ? units : 0;
}

static void check_fresh(void)
{
    ck_assert_uint_eq(h.base % UNIT_BYTES, 0);
    ck_assert_uint_eq(unit_end(&h), 1);
    ck_assert_uint_eq(h.words[0], UNIT_USED);
    ck_assert_uint_eq((uintptr_t)h.states % OS_PAGE, 0);
}

static size_t block_states_bytes(unsigned map)
{
    return (size_t)1 << (STATE_SHIFT_MOST - map);
}

/* Where a block that begins at this unit has its states, if they are in this map. */
static uint8_t *states_of(unsigned map, uint32_t unit)
{
    return h.states + h.numbers->maps[map] + unit * block_states_bytes(map);
}

/* Every table entry of a committed unit can be written, and was zero. */
static void check_units(uint32_t from, uint32_t to)
{
    for (uint32_t u = from; u < to; u++) {
        ENSURE(h.words[u] == 0);
        ENSURE(all_bytes_are(&h.units[u], sizeof h.units[u], 0));
        for (unsigned map = 0; map < STATE_MAPS; map++)
            ENSURE(all_bytes_are(states_of(map, u), block_states_bytes(map), STATE_FREE));
        ENSURE(pages_hold(unit_address(&h, u), unit_address(&h, u + 1), 0));
    }
}

static void fill_units(uint32_t from, uint32_t to)
{
    memset(h.words + from, 1, (to - from) * sizeof h.words[0]);
    memset(h.units + from, 2, (to - from) * sizeof h.units[0]);
    for (unsigned map = 0; map < STATE_MAPS; map++)
        memset(states_of(map, from), 3, (to - from) * block_states_bytes(map));
    fill_pages(unit_address(&h, from), unit_address(&h, to), 4);
}

START_TEST(grows_to_the_end)
{
    size_t space = address_space();
    ck_assert(make_arena(&h, MIB(64)));
    ck_assert_uint_eq(h.numbers->unit_limit, (MIB(64) >> UNIT_SHIFT) + 1);
    check_fresh();
    while (unit_end(&h) < h.numbers->unit_limit) {
        uint32_t end = unit_end(&h), room = h.numbers->unit_limit - end;
        uint32_t wanted = 1 + roll(room < 40 ? room : 40), more = grow_by(wanted);
        ck_assert_uint_ge(more, wanted);
        ck_assert_uint_eq(unit_end(&h), end + more);
        check_units(end, end + more);
        fill_units(end, end + more);
    }
    errno = 0;
    ck_assert_uint_eq(grow_by(1), 0);
    ck_assert_int_eq(errno, ENOMEM);
    arena_destroy(&h);
    ck_assert_uint_eq(h.bytes, 0);
    check_address_space(space);
}
END_TEST

/* Whether the system was asked for huge pages at this address. */
static bool wants_huge_pages(uintptr_t address)
{
    FILE *smaps = fopen("/proc/self/smaps", "r");
    char line[512];
    bool inside = false, found = false;
    ck_assert_ptr_nonnull(smaps);
    while (fgets(line, sizeof line, smaps)) {
        uintptr_t low, high;
        if (sscanf(line, "%lx-%lx ", &low, &high) == 2)
            inside = low <= address && address < high;
        else if (inside && strncmp(line, "VmFlags:", 8) == 0)
            found = strstr(line, " hg") != NULL;
    }
    fclose(smaps);
    return found;
}

/* Writes the states of units, but for those of one map that has next to none. */
static void write_states(uint32_t first, uint32_t end, unsigned sparse)
{
    for (unsigned map = 0; map < STATE_MAPS; map++)
        if (map != sparse)
            memset(states_of(map, first), 1, (end - first) * block_states_bytes(map));
    *states_of(sparse, first) = 1;
}

/* From huge_from on, whole ones; those of states where most of a huge page is in use, until they are given
 * back. */
START_TEST(huge_pages)
{
    enum { SPARSE = 1 };
    ck_assert(make_arena(&h, MIB(256)));
    h.huge_from = MIB(4);
    while (h.bytes <= MIB(3))
        ck_assert_uint_gt(grow_by(1), 0);
    ck_assert(!wants_huge_pages(h.base + UNIT_BYTES));
    uint32_t units_before = 1;
    for (uint32_t units = 1; h.bytes < MIB(128); units += 7) {
        for (unsigned map = 0; map < STATE_MAPS; map++)
            ck_assert(wants_huge_pages((uintptr_t)states_of(map, 0)) ==
                      (map != SPARSE && h.bytes > MIB(32) << map));
        write_states(units_before, unit_end(&h), SPARSE);
        units_before = unit_end(&h);
        ck_assert_uint_ge(grow_by(units), units);
        ck_assert_uint_eq((h.base + h.bytes) % OS_HUGE_PAGE, 0);
        ck_assert(wants_huge_pages(h.base + h.bytes - 1));
    }
    ck_assert(wants_huge_pages((uintptr_t)states_of(0, unit_end(&h) - 1)));
    arena_return_states(&h, 100, 200);
    for (unsigned map = 0; map < STATE_MAPS; map++)
        ck_assert(!wants_huge_pages((uintptr_t)states_of(map, 0)));
    arena_destroy(&h);
}
END_TEST

START_TEST(more_than_room)
{
    ck_assert(make_arena(&h, MIB(16)));
    errno = 0;
    ck_assert_uint_eq(grow_by(h.numbers->unit_limit), 0);
    ck_assert_int_eq(errno, ENOMEM);
    ck_assert_uint_eq(grow_by(UINT32_MAX), 0);
    ck_assert_uint_eq(unit_end(&h), 1);
    ck_assert_uint_eq(grow_by(h.numbers->unit_limit - 1), h.numbers->unit_limit - 1);
    arena_destroy(&h);
}
END_TEST

START_TEST(least_and_most)
{
    ck_assert(make_arena(&h, 0));
    ck_assert_uint_eq(h.numbers->unit_limit, (MIB(16) >> UNIT_SHIFT) + 1);
    arena_destroy(&h);
    ck_assert(make_arena(&h, MIB(20) + 12345));
    ck_assert_uint_eq(h.numbers->unit_limit, (MIB(20) >> UNIT_SHIFT) + 1);
    arena_destroy(&h);
    ck_assert(make_arena(&h, SIZE_MAX));
    check_fresh();
    arena_destroy(&h);
}
END_TEST

START_TEST(limit_on_address_space)
{
    struct rlimit limit;
    getrlimit(RLIMIT_AS, &limit);
    limit.rlim_cur = address_space() + MIB(200);
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
    ck_assert(make_arena(&h, GIB(1024)));
    ck_assert_uint_le((size_t)h.numbers->unit_limit << UNIT_SHIFT, MIB(200));
    check_fresh();
    arena_destroy(&h);
}
END_TEST

/* One refused call has the reservation halved, and half of a small one is left to others; only
 * commits cannot be done without. */
START_TEST(create_survives_one_refusal)
{
    os_fail(1 + (unsigned)_i, false);
    ck_assert(make_arena(&h, MIB(64)));
    ck_assert_uint_eq(h.numbers->unit_limit, (MIB(16) >> UNIT_SHIFT) + 1);
    check_fresh();
    arena_destroy(&h);
}
END_TEST

static bool try_create(void *argument)
{
    (void)argument;
    size_t space = address_space();
    bool done = make_arena(&h, MIB(64));
    if (done)
        arena_destroy(&h);
    check_address_space(space);
    return done;
}

START_TEST(create_fails_cleanly)
{
    ck_assert_uint_ge(refuse_each_call(try_create, NULL, _i), 6);
}
END_TEST

static bool try_grow(void *argument)
{
    (void)argument;
    uint32_t end = unit_end(&h), more = grow_by(MIB(70) >> UNIT_SHIFT);
    ENSURE(unit_end(&h) == end + more || (breaks_apart() && unit_end(&h) > end));
    check_units(unit_end(&h) - more, unit_end(&h));
    return more != 0;
}

/* Two maps of states have to grow, too.  A failed attempt must not hinder the next. */
START_TEST(grow_fails_cleanly)
{
    ck_assert(make_arena(&h, MIB(1024))); /* sbrk: each attempt takes some of it */
    ck_assert_uint_ge(refuse_each_call(try_grow, NULL, _i), 3);
    arena_destroy(&h);
}
END_TEST

static void start_at_break(void)
{
    h.space = &os_sbrk;
    ck_assert(arena_create(&h, MIB(64)));
    ck_assert_uint_ge(grow_by(20), 20);
}

/* Another party moves the break: the heap goes on above, and leaves its space alone. */
START_TEST(foreign_break)
{
    start_at_break();
    uint32_t end = unit_end(&h);
    char *foreign = sbrk(12345);
    memset(foreign, 0x55, 12345);
    uint32_t units = 30, first = arena_grow(&h, &units);
    ck_assert_uint_gt(first, end);
    ck_assert_uint_eq(unit_end(&h), first + units);
    for (uint32_t u = end; u < first; u++)
        ck_assert_uint_eq(h.words[u], UNIT_USED);
    check_units(first, first + units);
    fill_units(first, first + units);
    ck_assert(all_bytes_are(foreign, 12345, 0x55));
    ck_assert_uint_eq(lookup_cell(&h, (uintptr_t)foreign).state == NULL, true);
    arena_destroy(&h);
    ck_assert(all_bytes_are(foreign, 12345, 0x55));
}
END_TEST

/* Moves the break up to a multiple, which it returns. */
static uintptr_t align_break(size_t alignment)
{
    uintptr_t now = (uintptr_t)sbrk(0), aligned = align_up(now, alignment);
    ck_assert_ptr_eq(sbrk((intptr_t)(aligned - now)), (void *)now);
    return aligned;
}

/* Whoever has moved the break, or read it, may hold its address: nothing of the heap lies
 * there. */
START_TEST(nothing_at_a_break_of_others)
{
    h.space = &os_sbrk;
    uintptr_t first_break = align_break(OS_HUGE_PAGE);
    ck_assert(arena_create(&h, MIB(64)));
    uint32_t units = 1, first = arena_grow(&h, &units);
    ck_assert_uint_gt(first, 0);
    ck_assert_uint_gt(unit_address(&h, first), first_break);
    uint32_t end = unit_end(&h);
    ck_assert_ptr_ne(sbrk(1), (void *)-1);
    uintptr_t foreign_end = align_break(UNIT_BYTES);
    uint32_t next = arena_grow(&h, &units);
    ck_assert_uint_gt(next, end);
    ck_assert_uint_gt(unit_address(&h, next), foreign_end);
    arena_destroy(&h);
}
END_TEST

/* A mapping above the break, of so many bytes, which nobody can read. */
static char *map_above_break(size_t bytes)
{
    uintptr_t at = align_up((uintptr_t)sbrk(0), os_page_bytes());
    char *p = sys_map_at((void *)at, bytes, PROT_NONE);
    ck_assert_ptr_eq(p, (void *)at);
    return p;
}

/* Units that come one after the other above what is in the way, to the end of what is reserved. */
static void check_growth_above(const char *obstacle, size_t bytes)
{
    uint32_t end = unit_end(&h), units = 20, first;
    for (int i = 0; i < 3; i++) {
        first = arena_grow(&h, &units);
        ck_assert_uint_ge(first, end);
        ck_assert_uint_ge(unit_address(&h, first), (uintptr_t)obstacle + bytes);
        for (uint32_t u = end; u < first; u++)
            ck_assert_uint_eq(h.words[u], UNIT_USED);
        check_units(first, first + units);
        fill_units(first, first + units);
        end = first + units;
        ck_assert_uint_eq(unit_end(&h), end);
    }
    while (arena_grow(&h, &units))
        units = 1;
    ck_assert_int_eq(errno, ENOMEM);
    uint32_t room = h.numbers->unit_limit - unit_end(&h);
    ck_assert_uint_lt(room, 32);
}

/* The break cannot move, and the heap goes on by mmap: from the beginning, or once it has some
 * memory from the break. */
START_TEST(break_that_cannot_move)
{
    enum { BYTES = 3 * UNIT_BYTES + OS_PAGE };
    h.space = &os_sbrk;
    log_capture();
    char *obstacle = _i == 0 ? map_above_break(BYTES) : NULL;
    ck_assert(arena_create(&h, MIB(64)));
    if (!obstacle) {
        ck_assert_uint_ge(grow_by(20), 20);
        obstacle = map_above_break(BYTES);
    }
    check_growth_above(obstacle, BYTES);
    ck_assert_ptr_nonnull(strstr(logged(), "the heap goes on by mmap"));
}
END_TEST

/* An attempt that comes to nothing moves the break back. */
START_TEST(refused_tables_give_the_break_back)
{
    h.space = &os_sbrk;
    void *before = sbrk(0);
    os_fail(2, true);
    ck_assert(!arena_create(&h, MIB(64)));
    os_fail(0, false);
    ck_assert_ptr_eq(sbrk(0), before);
}
END_TEST

/* Moved below the heap's end, the break has taken memory away: that is said, and no more
 * is asked for. */
START_TEST(break_below_the_end)
{
    start_at_break();
    uint32_t end = unit_end(&h);
    ck_assert_ptr_ne(sbrk(-(intptr_t)UNIT_BYTES), (void *)-1);
    log_capture();
    errno = 0;
    ck_assert_uint_eq(grow_by(1), 0);
    ck_assert_int_eq(errno, ENOMEM);
    ck_assert_uint_eq(unit_end(&h), end);
    ck_assert_ptr_nonnull(
        strstr(logged(), "moved the program break below the heap's end"));
}
END_TEST

TCase *arena_tests(void)
{
    TCase *t = tcase_create("arena");
    tcase_add_test(t, grows_to_the_end);
    tcase_add_test(t, foreign_break);
    tcase_add_test(t, nothing_at_a_break_of_others);
    tcase_add_test(t, break_below_the_end);
    tcase_add_loop_test(t, break_that_cannot_move, 0, 2);
    tcase_add_test(t, refused_tables_give_the_break_back);
    tcase_add_test(t, huge_pages);
    tcase_add_test(t, more_than_room);
    tcase_add_test(t, least_and_most);
    tcase_add_test(t, limit_on_address_space);
    tcase_add_loop_test(t, create_survives_one_refusal, 0, 2);
    tcase_add_loop_test(t, create_fails_cleanly, 0, 2);
    tcase_add_loop_test(t, grow_fails_cleanly, 0, 2);
    return t;
}
