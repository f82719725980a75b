/* What lives and what goes: gc_collect, gc_disable, manual objects, out of memory. */
#include <pthread.h>
#include <setjmp.h>

#include "api.h"
#include "sanitizer.h"

enum { COUNT = 1000, STRAYS = COUNT / 100 };

static uintptr_t hidden[COUNT];

static void drop(void *argument)
{
    const unsigned *flags = argument;
    for (size_t i = 0; i < COUNT; i++)
        hidden[i] = hide(gc_alloc_with(16 + i % 500, 0, *flags));
}

/* Nothing points to them: managed ones go, but for one in a hundred that a stale word on
 * the stack may keep; manual ones stay, all of them, until they are freed. */
START_TEST(unreachable_goes)
{
    for (unsigned flags = 0; flags < 8; flags++) {
        run_apart(drop, &flags);
        collect_clean();
        if (!(flags & GC_MANUAL)) {
            ck_assert_uint_le(count_living(hidden, COUNT), STRAYS);
            continue;
        }
        ck_assert_uint_eq(count_living(hidden, COUNT), COUNT);
        for (size_t i = 0; i < COUNT; i++)
            gc_free(reveal(hidden[i]));
        ck_assert_uint_eq(count_living(hidden, COUNT), 0);
    }
    check_heap_sound();
}
END_TEST

static void *list;

static void build_list(void *argument)
{
    const unsigned *head_flags = argument;
    for (size_t i = 0; i < COUNT; i++) {
        void **node = gc_alloc_with(sizeof(void *) + i, 0, i == 0 ? *head_flags : 0);
        *node = list;
        list = node;
        hidden[i] = hide(node);
    }
}

/* From static data, through the whole list; each middle pointer an interior one. */
START_TEST(reachable_stays)
{
    unsigned flags = 0;
    run_apart(build_list, &flags);
    for (int i = 0; i < 5; i++)
        collect_clean();
    ck_assert_uint_eq(count_living(hidden, COUNT), COUNT);
    list = NULL;
    collect_clean();
    ck_assert_uint_le(count_living(hidden, COUNT), STRAYS);
}
END_TEST

static void hang_on_manual(void *argument)
{
    void **owner = argument;
    for (size_t i = 0; i < COUNT; i++)
        hidden[i] = hide(owner[i] = gc_alloc(40));
}

static void make_owner(void *argument)
{
    const unsigned *flags = argument;
    void **owner = gc_alloc_with(COUNT * sizeof *owner, 0, *flags);
    hang_on_manual(owner);
    list = (void *)hide(owner);
}

/* A manual object is a root; a manual atomic one is not looked into. */
START_TEST(manual_is_a_root)
{
    unsigned flags = GC_MANUAL;
    run_apart(make_owner, &flags);
    collect_clean();
    ck_assert_uint_eq(count_living(hidden, COUNT), COUNT);
    gc_free(reveal((uintptr_t)list));
    collect_clean();
    ck_assert_uint_le(count_living(hidden, COUNT), STRAYS);

    flags = GC_MANUAL | GC_ATOMIC;
    run_apart(make_owner, &flags);
    collect_clean();
    ck_assert_uint_le(count_living(hidden, COUNT), STRAYS);
    ck_assert(lives((uintptr_t)list));
}
END_TEST

static void hang_interior(void *argument)
{
    char **slots = argument;
    for (size_t i = 0; i < COUNT; i++) {
        size_t size = 1 + i * i / 10;
        char *object = gc_alloc(size);
        hidden[i] = hide(object);
        slots[i] = object + i * 7 % size;
    }
}

/* A pointer to any byte of an object keeps it. */
START_TEST(interior_pointers_count)
{
    char **slots = gc_alloc(COUNT * sizeof *slots);
    run_apart(hang_interior, slots);
    collect_clean();
    ck_assert_uint_eq(count_living(hidden, COUNT), COUNT);
    ck_assert_ptr_nonnull(slots[0]);
}
END_TEST

static void allocate_volume(size_t bytes)
{
    for (size_t done = 0; done < bytes; done += 1000)
        ENSURE(gc_alloc(1000));
}

