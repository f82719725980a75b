/* Threads that the C library makes for SIGEV_THREAD, at any time, and calls functions of the program on. */
#include <aio.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <netdb.h>
#include <signal.h>
#include <sched.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "threads.h"

/* ---- While the world stands ----------------------------------------------------------------- */

enum { CHAIN = 300000, CELLS = 4096, ROUNDS = 15, BYTES = 64, NAPS = 3 };

/* A chain long enough to be marked for a while leads to the table of cells, which is marked last. */
struct link {
    struct link *next;
    void **table;
    char filler[48];
};
static struct link *chain;
static uintptr_t hidden_table;
static int taken_from; /* cells from this one on */
static int lost, taken, busy;

static bool holds(const unsigned char *object, int number)
{
    for (int i = 0; i < BYTES; i++)
        if (object[i] != (unsigned char)number)
            return false;
    return true;
}

/* Takes an object out of its cell, after which only this stack has it. */
static void take(union sigval value)
{
    (void)value;
    __atomic_add_fetch(&busy, 1, __ATOMIC_SEQ_CST);
    int i = __atomic_sub_fetch(&taken_from, 1, __ATOMIC_SEQ_CST);
    void **table = reveal(hidden_table);
    unsigned char *volatile object =
        i >= 0 ? __atomic_exchange_n(&table[i], NULL, __ATOMIC_SEQ_CST) : NULL;
    if (object)
        __atomic_add_fetch(&taken, 1, __ATOMIC_SEQ_CST);
    for (int n = 0; object && n < NAPS; n++) {
        usleep(10000);
        if (!holds(object, i)) {
            __atomic_add_fetch(&lost, 1, __ATOMIC_SEQ_CST);
            break;
        }
    }
    __atomic_sub_fetch(&busy, 1, __ATOMIC_SEQ_CST);
}

static void make_chain(void)
{
    chain = gc_alloc(sizeof *chain);
    chain->table = gc_alloc(CELLS * sizeof(void *));
    hidden_table = hide(chain->table);
    for (int i = 0; i < CHAIN; i++) {
        struct link *l = gc_alloc(sizeof *l);
        l->next = chain;
        chain = l;
    }
}

static void *filled(int number)
{
    return memset(gc_alloc_atomic(BYTES), number, BYTES);
}

static timer_t start_timer(void (*function)(union sigval), void *value, long interval)
{
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_THREAD,
                             .sigev_notify_function = function,
                             .sigev_value.sival_ptr = value};
    struct itimerspec times = {{0, interval}, {0, interval ? interval : 1000}};
    ck_assert_int_eq(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
    ck_assert_ptr_eq((void *)(uintptr_t)event.sigev_notify_function,
                     (void *)(uintptr_t)function);
    ck_assert_int_eq(timer_settime(timer, 0, &times, NULL), 0);
    return timer;
}

START_TEST(begun_while_the_world_stands)
{
    if (!library_is_shared())
        return; /* docs/limits.md */
    make_chain();
    timer_t timer = start_timer(take, NULL, 2000000);
    for (int round = 0; round < ROUNDS; round++) {
        void **table = reveal(hidden_table);
        for (int i = 0; i < CELLS; i++)
            table[i] = filled(i);
        __atomic_store_n(&taken_from, CELLS, __ATOMIC_SEQ_CST);
        gc_collect();
        do
            usleep(2000);
        while (__atomic_load_n(&taken, __ATOMIC_SEQ_CST) ==
               0); /* a busy machine is late */
        __atomic_store_n(&taken_from, 0, __ATOMIC_SEQ_CST);
        for (int i = 0; i < CHAIN / 4; i++)
            filled(0xee); /* into the places of what was reclaimed by mistake */
    }
    timer_delete(timer);
    usleep(100000);
    await(&busy, 0);
    ck_assert_int_eq(lost, 0);
}
END_TEST

/* ---- Each way to ask for it --------------------------------------------------------------------- */

