/* Observers are told of each object, once for each event, in the order in which they were added. */
#include "heap/observe.h"

#include <errno.h>
#include <gcalloc/gcalloc.h>

#include "heap/sweep.h"
#include "support.h"
#include "world/thread.h"

static struct fixture f;

static struct {
    struct cell cell;
    size_t requested;
    uint32_t stack;
    unsigned allocated, resizing, resized, freed, dead;
} seen;

static void allocated(struct heap *h, const struct cell *o, size_t requested,
                      uint32_t stack)
{
    ENSURE(*o->state == STATE_NEW);
    ENSURE(o->word == word_of(h, unit_of(h, o->address)));
    seen.cell = *o;
    seen.requested = requested;
    seen.stack = stack;
    seen.allocated++;
}

static void resizing(struct heap *h, const struct cell *o, struct call call)
{
    (void)h;
    ENSURE(*o->state >= STATE_NEW && call.ip != 0);
    ENSURE(o->address == seen.cell.address);
    seen.resizing++;
}

static void resized(struct heap *h, const struct cell *o, size_t requested)
{
    (void)h;
    ENSURE(o->address == seen.cell.address);
    seen.requested = requested;
    seen.resized++;
}

static void freed(struct heap *h, const struct cell *o, struct call call)
{
    (void)h;
    ENSURE(*o->state >= STATE_NEW && call.ip != 0);
    seen.cell = *o;
    seen.freed++;
}

static void found_dead(struct heap *h, const struct cell *o)
{
    ENSURE(*o->state >= STATE_NEW && *o->state != h->numbers->mark);
    seen.cell = *o;
    seen.dead++;
}

static const struct observer all = {
    .allocated = allocated,
    .resizing = resizing,
    .resized = resized,
    .freed = freed,
    .found_dead = found_dead,
    .wants_stacks = true,
};
static const struct observer spares = {.spare = 24};
static const struct observer none = {0};
static const struct observer deaths = {.found_dead = found_dead};

/* The thread has been given the fast paths by then. */
static void start(void)
{
    gc_init();
    observe(&process_heap, &none);
    observe(&process_heap, &all);
    thread_use_cache(NULL);
}

/* With a run at hand, with none, in a slot without a cache, in an extent of its own. */
START_TEST(objects_of_the_program)
{
    static const size_t sizes[] = {40, 40, 5000, 100000, 3000000};
    start();
    for (unsigned i = 0; i < COUNT_OF(sizes); i++) {
        void *object = gc_alloc(sizes[i]);
        ck_assert_uint_eq(seen.allocated, i + 1);
        ck_assert_uint_eq(seen.cell.address, (uintptr_t)object);
        ck_assert_uint_ge(seen.cell.size, sizes[i]);
        ck_assert_uint_eq(seen.requested, sizes[i]);
        ck_assert_uint_ne(seen.stack, 0);
        ck_assert_ptr_eq(gc_realloc(object, sizes[i] - 1), object);
        ck_assert_uint_eq(seen.resizing, i + 1);
        ck_assert_uint_eq(seen.resized, i + 1);
        ck_assert_uint_eq(seen.requested, sizes[i] - 1);
        gc_free(object);
        ck_assert_uint_eq(seen.freed, i + 1);
        ck_assert_uint_eq(seen.cell.address, (uintptr_t)object);
    }
    ck_assert_uint_eq(seen.dead, 0);
}
END_TEST

START_TEST(moved_objects)
{
    start();
    void *object = gc_alloc(40);
    void *moved = gc_realloc(object, 400);
    ck_assert_uint_eq(seen.allocated, 2);
    ck_assert_uint_eq(seen.requested, 400);
    ck_assert_uint_eq(seen.resizing, 1);
    ck_assert_uint_eq(seen.resized, 0);
    ck_assert_uint_eq(seen.freed, 1);
    ck_assert_uint_eq(seen.cell.address, (uintptr_t)object);
    gc_free(moved);
}
END_TEST

/* Each slot has so many bytes more than was asked for. */
START_TEST(spare_bytes)
{
    static volatile size_t too_many = SIZE_MAX - 8;
    static const size_t sizes[] = {0,    1,     16,    40,     255,    256,     1000,
                                   8170, 30000, 65536, 100000, 131072, 3000000, 4 << 20};
    gc_init();
    observe(&process_heap, &none);
    observe(&process_heap, &spares);
    thread_use_cache(NULL);
    ck_assert_uint_eq(process_heap.spare, 24);
    for (unsigned i = 0; i < COUNT_OF(sizes); i++) {
        void *object = gc_alloc(sizes[i]);
        for (unsigned k = 0; k < COUNT_OF(sizes); k++) {
            struct cell o = lookup_cell(&process_heap, (uintptr_t)object);
            memset(object, 7, o.size);
            size_t size = sizes[(i + k) % COUNT_OF(sizes)];
            object = gc_realloc(object, size);
            o = lookup_cell(&process_heap, (uintptr_t)object);
            ck_assert_uint_eq(o.address, (uintptr_t)object);
            ck_assert_uint_ge(o.size, size + 24);
        }
        gc_free(object);
    }
    errno = 0;
    ck_assert_ptr_null(gc_alloc(too_many));
    ck_assert_int_eq(errno, ENOMEM);
    void *object = gc_alloc(40);
    ck_assert_ptr_null(gc_realloc(object, too_many));
    ck_assert_ptr_eq(gc_base(object), object);
    gc_free(object);
}
END_TEST

START_TEST(dead_objects)
{
    static const size_t sizes[] = {40, 5000, 20000, 100000, 3000000};
    fixture_create(&f);
    observe(&f.heap, &deaths);
    for (unsigned i = 0; i < COUNT_OF(sizes); i++) {
        void *living = fixture_alloc(&f, KIND_SCANNED, sizes[i]);
        *state_of(&f, living) = f.heap.numbers->mark;
        fixture_free(&f, fixture_alloc(&f, KIND_SCANNED, sizes[i]));
        void *dead = fixture_alloc(&f, KIND_SCANNED, sizes[i]);
        sweep(&f.heap, true);
        ck_assert_uint_eq(seen.dead, i + 1);
        ck_assert_uint_eq(seen.cell.address, (uintptr_t)dead);
    }
    fixture_destroy(&f);
}
END_TEST

static void observe_too_much(void *argument)
{
    (void)argument;
    observe(&f.heap, &none);
}

START_TEST(no_more_than_there_is_room_for)
{
    fixture_create(&f);
    for (int i = 0; i < OBSERVERS_MOST; i++)
        observe(&f.heap, &none);
    expect_abort(observe_too_much, NULL, "broken invariant");
}
END_TEST

TCase *observe_tests(void)
{
    TCase *t = tcase_create("observe");
    tcase_add_test(t, objects_of_the_program);
    tcase_add_test(t, moved_objects);
    tcase_add_test(t, spare_bytes);
    tcase_add_test(t, dead_objects);
    tcase_add_test(t, no_more_than_there_is_room_for);
    return t;
}
