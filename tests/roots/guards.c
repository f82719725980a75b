/* Pages that cannot be read in memory that is scanned: what lies around them keeps its objects,
 * and the program's own handler of faults is where it was. */
#include "guards.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../api/sanitizer.h"

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

enum { PAGES = 64, LARGEST_PAGE = 1 << 16 };

bool by_mprotect(char *page, size_t bytes)
{
    return mprotect(page, bytes, PROT_NONE) == 0;
}

bool by_madvise(char *page, size_t bytes)
{
    return madvise(page, bytes, MADV_GUARD_INSTALL) == 0;
}

bool by_truncation(char *page, size_t bytes)
{
    char name[] = "/tmp/guardsXXXXXX";
    int file = mkstemp(name);
    ck_assert_int_ge(file, 0);
    unlink(name);
    void *p = mmap(page, bytes, PROT_READ, MAP_SHARED | MAP_FIXED, file, 0);
    close(file);
    return p == page;
}

static bool (*const ways[])(char *page, size_t bytes) = {by_mprotect, by_madvise,
                                                         by_truncation};
enum { WAYS = sizeof ways / sizeof ways[0] };

static char data[PAGES * LARGEST_PAGE] __attribute__((aligned(LARGEST_PAGE)));
static __thread char local[4 * LARGEST_PAGE];
/* Objects with guard pages stay: free memory has to be usable. */
static char *volatile keepers[PAGES];
static int frame_way;

/* One in each page but the guards: every third, with the first and the last. */
struct guarded {
    char *memory;
    size_t pages, page;
    uintptr_t hidden[PAGES];
};

static bool is_guard(const struct guarded *g, size_t i)
{
    return i % 3 == 0 || i == g->pages - 1;
}

static void fill(void *argument)
{
    struct guarded *g = argument;
    for (size_t i = 0; i < g->pages; i++) {
        void *object = gc_alloc(40);
        g->hidden[i] = hide(object);
        memcpy(g->memory + i * g->page + g->page / 2, &object, sizeof object);
    }
}

/* Older kernels have no guards of madvise; the other ways are always there. */
static void say_impossible(bool (*way)(char *, size_t))
{
    ck_assert(way == by_madvise);
    puts("skipped: the system has no MADV_GUARD_INSTALL");
}

static bool guard_pages(const struct guarded *g, bool (*way)(char *, size_t))
{
    for (size_t i = 0; i < g->pages; i++)
        if (is_guard(g, i) && !way(g->memory + i * g->page, g->page))
            return false;
    return true;
}

static void check(char *memory, size_t bytes, bool (*way)(char *, size_t))
{
    struct guarded *g = calloc(1, sizeof *g);
    g->page = (size_t)sysconf(_SC_PAGESIZE);
    g->memory = (char *)(((uintptr_t)memory + g->page - 1) / g->page * g->page);
    g->pages = (size_t)(memory + bytes - g->memory) / g->page;
    g->pages = g->pages < PAGES ? g->pages : PAGES;
    deeply(fill, g);
    if (guard_pages(g, way)) {
        collect(3);
        for (size_t i = 0; i < g->pages; i++)
            ck_assert_uint_eq(count_living(&g->hidden[i], 1), !is_guard(g, i));
    } else {
        say_impossible(way);
    }
    free(g);
}

static void *map(void)
{
    void *p = mmap(NULL, sizeof data, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                   -1, 0);
    ck_assert_ptr_ne(p, MAP_FAILED);
    return p;
}

START_TEST(static_data)
{
    check(data, sizeof data, ways[_i]);
}
END_TEST

START_TEST(thread_local_data)
{
    check(local, sizeof local, ways[_i]);
}
END_TEST

START_TEST(registered_root)
{
    char *p = map();
    ck_assert_int_eq(gc_root_add(p, p + sizeof data), 0);
    check(p, sizeof data, ways[_i]);
}
END_TEST

START_TEST(registered_stack)
{
    char *p = map();
    ck_assert_int_eq(gc_stack_register(p, p + sizeof data), 0);
    check(p, sizeof data, ways[_i]);
}
END_TEST

START_TEST(objects)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    for (size_t pages = 2; pages <= PAGES; pages *= 2) {
        keepers[pages - 1] = gc_alloc_aligned(page, pages * page);
        check(keepers[pages - 1], pages * page, ways[_i]);
    }
}
END_TEST

