/* gc_free: what it ends, and what it refuses. */
#include "api.h"

/* Reports show who calls, and not more of the stack, which is other tests' and takes most of their time: the tables of
 * the C library are read for each report anew. */
static void show_less(void)
{
    ck_assert_int_eq(gc_option_set("depth", "1"), 0);
}

/* Frees a pointer that is no living object's start: a report on stderr that begins with the
 * function and the pointer, and ends with what was done about it; no other effect. */
static void expect_refused(void *pointer)
{
    char call[64];
    snprintf(call, sizeof call, "gcalloc: gc_free(%p)", pointer);
    struct gc_stats before = stats_now();
    capture_begin();
    errno = 4711;
    gc_free(pointer);
    int error = errno;
    const char *text = capture_end();
    ck_assert_int_eq(error, 4711);
    ck_assert_msg(strncmp(text, call, strlen(call)) == 0, "not '%s': %s", call, text);
    ck_assert_uint_eq(occurrences(text, "gcalloc: "), 1);
    ck_assert_uint_eq(occurrences(text, "\n  nothing was done\n"), 1);
    struct gc_stats after = stats_now();
    ck_assert_uint_eq(after.freed_bytes, before.freed_bytes);
    ck_assert_uint_eq(after.allocated_bytes, before.allocated_bytes);
    check_heap_sound();
}

START_TEST(null_is_ignored)
{
    capture_begin();
    errno = 4711;
    gc_free(NULL);
    int error = errno;
    ck_assert_str_eq(capture_end(), "");
    ck_assert_int_eq(error, 4711);
}
END_TEST

START_TEST(errno_is_left_alone)
{
    for (size_t size = 0; size < MIB(8); size = size * 2 + 1) {
        void *object = gc_alloc(size);
        errno = 4711;
        gc_free(object);
        ck_assert_int_eq(errno, 4711);
    }
}
END_TEST

START_TEST(first_call_of_all)
{
    static char in_data[16];
    expect_refused(in_data);
}
END_TEST

START_TEST(foreign_pointers)
{
    static char in_data[16];
    char on_stack[16];
    char *foreign = malloc(64);
    gc_init();
    expect_refused(in_data);
    expect_refused(on_stack);
    expect_refused(foreign);
    expect_refused((void *)opaque(16));
    expect_refused((void *)opaque(SIZE_MAX));
    expect_refused((void *)opaque((uintptr_t)&gc_free));
    free(foreign);
}
END_TEST

START_TEST(interior_pointers)
{
    static const size_t sizes[] = {16, 48, 100, 1000, 8000, 50000, 70000, MIB(5)};
    show_less();
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char *object = gc_alloc(sizes[i]);
        memset(object, 0x77, sizes[i]);
        expect_refused(object + 1);
        expect_refused(object + 8);
        expect_refused(object + sizes[i] / 2);
        expect_refused(object + sizes[i] - 1);
        if (sizes[i] > 65536)
            expect_refused(object + 65536); /* the start of the next unit */
        ck_assert_ptr_eq(gc_base(object), object);
        ck_assert(is_filled(object, sizes[i], 0x77));
    }
}
END_TEST

/* Freed just now (it is in the magazine), freed long ago (its slot is free), its block
 * gone too. */
START_TEST(double_free)
{
    enum { COUNT = 5000 };
    static uintptr_t hidden[COUNT];
    static const size_t sizes[] = {16, 100, 4000, 40000, 100000};
    show_less();
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t count = sizes[i] > 1000 ? 100 : COUNT;
        gc_disable(); /* nothing visible points to them */
        for (size_t k = 0; k < count; k++)
            hidden[k] = hide(gc_alloc(sizes[i]));
        for (size_t k = 0; k < count; k++)
            gc_free(reveal(hidden[k]));
        gc_enable();
        size_t step = count / 3 - 1; /* each is tried in a child */
        for (size_t k = 0; k < count; k += step)
            expect_refused(reveal(hidden[k]));
        gc_collect();
        for (size_t k = 0; k < count; k += step)
            expect_refused(reveal(hidden[k]));
    }
}
END_TEST

static uintptr_t dropped[1000];

static void drop_objects(void *argument)
{
    const size_t *size = argument;
    for (size_t i = 0; i < 1000; i++)
        dropped[i] = hide(gc_alloc(*size));
}

START_TEST(collected_pointer)
{
    gc_disable(); /* but for the collection that is asked for */
    show_less();
    for (size_t size = 32; size < 100000; size *= 20) {
        run_apart(drop_objects, &size);
        ck_assert_uint_eq(count_living(dropped, 1000), 1000);
        collect_clean();
        size_t refused = 0;
        for (size_t i = 0; i < 1000; i++)
            if (!lives(dropped[i]) && refused++ % 200 == 0)
                expect_refused(reveal(dropped[i]));
        ck_assert_uint_ge(refused, 990); /* a stale word may keep a few */
    }
}
END_TEST

/* Free units, the space behind the last object, the first unit, which is never used. */
START_TEST(pointers_where_no_object_is)
{
    char *object = gc_alloc(100000);
    char *below = (char *)((uintptr_t)object & ~(uintptr_t)0xFFFF);
    show_less();
    ck_assert_ptr_eq(below, object);
    gc_free(object);
    expect_refused(object);
    expect_refused(object + 65536);
    expect_refused(object + MIB(16));
    expect_refused(object + GIB(2));
    expect_refused(gc_base(object) ? NULL : object - 65536);
}
END_TEST

START_TEST(freed_is_gone_and_reused)
{
    for (size_t size = 1; size < 60000; size = size * 2 + 3) {
        uintptr_t first = hide(gc_alloc(size));
        gc_free(reveal(first));
        ck_assert(!lives(first));
        uintptr_t second = hide(gc_alloc(size)); /* the most recently freed is hot */
        ck_assert_uint_eq(first, second);
        gc_free(reveal(second));
    }
    check_heap_sound();
}
END_TEST

/* A freed object's pointers count no more. */
static uintptr_t target;

static void make_and_free_owner(void *argument)
{
    (void)argument;
    void **owner = gc_alloc_manual(64);
    owner[0] = gc_alloc(64);
    target = hide(owner[0]);
    collect_clean();
    ck_assert(lives(target));
    gc_free(owner);
}

START_TEST(freed_keeps_nothing_alive)
{
    run_apart(make_and_free_owner, NULL);
    ck_assert(lives(target));
    collect_clean();
    ck_assert(!lives(target));
}
END_TEST

Suite *free_suite(void)
{
    Suite *s = suite_create("free");
    ADD(s, null_is_ignored);
    ADD(s, errno_is_left_alone);
    ADD(s, first_call_of_all);
    ADD(s, foreign_pointers);
    ADD(s, interior_pointers);
    ADD(s, double_free);
    ADD(s, collected_pointer);
    ADD(s, pointers_where_no_object_is);
    ADD(s, freed_is_gone_and_reused);
    ADD(s, freed_keeps_nothing_alive);
    return s;
}
