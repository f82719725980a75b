/* Sweeping beside the program, with the fate of every object known before: the program allocates and frees
 * between any two steps. */
#include "heap/sweep_later.h"

#include "base/options.h"
#include "heap/observe.h"
#include "heap/sweep.h"
#include "heap/tenured.h"
#include "support.h"
#include "world/stop.h"

enum { OBJECTS_MOST = 20000, CYCLES = 12 };

struct kept {
    uint8_t *object, *state;
    size_t size;
    uint8_t fill;
    bool marked; /* by the cycle that is under way, or was the last */
};

static struct fixture f;
static struct kept *objects;
static uint32_t count;

static void begin(void)
{
    count = 0;
    objects = zeroed(OBJECTS_MOST, sizeof *objects);
    options.tracking = TRACKING_BARRIER;
    fixture_create(&f);
    world_lock();
    ck_assert(tenured_start(&f.heap));
    world_unlock();
}

static void allocate(void)
{
    size_t size = roll(100) ? 1 + roll(600) : 1 + roll(300000);
    struct kept x = {.fill = (uint8_t)(1 + roll(255)), .marked = true};
    x.object = fixture_alloc(&f, (enum kind)roll(KIND_COUNT), size);
    x.state = state_of(&f, x.object);
    x.size = object_of(&f, x.object).size;
    ENSURE(*x.state == STATE_NEW);
    memset(x.object, x.fill, x.size);
    objects[count++] = x;
}

static void free_one(uint32_t i)
{
    fixture_free(&f, objects[i].object);
    objects[i] = objects[--count];
}

/* One in so many dies, none if that is UINT32_MAX. */
static void mark(uint32_t one_in)
{
    f.heap.numbers->mark = (uint8_t)(STATE_MARK_A + STATE_MARK_B - f.heap.numbers->mark);
    for (uint32_t i = 0; i < count; i++) {
        objects[i].marked = one_in == UINT32_MAX || roll(one_in) != 0;
        if (objects[i].marked)
            *objects[i].state = f.heap.numbers->mark;
    }
}

/* Of blocks that were swept in the stop the dead are gone at once, and their places others'. */
static void forget_the_dead(void)
{
    for (uint32_t i = 0; i < count;)
        if (objects[i].marked)
            i++;
        else
            objects[i] = objects[--count];
}

static void check_the_living(void)
{
    for (uint32_t i = 0; i < count; i++)
        ENSURE(*objects[i].state >= STATE_NEW &&
               all_bytes_are(objects[i].object, objects[i].size, objects[i].fill));
}

/* What the heap counts is what has the mark. */
static void check_counts(void)
{
    size_t bytes = 0, number = 0;
    for (uint32_t i = 0; i < count; i++)
        if (*objects[i].state == f.heap.numbers->mark)
            bytes += objects[i].size, number++;
    ck_assert_uint_eq(f.heap.numbers->live_bytes - f.heap.numbers->gone_bytes, bytes);
    ck_assert_uint_eq(f.heap.numbers->live_objects - f.heap.numbers->gone_objects,
                      number);
}

/* The heap is checked after one of eight, as that takes a hundred times as long. */
static void step(void)
{
    world_lock();
    sweep_later(&f.heap, roll(4));
    if (roll(8) == 0)
        fixture_check(&f);
    world_unlock();
}

static void sweep_the_rest(void)
{
    world_lock();
    sweep_later(&f.heap, UINT32_MAX);
    world_unlock();
    ENSURE(!sweep_is_left(&f.heap));
}

/* No object but the living, which the next cycle would take for marked.  Returns how many more are NEW: those
 * that a cycle found dead and left. */
static size_t check_the_states(void)
{
    size_t states[STATE_MARK_B + 1] = {0};
    for (BLOCKS(&f.heap, head)) {
        const uint8_t *of = block_states(&f.heap, head);
        ENSURE(!block_has(&f.heap, head, BLOCK_UNSWEPT));
        for (uint32_t i = 0; i < word_geometry(f.heap.words[head])->count; i++)
            states[of[i]]++;
    }
    for (uint32_t i = 0; i < count; i++)
        states[*objects[i].state]--;
    ck_assert(states[STATE_MARK_A] == 0 && states[STATE_MARK_B] == 0);
    return states[STATE_NEW];
}

/* Another cycle finds what the one before has left. */
static void check_that_none_is_left(void)
{
    for (int i = 0; i < 2; i++) {
        mark(UINT32_MAX);
        cache_empty(f.cache);
        sweep_but_tenured(&f.heap);
        sweep_the_rest();
    }
    ck_assert_uint_eq(check_the_states(), 0);
}

