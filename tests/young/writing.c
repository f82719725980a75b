/* Every way to write a pointer to an old object, of every kind: the young object that it points to lives. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "young.h"

static struct container container;

/* ---- Ways ---------------------------------------------------------------------------- */

static void store(void **cell, void *p)
{
    *(void *volatile *)cell = p;
}

static void copy(void **cell, void *p)
{
    memcpy(cell, &p, sizeof p);
}

static void exchange(void **cell, void *p)
{
    (void)__atomic_exchange_n(cell, p, __ATOMIC_SEQ_CST);
}

struct errand {
    void **cell, *p;
};

static void *run_errand(void *argument)
{
    const struct errand *e = argument;
    *(void *volatile *)e->cell = e->p;
    return NULL;
}

static void by_thread(void **cell, void *p)
{
    struct errand e = {cell, p};
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, run_errand, &e), 0);
    pthread_join(thread, NULL);
}

static struct errand *volatile errand;

static void handle(int signal)
{
    (void)signal;
    run_errand(errand);
}

static void by_handler(void **cell, void *p)
{
    struct errand e = {cell, p};
    errand = &e;
    signal(SIGUSR1, handle);
    raise(SIGUSR1);
    errand = NULL;
}

static void by_pipe(void **cell, void *p)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(write(ends[1], &p, sizeof p), sizeof p);
    ck_assert_int_eq(read(ends[0], cell, sizeof p), sizeof p);
    close(ends[0]);
    close(ends[1]);
}

static void by_socket(void **cell, void *p)
{
    int ends[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    ck_assert_int_eq(send(ends[1], &p, sizeof p, 0), sizeof p);
    ck_assert_int_eq(recv(ends[0], cell, sizeof p, 0), sizeof p);
    close(ends[0]);
    close(ends[1]);
}

/* As a debugger writes; where that is forbidden, a plain store. */
static void by_process(void **cell, void *p)
{
    struct iovec from = {&p, sizeof p}, to = {cell, sizeof p};
    if (process_vm_writev(getpid(), &from, 1, &to, 1, 0) != sizeof p)
        store(cell, p);
}

static write_way *const ways[] = {store,      copy,    exchange,  by_thread,
                                  by_handler, by_pipe, by_socket, by_process};

/* The last ways are code of the C library and of the kernel: one build has them. */
#ifdef __OPTIMIZE__
enum { WAYS = sizeof ways / sizeof ways[0] };
#else
enum { WAYS = 3 };
#endif

/* ---- The test ------------------------------------------------------------------------- */

START_TEST(writing)
{
    go_young("256K", false);
    uint64_t young = container_write(&container, _i, ways, WAYS);
    ck_assert(kernel_notes_writes() ? young > 0 : young == 0);
}
END_TEST

TCase *writing_case(void)
{
    TCase *t = tcase_create("writing");
    tcase_add_loop_test(t, writing, 0, SORTS);
    return t;
}
