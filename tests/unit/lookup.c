/* From addresses to objects. */
#include "heap/lookup.h"

#include <gcalloc/gcalloc.h>
#include <pthread.h>

#include "heap/extent.h"
#include "heap/heap.h"
#include "object/reached.h"
#include "support.h"

static struct heap h;

static void check_block(uint32_t head, unsigned class)
{
    const struct geometry *g = &geometries[class];
    uintptr_t start = unit_address(&h, head);
    uintptr_t end = start + ((uintptr_t)sizeclass_units(class) << UNIT_SHIFT);
    for (uint32_t i = 0; i < g->count; i++) {
        uint8_t *state = block_states(&h, head) + i;
        uintptr_t address = start + (uintptr_t)i * g->size;
        ENSURE(lookup_cell(&h, address).state == state);
        ENSURE(lookup_cell(&h, address + g->size / 2).state == state);
        ENSURE(lookup_cell(&h, address + g->size - 1).state == state);
        struct cell o = block_cell(&h, head, i);
        ENSURE(o.state == state && o.address == address && o.size == g->size &&
               o.word == h.words[head]);
        o = lookup_cell(&h, address + g->size - 1);
        ENSURE(o.state == state && o.address == address && o.size == g->size);
        ENSURE(word_bin(o.word) == word_bin(h.words[head]));
    }
    for (uintptr_t tail = start + (uintptr_t)g->count * g->size; tail < end; tail++)
        ENSURE(lookup_cell(&h, tail).state == NULL);
}

START_TEST(every_object_of_every_class)
{
    ck_assert(make_heap(&h, MIB(256), _i));
    for (unsigned class = 1; class <= CLASS_WIDE_LAST; class ++)
        for (unsigned kind = 0; kind < KIND_COUNT; kind++) {
            uint32_t head = block_create(&h, (enum kind)kind, class, 0, &no_unit_run);
            check_block(head, class);
            ENSURE(word_kind(h.words[head]) == kind);
        }
    heap_destroy(&h);
}
END_TEST

START_TEST(large_object)
{
    ck_assert(make_heap(&h, MIB(64), false));
    uint32_t head = block_create_large(&h, KIND_SCANNED, MIB(3), GRANULE);
    uintptr_t start = unit_address(&h, head);
    uint8_t *state = block_states(&h, head);
    for (uintptr_t at = start; at < start + MIB(3); at += 1023)
        ENSURE(lookup_cell(&h, at).state == state &&
               unit_head(&h, unit_of(&h, at)) == head);
    ck_assert_ptr_eq(lookup_cell(&h, start + MIB(3)).state, state);
    ck_assert_ptr_eq(lookup_cell(&h, start + MIB(3) + UNIT_BYTES).state, NULL);
    struct cell o = lookup_cell(&h, start + MIB(2));
    ck_assert_uint_eq(o.address, start);
    ck_assert_uint_eq(o.size, MIB(3));
    heap_destroy(&h);
}
END_TEST

START_TEST(no_object)
{
    ck_assert(make_heap(&h, MIB(64), false));
    uint32_t head = block_create(&h, KIND_SCANNED, 1, 0, &no_unit_run);
    uintptr_t outside[] = {0,
                           1,
                           UINTPTR_MAX,
                           h.base - 1,
                           h.base + h.bytes,
                           h.base,
                           h.base + UNIT_BYTES - 1,
                           (uintptr_t)&h};
    for (size_t i = 0; i < COUNT_OF(outside); i++)
        ck_assert_ptr_null(lookup_cell(&h, outside[i]).state);
    ck_assert_ptr_nonnull(lookup_cell(&h, unit_address(&h, head)).state);
    ck_assert_ptr_null(lookup_cell(&h, unit_address(&h, head + 1)).state);
    block_release(&h, head);
    ck_assert_ptr_null(lookup_cell(&h, unit_address(&h, head)).state);
    heap_destroy(&h);
}
END_TEST

