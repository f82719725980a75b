/* Marking: what is reachable, and nothing else. */
#include "collect/mark.h"

#include <sys/mman.h>

#include "base/os.h"
#include "graph.h"
#include "heap/extent.h"
#include "heap/sweep.h"

static struct graph g;
static struct fixture f;
static struct marker m;

/* The grey queue never has room for more, as if there were no memory. */
static void limit_queue(size_t items)
{
    m.grey.ready = m.grey.capacity = items;
}

static void check_idle(void)
{
    marker_check(&m);
}

static void run_cycle(void)
{
    graph_clear(&g);
    marker_begin(&m, true);
    graph_reach(&g, g.roots, g.roots + GRAPH_ROOTS);
    marker_scan_roots(&m, (uintptr_t)g.roots, (uintptr_t)(g.roots + GRAPH_ROOTS));
    marker_drain(&m);
    check_idle();
    graph_compare(&g);
    graph_reach_manual(&g);
    marker_mark_manual(&m);
    marker_drain(&m);
    check_idle();
    graph_compare(&g);
    marker_end(&m);
    fixture_check(&g.f);
    sweep(&g.f.heap, true);
    fixture_check(&g.f);
    graph_forget(&g);
}

static const size_t queue_items[] = {SIZE_MAX, 0, 1, 7, 100};

/* Each cycle goes on with what the last one left; garbage must not come back. */
START_TEST(random_graphs)
{
    fixture_create(&g.f);
    ck_assert(marker_create(&m, &g.f.heap, MARKER_PART));
    if (queue_items[_i] != SIZE_MAX)
        limit_queue(queue_items[_i]);
    for (int cycle = 0; cycle < 20; cycle++) {
        m.near_bytes = cycle % 2 ? SIZE_MAX : 0;
        graph_grow(&g);
        run_cycle();
    }
    fixture_destroy(&g.f);
}
END_TEST

static void start(void)
{
    fixture_create(&f);
    ck_assert(marker_create(&m, &f.heap, MARKER_PART));
    marker_begin(&m, true);
}

static bool is_marked(const void *object)
{
    return *state_of(&f, object) == f.heap.numbers->mark;
}

static void mark_from(uintptr_t word)
{
    marker_scan_roots(&m, (uintptr_t)&word, (uintptr_t)(&word + 1));
    marker_drain(&m);
}

START_TEST(long_list)
{
    enum { LENGTH = 300000 };
    void **first = NULL;
    start();
    for (int i = 0; i < LENGTH; i++) {
        void **cell = fixture_alloc(&f, KIND_SCANNED, 32);
        cell[roll(4)] = first;
        first = cell;
    }
    mark_from((uintptr_t)first);
    sweep(&f.heap, true);
    ck_assert_uint_eq(f.heap.numbers->live_objects, LENGTH);
}
END_TEST

/* A table of pointers, larger than a piece and than both queues, its last word too, to
 * cells that point to one cell more. */
static void make_wide(size_t cells, void ***table)
{
    *table = fixture_alloc(&f, KIND_SCANNED, cells * sizeof(void *));
    for (size_t i = 0; i < cells; i++) {
        void **cell = fixture_alloc(&f, KIND_SCANNED, 24);
        (*table)[i] = cell;
        cell[1] = fixture_alloc(&f, KIND_SCANNED, 48);
    }
}

static void check_wide(size_t cells, void **table)
{
    ENSURE(is_marked(table));
    for (size_t i = 0; i < cells; i++)
        ENSURE(is_marked(table[i]) && is_marked(((void **)table[i])[1]));
}

/* Sizes around a piece, and around a whole number of them. */
START_TEST(large_objects_in_pieces)
{
    static const size_t sizes[] = {8184, 8192, 8200, 16384, 16392, 65536, 65544, 409600};
    void **table;
    size_t cells = sizes[_i % 8] / sizeof(void *);
    start();
    if (_i >= 8)
        limit_queue(0);
    make_wide(cells, &table);
    mark_from((uintptr_t)table);
    check_idle();
    check_wide(cells, table);
    sweep(&f.heap, true);
    ck_assert_uint_eq(f.heap.numbers->live_objects, 1 + 2 * cells);
    fixture_check(&f);
}
END_TEST