static const void *heard;

static void hear(union sigval value)
{
    __atomic_store_n(&heard, value.sival_ptr, __ATOMIC_RELEASE);
}

static const struct sigevent tell_me = {.sigev_notify = SIGEV_THREAD,
                                        .sigev_notify_function = hear,
                                        .sigev_value.sival_ptr = &heard};

static void await_hearing(void)
{
    while (__atomic_load_n(&heard, __ATOMIC_ACQUIRE) != &heard)
        gc_collect();
}

static bool sends_message(void)
{
    char name[64];
    snprintf(name, sizeof name, "/gcalloc-%d", getpid());
    mqd_t queue = mq_open(name, O_CREAT | O_RDWR | O_EXCL, 0600, NULL);
    if (queue == (mqd_t)-1)
        return false; /* this kernel has none, or nobody may have one */
    mq_unlink(name);
    ck_assert_int_eq(mq_notify(queue, &tell_me), 0);
    ck_assert_int_eq(mq_notify(queue, &tell_me), -1);
    ck_assert_int_eq(errno, EBUSY);
    ck_assert_int_eq(mq_send(queue, "", 1, 0), 0);
    return true;
}

static bool writes(void)
{
    static struct aiocb block = {.aio_buf = "text", .aio_nbytes = 4};
    static struct aiocb *const list[] = {&block};
    struct sigevent event = tell_me;
    block.aio_fildes = open("/dev/null", O_WRONLY);
    block.aio_lio_opcode = LIO_WRITE;
    ck_assert_int_eq(lio_listio(LIO_NOWAIT, list, 1, &event), 0);
    return true;
}

static bool writes_far(void)
{
    static struct aiocb64 block = {.aio_buf = "text", .aio_nbytes = 4};
    static struct aiocb64 *const list[] = {&block};
    struct sigevent event = tell_me;
    block.aio_fildes = open("/dev/null", O_WRONLY);
    block.aio_lio_opcode = LIO_WRITE;
    ck_assert_int_eq(lio_listio64(LIO_NOWAIT, list, 1, &event), 0);
    return true;
}

static bool asks_for_address(void)
{
    static const struct addrinfo numeric = {.ai_flags = AI_NUMERICHOST};
    static struct gaicb question = {.ar_name = "127.0.0.1", .ar_request = &numeric};
    static struct gaicb *list[] = {&question};
    struct sigevent event = tell_me;
    ck_assert_int_eq(getaddrinfo_a(GAI_NOWAIT, list, 1, &event), 0);
    return true;
}

static bool starts_timer(void)
{
    start_timer(hear, &heard, 0);
    return true;
}

static bool (*const ways[])(void) = {sends_message, writes, writes_far, asks_for_address,
                                     starts_timer};

START_TEST(function_is_called)
{
    if (ways[_i]())
        await_hearing();
}
END_TEST

/* What is no thread's, or nobody's, is handed on as it is. */
START_TEST(others_are_told_as_before)
{
    timer_t timer;
    struct sigevent none = {.sigev_notify = SIGEV_NONE};
    static struct aiocb *const nothing[1];
    struct sigevent wrong = {.sigev_notify = 12345};
    ck_assert_int_eq(timer_create(CLOCK_MONOTONIC, NULL, &timer), 0);
    ck_assert_int_eq(timer_create(CLOCK_MONOTONIC, &none, &timer), 0);
    ck_assert_int_eq(timer_create(CLOCK_MONOTONIC, &wrong, &timer), -1);
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_int_eq(mq_notify((mqd_t)-1, NULL), -1);
    ck_assert_int_eq(errno, EBADF);
    ck_assert_int_eq(lio_listio(12345, nothing, 0, NULL), -1);
    ck_assert_int_eq(errno, EINVAL);
}
END_TEST

/* ---- Many functions ------------------------------------------------------------------------------ */

enum { FUNCTIONS = 40, TIMES = 2 };
static int calls[FUNCTIONS];

