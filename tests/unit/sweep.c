/* Sweeping, with the fate of every object known before. */
#include "heap/sweep.h"

#include "support.h"

enum { OBJECTS_MOST = 4000, CYCLES = 40 };

struct kept {
    uint8_t *object, *state;
    size_t size;
    uint8_t fill;
    bool marked;
};

static struct fixture f;
static struct kept objects[OBJECTS_MOST];
static uint32_t count;

static void allocate(void)
{
    size_t size = roll(40) ? 1 + roll(1000) : 1 + roll(300000);
    struct kept x = {.fill = (uint8_t)(1 + roll(255))};
    x.object = fixture_alloc(&f, (enum kind)roll(KIND_COUNT), size);
    x.state = state_of(&f, x.object);
    x.size = object_of(&f, x.object).size;
    ENSURE(*x.state == STATE_NEW);
    memset(x.object, x.fill, x.size);
    objects[count++] = x;
}

/* Some stay, all of a neighbourhood or none more often than not. */
static void mark_some(uint32_t of_16)
{
    uint32_t run = 0;
    bool marked = false;
    for (uint32_t i = 0; i < count; i++, run--) {
        if (run == 0) {
            run = 1 + roll(60);
            marked = roll(16) < of_16;
        }
        objects[i].marked = marked;
        if (marked)
            *objects[i].state = f.heap.numbers->mark;
    }
}

/* The lists are in order of address after a sweep. */
static void check_order(void)
{
    for (unsigned i = 0; i < SHARDS * BIN_COUNT; i++)
        for (uint32_t u = f.heap.numbers->shards[i / BIN_COUNT].bins[i % BIN_COUNT].first;
             u; u = block_at(&f.heap, u)->next)
            ENSURE(block_at(&f.heap, u)->next == 0 || block_at(&f.heap, u)->next > u);
}

static void check_sweep(void)
{
    struct counters before = f.heap.numbers->counters;
    size_t live_bytes = 0, live_objects = 0, lost_bytes = 0, lost_objects = 0;
    uint32_t held = cache_check(f.cache);
    sweep(&f.heap, true);
    fixture_check(&f);
    ENSURE(cache_check(f.cache) == held);
    check_order();
    for (uint32_t i = 0; i < count; i++) {
        struct kept x = objects[i];
        *(x.marked ? &live_bytes : &lost_bytes) += x.size;
        ++*(x.marked ? &live_objects : &lost_objects);
        if (x.marked)
            ENSURE(*x.state == f.heap.numbers->mark &&
                   all_bytes_are(x.object, x.size, x.fill));
        else
            ENSURE(*x.state == STATE_FREE);
    }
    ENSURE(f.heap.numbers->live_bytes == live_bytes &&
           f.heap.numbers->live_objects == live_objects);
    ENSURE(f.heap.numbers->counters.reclaimed_bytes ==
           before.reclaimed_bytes + lost_bytes);
    ENSURE(f.heap.numbers->counters.reclaimed_objects ==
           before.reclaimed_objects + lost_objects);
    ENSURE(f.heap.numbers->counters.freed_bytes == before.freed_bytes);
}

static void forget_the_lost(void)
{
    uint32_t left = 0;
    for (uint32_t i = 0; i < count; i++)
        if (objects[i].marked)
            objects[left++] = objects[i];
    count = left;
}

START_TEST(only_the_marked_survive)
{
    fixture_create(&f);
    for (int cycle = 0; cycle < CYCLES; cycle++) {
        while (count < OBJECTS_MOST)
            allocate();
        for (uint32_t n = roll(200); n > 0; n--) {
            uint32_t i = roll(count);
            fixture_free(&f, objects[i].object);
            objects[i] = objects[--count];
        }
        f.heap.numbers->mark =
            (uint8_t)(STATE_MARK_A + STATE_MARK_B - f.heap.numbers->mark);
        mark_some(roll(17));
        check_sweep();
        forget_the_lost();
    }
    f.heap.numbers->mark = (uint8_t)(STATE_MARK_A + STATE_MARK_B - f.heap.numbers->mark);
    mark_some(0);
    check_sweep();
    cache_empty(f.cache);
    fixture_check(&f);
    ck_assert_uint_eq(f.heap.numbers->used_bytes, 0);
    fixture_destroy(&f);
}
END_TEST

START_TEST(empty_heap)
{
    fixture_create(&f);
    sweep(&f.heap, true);
    fixture_check(&f);
    ck_assert_uint_eq(f.heap.numbers->live_objects, 0);
    fixture_destroy(&f);
}
END_TEST

TCase *sweep_tests(void)
{
    TCase *t = tcase_create("sweep");
    tcase_add_test(t, only_the_marked_survive);
    tcase_add_test(t, empty_heap);
    return t;
}
