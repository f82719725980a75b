/* gc_realloc: every way from one size to another. */
#include "api.h"

#include "base/os.h"

/* Small, medium, large, and so large that pages are moved; on both sides of boundaries.
 */
static const size_t sizes[] = {
    0,      1,      15,     16,         17,     100,        255,    256,          1000,
    4096,   8191,   8192,   8193,       20000,  65535,      65536,  65537,        100000,
    131071, 131072, MIB(1), MIB(4) - 1, MIB(4), MIB(4) + 1, MIB(5), MIB(9) + 777,
};

enum { SIZES = sizeof sizes / sizeof sizes[0] };

static void check_kind(char *object, unsigned flags);

/* From one size to another, with a pattern in the first object, for objects of a kind. */
static void transition(size_t from, size_t to, unsigned flags)
{
    char *old = gc_alloc_with(from, 0, flags);
    ck_assert_ptr_nonnull(old);
    write_pattern(old, from, 1);
    char *object = gc_realloc(old, to);
    ck_assert_ptr_nonnull(object);
    ck_assert_uint_eq((uintptr_t)object % 16, 0);
    ck_assert_ptr_eq(gc_base(object), object);
    ck_assert_uint_ge(gc_usable_size(object), to);
    size_t kept = min_size(from, to);
    ck_assert_msg(has_pattern(object, kept, 1), "%zu to %zu: contents", from, to);
    if (!(flags & GC_ATOMIC))
        ck_assert_msg(is_filled(object + kept, to - kept, 0), "%zu to %zu: rest is not 0",
                      from, to);
    if (object != old)
        ck_assert_ptr_null(gc_base(old));
    check_kind(object, flags);
    gc_free(object);
}

static uintptr_t probe;
static void
    *neighbour; /* keeps the block that probes are of: they never lie where an object
                           lay that the stack still points to */

static void point_to_probe(void *argument)
{
    void *target = gc_alloc(48);
    memcpy(argument, &target, sizeof target);
    probe = hide(target);
}

/* Pointers in a scanned object keep their target, those in an atomic one do not.  Only
 * for some sizes: each check is a collection. */
static void check_kind(char *object, unsigned flags)
{
    static unsigned checks;
    if (gc_usable_size(object) < sizeof(void *) || checks++ % 16 != 0)
        return;
    neighbour = neighbour ? neighbour : gc_alloc(48);
    run_apart(point_to_probe, object);
    collect_clean();
    ck_assert_int_eq(lives(probe), !(flags & GC_ATOMIC));
    memset(object, 0, sizeof(void *));
}

static void all_transitions(unsigned flags)
{
    for (size_t i = 0; i < SIZES; i++)
        for (size_t k = 0; k < SIZES; k++)
            transition(sizes[i], sizes[k], flags);
    check_heap_sound();
}

START_TEST(transitions_scanned)
{
    all_transitions(0);
}
END_TEST

START_TEST(transitions_atomic)
{
    all_transitions(GC_ATOMIC);
}
END_TEST

START_TEST(transitions_manual)
{
    all_transitions(GC_MANUAL);
}
END_TEST

START_TEST(transitions_manual_atomic)
{
    all_transitions(GC_MANUAL | GC_ATOMIC);
}
END_TEST

enum { MOVED = 20, STALE_MOST = 2 };

static uintptr_t moved[MOVED];

static void resize_unseen(void *argument)
{
    const unsigned *flags = argument;
    for (size_t i = 0; i < MOVED; i++) {
        void *object = gc_alloc_with(100, 0, *flags);
        moved[i] = hide(gc_realloc(object, 5000));
    }
}

/* A manual object stays one when it moves, a managed one managed: of these a stale word keeps one. */
START_TEST(moved_keeps_manual)
{
    for (unsigned flags = 0; flags < 4; flags++) {
        run_apart(resize_unseen, &flags);
        collect_clean();
        size_t living = count_living(moved, MOVED);
        ck_assert(flags & GC_MANUAL ? living == MOVED : living <= STALE_MOST);
    }
}
END_TEST

START_TEST(null_is_alloc)
{
    for (size_t i = 0; i < SIZES; i++) {
        char *object = gc_realloc(NULL, sizes[i]);
        ck_assert_ptr_nonnull(object);
        ck_assert_uint_ge(gc_usable_size(object), sizes[i]);
        ck_assert(is_filled(object, sizes[i], 0));
        check_kind(object, 0);
    }
}
END_TEST