START_TEST(disable_nests)
{
    ck_assert_int_eq(gc_option_set("floor", "1M"), 0);
    gc_enable(); /* one too many: does nothing */
    gc_disable();
    gc_disable();
    allocate_volume(MIB(20));
    ck_assert_uint_eq(stats_now().collections, 0);
    gc_enable();
    allocate_volume(MIB(20));
    ck_assert_uint_eq(stats_now().collections, 0);
    gc_collect(); /* works all the same */
    ck_assert_uint_eq(stats_now().collections, 1);
    allocate_volume(MIB(20));
    ck_assert_uint_eq(stats_now().collections, 1);
    gc_enable();
    allocate_volume(MIB(20));
    ck_assert_uint_ge(stats_now().collections, 10);
}
END_TEST

START_TEST(disabled_allocation_fails)
{
    ck_assert_int_eq(gc_option_set("heap_limit", "16M"), 0);
    gc_disable();
    errno = 0;
    size_t got = 0;
    while (gc_alloc(1000))
        got += 1000;
    ck_assert_int_eq(errno, ENOMEM);
    ck_assert_uint_ge(got, MIB(14));
    ck_assert_ptr_null(gc_alloc(1000));
    ck_assert_uint_eq(stats_now().collections, 0);
    check_heap_sound();
    gc_enable();
    ck_assert_ptr_nonnull(gc_alloc(1000));
    ck_assert_uint_eq(stats_now().collections, 1);
    allocate_volume(MIB(64));
    check_heap_sound();
}
END_TEST

/* ---- Out of memory ----------------------------------------------------------------- */

static struct {
    unsigned calls;
    size_t size;
    void *answer;
} oom;

static void *answer_request(size_t size, void *data)
{
    ck_assert_ptr_eq(data, &oom);
    oom.calls++;
    oom.size = size;
    return oom.answer;
}

/* Not inlined: as the compiler sees it, new objects are no other's memory. */
NOINLINE static void expect_answer(const void *object, const void *answer)
{
    ck_assert_ptr_eq(object, answer);
}

START_TEST(oom_handler_is_asked)
{
    static char own[64];
    ck_assert_int_eq(gc_option_set("heap_limit", "16M"), 0);
    gc_oom_handler_set(answer_request, &oom);
    ck_assert_ptr_nonnull(gc_alloc(MIB(1)));
    ck_assert_uint_eq(oom.calls, 0);
    void *ballast = gc_alloc_manual(MIB(8));
    size_t collections = stats_now().collections;
    errno = 0;
    ck_assert_ptr_null(gc_alloc(MIB(12)));
    ck_assert_int_eq(errno, ENOMEM);
    ck_assert_uint_eq(oom.calls, 1);
    ck_assert_uint_eq(oom.size, MIB(12));
    gc_free(ballast);
    /* One that was due, and one for want of memory. */
    ck_assert_uint_eq(stats_now().collections, collections + 2);
    oom.answer = own;
    errno = 4711;
    expect_answer(gc_alloc(MIB(17)), own);
    ck_assert_int_eq(errno, 4711);
    expect_answer(gc_alloc_with(MIB(20), 4096, GC_ATOMIC), own);
    expect_answer(gc_alloc(opaque(SIZE_MAX)), own);
    ck_assert_uint_eq(oom.calls, 4);
    gc_oom_handler_set(NULL, NULL);
    ck_assert_ptr_null(gc_alloc(MIB(17)));
    ck_assert_uint_eq(oom.calls, 4);
    check_heap_sound();
}
END_TEST

static void *free_reserve(size_t size, void *data)
{
    void **reserve = data;
    oom.calls++;
    if (!*reserve)
        return NULL;
    gc_free(*reserve);
    *reserve = NULL;
    return gc_alloc(size);
}

START_TEST(oom_handler_frees_and_allocates)
{
    static void *reserve, *kept;
    static char *volatile object;
    ck_assert_int_eq(gc_option_set("heap_limit", "16M"), 0);
    reserve = gc_alloc_manual(MIB(10));
    kept = gc_alloc_manual(MIB(5));
    gc_oom_handler_set(free_reserve, &reserve);
    object = gc_alloc(MIB(8));
    ck_assert_ptr_nonnull(object);
    ck_assert(is_filled(object, MIB(8), 0));
    ck_assert_ptr_null(reserve);
    ck_assert_uint_eq(oom.calls, 1);
    ck_assert_ptr_null(gc_alloc(MIB(8)));
    ck_assert_ptr_eq(gc_base(kept), kept);
    check_heap_sound();
}
END_TEST

static jmp_buf given_up;

static void *give_up(size_t size, void *data)
{
    (void)size;
    ++*(int *)data;
    longjmp(given_up, 1);
}

