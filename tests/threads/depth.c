/* How much of a small stack the library's functions take: of an alternate signal stack, on which
 * the signal of a stop may come on top, and of a stack that a thread makes for itself.  A stack
 * lies in memory with a pattern, which shows how far down it was used.  And what lies on such a
 * stack, or below it, keeps its objects while the thread collects on another. */
#include <check.h>
#include <gcalloc/gcalloc.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "../api/sanitizer.h"

enum {
    MAPPED = 1 << 20,
    ROOM = 512 << 10, /* of the stack: what is used is measured, not limited */
    PATTERN = 0x5a,
    /* Bytes beside two signals' frames: with those of AVX-512, of 3376 bytes, that makes 8192,
     * which is SIGSTKSZ as programs know it. */
    HANDLER_MOST = 1440,
    CALL_MOST = 4096,
    ROUNDS = 2,
};

/* ---- What is called --------------------------------------------------------------------- */

static int failures;

static void allocate(void)
{
    for (size_t i = 0; i < 4200; i++) {
        void *volatile object = gc_alloc(i % 256 == 0 ? 3 << 20 : i % 4096);
        failures += !object;
    }
}

static void reallocate(void)
{
    void *volatile object = NULL;
    for (size_t i = 0; i < 1000; i++)
        object = gc_realloc(object, i * 7001 % 300000 + 1);
    failures += !object;
}

static void collect(void)
{
    void *volatile object = gc_alloc(8);
    for (int i = 0; i < 20; i++)
        gc_collect();
    failures += !object;
}

static void free_badly(void)
{
    void *object = gc_alloc(10);
    gc_free((char *)object + 1);
    gc_free(object);
    gc_free(object);
    gc_free((void *)0x1230);
}

static void look_for_leaks(void)
{
    void *volatile object = gc_alloc_manual(10);
    failures += !object;
    object = NULL;
    gc_leak_check();
}

static void come_and_go(void)
{
    gc_thread_unregister();
    failures += gc_thread_register() != 0;
}

static void register_roots(void)
{
    static void *words[100];
    for (int i = 0; i < 100; i++)
        failures += gc_root_add(words, words + i + 1) != 0;
    for (int i = 0; i < 100; i++)
        failures += gc_root_remove(words, words + i + 1) != 0;
}

static void set_options(void)
{
    gc_init();
    failures += gc_option_set("log_file", "/dev/null") != 0;
    failures += gc_option_set("log", "1") != 0;
    collect();
}

/* The last ones are not for handlers. */
static void (*const calls[])(void) = {allocate,    reallocate,    collect,
                                      free_badly,  come_and_go,   register_roots,
                                      set_options, look_for_leaks};
enum { CALLS = sizeof calls / sizeof calls[0], HANDLER_CALLS = CALLS - 2 };

static const char *const option_texts[] = {"", "leaks=1:stacks=1", "verify=1:stress=100"};
enum { OPTION_TEXTS = sizeof option_texts / sizeof option_texts[0] };

/* ---- Stacks that are measured -------------------------------------------------------------- */

