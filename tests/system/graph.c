/* The addresses that the program knows its objects by are inverted, and what it builds, it builds
 * far down the stack, which is overwritten afterwards.  Threads that keep something wait by a
 * system call of their own, as what the C library waits by may be what fails. */
#include "graph.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <gcalloc/gcalloc.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "deep.h"

enum {
    STACK_BYTES = 96 << 10,
    RANGE_WORDS = 512,
    GARBAGE_BYTES = 4 << 20, /* enough for the library to start threads of its own */
    LITTER_BYTES = 512 << 10,
    THREAD_BYTES = 256 << 10, /* of stacks, scanned whole where nobody knows better */
    ROUNDS = 2,
};

/* Where the first object of a chain is held. */
enum place {
    STATIC_DATA,
    MAIN_STACK,
    RANGE,
    MANUAL,
    SUSPENDED, /* on the stack of a registered coroutine */
    THREAD_STACK,
    THREAD_LOCAL,
    THREAD_SPECIFIC,
    COROUTINE,  /* on a stack that nobody has named, and on which its thread collects */
    ITS_CALLER, /* on the stack that this thread came from */
    PAST, /* in thread-local storage of a thread made past the library's pthread_create */
    CLONED, /* on the stack of one of which not even the C library knows */
    PLACES,
};

static const char *const names[PLACES] = {"static data",
                                          "the main stack",
                                          "a registered range",
                                          "a manual object",
                                          "a suspended coroutine",
                                          "a thread's stack",
                                          "a thread-local variable",
                                          "a thread-specific value",
                                          "a coroutine that nobody has named",
                                          "the stack that it came from",
                                          "a thread made past pthread_create",
                                          "a thread made by clone"};

enum { LINKS = 3 };
static const size_t sizes[LINKS] = {48, 3000, 20000};

/* Three objects, the last one without pointers. */
struct chain {
    uintptr_t hidden[LINKS];
    bool made;
};

static struct {
    struct graph_run *run;
    pthread_attr_t attributes;
    struct chain chains[PLACES];
    bool is_there[PLACES];    /* atomic: it is held in its place */
    bool over;                /* atomic: those that hold something end */
    bool collects, collected; /* atomic: the coroutine is to collect, and has */
    char *stacks[PLACES];
    void **range;
} graph;

static void fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (!graph.run->said[0]) /* the first one counts */
        vsnprintf(graph.run->said, graph.run->said_bytes, format, arguments);
    va_end(arguments);
    _exit(1);
}

static void pause_a_little(void)
{
    struct timespec t = {0, 1000000};
    syscall(SYS_nanosleep, &t, NULL);
}

static void await(const bool *flag)
{
    while (!__atomic_load_n(flag, __ATOMIC_ACQUIRE))
        pause_a_little();
}

static void set(bool *flag)
{
    __atomic_store_n(flag, true, __ATOMIC_RELEASE);
}

/* ---- Objects ----------------------------------------------------------------------------- */

static unsigned char pattern(unsigned chain, unsigned link, size_t at)
{
    return (unsigned char)(0x80 | (chain * 31 + link * 7 + at));
}

static bool is_zero(const char *p, size_t bytes)
{
    return *p == 0 && memcmp(p, p + 1, bytes - 1) == 0;
}

/* A thread that clone made has the errno of the main thread in common with it: the one's signal handler puts
 * back what the other has just set. */
static bool shares_errno;

static void *new_object(size_t bytes, bool scanned)
{
    char *p = scanned ? gc_alloc(bytes) : gc_alloc_atomic(bytes);
    if (!p && errno != ENOMEM && !shares_errno)
        fail("an allocation failed with %s", strerror(errno));
    if (p && scanned && !is_zero(p, bytes))
        fail("a new object is not zero");
    return p;
}

/* Where there is no memory the chain is not made. */
static void *make_chain(unsigned number)
{
    struct chain *c = &graph.chains[number];
    void *next = NULL;
    for (unsigned link = LINKS; link-- > 0;) {
        char *p = new_object(sizes[link], link < LINKS - 1);
        if (!p)
            return NULL;
        memcpy(p, &next, sizeof next);
        for (size_t at = sizeof next; at < sizes[link]; at++)
            p[at] = (char)pattern(number, link, at);
        c->hidden[link] = ~(uintptr_t)p;
        next = p;
    }
    c->made = true;
    return next;
}

static void check_link(unsigned number, unsigned link)
{
    const struct chain *c = &graph.chains[number];
    char *p = (char *)~c->hidden[link];
    uintptr_t next = link + 1 < LINKS ? ~c->hidden[link + 1] : 0;
    if (gc_base(p) != p)
        fail("the object %u of %s was lost", link, names[number]);
    if (memcmp(p, &next, sizeof next) != 0)
        fail("the pointer in object %u of %s has changed", link, names[number]);
    for (size_t at = sizeof next; at < sizes[link]; at++)
        if ((unsigned char)p[at] != pattern(number, link, at))
            fail("the contents of object %u of %s have changed", link, names[number]);
}

