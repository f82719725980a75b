/* Layouts, typed bins and slabs where memory ends, in mark-stack overflows, and where they are damaged. */
#include <gcalloc/layout.h>
#include <gcalloc/slab.h>
#include <gcalloc/walk.h>

#include "base/os.h"
#include "collect/cycle.h"
#include "collect/mark.h"
#include "heap/layout.h"
#include "heap/sweep.h"
#include "support.h"

/* ---- Refused memory ------------------------------------------------------------------------------------ */

static void *kept[4]; /* a root */
static gc_layout last;

/* So many that pages of tables and of layouts are needed anew now and then. */
static bool use_layout(void *argument)
{
    size_t offsets[100];
    (void)argument;
    for (size_t i = 0; i < COUNT_OF(offsets); i++)
        offsets[i] = 8 * i;
    gc_layout layout = gc_layout_new(1000, offsets, COUNT_OF(offsets));
    if (!layout)
        return false;
    gc_layout array = gc_layout_new_array(0, layout);
    if (!array || gc_layout_name(array, "array of a thousand bytes") != 0)
        return false;
    last = layout;
    return (kept[0] = gc_alloc_layout(layout)) != NULL &&
           (kept[1] = gc_alloc_layout_sized(array, 100000)) != NULL &&
           (kept[2] = gc_alloc_layout_sized(array, 20000)) != NULL;
}

START_TEST(no_memory_for_a_layout)
{
    unsigned refused = 0;
    for (int i = 0; i < 20; i++) {
        refused += refuse_each_call(use_layout, NULL, _i) - 1;
        layouts_check(&process_heap);
        gc_collect();
        for (size_t k = 0; k < 3; k++)
            ck_assert_ptr_eq(gc_base(kept[k]), kept[k]);
    }
    ck_assert_uint_gt(refused, 20);
}
END_TEST

static void construct(void *object)
{
    ((void **)object)[0] = kept[3];
}

static bool use_slab(void *argument)
{
    (void)argument;
    gc_slab *slab = gc_slab_create("slab", 48, 0, construct, GC_SLAB_KEEP);
    if (!slab)
        return false;
    void *object = gc_slab_alloc(slab);
    struct gc_slab_stats stats;
    if (!object)
        return false;
    gc_slab_free(slab, object);
    if (gc_slab_stats(slab, &stats) != 0)
        return false;
    ENSURE(stats.waiting == 1 && stats.objects == 0);
    ENSURE(gc_slab_alloc(slab) == object);
    return gc_slab_destroy(slab) == 0;
}

START_TEST(no_memory_for_a_slab)
{
    kept[3] = gc_alloc(16);
    unsigned refused = 0;
    for (int i = 0; i < 5; i++)
        refused += refuse_each_call(use_slab, NULL, _i) - 1;
    ck_assert_uint_gt(refused, 5);
    gc_collect();
}
END_TEST

static size_t objects_seen;

static void see_object(const struct gc_walk_object *object, void *unused)
{
    (void)unused;
    objects_seen += object->size > 0;
}

static void see_count(const struct gc_type_count *count, void *unused)
{
    (void)unused;
    objects_seen += count->objects;
}

/* Whatever a walk could not have memory for, it has visited each object once or says that it has not. */
static bool walk_all(void *unused)
{
    (void)unused;
    objects_seen = 0;
    if (gc_heap_walk(see_object, NULL) != 0)
        return false;
    ENSURE(objects_seen >= 1000);
    size_t walked = objects_seen;
    objects_seen = 0;
    if (gc_stats_types(see_count, NULL) != 0)
        return false;
    ENSURE(objects_seen == walked);
    return true;
}

START_TEST(no_memory_for_a_walk)
{
    static void *volatile objects[1000]; /* a root that nobody reads */
    for (size_t i = 0; i < COUNT_OF(objects); i++)
        objects[i] = gc_alloc(i);
    gc_collect();
    ck_assert_uint_gt(refuse_each_call(walk_all, NULL, _i), 1);
    ck_assert(walk_all(NULL));
}
END_TEST

/* ---- A heap of its own --------------------------------------------------------------------------------- */

static struct fixture f;
static struct marker m;

static void create(void)
{
    fixture_create(&f);
    ck_assert(marker_create(&m, &f.heap, MARKER_PART));
}

static void destroy(void)
{
    fixture_destroy(&f);
}

static uint32_t add_layout(const struct layout *l, size_t size)
{
    unsigned class = size ? sizeclass_for(size, false) : CLASS_NONE;
    uint32_t t = layout_add(&f.heap, l, KIND_ATOMIC, class);
    ck_assert_uint_ne(t, 0);
    return t;
}

static void *alloc_typed(uint32_t t)
{
    unsigned bin = TYPED_FIRST + t;
    struct slot taken;
    if (!cache_group(f.cache, bin))
        ck_assert(cache_add_typed(f.cache, t));
    while (!bin_take(cache_bin_at(f.cache, bin), true, &taken))
        ENSURE(cache_advance(f.cache, bin) || cache_refill(f.cache, bin));
    return taken.object;
}

static uint32_t add_two_words(void)
{
    static const uint32_t words[] = {1, 3};
    return add_layout(&(struct layout){.shape = LAYOUT_BITS,
                                       .bits = 1 << 1 | 1 << 3,
                                       .words = words,
                                       .count = 2,
                                       .size = 48},
                      48);
}