/* The system refuses memory for the list in the middle of marking. */
START_TEST(memory_for_the_queue_runs_out)
{
    enum { CELLS = 50000 };
    void **tables[3];
    start();
    for (int i = 0; i < 3; i++)
        make_wide(CELLS, &tables[i]);
    os_fail(1, true);
    for (int i = 0; i < 3; i++)
        marker_scan_roots(&m, (uintptr_t)&tables[i], (uintptr_t)(&tables[i] + 1));
    for (int i = 0; i < CELLS; i++) /* more roots than the list has room for */
        marker_scan_roots(&m, (uintptr_t)(tables[0] + i), (uintptr_t)(tables[0] + i + 1));
    ck_assert(m.overflowed);
    marker_drain(&m);
    os_fail(0, false);
    check_idle();
    for (int i = 0; i < 3; i++)
        check_wide(CELLS, tables[i]);
}
END_TEST

/* Only what the caller named counts, however often the heap is looked through. */
START_TEST(root_bytes)
{
    enum { CELLS = 2000 };
    void **table;
    uintptr_t roots[9] = {0};
    start();
    if (_i)
        limit_queue(0);
    make_wide(CELLS, &table);
    roots[0] = (uintptr_t)table;
    marker_scan_roots(&m, (uintptr_t)roots, (uintptr_t)(roots + 9));
    marker_scan_stack(&m, (uintptr_t)roots + 1, (uintptr_t)(roots + 9) - 1);
    marker_scan_roots(&m, (uintptr_t)roots + 3, (uintptr_t)roots + 5);
    marker_scan_roots(&m, (uintptr_t)(roots + 1), (uintptr_t)roots);
    marker_drain(&m);
    ck_assert_uint_eq(m.root_bytes, (9 + 7) * sizeof roots[0]);
    marker_begin(&m, true);
    ck_assert_uint_eq(m.root_bytes, 0);
}
END_TEST