static void check_all(void)
{
    for (unsigned number = 0; number < PLACES; number++)
        for (unsigned link = 0; link < LINKS && graph.chains[number].made; link++)
            check_link(number, link);
}

/* ---- Places of the main thread ----------------------------------------------------------- */

static NOINLINE void hold(void *volatile *word, unsigned number)
{
    *word = call_deep(number, make_chain);
    overwrite();
}

/* glibc's does not restore a register of the caller's where the system refuses it the mask. */
static NOINLINE int swap(ucontext_t *from, const ucontext_t *to)
{
    int result = swapcontext(from, to);
#if defined __x86_64__
    __asm__ volatile("" ::: "r12");
#endif
    return result;
}

static void *volatile in_static_data;
static ucontext_t main_context, suspended_context;

static void keep_on_coroutine(void)
{
    void *volatile word;
    hold(&word, SUSPENDED);
    gc_stack_switch(NULL);
    swap(&suspended_context, &main_context);
}

static void make_suspended(void)
{
    char *low = graph.stacks[SUSPENDED];
    if (gc_stack_register(low, low + STACK_BYTES) != 0)
        return;
    getcontext(&suspended_context);
    suspended_context.uc_stack = (stack_t){.ss_sp = low, .ss_size = STACK_BYTES};
    suspended_context.uc_link = &main_context;
    makecontext(&suspended_context, keep_on_coroutine, 0);
    if (gc_stack_switch(low) != 0 || swap(&main_context, &suspended_context) != 0) {
        graph.chains[SUSPENDED].made = false;
        gc_stack_switch(NULL);
    }
}

static void *fill_manual(unsigned number)
{
    void *volatile *holder = gc_alloc_manual(64);
    if (holder)
        holder[5] = make_chain(number);
    return NULL;
}

static void make_range(void)
{
    if (gc_root_add(graph.range, graph.range + RANGE_WORDS) == 0)
        hold(&graph.range[RANGE_WORDS / 2], RANGE);
}

/* ---- Threads ------------------------------------------------------------------------------- */

static __thread void *volatile in_tls;

static void keep(unsigned number)
{
    set(&graph.is_there[number]);
    await(&graph.over);
}

static void *on_stack(void *number)
{
    void *volatile word;
    hold(&word, (unsigned)(uintptr_t)number);
    keep((unsigned)(uintptr_t)number);
    return word ? number : NULL;
}

static void *thread_local(void *number)
{
    hold(&in_tls, THREAD_LOCAL);
    keep(THREAD_LOCAL);
    return number;
}

static pthread_key_t key;

static void *set_specific(unsigned number)
{
    if (pthread_setspecific(key, make_chain(number)) != 0)
        graph.chains[number].made = false;
    return NULL;
}

static void *thread_specific(void *number)
{
    call_deep(THREAD_SPECIFIC, set_specific);
    overwrite();
    keep(THREAD_SPECIFIC);
    return number;
}

static ucontext_t thread_context, coroutine_context;

static void collect_on_coroutine(void)
{
    void *volatile word;
    hold(&word, COROUTINE);
    set(&graph.is_there[COROUTINE]);
    while (!__atomic_load_n(&graph.over, __ATOMIC_ACQUIRE)) {
        if (__atomic_exchange_n(&graph.collects, false, __ATOMIC_ACQUIRE)) {
            gc_collect();
            set(&graph.collected);
        }
        pause_a_little();
    }
}

static void *run_coroutine(void *number)
{
    void *volatile word;
    hold(&word, ITS_CALLER);
    getcontext(&coroutine_context);
    coroutine_context.uc_stack =
        (stack_t){.ss_sp = graph.stacks[COROUTINE], .ss_size = STACK_BYTES};
    coroutine_context.uc_link = &thread_context;
    makecontext(&coroutine_context, collect_on_coroutine, 0);
    if (swap(&thread_context, &coroutine_context) != 0) {
        graph.chains[ITS_CALLER].made = false;
        set(&graph.is_there[COROUTINE]);
    }
    return word ? number : NULL;
}

static void start(enum place place, void *(*body)(void *))
{
    pthread_t thread;
    if (pthread_create(&thread, &graph.attributes, body, (void *)place) == 0)
        await(&graph.is_there[place]);
}

static __typeof__(&pthread_create) past_create;

static void find_past_create(void)
{
    void *library = dlopen("libc.so.6", RTLD_LAZY);
    if (library)
        *(void **)&past_create = dlsym(library, "pthread_create");
}

/* The main thread makes the chain, as a thread that uses the heap is known to the library. */
static uintptr_t foreign_hidden;

static void *make_hidden(unsigned number)
{
    foreign_hidden = ~(uintptr_t)make_chain(number);
    return NULL;
}