/* A cycle whose only root is this word. */
static void cycle(void *root)
{
    uintptr_t word = (uintptr_t)root;
    marker_begin(&m, true);
    marker_scan_roots(&m, (uintptr_t)&word, (uintptr_t)(&word + 1));
    marker_drain(&m);
    marker_check(&m);
    marker_end(&m);
    lock_check_all(true);
    sweep(&f.heap, true);
    lock_check_all(false);
    fixture_check(&f);
}

/* A tree whose queues get no memory: each marked object is scanned again, by its layout. */
enum { LEAVES = 20000 };

START_TEST(mark_stack_overflow)
{
    uint32_t two = add_two_words();
    void **list = NULL, **lost;
    for (size_t i = 0; i < LEAVES; i++) {
        void **node = alloc_typed(two);
        node[1] = list;
        node[3] = alloc_typed(two);
        node[2] = lost = alloc_typed(two);
        list = node;
    }
    os_fail(1, true);
    cycle(list);
    os_fail(0, false);
    ck_assert_uint_eq(f.heap.numbers->live_objects, 2 * LEAVES);
    ck_assert_uint_lt(*state_of(&f, lost), STATE_NEW);
    size_t count = 0;
    for (void **node = list; node; node = node[1], count++)
        ENSURE(*state_of(&f, node[3]) >= STATE_NEW);
    ck_assert_uint_eq(count, LEAVES);
    cycle(NULL);
    ck_assert_uint_eq(f.heap.numbers->live_objects, 0);
}
END_TEST

/* What a trace function names where the grey queue has no room: by itself a range of more pointers than that
 * holds. */
static void *many[LEAVES];

static void trace_many(void *object, size_t size, void *data)
{
    (void)object, (void)size;
    gc_trace_range(many, many + LEAVES);
    for (size_t i = 0; data && i < LEAVES; i++)
        gc_trace_word((uintptr_t)many[i]);
}

START_TEST(overflow_by_a_trace_function)
{
    uint32_t two = add_two_words();
    uint32_t traced = add_layout(&(struct layout){.shape = LAYOUT_TRACED,
                                                  .trace = trace_many,
                                                  .data = _i ? &f : NULL,
                                                  .sized = true,
                                                  .size = 16},
                                 16);
    for (size_t i = 0; i < LEAVES; i++) {
        void **object = many[i] = alloc_typed(two);
        object[1] = alloc_typed(two);
    }
    void *root = alloc_typed(traced);
    os_fail(1, true);
    cycle(root);
    os_fail(0, false);
    ck_assert_uint_eq(f.heap.numbers->live_objects, 2 * LEAVES + 1);
}
END_TEST

/* Freed slots come back to the heap, whichever cache they were of. */
START_TEST(caches_give_back)
{
    enum { OBJECTS = 3000 };
    uint32_t t[40];
    static void *objects[OBJECTS];
    f.other = cache_create(&f.heap);
    for (size_t i = 0; i < COUNT_OF(t); i++)
        t[i] = add_two_words();
    for (size_t round = 0; round < 10; round++) {
        for (size_t i = 0; i < OBJECTS; i++)
            objects[i] = alloc_typed(t[roll(COUNT_OF(t))]);
        fixture_check(&f);
        for (size_t i = 0; i < OBJECTS; i++) {
            struct cell o = object_of(&f, objects[i]);
            ENSURE(word_typed(o.word) && o.address == (uintptr_t)objects[i]);
            cache_free(roll(2) ? f.cache : f.other, o.word, objects[i], o.state);
        }
        fixture_check(&f);
    }
    cache_empty(f.cache);
    cache_empty(f.other);
    heap_check(&f.heap, NULL);
    ck_assert_uint_eq(f.heap.numbers->used_bytes, 0);
}
END_TEST

static void damage(void *argument)
{
    struct layout *l = f.heap.layouts[0] + 1;
    switch (*(int *)argument) {
    case 0:
        l->bits = 1;
        break;
    case 1:
        l->size = 16;
        break;
    case 2:
        l->trace = trace_many;
        break;
    case 3:
        f.heap.typed[1].what ^= 1u << UNIT_BIN_BITS;
        break;
    case 4:
        f.heap.types[unit_of(&f.heap, (uintptr_t)kept[0])]++;
        break;
    default:
        f.heap.numbers->reserved_apart++;
    }
    fixture_check(&f);
}

START_TEST(checks_find_damage)
{
    kept[0] = alloc_typed(add_two_words());
    fixture_check(&f);
    expect_abort(damage, &_i, "broken invariant");
}
END_TEST

struct TCase *typed_tests(void)
{
    TCase *t = tcase_create("typed");
    tcase_add_loop_test(t, no_memory_for_a_layout, 0, 2);
    tcase_add_loop_test(t, no_memory_for_a_slab, 0, 2);
    tcase_add_loop_test(t, no_memory_for_a_walk, 0, 2);
    tcase_add_checked_fixture(t, create, destroy);
    tcase_add_test(t, mark_stack_overflow);
    tcase_add_loop_test(t, overflow_by_a_trace_function, 0, 2);
    tcase_add_test(t, caches_give_back);
    tcase_add_loop_test(t, checks_find_damage, 0, 6);
    return t;
}