static char *map_stack(void)
{
    char *memory =
        mmap(NULL, MAPPED, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(memory, MAP_FAILED);
    memset(memory, PATTERN, MAPPED);
    return memory;
}

static size_t used_of(const char *memory)
{
    size_t low = 0;
    while (low < MAPPED && memory[low] == PATTERN)
        low++;
    return MAPPED - low;
}

static int ending, stops; /* atomic */

static void *stop_all(void *argument)
{
    while (!__atomic_load_n(&ending, __ATOMIC_RELAXED)) {
        gc_collect();
        __atomic_fetch_add(&stops, 1, __ATOMIC_RELAXED);
    }
    return argument;
}

static void return_at_once(void)
{
}

static void await_stops(void)
{
    int until = __atomic_load_n(&stops, __ATOMIC_RELAXED) + 3;
    while (__atomic_load_n(&stops, __ATOMIC_RELAXED) < until)
        ;
}

static void (*volatile call)(void);

static void on_signal(int number)
{
    (void)number;
    call();
}

static size_t used_by(char *memory, void (*what)(void))
{
    call = what;
    memset(memory, PATTERN, MAPPED);
    raise(SIGUSR1);
    return used_of(memory);
}

static void handle_on(char *low, size_t bytes, void (*handler)(int))
{
    stack_t stack = {.ss_sp = low, .ss_size = bytes};
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
    ck_assert_int_eq(sigaltstack(&stack, NULL), 0);
    ck_assert_int_eq(sigaction(SIGUSR1, &action, NULL), 0);
}

/* Stops come at any time, seldom where the call is deepest: what one takes is added to what the
 * call takes alone. */
START_TEST(handlers_need_no_more_than_a_signal_stack)
{
    setenv("GCALLOC_OPTIONS", option_texts[_i / HANDLER_CALLS], 1);
    void (*what)(void) = calls[_i % HANDLER_CALLS];
    size_t most = 2 * getauxval(AT_MINSIGSTKSZ) + HANDLER_MOST;
    char *memory = map_stack();
    handle_on(memory + MAPPED - ROOM, ROOM, on_signal);
    size_t alone = used_by(memory, what), nothing = used_by(memory, return_at_once);
    pthread_t other;
    ck_assert_int_eq(pthread_create(&other, NULL, stop_all, NULL), 0);
    size_t stopped = used_by(memory, await_stops);
    for (int i = 0; i < ROUNDS; i++)
        used_by(memory, what);
    __atomic_store_n(&ending, 1, __ATOMIC_RELAXED);
    pthread_join(other, NULL);
    ck_assert_uint_gt(stopped, nothing);
    if (getauxval(AT_MINSIGSTKSZ) && !HAS_SHADOW) {
        ck_assert_uint_le(alone + stopped - nothing, most);
        ck_assert_uint_le(used_of(memory), most);
    }
    ck_assert_int_eq(failures, 0);
}
END_TEST

static ucontext_t outside, inside;

static void in_coroutine(void)
{
    for (int i = 0; i < ROUNDS; i++)
        call();
}

START_TEST(coroutines_need_little_beside_signals)
{
    setenv("GCALLOC_OPTIONS", option_texts[_i / CALLS], 1);
    call = calls[_i % CALLS];
    char *memory = map_stack();
    ck_assert_int_eq(getcontext(&inside), 0);
    inside.uc_stack.ss_sp = memory + MAPPED - ROOM;
    inside.uc_stack.ss_size = ROOM;
    inside.uc_link = &outside;
    makecontext(&inside, in_coroutine, 0);
    ck_assert_int_eq(swapcontext(&outside, &inside), 0);
    if (!HAS_SHADOW) /* a stop may have come */
        ck_assert_uint_le(used_of(memory), CALL_MOST + getauxval(AT_MINSIGSTKSZ));
    ck_assert_int_eq(failures, 0);
}
END_TEST

/* ---- What lies there ------------------------------------------------------------------------ */

enum { FRAMES = 200, NODES = 100000 };

static size_t serials; /* atomic */

/* Each has a number of its own. */
static size_t *new_node(void)
{
    size_t *n = gc_alloc(2 * sizeof *n);
    n[0] = n[1] = __atomic_add_fetch(&serials, 1, __ATOMIC_RELAXED);
    return n;
}

/* Objects that went are somebody else's by now. */
static void reuse(void)
{
    for (int i = 0; i < NODES / 10; i++)
        new_node();
}

static void collect_and_reuse(void)
{
    gc_collect();
    reuse();
}

/* An object for each frame, and the innermost calls. */
__attribute__((noinline)) static int hold(int frames, void (*innermost)(void))
{
    size_t *volatile n = new_node();
    size_t serial = n[0];
    int missing = frames > 0 ? hold(frames - 1, innermost) : (innermost(), 0);
    return missing + (gc_base(n) != n || n[0] != serial || n[1] != serial);
}

static int lost; /* atomic */

static void hold_in_handler(int number)
{
    (void)number;
    __atomic_fetch_add(&lost, hold(20, collect_and_reuse), __ATOMIC_RELAXED);
}

static void raise_here(void)
{
    raise(SIGUSR1);
}

/* How an alternate stack can be asked for.  SS_AUTODISARM is in Linux's headers only. */
static const int flags_of_stack[] = {0, SS_ONSTACK, INT_MIN};
enum { WAYS = sizeof flags_of_stack / sizeof flags_of_stack[0] };

static void raise_with(char *low, size_t bytes, const int *flags)
{
    stack_t stack = {.ss_sp = low, .ss_size = bytes, .ss_flags = *flags}, after;
    if (sigaltstack(&stack, NULL) != 0)
        __atomic_fetch_add(&lost, 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(&lost, hold(FRAMES, raise_here), __ATOMIC_RELAXED);
    sigaltstack(NULL, &after);
    if (after.ss_sp != low || after.ss_size != bytes || (after.ss_flags ^ *flags) < 0)
        __atomic_fetch_add(&lost, 1, __ATOMIC_RELAXED);
    sigaltstack(&(stack_t){.ss_flags = SS_DISABLE}, NULL);
}

/* The alternate stack is part of the thread's own, above the frames that the signal
 * interrupts. */
static void *raise_above(void *flags)
{
    char room[64 << 10];
    raise_with(room, sizeof room, flags);
    return NULL;
}

static void *raise_apart(void *flags)
{
    char *room = map_stack();
    raise_with(room, MAPPED, flags);
    munmap(room, MAPPED);
    return NULL;
}

static void *(*const places[])(void *) = {raise_above, raise_apart};
enum { PLACES = sizeof places / sizeof places[0] };

/* Each is stopped by the others where it waits for its turn, on a stack of the library's. */
START_TEST(everything_stays_while_all_collect)
{
    struct sigaction action = {.sa_handler = hold_in_handler, .sa_flags = SA_ONSTACK};
    ck_assert_int_eq(sigaction(SIGUSR1, &action, NULL), 0);
    pthread_t threads[WAYS * PLACES];
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < WAYS * PLACES; i++)
            ck_assert_int_eq(pthread_create(&threads[i], NULL, places[i % PLACES],
                                            (void *)&flags_of_stack[i / PLACES]),
                             0);
        for (int i = 0; i < WAYS * PLACES; i++)
            pthread_join(threads[i], NULL);
    }
    ck_assert_int_eq(lost, 0);
}
END_TEST