/* Unit 0 is not the heap's, free units are, and so is a block behind its last slot. */
/* What a program has in front of the heap, or between its parts, lives as far as a cycle knows. */
START_TEST(memory_of_others_is_reached)
{
    ck_assert(make_heap(&h, MIB(64), false));
    uint32_t head = block_create(&h, KIND_SCANNED, 1, 0, &no_unit_run);
    for (size_t i = 0; i < UNIT_BYTES; i += 1000)
        ck_assert(is_reached(&h, h.base + i));
    ck_assert(is_reached(&h, h.base - 1));
    ck_assert(is_reached(&h, h.base + h.bytes));
    ck_assert(!is_reached(&h, unit_address(&h, head)));
    ck_assert(!is_reached(&h, h.base + h.bytes - 1));
    heap_destroy(&h);
}
END_TEST

START_TEST(owned_memory)
{
    ck_assert(make_heap(&h, MIB(64), false));
    ck_assert(!lookup_owns(&h, h.base));
    ck_assert(!lookup_owns(&h, h.base + UNIT_BYTES - 1));
    ck_assert(!lookup_owns(&h, h.base - 1));
    uint32_t head = block_create(&h, KIND_SCANNED, 1, 0, &no_unit_run);
    ck_assert(lookup_owns(&h, unit_address(&h, head)));
    ck_assert(lookup_owns(&h, unit_address(&h, head + 1) - 1));
    ck_assert(lookup_owns(&h, h.base + h.bytes - 1));
    ck_assert(!lookup_owns(&h, h.base + h.bytes));
    heap_destroy(&h);
}
END_TEST

static void check_far(uint32_t head)
{
    uint32_t units = block_units(&h, head);
    const uint8_t *state = block_states(&h, head);
    for (uint32_t u = head; u < head + units; u++)
        ENSURE(unit_head(&h, u) == head);
    for (uint32_t u = head; u < head + units; u += 97)
        ENSURE(lookup_cell(&h, unit_address(&h, u) + 12345).state == state);
}

/* Units from UNIT_DISTANCE_MAX on count back in steps, three here. */
START_TEST(far_units)
{
    size_t step = (size_t)UNIT_DISTANCE_MAX << UNIT_SHIFT;
    if (breaks_apart())
        return; /* the break does not reach so far */
    ck_assert(make_heap(&h, 8 * step, false));
    ck_assert_msg(h.numbers->unit_limit > 4 * UNIT_DISTANCE_MAX,
                  "address space is limited");
    uint32_t head = block_create_large(&h, KIND_ATOMIC, 2 * step + MIB(77), GRANULE);
    ck_assert_uint_ne(head, 0);
    check_far(head);
    block_shrink_large(&h, head, step - MIB(5));
    check_far(head);
    ck_assert(block_grow_large(&h, head, 2 * step + MIB(7)));
    check_far(head);
    heap_destroy(&h);
}
END_TEST

enum { ROUNDS = 1000, OBJECTS = 64 };

static uintptr_t freed; /* atomic */
static int ending;      /* atomic */

/* Blocks are taken back by collections, and made anew. */
static void *come_and_go(void *unused)
{
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < OBJECTS; i++) {
            void *object = gc_alloc(3000);
            __atomic_store_n(&freed, (uintptr_t)object, __ATOMIC_RELAXED);
            gc_free(object);
        }
        gc_collect();
    }
    __atomic_store_n(&ending, 1, __ATOMIC_RELEASE);
    return unused;
}

/* As reports of bad frees do. */
START_TEST(blocks_that_go_meanwhile)
{
    pthread_t other;
    gc_init();
    ck_assert_int_eq(pthread_create(&other, NULL, come_and_go, NULL), 0);
    while (!__atomic_load_n(&ending, __ATOMIC_ACQUIRE)) {
        uintptr_t address = __atomic_load_n(&freed, __ATOMIC_RELAXED);
        struct cell o = lookup_cell(&process_heap, address);
        ENSURE(!o.state || (o.size > 0 && address - o.address < o.size));
    }
    pthread_join(other, NULL);
}
END_TEST

TCase *lookup_tests(void)
{
    TCase *t = tcase_create("lookup");
    tcase_add_loop_test(t, every_object_of_every_class, 0, 2);
    tcase_add_test(t, large_object);
    tcase_add_test(t, no_object);
    tcase_add_test(t, memory_of_others_is_reached);
    tcase_add_test(t, owned_memory);
    tcase_add_test(t, far_units);
    tcase_add_test(t, blocks_that_go_meanwhile);
    return t;
}
