/* What the memory of a heap holds, with the state of every object known before. */
#include "heap/contents.h"

#include "base/os.h"
#include "support.h"

enum { OBJECTS = 3000 };

static struct fixture f;
static void *objects[OBJECTS];

static size_t slot_bytes(const void *object)
{
    return object_of(&f, object).size;
}

static void fill(void)
{
    fixture_create(&f);
    for (size_t i = 0; i < OBJECTS; i++) {
        size_t size = i % 100 ? 1 + roll(3000) : 1 + roll(500000);
        objects[i] = fixture_alloc(&f, (enum kind)roll(KIND_COUNT), size);
        memset(objects[i], 1, size);
    }
}

static size_t all_of_units(const struct heap_contents *c)
{
    return c->kept + c->fresh + c->free_slots + c->reserved + c->tails + c->free_units +
           c->unit_runs;
}

/* Where nobody tells what is there, all is. */
START_TEST(every_byte_of_every_unit)
{
    size_t kept = 0, fresh = 0, reserved = 0;
    fill();
    for (size_t i = 0; i < OBJECTS; i++) {
        if (i % 7 == 0) {
            fixture_free(&f, objects[i]);
            continue;
        }
        bool marked = i % 3 == 0;
        *state_of(&f, objects[i]) = marked ? f.heap.numbers->mark : STATE_NEW;
        *(marked ? &kept : &fresh) += slot_bytes(objects[i]);
    }
    for (BLOCKS(&f.heap, head)) {
        const struct geometry *g = word_geometry(f.heap.words[head]);
        for (uint32_t i = 0; i < g->count; i++)
            reserved += block_states(&f.heap, head)[i] == STATE_RESERVED ? g->size : 0;
    }
    struct heap_contents c = heap_contents(&f.heap, -1);
    ck_assert_uint_eq(c.kept, kept);
    ck_assert_uint_eq(c.fresh, fresh);
    ck_assert_uint_eq(c.reserved, reserved);
    if (!f.heap.space->gaps)
        ck_assert_uint_eq(all_of_units(&c), f.heap.bytes - UNIT_BYTES);
    fixture_destroy(&f);
}
END_TEST

/* Where the system tells, it is what that says of the whole. */
START_TEST(as_the_system_says)
{
    int file = os_pages_open();
    fill();
    for (size_t i = 0; i < OBJECTS; i += 2)
        fixture_free(&f, objects[i]);
    struct heap_contents c = heap_contents(&f.heap, file);
    size_t held =
        resident_pages((void *)unit_address(&f.heap, 1), f.heap.bytes - UNIT_BYTES) *
        os_page_bytes();
    if (file >= 0 && !f.heap.space->gaps)
        ck_assert_uint_eq(all_of_units(&c), held);
    ck_assert(c.numbers > 0 && c.states > 0 && c.words > 0 && c.descriptors > 0);
    ck_assert(c.sites == 0);
    fixture_destroy(&f);
    os_pages_close(file);
}
END_TEST

START_TEST(large_and_untouched)
{
    int file = os_pages_open();
    fixture_create(&f);
    char *object = fixture_alloc(&f, KIND_ATOMIC, 10 << 20);
    memset(object, 1, 1 << 20);
    struct heap_contents c = heap_contents(&f.heap, file);
    if (file >= 0)
        ck_assert(c.fresh >= 1 << 20 && c.fresh < 4 << 20);
    c = heap_contents(&f.heap, -1);
    ck_assert_uint_eq(c.fresh, slot_bytes(object));
    fixture_destroy(&f);
    os_pages_close(file);
}
END_TEST

START_TEST(no_heap)
{
    struct heap none = {.numbers = NO_NUMBERS};
    struct heap_contents c = heap_contents(&none, -1);
    ck_assert_uint_eq(all_of_units(&c) + c.numbers + c.states, 0);
}
END_TEST

TCase *contents_tests(void)
{
    TCase *t = tcase_create("contents");
    tcase_add_test(t, every_byte_of_every_unit);
    tcase_add_test(t, as_the_system_says);
    tcase_add_test(t, large_and_untouched);
    tcase_add_test(t, no_heap);
    return t;
}