/* Words that lie in the range as a whole and are aligned, and no byte behind them. */
START_TEST(bounds_of_roots)
{
    start();
    size_t page = os_page_bytes();
    uintptr_t p =
        (uintptr_t)mmap(NULL, 3 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_int_eq(mprotect((void *)(p + page), page, PROT_READ | PROT_WRITE), 0);
    uintptr_t *words = (uintptr_t *)(p + page), *end = (uintptr_t *)(p + 2 * page);
    void *objects[4];
    for (int i = 0; i < 4; i++)
        objects[i] = fixture_alloc(&f, KIND_SCANNED, 64);
    words[0] = (uintptr_t)objects[0];
    words[1] = (uintptr_t)objects[1];
    end[-2] = (uintptr_t)objects[2];
    end[-1] = (uintptr_t)objects[3];
    void (*scan)(struct marker *, uintptr_t, uintptr_t) =
        _i ? marker_scan_stack : marker_scan_roots;
    scan(&m, (uintptr_t)words + 1, (uintptr_t)end - 1);
    marker_drain(&m);
    ck_assert(!is_marked(objects[0]) && is_marked(objects[1]));
    ck_assert(is_marked(objects[2]) && !is_marked(objects[3]));
    scan(&m, (uintptr_t)words, (uintptr_t)end);
    marker_drain(&m);
    ck_assert(is_marked(objects[0]) && is_marked(objects[3]));
}
END_TEST

/* Every address of a slot keeps its object, and none around it does. */
START_TEST(interior_pointers)
{
    static const size_t sizes[] = {16, 48, 300, 5000, 20000, 65000, 70000, 200000};
    start();
    char *object = fixture_alloc(&f, KIND_ATOMIC, sizes[_i]);
    struct cell o = object_of(&f, object);
    uint8_t *state = o.state;
    for (size_t at = 0; at < o.size; at += 1 + o.size / 5000) {
        *state = STATE_NEW;
        mark_from(o.address + at);
        ENSURE(*state == f.heap.numbers->mark);
    }
    *state = STATE_NEW;
    mark_from(o.address - 1);
    ck_assert_int_eq(*state, STATE_NEW);
    mark_from(o.address + o.size - 1);
    ck_assert_int_eq(*state, f.heap.numbers->mark);
    *state = STATE_NEW;
    mark_from(o.address + o.size);
    bool large = word_class(o.word) == CLASS_LARGE;
    ck_assert_int_eq(*state, large ? f.heap.numbers->mark : STATE_NEW);
}
END_TEST

/* Addresses with no object change no state and harm nothing. */
START_TEST(pointers_to_nothing)
{
    start();
    void *object = fixture_alloc(&f, KIND_SCANNED, 144), *freed, *run;
    freed = fixture_alloc(&f, KIND_SCANNED, 144);
    fixture_free(&f, freed);
    run = f.cache->bins[sizeclass_for(144, false)].cur;
    uint32_t head = unit_head(&f.heap, unit_of(&f.heap, (uintptr_t)object));
    uintptr_t words[] = {0,
                         1,
                         UINTPTR_MAX,
                         f.heap.base - 1,
                         f.heap.base,
                         f.heap.base + UNIT_BYTES - 1,
                         f.heap.base + f.heap.bytes,
                         f.heap.base + f.heap.bytes - 1,
                         (uintptr_t)freed,
                         (uintptr_t)bin_object(&f.cache->bins[sizeclass_for(144, false)],
                                               run),
                         unit_address(&f.heap, head + 1) - 1, /* the tail of the block */
                         unit_address(&f.heap, head + 1),
                         unit_address(&f.heap, head + 3) + 4321};
    marker_scan_roots(&m, (uintptr_t)words, (uintptr_t)(words + COUNT_OF(words)));
    marker_scan_stack(&m, (uintptr_t)words, (uintptr_t)(words + COUNT_OF(words)));
    marker_drain(&m);
    fixture_check(&f);
    sweep(&f.heap, true);
    ck_assert_uint_eq(f.heap.numbers->live_objects, 0);
    fixture_check(&f);
}
END_TEST

/* A word of a stack that equals the end of a small atomic object keeps that too; one in
 * other roots, or of another kind or size, does not. */
START_TEST(ends_of_atomic_objects)
{
    static const struct {
        enum kind kind;
        size_t size;
        bool stack, kept;
    } cases[] = {
        {KIND_ATOMIC, 16, true, true},   {KIND_ATOMIC, 100, true, true},
        {KIND_ATOMIC, 224, true, true},  {KIND_MANUAL_ATOMIC, 48, true, true},
        {KIND_ATOMIC, 250, true, false}, {KIND_ATOMIC, 48, false, false},
        {KIND_SCANNED, 48, true, false}, {KIND_MANUAL, 48, true, false},
    };
    start();
    uint8_t *object = fixture_alloc(&f, cases[_i].kind, cases[_i].size);
    struct cell o = object_of(&f, object);
    uintptr_t word = o.address + o.size;
    void (*scan)(struct marker *, uintptr_t, uintptr_t) =
        cases[_i].stack ? marker_scan_stack : marker_scan_roots;
    scan(&m, (uintptr_t)&word, (uintptr_t)(&word + 1));
    marker_drain(&m);
    ck_assert_int_eq(is_marked(object), cases[_i].kept);
    word++;
    *state_of(&f, object) = STATE_NEW;
    scan(&m, (uintptr_t)&word, (uintptr_t)(&word + 1));
    marker_drain(&m);
    ck_assert(!is_marked(object));
}
END_TEST

/* With end pointers there is no such rule: the pointer lies inside. */
START_TEST(ends_with_end_pointers)
{
    struct heap h;
    ck_assert(make_heap(&h, MIB(64), true));
    ck_assert(marker_create(&m, &h, MARKER_PART));
    struct cache *c = cache_create(&h);
    unsigned bin = bin_of(KIND_ATOMIC, sizeclass_for(32, true));
    struct bin *b = &c->bins[bin];
    ck_assert(cache_refill(c, bin));
    uint8_t *state = b->cur++;
    *state = STATE_NEW;
    marker_begin(&m, true);
    uintptr_t word = (uintptr_t)bin_object(b, state) + b->size;
    marker_scan_stack(&m, (uintptr_t)&word, (uintptr_t)(&word + 1));
    marker_drain(&m);
    ck_assert_int_eq(*state, STATE_NEW);
    word = (uintptr_t)bin_object(b, state) + 32;
    marker_scan_stack(&m, (uintptr_t)&word, (uintptr_t)(&word + 1));
    marker_drain(&m);
    ck_assert_int_eq(*state, h.numbers->mark);
}
END_TEST

/* Free and reserved slots of manual blocks are no roots. */
START_TEST(manual_objects)
{
    start();
    void **kept = fixture_alloc(&f, KIND_MANUAL, 64);
    void **freed = fixture_alloc(&f, KIND_MANUAL, 64);
    void *atomic = fixture_alloc(&f, KIND_MANUAL_ATOMIC, 64);
    void *target = fixture_alloc(&f, KIND_SCANNED, 64);
    void *lost = fixture_alloc(&f, KIND_SCANNED, 64);
    kept[7] = target;
    freed[7] = lost;
    fixture_free(&f, freed);
    marker_drain(&m);
    ck_assert(!is_marked(kept) && !is_marked(atomic));
    marker_mark_manual(&m);
    marker_drain(&m);
    ck_assert(is_marked(kept) && is_marked(atomic) && is_marked(target));
    ck_assert(!is_marked(lost));
    ck_assert_int_eq(*state_of(&f, freed), STATE_RESERVED);
}
END_TEST

START_TEST(marks_alternate)
{
    start();
    void *object = fixture_alloc(&f, KIND_SCANNED, 64);
    uint8_t last = f.heap.numbers->mark;
    mark_from((uintptr_t)object);
    for (int i = 0; i < 5; i++) {
        marker_begin(&m, true);
        ck_assert_int_ne(f.heap.numbers->mark, last);
        ck_assert(f.heap.numbers->mark == STATE_MARK_A ||
                  f.heap.numbers->mark == STATE_MARK_B);
        ck_assert(!is_marked(object));
        mark_from((uintptr_t)object);
        ck_assert(is_marked(object));
        last = f.heap.numbers->mark;
    }
}
END_TEST

/* From UNIT_DISTANCE_MAX on the distance to the head is counted in steps. */
START_TEST(far_units)
{
    size_t step = (size_t)UNIT_DISTANCE_MAX << UNIT_SHIFT, bytes = 2 * step + GIB(1);
    struct heap h;
    if (breaks_apart())
        return; /* the break does not reach so far */
    ck_assert(make_heap(&h, 2 * bytes, false));
    ck_assert_msg(h.numbers->unit_limit > bytes >> UNIT_SHIFT,
                  "address space is limited");
    ck_assert(marker_create(&m, &h, MARKER_PART));
    uint32_t head = block_create_large(&h, KIND_ATOMIC, bytes, GRANULE);
    ck_assert_uint_ne(head, 0);
    block_at(&h, head)->free_count = 0;
    uint8_t *state = block_states(&h, head);
    size_t far[] = {step - 1,
                    step,
                    step + 77,
                    step + UNIT_BYTES,
                    2 * step - 1,
                    2 * step + 9,
                    2 * step + UNIT_BYTES,
                    bytes - 1};
    marker_begin(&m, true);
    for (size_t i = 0; i < COUNT_OF(far); i++) {
        *state = STATE_NEW;
        mark_from(unit_address(&h, head) + far[i]);
        ck_assert_int_eq(*state, h.numbers->mark);
    }
    heap_destroy(&h);
}
END_TEST

/* Each invariant broken once. */
static void check_broken(void *argument)
{
    switch (*(const int *)argument) {
    case 0:
        m.newest++;
        break;
    case 1:
        m.filled = 1;
        break;
    case 2:
        m.grey.end++;
        break;
    case 3:
        m.overflowed = true;
        break;
    case 4:
        f.heap.numbers->mark = STATE_NEW;
        break;
    case 5:
        m.grey.first = m.grey.end = m.grey.ready + 1;
        break;
    default:
        m.grey.ready = m.grey.capacity + 1;
    }
    marker_check(&m);
}

START_TEST(check_finds_what_is_broken)
{
    start();
    marker_check(&m);
    expect_abort(check_broken, &_i, "broken invariant");
}
END_TEST

static bool try_create(void *argument)
{
    (void)argument;
    size_t space = address_space();
    bool done = marker_create(&m, &f.heap, MARKER_PART);
    int error = errno;
    if (done)
        os_release(m.grey.items, m.grey.capacity * sizeof(struct grey));
    ck_assert_uint_eq(address_space(), space);
    errno = error;
    return done;
}

START_TEST(create_fails_cleanly)
{
    fixture_create(&f);
    ck_assert_uint_ge(refuse_each_call(try_create, NULL, true), 3);
}
END_TEST

TCase *mark_tests(void)
{
    TCase *t = tcase_create("mark");
    tcase_add_loop_test(t, random_graphs, 0, COUNT_OF(queue_items));
    tcase_add_loop_test(t, check_finds_what_is_broken, 0, 7);
    tcase_add_test(t, long_list);
    tcase_add_loop_test(t, large_objects_in_pieces, 0, 16);
    tcase_add_test(t, memory_for_the_queue_runs_out);
    tcase_add_loop_test(t, root_bytes, 0, 2);
    tcase_add_loop_test(t, bounds_of_roots, 0, 2);
    tcase_add_loop_test(t, interior_pointers, 0, 8);
    tcase_add_test(t, pointers_to_nothing);
    tcase_add_loop_test(t, ends_of_atomic_objects, 0, 8);
    tcase_add_test(t, ends_with_end_pointers);
    tcase_add_test(t, manual_objects);
    tcase_add_test(t, marks_alternate);
    tcase_add_test(t, far_units);
    tcase_add_test(t, create_fails_cleanly);
    return t;
}