START_TEST(size_zero_keeps_an_object)
{
    for (size_t i = 0; i < SIZES; i++) {
        char *object = gc_realloc(gc_alloc(sizes[i]), 0);
        ck_assert_ptr_nonnull(object);
        ck_assert_ptr_eq(gc_base(object), object);
        ck_assert_uint_lt(gc_usable_size(object), 32);
        gc_free(object);
    }
    check_heap_sound();
}
END_TEST

/* What was cut off does not come back, from small slots to moved pages. */
START_TEST(zero_beyond_after_shrinking)
{
    for (size_t size = 32; size <= MIB(6); size = size * 3 / 2) {
        size_t less = size - size / 16 - 1;
        char *object = gc_alloc(size);
        memset(object, 0xEE, size);
        object = gc_realloc(object, less);
        object = gc_realloc(object, size);
        ck_assert(is_filled(object, less, 0xEE));
        ck_assert_msg(is_filled(object + less, size - less, 0), "%zu to %zu and back",
                      size, less);
        gc_free(object);
    }
}
END_TEST

/* What an object has itself that was not zeroed is undefined, and what it gains is zero. */
START_TEST(zero_beyond_without_zero)
{
    for (size_t size = 20; size <= MIB(6); size = size * 3 / 2) {
        for (size_t alignment = 0; alignment <= 64; alignment += 64) {
            char *before = gc_alloc(size + size / 2);
            memset(before, 0xEE, gc_usable_size(before));
            gc_free(before);
            char *object = gc_alloc_with(size, alignment, GC_NO_ZERO);
            size_t more = gc_usable_size(object);
            object = gc_realloc(object, more);
            ck_assert_msg(is_filled(object + size, more - size, 0), "%zu to %zu", size,
                          more);
            gc_free(object);
        }
    }
}
END_TEST

/* The same with growth to a place of its own, which copies whole pages. */
START_TEST(zero_beyond_after_shrinking_and_moving)
{
    for (size_t size = KIB(70); size <= MIB(6); size = size * 3 / 2) {
        size_t less = size - size / 16 - 1;
        char *object = gc_alloc(size);
        memset(object, 0xEE, size);
        object = gc_realloc(object, less);
        ck_assert_ptr_nonnull(gc_alloc(KIB(70))); /* sits behind it, perhaps */
        object = gc_realloc(object, 3 * size);
        ck_assert(is_filled(object, less, 0xEE));
        ck_assert_msg(is_filled(object + less, 3 * size - less, 0), "%zu to %zu and on",
                      size, less);
        gc_free(object);
    }
}
END_TEST

START_TEST(in_place)
{
    char *object = gc_alloc(1000); /* a slot serves down to just over its half */
    uintptr_t address = hide(object);
    size_t usable = gc_usable_size(object);
    ck_assert_uint_eq(hide(gc_realloc(object, usable)), address);
    ck_assert_uint_eq(hide(gc_realloc(object, 600)), address);
    ck_assert_uint_eq(hide(gc_realloc(object, 1000)), address);

    gc_free(gc_alloc(MIB(80))); /* makes room behind the next */
    char *large = gc_alloc(MIB(1));
    address = hide(large);
    for (size_t size = MIB(1); size < MIB(64); size = size * 5 / 4)
        ck_assert_uint_eq(hide(gc_realloc(reveal(address), size)), address);
    for (size_t size = MIB(60); size > KIB(70); size = size * 3 / 4)
        ck_assert_uint_eq(hide(gc_realloc(reveal(address), size)), address);
    check_heap_sound();
}
END_TEST

/* Growing step by step, as a buffer does, past neighbours that are in the way. */
START_TEST(growing_buffers)
{
    enum { BUFFERS = 4 };
    static char *buffers[BUFFERS];
    size_t size = 16;
    while (size < MIB(12)) {
        size_t larger = size + size / 3 + 5;
        for (unsigned i = 0; i < BUFFERS; i++) {
            buffers[i] = gc_realloc(buffers[i], larger);
            ck_assert_ptr_nonnull(buffers[i]);
            if (size > 16)
                ck_assert(has_pattern(buffers[i], size, i));
            write_pattern(buffers[i], larger, i);
        }
        size = larger;
    }
    check_heap_sound();
}
END_TEST

