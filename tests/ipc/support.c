/* Regions, processes and shared memory of the tests. */
#include "ipc.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LIMIT = 64 << 20, WATCHDOG = 200 /* seconds; against hanging only */ };

gc_region *region;

static void make_region(void)
{
    char name[64];
    snprintf(name, sizeof name, "/gcalloc-ipc-%d", (int)getpid());
    region = gc_region_create(name, LIMIT, GC_REGION_EXCLUSIVE, 0);
    ck_assert_msg(region != NULL, "%s", gc_region_error());
    ck_assert_int_eq(gc_region_unlink(name, 0), 0);
    alarm(WATCHDOG);
}

static void check_region(void)
{
    ck_assert_msg(gc_region_check(region) == 0, "%s", gc_region_error());
    ck_assert_msg(gc_region_collect(region) == 0, "%s", gc_region_error());
    ck_assert_msg(gc_region_check(region) == 0, "%s", gc_region_error());
    ck_assert_int_eq(gc_region_close(region), 0);
}

TCase *case_with_region(const char *name)
{
    TCase *tc = tcase_create(name);
    tcase_add_checked_fixture(tc, make_region, check_region);
    return tc;
}

pid_t spawn(int (*body)(void *data), void *data)
{
    pid_t process = fork();
    if (process == 0) {
        alarm(WATCHDOG);
        _exit(body(data));
    }
    ck_assert_int_gt(process, 0);
    return process;
}

int status_of(pid_t process)
{
    int status;
    while (waitpid(process, &status, 0) != process)
        ck_assert_int_eq(errno, EINTR);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

void *share(size_t bytes)
{
    void *p =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(p, MAP_FAILED);
    return p;
}

void require(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "process %d: not so: %s (errno %d, %s)\n", (int)getpid(), what, errno,
            gc_region_error());
    abort();
}

void *number_new(uint64_t number)
{
    uint64_t *n = gc_region_alloc_atomic(region, 2 * sizeof *n);
    REQUIRE(n);
    n[0] = number;
    n[1] = ~number;
    return n;
}

uint64_t number_of(const void *object)
{
    const uint64_t *n = object;
    REQUIRE(n && n[0] == ~n[1]);
    return n[0];
}

void begin(void)
{
    REQUIRE(gc_region_begin(region) == 0);
}

void end(void)
{
    REQUIRE(gc_region_end(region) == 0);
}

void pause_for(unsigned microseconds)
{
    struct timespec t = {.tv_nsec = (long)microseconds * 1000};
    nanosleep(&t, NULL);
}