static int handling; /* atomic */

/* Another thread collects meanwhile, while this one calls nothing. */
static void spin_in_handler(int number)
{
    (void)number;
    __atomic_store_n(&handling, 1, __ATOMIC_RELEASE);
    while (!__atomic_load_n(&ending, __ATOMIC_ACQUIRE))
        ;
    reuse();
}

START_TEST(frames_below_an_alternate_stack_stay)
{
    struct sigaction action = {.sa_handler = spin_in_handler, .sa_flags = SA_ONSTACK};
    pthread_t thread;
    ck_assert_int_eq(sigaction(SIGUSR1, &action, NULL), 0);
    ck_assert_int_eq(pthread_create(&thread, NULL, places[_i % PLACES],
                                    (void *)&flags_of_stack[_i / PLACES]),
                     0);
    while (!__atomic_load_n(&handling, __ATOMIC_ACQUIRE))
        sched_yield();
    for (int round = 0; round < 3; round++)
        gc_collect();
    __atomic_store_n(&ending, 1, __ATOMIC_RELEASE);
    pthread_join(thread, NULL);
    ck_assert_int_eq(lost, 0);
}
END_TEST

static uintptr_t callback_frame;
static bool callback_had_room;

static void use_room(void)
{
    volatile char room[256 << 10];
    for (size_t i = 0; i < sizeof room; i += 1024)
        room[i] = (char)i;
    callback_had_room = room[1024] == 0;
}

static void on_mark(void *data)
{
    (void)data;
    callback_frame = (uintptr_t)__builtin_frame_address(0);
    use_room();
}

START_TEST(callbacks_run_on_the_programs_stack)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    ck_assert_int_eq(gc_root_callback_add(on_mark, NULL), 0);
    gc_collect();
    ck_assert(callback_had_room);
    ck_assert_uint_le(callback_frame, here);
    ck_assert_uint_le(here - callback_frame, 16 << 10);
}
END_TEST

static unsigned handled; /* atomic */

static void use_some_room(void)
{
    volatile char room[2048];
    for (size_t i = 0; i < sizeof room; i++)
        room[i] = 0x77;
}

static void on_fault(int number)
{
    (void)number;
    __atomic_fetch_add(&lost, hold(2, use_some_room), __ATOMIC_RELAXED);
    __atomic_fetch_add(&handled, 1, __ATOMIC_RELAXED);
}

static pthread_t collecting;

/* The number is a fault's, so it is not blocked with the others.  One at a time: the other thread
 * has to get on, too. */
static void *send_faults(void *argument)
{
    for (unsigned sent = 1; !__atomic_load_n(&ending, __ATOMIC_RELAXED); sent++) {
        pthread_kill(collecting, SIGSEGV);
        while (__atomic_load_n(&handled, __ATOMIC_RELAXED) < sent &&
               !__atomic_load_n(&ending, __ATOMIC_RELAXED))
            sched_yield();
        usleep(sent % 50);
    }
    return argument;
}

START_TEST(a_fault_that_is_sent_waits)
{
    struct sigaction usual = {.sa_handler = hold_in_handler, .sa_flags = SA_ONSTACK};
    struct sigaction fault = {.sa_handler = on_fault, .sa_flags = SA_ONSTACK};
    static char room[64 << 10];
    pthread_t sender;
    sigaltstack(&(stack_t){.ss_sp = room, .ss_size = sizeof room}, NULL);
    ck_assert_int_eq(sigaction(SIGUSR1, &usual, NULL), 0);
    ck_assert_int_eq(sigaction(SIGSEGV, &fault, NULL), 0);
    collecting = pthread_self();
    ck_assert_int_eq(pthread_create(&sender, NULL, send_faults, NULL), 0);
    for (int i = 0; i < 100 || !__atomic_load_n(&handled, __ATOMIC_RELAXED); i++)
        raise(SIGUSR1);
    __atomic_store_n(&ending, 1, __ATOMIC_RELAXED);
    pthread_join(sender, NULL);
    ck_assert_int_eq(lost, 0);
}
END_TEST

static Suite *depth_suite(void)
{
    Suite *s = suite_create("depth");
    TCase *t = tcase_create("depth");
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, handlers_need_no_more_than_a_signal_stack, 0,
                        HANDLER_CALLS * OPTION_TEXTS);
    tcase_add_loop_test(t, coroutines_need_little_beside_signals, 0,
                        CALLS * OPTION_TEXTS);
    tcase_add_test(t, everything_stays_while_all_collect);
    tcase_add_loop_test(t, frames_below_an_alternate_stack_stay, 0, WAYS * PLACES);
    tcase_add_test(t, callbacks_run_on_the_programs_stack);
    tcase_add_test(t, a_fault_that_is_sent_waits);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    SRunner *r = srunner_create(depth_suite());
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