START_TEST(manual_objects)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    for (size_t pages = 2; pages <= PAGES; pages *= 2) {
        char *object = gc_alloc_with(pages * page, page, GC_MANUAL);
        check(object, pages * page, ways[_i]);
    }
}
END_TEST

/* What runs next on the stack needs them. */
static void open_pages(char *memory, size_t bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uintptr_t low = ((uintptr_t)memory + page - 1) / page * page;
    uintptr_t high = ((uintptr_t)memory + bytes) / page * page;
    ck_assert_ptr_ne(mmap((void *)low, high - low, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
                     MAP_FAILED);
}

/* An array in a frame, below which the collections run. */
NOINLINE static void check_frame(void)
{
    char frame[PAGES * LARGEST_PAGE / 16];
    check(frame, sizeof frame, ways[frame_way]);
    open_pages(frame, sizeof frame);
}

START_TEST(main_stack)
{
    frame_way = _i;
    check_frame();
}
END_TEST

static void on_alternate(int number)
{
    (void)number;
    check_frame();
}

START_TEST(alternate_stack)
{
    struct sigaction action = {.sa_handler = on_alternate, .sa_flags = SA_ONSTACK};
    stack_t stack = {.ss_sp = map(), .ss_size = sizeof data};
    frame_way = _i;
    ck_assert_int_eq(sigaltstack(&stack, NULL), 0);
    ck_assert_int_eq(sigaction(SIGUSR1, &action, NULL), 0);
    ck_assert_int_eq(raise(SIGUSR1), 0);
}
END_TEST

static void *check_thread(void *argument)
{
    check_frame();
    return argument;
}

START_TEST(thread_stack)
{
    pthread_t thread;
    frame_way = _i;
    ck_assert_int_eq(pthread_create(&thread, NULL, check_thread, NULL), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
}
END_TEST

/* ---- Leaks ---------------------------------------------------------------------------------- */

struct lost {
    size_t page, pages;
    bool (*way)(char *page, size_t bytes);
    bool possible;
};

/* A chain of lost objects, each with a guard page in its midst and a pointer behind it. */
static void lose_chain(void *argument)
{
    struct lost *l = argument;
    char *next = NULL;
    l->possible = true;
    for (int i = 0; i < 10 && l->possible; i++) {
        char *object = gc_alloc_with(l->pages * l->page, l->page, GC_MANUAL);
        memcpy(object + (l->pages - 1) * l->page, &next, sizeof next);
        l->possible = l->way(object + l->page, l->page);
        next = object;
    }
}

/* A report, as at the exit of a program that looks for leaks. */
START_TEST(lost_objects)
{
    struct lost l = {(size_t)sysconf(_SC_PAGESIZE), 40, ways[_i], true};
    ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
    for (l.pages = 3; l.pages < 100; l.pages *= 3) {
        deeply(lose_chain, &l);
        if (!l.possible)
            return say_impossible(l.way);
        ck_assert_uint_ge(gc_leak_check(), 9);
    }
}
END_TEST

static sigjmp_buf caught;
static void on_fault(int number)
{
    siglongjmp(caught, number);
}

/* Reads what cannot be read: the program's handler is called. */
static void assert_caught(const volatile char *page)
{
    int number = sigsetjmp(caught, 1);
    if (number == 0)
        ck_abort_msg("%d was read", *page);
    ck_assert(number == SIGSEGV || number == SIGBUS);
}

START_TEST(own_handler)
{
    struct sigaction action = {.sa_handler = on_fault, .sa_flags = SA_NODEFER}, now;
    ck_assert_int_eq(sigaction(SIGSEGV, &action, NULL), 0);
    ck_assert_int_eq(sigaction(SIGBUS, &action, NULL), 0);
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    if (!ways[_i](data, page))
        return say_impossible(ways[_i]);
    assert_caught(data);
    collect(3);
    assert_caught(data);
    ck_assert_int_eq(sigaction(SIGSEGV, NULL, &now), 0);
    ck_assert(now.sa_handler == on_fault);
    ck_assert_int_eq(sigaction(SIGBUS, NULL, &now), 0);
    ck_assert(now.sa_handler == on_fault);
}
END_TEST

/* ---- Signals in a pause --------------------------------------------------------------------- */

static volatile sig_atomic_t calls[NSIG];
static char *closed; /* a page that a root callback reads, and the handler opens */

static void count_call(int number)
{
    calls[number]++;
}

static void open_page(int number, siginfo_t *information, void *context)
{
    (void)context;
    calls[number]++;
    if (information->si_code > 0)
        mprotect(closed, (size_t)sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE);
}

static void set_handlers(void (*handler)(int, siginfo_t *, void *), int flags)
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};
    ck_assert_int_eq(sigaction(SIGSEGV, &action, NULL), 0);
    ck_assert_int_eq(sigaction(SIGBUS, &action, NULL), 0);
}