static void expect_refused(void *pointer)
{
    char address[32];
    snprintf(address, sizeof address, "gc_realloc(%p)", pointer);
    capture_begin();
    errno = 0;
    void *object = gc_realloc(pointer, 100);
    int error = errno;
    const char *text = capture_end();
    ck_assert_ptr_null(object);
    ck_assert_int_eq(error, EINVAL);
    ck_assert_msg(strstr(text, address) != NULL, "no %s in: %s", address, text);
    ck_assert_uint_eq(occurrences(text, "gcalloc: "), 1);
}

START_TEST(bad_pointers)
{
    static char in_data[16];
    char on_stack[16];
    char *object = gc_alloc(64), *large = gc_alloc(100000), *freed = gc_alloc(64);
    char *foreign = malloc(64);
    gc_free(freed);
    memset(object, 1, 64);
    expect_refused(in_data);
    /* The others' reports show less of the stack, which is quicker. */
    ck_assert_int_eq(gc_option_set("depth", "1"), 0);
    expect_refused(on_stack);
    expect_refused(foreign);
    expect_refused(freed);
    expect_refused(object + 1);
    expect_refused(object + 16);
    expect_refused(large + 65536);
    expect_refused((void *)opaque(SIZE_MAX));
    ck_assert(is_filled(object, 64, 1));
    check_heap_sound();
    free(foreign);
}
END_TEST

/* With a limit that the larger object exceeds, the old one stays as it was. */
START_TEST(failure_leaves_the_object)
{
    ck_assert_int_eq(gc_option_set("heap_limit", "32M"), 0);
    for (unsigned flags = 0; flags < 4; flags++) {
        for (size_t size = 16; size < MIB(8); size *= 2) {
            char *object = gc_alloc_with(size, 0, flags);
            ck_assert_ptr_nonnull(object);
            size_t usable = gc_usable_size(object);
            write_pattern(object, usable, flags);
            errno = 0;
            ck_assert_ptr_null(gc_realloc(object, MIB(33)));
            ck_assert_int_eq(errno, ENOMEM);
            ck_assert_uint_eq(gc_usable_size(object), usable);
            ck_assert(has_pattern(object, usable, flags));
            gc_free(object);
        }
    }
    check_heap_sound();
}
END_TEST

START_TEST(errno_is_left_alone)
{
    char *a = gc_alloc(MIB(4)), *b = gc_alloc(MIB(4));
    errno = 4711;
    for (size_t size = MIB(4); size < MIB(32); size += MIB(2)) {
        a = gc_realloc(a, size);
        b = gc_realloc(b, size);
        ck_assert_ptr_nonnull(a);
        ck_assert_ptr_nonnull(b);
        ck_assert_int_eq(errno, 4711);
        a[size - 1] = b[size - 1] = 1;
    }
}
END_TEST

/* A call of the system that fails on the way to success, such as moving pages (the first
 * call, once the heap has grown), must not show. */
START_TEST(errno_is_left_alone_when_the_system_refuses)
{
    unsigned resized = 0;
    for (unsigned nth = 8; nth > 0; nth--) {
        char *object = gc_alloc(MIB(8)), *behind = gc_alloc(MIB(8));
        write_pattern(object, MIB(8), nth);
        os_fail(nth, false);
        errno = 4711;
        char *larger = gc_realloc(object, MIB(24));
        int error = errno;
        os_fail(0, false);
        ck_assert_int_eq(error, larger ? 4711 : ENOMEM);
        ck_assert(has_pattern(larger ? larger : object, MIB(8), nth));
        ck_assert_ptr_eq(gc_base(behind), behind);
        resized += larger != NULL;
        gc_free(larger ? larger : object);
        gc_free(behind);
    }
    ck_assert_uint_ge(resized, 1);
    check_heap_sound();
}
END_TEST

Suite *resize_suite(void)
{
    Suite *s = suite_create("resize");
    ADD(s, transitions_scanned);
    ADD(s, transitions_atomic);
    ADD(s, transitions_manual);
    ADD(s, transitions_manual_atomic);
    ADD(s, moved_keeps_manual);
    ADD(s, null_is_alloc);
    ADD(s, size_zero_keeps_an_object);
    ADD(s, zero_beyond_after_shrinking);
    ADD(s, zero_beyond_without_zero);
    ADD(s, zero_beyond_after_shrinking_and_moving);
    ADD(s, in_place);
    ADD(s, growing_buffers);
    ADD(s, bad_pointers);
    ADD(s, failure_leaves_the_object);
    ADD(s, errno_is_left_alone);
    ADD(s, errno_is_left_alone_when_the_system_refuses);
    return s;
}