/* Nothing is collected until the thread holds it. */
static void make_foreign(enum place place, bool (*begin)(void))
{
    gc_disable();
    call_deep(place, make_hidden);
    overwrite();
    if (begin())
        await(&graph.is_there[place]);
    else
        graph.chains[place].made = false;
    gc_enable();
}

static void *past(void *argument)
{
    in_tls = (void *)~foreign_hidden;
    keep(PAST);
    return argument;
}

static bool begin_past(void)
{
    pthread_t thread;
    return past_create && past_create(&thread, &graph.attributes, past, NULL) == 0;
}

/* It has its thread-local variables in common with the thread that made it. */
static int cloned(void *argument)
{
    void *volatile word = (void *)~foreign_hidden;
    keep(CLONED);
    return word == argument;
}

static bool begin_cloned(void)
{
    int flags =
        CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
    shares_errno = true;
    return clone(cloned, graph.stacks[CLONED] + STACK_BYTES, flags, NULL) > 0;
}

/* ---- The program ----------------------------------------------------------------------------- */

/* Before anything fails. */
static void prepare(void)
{
    for (unsigned i = 0; i < PLACES; i++)
        graph.stacks[i] = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    graph.range = mmap(NULL, RANGE_WORDS * sizeof *graph.range, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (setenv("GCALLOC_OPTIONS", graph.run->options, 1) != 0)
        fail("no environment");
    if (pthread_attr_init(&graph.attributes) != 0 ||
        pthread_attr_setstacksize(&graph.attributes, THREAD_BYTES) != 0)
        fail("no attributes");
    if (pthread_key_create(&key, NULL) != 0)
        fail("no key");
    find_past_create();
    int nowhere = open("/dev/null", O_WRONLY);
    if (dup2(nowhere, STDERR_FILENO) < 0) /* the library says a lot where calls fail */
        fail("no file for the messages");
    close(nowhere);
}

static void build(void)
{
    hold(&in_static_data, STATIC_DATA);
    make_range();
    call_deep(MANUAL, fill_manual);
    overwrite();
    make_suspended();
    start(THREAD_STACK, on_stack);
    start(THREAD_LOCAL, thread_local);
    start(THREAD_SPECIFIC, thread_specific);
    start(COROUTINE, run_coroutine);
    make_foreign(PAST, begin_past);
    make_foreign(CLONED, begin_cloned);
}

/* What is allocated and dropped fills the memory of whatever was lost. */
static NOINLINE void litter(size_t enough)
{
    static const size_t of[] = {48, 3000, 20000, 300, 100000};
    for (size_t bytes = 0, i = 0; bytes < enough; i++) {
        size_t size = of[i % (sizeof of / sizeof *of)];
        char *p = new_object(size, i % 3 > 0);
        if (p)
            memset(p, 0x5a, size);
        if (p && i % 7 == 0)
            gc_free(p);
        bytes += size;
    }
}

static void collect_elsewhere(void)
{
    if (!__atomic_load_n(&graph.is_there[COROUTINE], __ATOMIC_ACQUIRE) ||
        !graph.chains[COROUTINE].made)
        return;
    graph.collected = false;
    set(&graph.collects);
    await(&graph.collected);
}

static void collect_in_child(void)
{
    pid_t pid = fork();
    int status = 0;
    if (pid == 0) {
        gc_collect();
        litter(LITTER_BYTES);
        for (unsigned i = 0; i <= SUSPENDED; i++)
            for (unsigned link = 0; link < LINKS && graph.chains[i].made; link++)
                check_link(i, link);
        _exit(0);
    }
    while (pid > 0 && syscall(SYS_wait4, pid, &status, 0, NULL) < 0)
        pause_a_little();
    if (status != 0)
        fail("the child of a fork ended with status %x", (unsigned)status);
}

static NOINLINE void work(void)
{
    for (int i = 0; i < ROUNDS; i++) {
        gc_collect();
        litter(i == 0 ? GARBAGE_BYTES : LITTER_BYTES);
        collect_elsewhere();
    }
    collect_in_child();
    litter(LITTER_BYTES);
    if (graph.run->reports)
        gc_leak_check();
    check_all();
    void *last = gc_alloc(100);
    if (graph.run->once && !last)
        fail("no memory, though nothing fails any more");
    gc_free(last);
}

static NOINLINE void work_deep(int depth)
{
    volatile char frame[4096];
    frame[0] = 1;
    if (depth > 0)
        work_deep(depth - 1);
    else
        work();
    frame[1] = frame[0];
}

void graph_run(void *run)
{
    void *volatile word;
    graph.run = run;
    prepare();
    if (graph.run->moment == BEFORE_FIRST_USE)
        graph.run->begin();
    hold(&word, MAIN_STACK);
    build();
    if (graph.run->moment == WHEN_BUILT)
        graph.run->begin();
    work_deep(50);
    _exit(word || !graph.chains[MAIN_STACK].made ? 0 : 1);
}