/* The allocation that failed has no effect, and holds no lock. */
START_TEST(oom_handler_leaves_by_longjmp)
{
    static int calls;
    static void *volatile kept;
    ck_assert_int_eq(gc_option_set("heap_limit", "16M"), 0);
    kept = gc_alloc_manual(1000);
    gc_oom_handler_set(give_up, &calls);
    for (volatile int i = 0; i < 3; i++)
        if (setjmp(given_up) == 0)
            ck_assert_ptr_null(i == 1 ? gc_realloc(kept, MIB(64)) : gc_alloc(MIB(64)));
    ck_assert_int_eq(calls, 3);
    ck_assert_ptr_eq(gc_base(kept), kept);
    gc_collect();
    ck_assert_ptr_nonnull(gc_alloc(100));
    gc_free(kept);
    check_heap_sound();
}
END_TEST

/* A block that was used once, per size and kind, is memory for others when it is empty.
 */
static void use_every_class(void *argument)
{
    const bool *by_hand = argument;
    for (size_t size = 16; size < KIB(64); size = size * 17 / 16 + 16) {
        void *objects[2] = {gc_alloc(size), gc_alloc_atomic(size)};
        for (int i = 0; *by_hand && i < 2; i++)
            gc_free(objects[i]);
    }
}

START_TEST(empty_blocks_are_given_up)
{
    ck_assert_int_eq(gc_option_set("heap_limit", "48M"), 0);
    for (int by_hand = 0; by_hand < 2; by_hand++) {
        bool argument = by_hand;
        run_apart(use_every_class, &argument);
        void *object = gc_alloc(MIB(40));
        ck_assert_ptr_nonnull(object);
        gc_free(object);
    }
    check_heap_sound();
}
END_TEST

/* Threads that drop objects of all sizes, each with blocks of its own for each size: in a small heap these have to
 * be had from the others, and what a collection frees from those that take it first. */
struct dropper {
    pthread_t thread;
    int count, refused;
};

static void *drop_all_sizes(void *dropper)
{
    struct dropper *d = dropper;
    unsigned long seed = (uintptr_t)d;
    for (int i = 0; i < d->count; i++) {
        seed = seed * 6364136223846793005 + 1442695040888963407;
        size_t size = 16 << (seed >> 60 & 7) | (seed >> 40 & 255);
        d->refused += !gc_alloc_with(size, 0, seed >> 50 & 1 ? GC_ATOMIC : 0);
    }
    return NULL;
}

static const struct {
    int threads, count;
    const char *limit;
} small_heaps[] = {{4, 12000, "8M"}, {16, 4000, UNDER_ASAN ? "2M" : "1M"}};

/* AddressSanitizer's frames are so large that addresses of fast paths stay on stacks, and a thread on whose stack
 * there is one keeps what it has at hand.
 *
 * ThreadSanitizer lets a thread take the stop signal in few places: those of this test in the midst of an
 * allocation, nearly always, where what a thread has at hand stays with it. */
START_TEST(threads_share_a_small_heap)
{
    if (UNDER_TSAN)
        return;
    struct dropper droppers[16] = {0};
    int threads = small_heaps[_i].threads;
    ck_assert_int_eq(gc_option_set("heap_limit", small_heaps[_i].limit), 0);
    gc_init();
    for (int i = 0; i < threads; i++) {
        droppers[i].count = small_heaps[_i].count;
        ck_assert_int_eq(
            pthread_create(&droppers[i].thread, NULL, drop_all_sizes, &droppers[i]), 0);
    }
    for (int i = 0; i < threads; i++) {
        ck_assert_int_eq(pthread_join(droppers[i].thread, NULL), 0);
        ck_assert_int_eq(droppers[i].refused, 0);
    }
    check_heap_sound();
}
END_TEST

Suite *collect_suite(void)
{
    Suite *s = suite_create("collect");
    ADD(s, unreachable_goes);
    ADD(s, reachable_stays);
    ADD(s, manual_is_a_root);
    ADD(s, interior_pointers_count);
    ADD(s, disable_nests);
    ADD(s, disabled_allocation_fails);
    ADD(s, oom_handler_is_asked);
    ADD(s, oom_handler_frees_and_allocates);
    ADD(s, oom_handler_leaves_by_longjmp);
    ADD(s, empty_blocks_are_given_up);
    tcase_add_loop_test(new_case(s, "threads_share_a_small_heap"),
                        threads_share_a_small_heap, 0,
                        sizeof small_heaps / sizeof small_heaps[0]);
    return s;
}
