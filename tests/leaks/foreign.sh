#!/bin/sh
# The report in programs that use malloc, with threads that the C library starts of its own
# accord: they are stopped, and nothing that the loader allocates for them is a leak.  And
# where a thread does not stop, the report says that it knows nothing.
srcdir=${srcdir:-.}
shim=${shim:-$PWD/.libs/libgcalloc-malloc.so}
. "$srcdir/tests/expect.sh" && begin foreign || exit 1

build() { # NAME: from $tmp/NAME.c
    ${CC:-cc} -g -O1 -fno-builtin -D_GNU_SOURCE -I"$srcdir/tests/leaks" -o "$tmp/$1" "$tmp/$1.c" -pthread -ldl
}
run() { # NAME OPTIONS: what it says is in $tmp/out
    LD_PRELOAD=$shim GCALLOC_OPTIONS=leaks=1$2 timeout -k 5 100 "$tmp/$1" >"$tmp/out" 2>&1
}
says() { grep -qF -- "$1" "$tmp/out" || { cat "$tmp/out"; false; }; }
is_silent_on() { ! says "$1" >/dev/null || { cat "$tmp/out"; false; }; }

# The C library has a thread that waits for timers, with all signals blocked, and makes
# another one for each that expires.
cat >"$tmp/timers.c" <<'END'
#include <semaphore.h>
#include <signal.h>
#include <time.h>
#include "lose.h"
enum { TIMERS = 8 };
static sem_t expired, enough;
static void expire(union sigval value)
{
    free(malloc((size_t)value.sival_int));
    sem_post(&expired);
    sem_wait(&enough);
    sem_post(&expired);
}
int main(void)
{
    sem_init(&expired, 0, 0);
    sem_init(&enough, 0, 0);
    for (int i = 0; i < TIMERS; i++) {
        timer_t timer;
        struct itimerspec soon = {.it_value = {.tv_nsec = 1000}};
        struct sigevent event = {.sigev_notify = SIGEV_THREAD,
                                 .sigev_notify_function = expire,
                                 .sigev_value = {.sival_int = 100 + i}};
        if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0 ||
            timer_settime(timer, 0, &soon, NULL) != 0)
            return 1;
    }
    for (int i = 0; i < TIMERS; i++)
        sem_wait(&expired);
    for (int i = 0; i < TIMERS; i++)
        sem_post(&enough);
    for (int i = 0; i < TIMERS; i++)
        sem_wait(&expired);
    lose();
    overwrite();
    return 0;
}
END
expect "a program with timers" build timers
expect "it runs" run timers
expect "its thread for timers stops" is_silent_on "does not stop"
expect "its leak, and no other" says "definite            1 object            77 bytes"

# The loader's memory for threads that have ended, and that for a library which is opened
# again, hang from where no root is.
cat >"$tmp/behind.c" <<'END'
#include <dlfcn.h>
#include <pthread.h>
#include "lose.h"
enum { THREADS = 8 };
static pthread_barrier_t all;
static void *meet(void *argument)
{
    pthread_barrier_wait(&all);
    return argument;
}
int main(void)
{
    pthread_t threads[THREADS];
    void *library = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
    __typeof__(pthread_create) *create = NULL;
    __typeof__(pthread_join) *join = NULL;
    if (library) {
        create = (__typeof__(create))dlsym(library, "pthread_create");
        join = (__typeof__(join))dlsym(library, "pthread_join");
    }
    if (!create || !join)
        return 77;
    pthread_barrier_init(&all, NULL, THREADS);
    for (int i = 0; i < THREADS; i++)
        if (create(&threads[i], NULL, meet, NULL) != 0)
            return 1;
    for (int i = 0; i < THREADS; i++)
        join(threads[i], NULL);
    dlclose(library);
    lose();
    overwrite();
    return 0;
}
END
expect "a program with threads behind the library's back" build behind
if run behind ""; [ $? != 77 ]; then
    expect "no leak of the loader's" says "definite            1 object            77 bytes"
    expect "nor a possible one" says "possible            0 objects"
fi

# Memory of the program's own keeps objects, as far as all memory is looked at: a pool; what was the stack of a thread that
# has ended, if the program gave it, or where another thread's was.  Not the stacks that the C library keeps.
cat >"$tmp/pool.c" <<'END'
#include <pthread.h>
#include <stdint.h>
#include <sys/mman.h>
#include "lose.h"
enum { THREADS = 3, GIVEN_BYTES = 1 << 18, LARGE_BYTES = 1 << 26 };
static pthread_barrier_t all;
static uintptr_t was; /* an address on the stack of the last thread, complemented */
static void *place(size_t bytes)
{
    return mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
static void *lose_there(void *argument)
{
    void *volatile kept_on_the_stack = malloc(300);
    pthread_barrier_wait(&all);
    return kept_on_the_stack ? argument : NULL;
}
static void *be_there(void *argument)
{
    was = ~(uintptr_t)__builtin_frame_address(0);
    return argument;
}
__attribute__((noinline)) static void lose_on_stacks(void)
{
    pthread_t threads[THREADS];
    pthread_barrier_init(&all, NULL, THREADS);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, lose_there, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}
__attribute__((noinline)) static void run_one(void *stack, size_t bytes)
{
    pthread_attr_t how;
    pthread_t thread;
    pthread_attr_init(&how);
    if (stack)
        pthread_attr_setstack(&how, stack, bytes);
    else
        pthread_attr_setstacksize(&how, bytes);
    pthread_create(&thread, &how, be_there, NULL);
    pthread_join(thread, NULL);
}
__attribute__((noinline)) static void keep_where_stacks_were(void)
{
    void **given = place(GIVEN_BYTES);
    run_one(given, GIVEN_BYTES);
    *given = malloc(500);
    run_one(NULL, LARGE_BYTES); /* more than the C library keeps */
    char *there = (char *)(~was & ~(uintptr_t)4095) - 15 * 4096;
    void **again = mmap(there, 16 * 4096, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (again != (void *)there)
        exit(1);
    *again = malloc(700);
}
int main(void)
{
    keep_where_stacks_were();
    *(void **)place(4096) = malloc(1000);
    lose_on_stacks();
    overwrite();
    return 0;
}
END
expect "a program with memory of its own" build pool
expect "it runs" run pool
expect "that is no root" says "definite            6 objects         3100 bytes"
expect "it runs where all memory is looked at" run pool :mappings=1
expect "then it is" says "definite            3 objects          900 bytes"

cat >"$tmp/deaf.c" <<'END'
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "lose.h"
static sem_t deaf;
static void *block(void *argument)
{
    unsigned long all = ~0UL;
    free(malloc(1));
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, sizeof all);
    sem_post(&deaf);
    pause();
    return argument;
}
int main(void)
{
    pthread_t thread;
    sem_init(&deaf, 0, 0);
    if (pthread_create(&thread, NULL, block, NULL) != 0)
        return 1;
    sem_wait(&deaf);
    lose();
    overwrite();
    return 0;
}
END
expect "a program with a thread that does not stop" build deaf
expect "it ends" run deaf ""
expect "what leaked is not known" says \
    "nothing could be collected: what leaked is not known, see the log"
expect "the log says why" says "does not stop for a collection"
expect "it ends" run deaf :report_format=json
expect "in JSON the report is incomplete" says '"incomplete":true}'

finish
