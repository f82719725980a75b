/* What a thread has on stacks that it is not on: it stands in a handler on an alternate stack, and the collection
 * is another thread's.  Threads that the library knows and threads that it does not; their own stacks and those of
 * coroutines of which nobody has said anything; whole ones, and such as have come to be several mappings. */
#include "place.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "../api/sanitizer.h"

enum { STACK = 256 << 10, AUTODISARM = INT_MIN };

/* How the running test wants it; a bit each. */
enum {
    FOREIGN = 1,
    COROUTINE = 2,
    ALTERNATE = 4,
    SPLIT = 8,
    NESTED = 16,
    LEFT = 32,
    UNKNOWN = 64,
    WAYS = 128
};
static int way;

static void *
    *volatile words; /* of a frame that the thread has below those that it is in */
static void **volatile between; /* of one on the first of two alternate stacks */
static sem_t there, go;

static void *map_stack(void)
{
    void *p =
        mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

static void arm(int flags)
{
    stack_t s = {.ss_sp = map_stack(), .ss_size = STACK, .ss_flags = flags};
    if (sigaltstack(&s, NULL) != 0)
        abort();
}

/* ---- The thread ---------------------------------------------------------------------------------------- */

static void stand(int number)
{
    (void)number;
    sem_post(&there);
    while (sem_wait(&go) != 0)
        continue;
}

/* Which is interrupted itself, on its own alternate stack. */
static void stand_on_another(int number)
{
    void *held[VICTIMS] = {NULL};
    (void)number;
    between = held;
    arm(0);
    raise(SIGUSR2);
    between = NULL;
}

static sigjmp_buf back;

static void jump(int number)
{
    (void)number;
    siglongjmp(back, 1);
}

/* One page of the stack between the words and the handler is in a mapping of its own. */
static NOINLINE void stand_behind_a_page(void)
{
    volatile char pages[3 * 4096];
    uintptr_t page = ((uintptr_t)pages + 4095) & -(uintptr_t)4096;
    memset((void *)pages, 1, sizeof pages);
    if (way & SPLIT && madvise((void *)page, 4096, MADV_DONTDUMP) != 0)
        abort();
    if (way & LEFT &&
        sigsetjmp(back, 1) == 0) /* from a handler that is not there any more */
        raise(SIGHUP);
    raise(SIGUSR1);
    pages[7] = 0;
}

static NOINLINE void hold(void)
{
    void *held[VICTIMS] = {NULL};
    words = held;
    stand_behind_a_page();
    words = NULL;
}

static ucontext_t own, other;

static void *run(void *unused)
{
    if (way & ALTERNATE)
        arm(way & NESTED ? AUTODISARM : 0);
    if (!(way & COROUTINE)) {
        hold();
        return unused;
    }
    getcontext(&other);
    other.uc_stack = (stack_t){.ss_sp = map_stack(), .ss_size = STACK};
    other.uc_link = &own;
    makecontext(&other, hold, 0);
    swapcontext(&own, &other);
    return unused;
}

/* ---- The test ------------------------------------------------------------------------------------------ */

typedef int create_function(pthread_t *, const pthread_attr_t *, void *(*)(void *),
                            void *);

/* The C library's own, in front of which the library stands. */
static void *behind(const char *name)
{
    void *found = dlsym(dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD), name);
    ck_assert_ptr_nonnull(found);
    return found;
}

static create_function *creator(void)
{
    create_function *create = pthread_create;
    if (way & FOREIGN)
        *(void **)&create = behind("pthread_create");
    return create;
}

static void handle(int number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
    int (*set)(int, const struct sigaction *, struct sigaction *) = sigaction;
    if (way & UNKNOWN)
        *(void **)&set = behind("sigaction");
    ck_assert_int_eq(set(number, &action, NULL), 0);
}

/* What it holds is found as long as it holds it. */
START_TEST(in_a_handler)
{
    pthread_t thread;
    way = _i;
    /* Of a stack that was disarmed only a handler's caller knows. */
    if ((way & NESTED && (!(way & ALTERNATE) || way & UNKNOWN)) || UNDER_TSAN)
        return;
    sem_init(&there, 0, 0);
    sem_init(&go, 0, 0);
    handle(SIGUSR1, way & NESTED ? stand_on_another : stand);
    handle(SIGUSR2, stand);
    handle(SIGHUP, jump);
    ck_assert_int_eq(creator()(&thread, NULL, run, NULL), 0);
    while (sem_wait(&there) != 0)
        continue;
    place_check(place_words(words));
    if (way & NESTED)
        place_check(place_words(between));
    sem_post(&go);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
}
END_TEST

TCase *elsewhere_case(void)
{
    TCase *tc = tcase_create("elsewhere");
    tcase_add_loop_test(tc, in_a_handler, 0, WAYS);
    return tc;
}
