/* Threads that are cancelled: what their cleanup handlers hold lives until they are through,
 * and goes with the thread. */
#include <time.h>
#include <unistd.h>

#include "stage.h"

enum { CANCELLED_SIZE = 300, MANY = 20 };

static int pipe_ends[2]; /* of a pipe that stays empty */

static void cancel_in_a_while(void *thread)
{
    usleep(2000);
    pthread_cancel(*(pthread_t *)thread);
}

static void *cancel(void *thread)
{
    cancel_in_a_while(thread);
    return NULL;
}

/* ---- In the frame that is left ----------------------------------------------------------- */

static void keep_there(void *word)
{
    keep();
    store(word, 0);
    gone();
}

/* The thread waits in `wait` with the object in this frame until it is cancelled. */
static void be_cancelled(void (*wait)(void))
{
    void *volatile word;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL); /* until the handler is there */
    pthread_t self = pthread_self(), other = run(cancel, &self);
    store((void **)(uintptr_t)&word, stage.hidden);
    pthread_cleanup_push(keep_there, (void *)(uintptr_t)&word);
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    for (;;)
        wait();
    pthread_cleanup_pop(0);
    joined(other);
}

static void wait_in_read(void)
{
    char byte;
    ck_assert_int_ne(read(pipe_ends[0], &byte, 1), 1);
}

static void wait_in_nanosleep(void)
{
    struct timespec long_time = {.tv_sec = 1000};
    nanosleep(&long_time, NULL);
}

static void work_on(void)
{
    if (!tree_is_sound(grow_tree(3, 5), 3, 5))
        abort();
    pthread_testcancel();
}

static void (*const ways[])(void) = {wait_in_read, wait_in_nanosleep, work_on};
static void (*way)(void); /* that the test is about */

static void *until_cancelled(void *argument)
{
    be_cancelled(way);
    return argument;
}

START_TEST(frame_of_a_cancelled_thread)
{
    way = ways[_i];
    ck_assert_int_eq(pipe(pipe_ends), 0);
    check_place(until_cancelled);
}
END_TEST

/* ---- The handler's argument ------------------------------------------------------------------ */

static void keep_argument(void *object)
{
    void *volatile word = object;
    keep();
    ck_assert_ptr_eq(gc_base(word), word);
}

static void *hand_to_handler(void *argument)
{
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    pthread_t self = pthread_self(), other = run(cancel, &self);
    pthread_cleanup_push(keep_argument, reveal(stage.hidden));
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    for (;;)
        wait_in_read();
    pthread_cleanup_pop(0);
    joined(other);
    return argument;
}

START_TEST(argument_of_a_cleanup_handler)
{
    ck_assert_int_eq(pipe(pipe_ends), 0);
    for (int i = 0; i < 5; i++) {
        pthread_t thread = begin_place(hand_to_handler, CANCELLED_SIZE);
        check_kept(CANCELLED_SIZE);
        set(&stage.told, 1);
        ck_assert_ptr_eq(joined(thread), PTHREAD_CANCELED);
        check_gone(CANCELLED_SIZE);
    }
}
END_TEST

/* ---- Many, while others collect ------------------------------------------------------- */

static int enough;

static void look_at_tree(void *tree)
{
    if (!tree_is_sound(tree, 4, 9))
        abort();
    set(&stage.told, 1);
}

static void *work_until_cancelled(void *argument)
{
    struct tree *t = grow_tree(4, 9);
    stage.hidden = hide(t);
    pthread_cleanup_push(look_at_tree, t);
    set(&stage.kept, 1);
    for (;;)
        work_on();
    pthread_cleanup_pop(0);
    return argument;
}

/* Every third as soon as it is made. */
static uintptr_t cancel_one(int i)
{
    stage.kept = stage.told = 0;
    pthread_t thread = run(work_until_cancelled, NULL);
    if (i % 3)
        await(&stage.kept, 1);
    ck_assert_int_eq(pthread_cancel(thread), 0);
    ck_assert_ptr_eq(joined(thread), PTHREAD_CANCELED);
    ck_assert_int_eq(stage.told, stage.kept);
    return stage.hidden;
}

/* The objects are looked for when nobody marks any more, who would leave addresses on his
 * stack. */
static void cancel_many(void)
{
    uintptr_t hidden[MANY];
    enough = 0;
    pthread_t collector = run(collect_until_set, &enough);
    for (int i = 0; i < MANY; i++)
        hidden[i] = cancel_one(i);
    set(&enough, 1);
    joined(collector);
    gc_collect();
    for (int i = 0; i < MANY; i++)
        ck_assert(!lives(hidden[i]));
}

START_TEST(cancelled_often)
{
    for (int i = 0; i < 20; i++)
        cancel_many();
}
END_TEST

/* ---- Joined once more ---------------------------------------------------------------------- */

static int may_end;

static void *end_with_a_tree(void *argument)
{
    struct tree *t = grow_tree(4, 9);
    (void)argument;
    stage.hidden = hide(t);
    await(&may_end, 1);
    return t;
}

static void *join_it(void *thread)
{
    void *result;
    set(&stage.kept, 1);
    pthread_join(*(pthread_t *)thread, &result);
    return NULL;
}

static void join_twice(void *unused)
{
    (void)unused;
    may_end = stage.kept = 0;
    pthread_t thread = run(end_with_a_tree, NULL), joiner = run(join_it, &thread);
    await(&stage.kept, 1);
    usleep(10000);
    ck_assert_int_eq(pthread_cancel(joiner), 0);
    ck_assert_ptr_eq(joined(joiner), PTHREAD_CANCELED);
    set(&may_end, 1);
    ck_assert(tree_is_sound(joined(thread), 4, 9));
}

/* Who joins a thread may be cancelled: then another one joins it, and its result is a root no more. */
START_TEST(a_join_is_cancelled)
{
    enum { ROUNDS = 10 };
    uintptr_t hidden[ROUNDS];
    size_t living = 0;
    for (int i = 0; i < ROUNDS; i++) {
        deeply(join_twice, NULL);
        hidden[i] = stage.hidden;
    }
    gc_collect();
    for (int i = 0; i + 1 < ROUNDS;
         i++) /* of the last one there may be a word where it was joined */
        living += lives(hidden[i]);
    ck_assert_uint_eq(living, 0);
}
END_TEST

/* ---- Past its end -------------------------------------------------------------------------- */

/* Garbage enough for markers of the library's own, which end with the last thread that it knows. */
static void *end_with_a_cancellation(void *argument)
{
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    pthread_cancel(pthread_self());
    for (int i = 0; i < 200000; i++)
        ck_assert_ptr_nonnull(gc_alloc(32));
    gc_collect();
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    return argument;
}

START_TEST(no_cancellation_point_follows)
{
    int here;
    gc_option_set("markers", "2");
    for (int i = 0; i < 3; i++) {
        gc_thread_unregister();
        ck_assert_ptr_eq(joined(run(end_with_a_cancellation, &here)), &here);
    }
}
END_TEST

TCase *ends_case(void)
{
    TCase *tc = tcase_create("ends");
    tcase_add_loop_test(tc, frame_of_a_cancelled_thread, 0, 3);
    tcase_add_test(tc, argument_of_a_cleanup_handler);
    tcase_add_test(tc, cancelled_often);
    tcase_add_test(tc, a_join_is_cancelled);
    tcase_add_test(tc, no_cancellation_point_follows);
    return tc;
}
