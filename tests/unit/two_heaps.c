/* Two heaps with different options, side by side in one process: each has classes, places, tables
 * and marks of its own, and neither knows of the other's objects. */
#include "base/os.h"
#include "collect/mark.h"
#include "graph.h"
#include "heap/fit.h"
#include "heap/sweep.h"

static struct graph plain, padded;
static struct marker plain_marker, padded_marker;

static void start(struct graph *g, struct marker *m, const struct heap_config *config)
{
    *g = (struct graph){0};
    ck_assert(heap_create(&g->f.heap, config));
    g->f.cache = cache_create(&g->f.heap);
    ck_assert_ptr_nonnull(g->f.cache);
    ck_assert(marker_create(m, &g->f.heap, MARKER_PART));
}

static void start_plain(void)
{
    start(&plain, &plain_marker,
          &(struct heap_config){.space = tested_space(), .reserve = MIB(256)});
}

static void start_padded(void)
{
    start(&padded, &padded_marker,
          &(struct heap_config){
              .space = tested_space(),
              .fit = &fit_adaptive,
              .reserve = MIB(512),
              .huge_from = MIB(4),
              .end_pointers = true,
              .sites = true,
          });
}

static void start_both(void)
{
    start_plain();
    start_padded();
}

static size_t slot_for(struct graph *g, size_t size)
{
    void *object = fixture_alloc(&g->f, KIND_SCANNED, size);
    ck_assert_ptr_nonnull(object);
    size_t slot = object_of(&g->f, object).size;
    ck_assert_uint_eq(g->f.cache->bins[cache_typed_class(g->f.cache, size)].size, slot);
    fixture_free(&g->f, object);
    return slot;
}

static void check_classes(struct graph *g, bool end_pointers)
{
    for (size_t size = GRANULE; size < PAD_FROM; size += GRANULE) {
        size_t slot = slot_for(g, size);
        ck_assert(end_pointers ? slot > size : slot >= size && slot - size < 2 * GRANULE);
    }
    ck_assert_uint_eq(slot_for(g, 32), end_pointers ? 48 : 32);
    ck_assert_uint_eq(slot_for(g, 240), end_pointers ? 256 : 240);
    ck_assert_uint_eq(slot_for(g, 256), 288);
    ck_assert_uint_eq(g->f.heap.numbers->end_pointers, end_pointers);
}

/* Whichever was made, or had objects, last. */
START_TEST(classes_by_heap)
{
    start_plain();
    check_classes(&plain, false);
    start_padded();
    for (int i = 0; i < 3; i++) {
        check_classes(&plain, false);
        check_classes(&padded, true);
    }
    fixture_destroy(&padded.f);
    check_classes(&plain, false);
    fixture_destroy(&plain.f);
}
END_TEST

START_TEST(options_by_heap)
{
    start_both();
    const struct heap *a = &plain.f.heap, *b = &padded.f.heap;
    ck_assert_ptr_ne(a->numbers, b->numbers);
    ck_assert(!a->sites && b->sites);
    ck_assert_ptr_eq(a->fit, &fit_first);
    ck_assert_ptr_eq(b->fit, &fit_adaptive);
    ck_assert_uint_eq(a->huge_from, SIZE_MAX);
    ck_assert_uint_eq(b->huge_from, MIB(4));
    ck_assert_uint_lt(a->numbers->unit_limit, b->numbers->unit_limit);
    ck_assert_uint_ne(a->pad_from, b->pad_from);
    fixture_destroy(&plain.f);
    fixture_destroy(&padded.f);
}
END_TEST

/* Words in objects and roots that point into the other heap, where they keep nothing. */
static void point_to_other(struct graph *g, const struct graph *other)
{
    for (int i = 0; i < 200; i++) {
        const struct node *n = &g->nodes[roll(g->count)];
        uintptr_t *words = (uintptr_t *)n->low;
        words[roll((uint32_t)(n->size / sizeof *words))] =
            other->nodes[roll(other->count)].low;
    }
    g->roots[0] = other->nodes[roll(other->count)].low;
}

static void check_both(void)
{
    fixture_check(&plain.f);
    if (padded.f.heap.numbers != NO_NUMBERS)
        fixture_check(&padded.f);
}

static void collect(struct graph *g, struct marker *m)
{
    graph_clear(g);
    graph_reach(g, g->roots, g->roots + GRAPH_ROOTS);
    graph_reach_manual(g);
    marker_begin(m, true);
    marker_scan_roots(m, (uintptr_t)g->roots, (uintptr_t)(g->roots + GRAPH_ROOTS));
    marker_drain(m);
    marker_mark_manual(m);
    marker_drain(m);
    graph_compare(g);
    marker_end(m);
    check_both();
    sweep(&g->f.heap, true);
    check_both();
    graph_forget(g);
    ck_assert_uint_eq(g->f.heap.numbers->live_objects, g->count);
}

static void free_some(struct graph *g)
{
    for (int i = 0; i < 100 && g->count > 1; i++) {
        struct node *n = &g->nodes[roll(g->count)];
        fixture_free(&g->f, (void *)n->low);
        memmove(n, n + 1, (size_t)(g->nodes + --g->count - n) * sizeof *n);
    }
}

/* What the other one has is as it was. */
static void check_untouched(const struct graph *g, uint64_t live, uint8_t mark)
{
    ENSURE(g->f.heap.numbers->live_objects == live && g->f.heap.numbers->mark == mark);
    for (uint32_t i = 0; i < g->count; i++)
        ENSURE(*g->nodes[i].state >= STATE_NEW);
}

START_TEST(collected_in_turn)
{
    start_both();
    for (int cycle = 0; cycle < 12; cycle++) {
        graph_grow(&plain);
        graph_grow(&padded);
        point_to_other(&plain, &padded);
        point_to_other(&padded, &plain);
        bool first = cycle % 3 != 0;
        struct graph *g = first ? &plain : &padded, *other = first ? &padded : &plain;
        uint64_t live = other->f.heap.numbers->live_objects;
        uint8_t mark = other->f.heap.numbers->mark;
        collect(g, first ? &plain_marker : &padded_marker);
        check_untouched(other, live, mark);
        free_some(&plain);
        free_some(&padded);
        check_both();
    }
    fixture_destroy(&plain.f);
    fixture_destroy(&padded.f);
}
END_TEST

/* The second one goes, and comes again. */
START_TEST(one_goes)
{
    start_both();
    for (int cycle = 0; cycle < 4; cycle++) {
        graph_grow(&plain);
        graph_grow(&padded);
        collect(&plain, &plain_marker);
        collect(&padded, &padded_marker);
        fixture_destroy(&padded.f);
        graph_grow(&plain);
        collect(&plain, &plain_marker);
        fixture_check(&plain.f);
        check_classes(&plain, false);
        start_padded();
    }
    fixture_destroy(&plain.f);
    fixture_destroy(&padded.f);
}
END_TEST

TCase *two_heaps_tests(void)
{
    TCase *t = tcase_create("two_heaps");
    tcase_add_test(t, classes_by_heap);
    tcase_add_test(t, options_by_heap);
    tcase_add_test(t, collected_in_turn);
    tcase_add_test(t, one_goes);
    return t;
}