/* clang-format off */
#define EACH_FUNCTION(X)                                    \
    X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7)                 \
    X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)           \
    X(16) X(17) X(18) X(19) X(20) X(21) X(22) X(23)         \
    X(24) X(25) X(26) X(27) X(28) X(29) X(30) X(31)         \
    X(32) X(33) X(34) X(35) X(36) X(37) X(38) X(39)
/* clang-format on */

#define COUNT(number)                                                \
    static void count_##number(union sigval value)                   \
    {                                                                \
        if (value.sival_int == (number))                             \
            __atomic_add_fetch(&calls[number], 1, __ATOMIC_RELEASE); \
    }
EACH_FUNCTION(COUNT)

#define NAME(number) count_##number,
static void (*const counters[FUNCTIONS])(union sigval) = {EACH_FUNCTION(NAME)};

/* More than the library has places for, each twice. */
START_TEST(each_of_many_functions_is_called)
{
    for (int time = 1; time <= TIMES; time++)
        for (int i = 0; i < FUNCTIONS; i++) {
            start_timer(counters[i], (void *)(intptr_t)i, 0);
            await(&calls[i], time);
        }
}
END_TEST

/* ---- What they pass on ----------------------------------------------------------------------------- */

enum { TIMERS = 50 };
static struct {
    timer_t timers[TIMERS];
    uintptr_t hidden[TIMERS];
} passing;

/* Every other one is for a signal. */
static void make_timers(void *argument)
{
    (void)argument;
    for (int i = 0; i < TIMERS; i++) {
        struct sigevent event = {.sigev_notify = i % 2 ? SIGEV_SIGNAL : SIGEV_THREAD,
                                 .sigev_notify_function = take,
                                 .sigev_signo = SIGUSR1,
                                 .sigev_value.sival_ptr = filled(i + 1)};
        passing.hidden[i] = hide(event.sigev_value.sival_ptr);
        ck_assert_int_eq(timer_create(CLOCK_MONOTONIC, &event, &passing.timers[i]), 0);
    }
}

static int count_whole(int step)
{
    int count = 0;
    for (int i = 0; i < TIMERS; i += step) {
        unsigned char *p = reveal(passing.hidden[i]);
        count += gc_base(p) == p && holds(p, i + 1);
    }
    return count;
}

static bool is_in_front(void)
{
    Dl_info ours, theirs;
    return dladdr((void *)(uintptr_t)gc_alloc, &ours) &&
           dladdr((void *)(uintptr_t)timer_delete, &theirs) &&
           strcmp(ours.dli_fname, theirs.dli_fname) == 0;
}

START_TEST(what_they_pass_on_lives)
{
    if (!is_in_front()) /* as in a program with the static library */
        return;
    for (int round = 0; round < 2; round++) {
        deeply(make_timers, NULL);
        for (int i = 0; i < 3; i++)
            gc_collect();
        ck_assert_int_eq(count_whole(1), TIMERS);
        for (int i = 0; i < TIMERS; i += 2)
            ck_assert_int_eq(timer_delete(passing.timers[i]), 0);
        gc_collect();
        ck_assert_int_le(count_whole(2), 2); /* words that are left on stacks */
        for (int i = 1; i < TIMERS; i += 2) {
            unsigned char *p = reveal(passing.hidden[i]);
            ck_assert(gc_base(p) == p && holds(p, i + 1));
            ck_assert_int_eq(timer_delete(passing.timers[i]), 0);
        }
    }
}
END_TEST

TCase *sigevent_case(void)
{
    TCase *tc = tcase_create("sigevent");
    tcase_add_test(tc, begun_while_the_world_stands);
    tcase_add_loop_test(tc, function_is_called, 0, sizeof ways / sizeof ways[0]);
    tcase_add_test(tc, others_are_told_as_before);
    tcase_add_test(tc, each_of_many_functions_is_called);
    tcase_add_test(tc, what_they_pass_on_lives);
    return tc;
}
