/* A second thread is served as the first is; fork gives the child a heap of its own. */
#include "api.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static char *object;

static void *call_everything(void *argument)
{
    errno = 4711;
    for (size_t size = 0; size < 100000; size = size * 3 + 1) {
        ck_assert_ptr_nonnull(gc_alloc(size));
        ck_assert_ptr_nonnull(gc_alloc_atomic(size));
        void *manual = gc_alloc_manual(size), *atomic = gc_alloc_manual_atomic(size);
        ck_assert_ptr_nonnull(manual);
        ck_assert_ptr_nonnull(atomic);
        ck_assert_ptr_nonnull(gc_alloc_aligned(64, size));
        ck_assert_ptr_nonnull(gc_alloc_with(size, 0, GC_ATOMIC));
        ck_assert_ptr_nonnull(gc_calloc(1, size));
        void *moved = gc_realloc(gc_realloc(NULL, size), 2 * size);
        ck_assert_ptr_nonnull(moved);
        gc_free(moved);
        gc_free(manual);
        gc_free(atomic);
    }
    ck_assert_str_eq(gc_strdup("text"), "text");
    ck_assert_str_eq(gc_strndup("text", 2), "te");
    gc_collect();
    gc_free(NULL);
    ck_assert_int_eq(errno, 4711);
    ck_assert_ptr_eq(gc_base(object + 5), object);
    ck_assert_uint_ge(gc_usable_size(object), 100);
    return argument;
}

static void run_thread(void *(*body)(void *argument))
{
    pthread_t thread;
    void *result;
    ck_assert_int_eq(pthread_create(&thread, NULL, body, &object), 0);
    ck_assert_int_eq(pthread_join(thread, &result), 0);
    ck_assert_ptr_eq(result, &object);
}

START_TEST(second_thread)
{
    object = gc_alloc(100);
    memset(object, 0x66, 100);
    uint64_t collections = stats_now().collections;
    capture_begin();
    run_thread(call_everything);
    run_thread(call_everything);
    ck_assert_str_eq(capture_end(), "");
    ck_assert_uint_ge(stats_now().collections, collections + 2);
    ck_assert(is_filled(object, 100, 0x66));
    gc_collect();
    ck_assert(is_filled(object, 100, 0x66));
    check_heap_sound();
}
END_TEST

static void *allocate_first(void *argument)
{
    object = gc_alloc(100);
    ck_assert_ptr_nonnull(object);
    gc_collect();
    ck_assert_ptr_eq(gc_base(object), object);
    return argument;
}

/* The heap outlives the thread that called first. */
START_TEST(first_thread_is_not_main)
{
    run_thread(allocate_first);
    gc_collect();
    ck_assert_ptr_eq(gc_base(object), object);
    ck_assert_ptr_nonnull(gc_alloc(100));
}
END_TEST

/* ---- fork ----------------------------------------------------------------------------
 */

struct node {
    struct node *next;
    unsigned number;
    char rest[100];
};

static struct node *nodes;

static void grow_list(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct node *n = gc_alloc(sizeof *n);
        if (!n)
            abort();
        n->next = nodes;
        n->number = nodes ? nodes->number + 1 : 0;
        memset(n->rest, (int)(n->number | 0x80), sizeof n->rest);
        nodes = n;
    }
}

/* All numbers in falling order, contents intact. */
static bool list_is_intact(unsigned count)
{
    for (const struct node *n = nodes; n; n = n->next) {
        if (n->number != --count)
            return false;
        if (!is_filled(n->rest, sizeof n->rest, (int)(n->number | 0x80)))
            return false;
    }
    return count == 0;
}

/* Works on in the child; its exit status tells how it went. */
static void work_on(unsigned count)
{
    uint64_t collections = stats_now().collections;
    for (unsigned round = 1; round <= 5; round++) {
        grow_list(2000);
        for (unsigned i = 0; i < 100000; i++)
            if (!gc_alloc(100))
                _exit(2);
        gc_collect();
        check_heap_sound();
        if (!list_is_intact(count + round * 2000))
            _exit(3);
    }
    if (stats_now().collections < collections + 6)
        _exit(4);
}

static void expect_exit(pid_t child, int status)
{
    int result;
    ck_assert_int_gt(child, 0);
    ck_assert_int_eq(waitpid(child, &result, 0), child);
    ck_assert_msg(WIFEXITED(result) && WEXITSTATUS(result) == status, "status %#x",
                  (unsigned)result);
}

START_TEST(child_goes_on)
{
    grow_list(10000);
    pid_t child = fork();
    if (child == 0) {
        work_on(10000);
        pid_t grandchild = fork();
        if (grandchild == 0) {
            work_on(20000);
            _exit(0);
        }
        int status;
        waitpid(grandchild, &status, 0);
        _exit(status == 0 ? 0 : 5);
    }
    grow_list(5000); /* both at a time: neither sees the other */
    gc_collect();
    expect_exit(child, 0);
    ck_assert(list_is_intact(15000));
    check_heap_sound();
}
END_TEST

/* A child that was forked before the first call starts a heap of its own. */
START_TEST(child_starts_anew)
{
    pid_t child = fork();
    if (child == 0) {
        grow_list(1000);
        gc_collect();
        _exit(list_is_intact(1000) ? 0 : 1);
    }
    expect_exit(child, 0);
    grow_list(1000);
    ck_assert(list_is_intact(1000));
}
END_TEST

static void *volatile from_handler;

static void allocate_in_handler(int number)
{
    from_handler = gc_alloc((size_t)number);
}

/* In a frame with words that were never written. */
APART static void raise_below(void)
{
    char never_written[4000];
    __asm__ volatile("" : : "r"(never_written) : "memory");
    raise(SIGUSR1);
}

/* Memcheck, too, has nothing to say of it. */
START_TEST(handler_allocates)
{
    signal(SIGUSR1, allocate_in_handler);
    for (int i = 0; i < 100; i++) {
        from_handler = NULL;
        raise_below();
        ck_assert_ptr_nonnull(from_handler);
    }
}
END_TEST

Suite *process_suite(void)
{
    Suite *s = suite_create("process");
    ADD(s, second_thread);
    ADD(s, first_thread_is_not_main);
    ADD(s, child_goes_on);
    ADD(s, child_starts_anew);
    ADD(s, handler_allocates);
    return s;
}