/* Root callbacks run in the pause. */
static void read_closed(void *nothing)
{
    (void)nothing;
    (void)*(volatile char *)closed;
}

/* A root callback whose fault the program's handler repairs: guard pages that are met afterwards
 * are stepped over all the same. */
START_TEST(fault_in_a_callback)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    closed = map();
    set_handlers(open_page, _i ? (int)SA_RESETHAND : 0);
    ck_assert_int_eq(mprotect(closed, page, PROT_NONE), 0);
    ck_assert_int_eq(gc_root_callback_add(read_closed, NULL), 0);
    keepers[PAGES - 1] = gc_alloc_aligned(page, PAGES * page);
    check(keepers[PAGES - 1], PAGES * page, by_mprotect);
    ck_assert_int_eq(calls[SIGSEGV], 1);
}
END_TEST

static void send_faults(void *nothing)
{
    (void)nothing;
    kill(getpid(), SIGSEGV);
    syscall(SYS_tgkill, getpid(), gettid(), SIGBUS);
}

/* A signal that somebody sends in a pause reaches the handler, and after it is another's. */
START_TEST(sent_in_a_pause)
{
    set_handlers(open_page, 0);
    ck_assert_int_eq(gc_root_callback_add(send_faults, NULL), 0);
    gc_collect();
    ck_assert_int_eq(calls[SIGSEGV], 1);
    ck_assert_int_eq(calls[SIGBUS], 1);
    ck_assert_int_eq(gc_root_callback_remove(send_faults, NULL), 0);
    gc_collect();
    ck_assert_int_eq(calls[SIGSEGV], 1);
    ck_assert_int_eq(calls[SIGBUS], 1);
}
END_TEST

static void change_action(void *nothing)
{
    struct sigaction action = {.sa_handler = count_call}, before, now;
    (void)nothing;
    sigaction(SIGSEGV, &action, &before);
    sigaction(SIGSEGV, NULL, &now);
    ck_assert(before.sa_sigaction == open_page && now.sa_handler == count_call);
}

/* An action that is set in a pause is the program's afterwards, and does not disturb it. */
START_TEST(action_in_a_pause)
{
    struct sigaction now;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    set_handlers(open_page, 0);
    ck_assert_int_eq(gc_root_callback_add(change_action, NULL), 0);
    keepers[PAGES - 1] = gc_alloc_aligned(page, PAGES * page);
    ck_assert_int_eq(mprotect(keepers[PAGES - 1] + page, page, PROT_NONE), 0);
    gc_collect();
    ck_assert_int_eq(sigaction(SIGSEGV, NULL, &now), 0);
    ck_assert(now.sa_handler == count_call);
    raise(SIGSEGV);
    ck_assert_int_eq(calls[SIGSEGV], 1);
}
END_TEST

TCase *guards_case(void)
{
    TCase *tc = tcase_create("guards");
    tcase_add_loop_test(tc, static_data, 0, WAYS);
    tcase_add_loop_test(tc, thread_local_data, 0, WAYS);
    tcase_add_loop_test(tc, registered_root, 0, WAYS);
    tcase_add_loop_test(tc, registered_stack, 0, WAYS);
    tcase_add_loop_test(tc, objects, 0, WAYS);
    tcase_add_loop_test(tc, manual_objects, 0, WAYS);
    tcase_add_loop_test(tc, main_stack, 0, WAYS);
    tcase_add_loop_test(tc, alternate_stack, 0, WAYS);
    tcase_add_loop_test(tc, thread_stack, 0, WAYS);
    tcase_add_loop_test(tc, lost_objects, 0, WAYS);
    tcase_add_loop_test(tc, own_handler, 0, WAYS);
    tcase_add_loop_test(tc, fault_in_a_callback, 0, 2);
    if (!UNDER_TSAN) /* which has such signals sent again without end */
        tcase_add_test(tc, sent_in_a_pause);
    tcase_add_test(tc, action_in_a_pause);
    return tc;
}