START_TEST(only_the_marked_survive)
{
    uint32_t steps = 0;
    size_t left = 0;
    begin();
    for (int cycle = 0; cycle < CYCLES; cycle++) {
        while (count < OBJECTS_MOST)
            allocate();
        mark(2 + roll(30));
        cache_empty(f.cache);
        sweep_but_tenured(&f.heap);
        fixture_check(&f);
        forget_the_dead();
        for (; sweep_is_left(&f.heap); steps++) {
            for (uint32_t n = roll(100); n > 0 && count < OBJECTS_MOST; n--)
                allocate();
            for (uint32_t n = roll(100); n > 0 && count > 0; n--)
                free_one(roll(count));
            if (_i && roll(20) == 0)
                break;
            step();
        }
        sweep_the_rest();
        check_the_living();
        left += check_the_states();
        cache_empty(f.cache);
        fixture_check(&f);
    }
    ck_assert(steps > 20 && left > 0);
    check_that_none_is_left();
    fixture_destroy(&f);
}
END_TEST

/* Without a program beside it what is counted is exact, and all that died is gone. */
START_TEST(counts)
{
    begin();
    for (int cycle = 0; cycle < CYCLES; cycle++) {
        while (count < OBJECTS_MOST)
            allocate();
        mark(2 + roll(30));
        cache_empty(f.cache);
        sweep_but_tenured(&f.heap);
        ck_assert(sweep_is_left(&f.heap) == (cycle > 0));
        forget_the_dead();
        while (sweep_is_left(&f.heap))
            step();
        check_counts();
        fixture_check(&f);
    }
    for (int i = 0; i < 2; i++) {
        mark(1);
        cache_empty(f.cache);
        sweep_but_tenured(&f.heap);
        forget_the_dead();
        sweep_the_rest();
    }
    ck_assert_uint_eq(f.heap.numbers->live_bytes, 0);
    ck_assert_uint_eq(f.heap.numbers->used_bytes, 0);
    fixture_destroy(&f);
}
END_TEST

static void tenure(void)
{
    begin();
    while (count < 5000)
        allocate();
    mark(UINT32_MAX);
    cache_empty(f.cache);
    sweep(&f.heap, true);
    mark(2);
}

/* The last object that lives goes before its block is swept, and the others are dead. */
START_TEST(blocks_end_meanwhile)
{
    tenure();
    sweep_but_tenured(&f.heap);
    forget_the_dead();
    while (count > 0)
        free_one(count - 1);
    cache_empty(f.cache);
    ck_assert(sweep_is_left(&f.heap));
    fixture_check(&f);
    sweep_the_rest();
    fixture_check(&f);
    ck_assert_uint_eq(f.heap.numbers->used_bytes, 0);
    fixture_destroy(&f);
}
END_TEST

static void ignore(struct heap *h, const struct cell *o)
{
    (void)h, (void)o;
}

/* Where somebody is told of the dead nothing is left, nor where blocks are not tenured. */
START_TEST(nothing_is_left)
{
    static const struct observer observer = {.found_dead = ignore};
    tenure();
    if (_i == 0)
        observe(&f.heap, &observer);
    else
        f.heap.tenures = false;
    sweep_but_tenured(&f.heap);
    ck_assert(!sweep_is_left(&f.heap));
    forget_the_dead();
    ck_assert_uint_eq(check_the_states(), 0);
    fixture_check(&f);
    fixture_destroy(&f);
}
END_TEST

static void leave_some(void)
{
    tenure();
    sweep_but_tenured(&f.heap);
}

static void check_the_heap(void)
{
    fixture_check(&f);
}

static void forget_all(void)
{
    f.heap.unswept = 0;
}

static void begin_behind(void)
{
    f.heap.unswept = unit_end(&f.heap);
}

/* An unswept block that the sweep would not come to is found. */
START_TEST(lost_blocks_are_found)
{
    static void (*const ways[])(void) = {forget_all, begin_behind};
    struct damage damage = {ways[_i], "!block_has(h, head, BLOCK_UNSWEPT) || "
                                      "(h->unswept > 0 && h->unswept <= head)"};
    expect_caught(&damage, leave_some, check_the_heap);
}
END_TEST

TCase *sweep_later_tests(void)
{
    TCase *t = tcase_create("sweep_later");
    tcase_add_loop_test(t, only_the_marked_survive, 0, 2);
    tcase_add_test(t, counts);
    tcase_add_test(t, blocks_end_meanwhile);
    tcase_add_loop_test(t, nothing_is_left, 0, 2);
    tcase_add_loop_test(t, lost_blocks_are_found, 0, 2);
    return t;
}
