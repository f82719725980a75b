/* Pages that cannot be read in memory that is scanned: what lies around them keeps its objects,
 * and the program's own handler of faults is where it was. */
#include "place.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

enum { PAGES = 64, LARGEST_PAGE = 1 << 16 };

/* Ways to make a page unreadable; each returns whether the system can. */
static bool by_mprotect(char *page, size_t bytes)
{
    return mprotect(page, bytes, PROT_NONE) == 0;
}

static bool by_madvise(char *page, size_t bytes)
{
    return madvise(page, bytes, MADV_GUARD_INSTALL) == 0;
}

static bool by_truncation(char *page, size_t bytes)
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
        return;
    assert_caught(data);
    collect(3);
    assert_caught(data);
    ck_assert_int_eq(sigaction(SIGSEGV, NULL, &now), 0);
    ck_assert(now.sa_handler == on_fault);
    ck_assert_int_eq(sigaction(SIGBUS, NULL, &now), 0);
    ck_assert(now.sa_handler == on_fault);
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
    tcase_add_loop_test(tc, own_handler, 0, WAYS);
    return tc;
}
