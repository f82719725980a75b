/* A program locks all of its future memory, of which the system allows it little: address space
 * counts like memory then.  The heap takes what there is, step by step, leaves some of it for the
 * program, and fails for no other reason than ENOMEM. */
#include <check.h>
#include <errno.h>
#include <gcalloc/gcalloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

enum { NOBODY = 65534, HANGS_AFTER = 300 };

static const size_t kibibytes[] = {64,   256,  512,   1024,  1536,  2048,
                                   4096, 8192, 16384, 24576, 65536, 262144};
enum { LIMITS = sizeof kibibytes / sizeof *kibibytes };

/* In KiB: from here on there is room for a heap; for the program too, as the library's own memory
 * takes less than 768 KiB, tables included; and half of all for the program. */
enum { HEAP_FROM = 1024, ROOM_FROM = 1536, HALF_FROM = 4096 };

/* Some systems allow no more than little.  Root may lock what it wants. */
static bool lock_memory(size_t limit)
{
    struct rlimit l = {limit, limit};
    return setrlimit(RLIMIT_MEMLOCK, &l) == 0 &&
           (geteuid() != 0 || setuid(NOBODY) == 0) && mlockall(MCL_FUTURE) == 0;
}

static bool is_zero(const char *p, size_t bytes)
{
    return *p == 0 && memcmp(p, p + 1, bytes - 1) == 0;
}

/* Each assertion of Check's is a system call. */
static void *expect_memory(size_t bytes, bool needed)
{
    errno = 0;
    char *p = gc_alloc(bytes);
    int error = errno;
    if (p ? !is_zero(p, bytes) : error != ENOMEM || needed)
        ck_abort_msg("%zu bytes: %s", bytes, p ? "not zero" : strerror(error));
    return p;
}

/* What is dropped makes room, for as long as one likes. */
static void churn(void)
{
    for (size_t i = 0; i < 20000; i++) {
        size_t bytes = 16 + i % 2000;
        memset(expect_memory(bytes, true), 0x77, bytes);
    }
}

static void check_room_for_program(size_t bytes)
{
    void *p =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert(p != MAP_FAILED);
    munmap(p, bytes);
}

static void run_with(size_t limit, const char *options)
{
    ck_assert_int_eq(setenv("GCALLOC_OPTIONS", options, 1), 0);
    if (!lock_memory(limit)) {
        printf("skipped: no limit of %zu KiB here\n", limit >> 10);
        return;
    }
    if (!expect_memory(100, limit >= HEAP_FROM << 10))
        return;
    if (limit >= HALF_FROM << 10)
        check_room_for_program(limit / 2 - limit / 32);
    churn();
    void **all = NULL, **p;
    size_t most = limit / 1000;
    for (size_t i = 0; i < most && (p = expect_memory(1000, false)); i++, all = p)
        *p = all;
    if (limit >= ROOM_FROM << 10)
        check_room_for_program(limit / 16);
    ck_assert_ptr_nonnull(all);
}

START_TEST(heap_by_mmap)
{
    run_with(kibibytes[_i] << 10, "os=mmap");
}
END_TEST

START_TEST(heap_by_sbrk)
{
    run_with(kibibytes[_i] << 10, "os=sbrk");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("locked");
    TCase *c = tcase_create("locked");
    tcase_set_timeout(c, HANGS_AFTER);
    tcase_add_loop_test(c, heap_by_mmap, 0, LIMITS);
    tcase_add_loop_test(c, heap_by_sbrk, 0, LIMITS);
    suite_add_tcase(s, c);
    SRunner *r = srunner_create(s);
    if (getenv("CK_FORK") && strcmp(getenv("CK_FORK"), "no") == 0)
        return 77; /* each limit needs a process */
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
