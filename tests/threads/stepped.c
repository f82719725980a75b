/* The process that is stepped.  What it has allocated lies in a table, each object filled
 * with its number: whatever is handed out twice has wrong contents. */
#include <gcalloc/inline.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/critical.h"
#include "heap/cache.h"
#include "heap/heap.h"
#include "heap/lookup.h"
#include "heap/sizeclass.h"
#include "step.h"
#include "world/next.h"
#include "world/stop.h"
#include "world/thread.h"

enum {
    SMALL = 240,
    LARGER = 4 * SMALL,
    LARGE = 200000,
    KEPT_MOST = 800,
    KEPT_LEFT = 100, /* between calls */
    TREE_DEPTH = 3,
    TRIES = 100000,
    HANGS_AFTER = 120, /* seconds, for a child */
};

static struct kept {
    unsigned char *object;
    size_t size;
    unsigned number;
} kept[KEPT_MOST];

static unsigned kept_count, numbers;
static struct stage *stage;
static enum event event;
static sigjmp_buf back;

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "step: %s\n", what);
    abort();
}

/* ---- Objects ------------------------------------------------------------------------ */

static unsigned char contents(unsigned number)
{
    return (unsigned char)(number % 255 + 1);
}

static void check(const struct kept *k)
{
    if (gc_base(k->object) != k->object)
        fail("an object is gone");
    for (size_t i = 0; i < k->size; i += 8)
        if (k->object[i] != contents(k->number))
            fail("an object has other contents");
}

static void check_all(void)
{
    for (unsigned i = 0; i < kept_count; i++)
        check(&kept[i]);
}

static void keep(void *object, size_t size)
{
    static const char zero[SMALL];
    if (!object)
        fail("no memory");
    for (size_t i = 0; i < size; i += SMALL)
        if (memcmp((char *)object + i, zero, size - i < SMALL ? size - i : SMALL) != 0)
            fail("a new object is not zero");
    if (kept_count == KEPT_MOST)
        fail("the table is full");
    struct kept *k = &kept[kept_count];
    *k = (struct kept){object, size, numbers++};
    memset(object, contents(k->number), size);
    __asm__ volatile("" ::: "memory"); /* another thread may fork here */
    kept_count++;
}

/* The latest one. */
static void *let_go(void)
{
    check(&kept[--kept_count]);
    return kept[kept_count].object;
}

/* Every other one is freed, the rest is for a collection. */
static void thin_out(unsigned most)
{
    while (kept_count > most) {
        gc_free(let_go());
        let_go();
        kept[kept_count].object = NULL;
    }
}

struct tree {
    struct tree *left, *right;
    int depth;
};

static struct tree *grow(int depth)
{
    struct tree *t = gc_alloc(sizeof *t);
    if (!t || t->left || t->right || t->depth)
        fail("a new tree is not zero");
    t->depth = depth;
    if (depth > 0) {
        t->left = grow(depth - 1);
        t->right = grow(depth - 1);
    }
    return t;
}

static void check_tree(const struct tree *t, int depth)
{
    if (!t || t->depth != depth)
        fail("a tree has lost a node");
    if (depth > 0) {
        check_tree(t->left, depth - 1);
        check_tree(t->right, depth - 1);
    }
}

/* Large objects, too. */
static void work(bool collects)
{
    struct tree *t = grow(TREE_DEPTH);
    for (int i = 0; i < 4; i++)
        keep(gc_alloc(SMALL), SMALL);
    gc_free(let_go());
    keep(gc_alloc(LARGE), LARGE);
    if (collects)
        gc_collect();
    check_tree(t, TREE_DEPTH);
    check_all();
    gc_free(let_go());
    gc_free(let_go());
}

/* ---- The heap's invariants ------------------------------------------------------------ */

/* No other thread works.  Only where a call was abandoned, or a thread with it, may a slot
 * be in no cache. */
static void check_heap(void)
{
    uint32_t held = 0, in_flight = registry_lost_count();
    world_lock();
    for (MUTATORS(m)) {
        held += m->cache ? cache_check(m->cache) : 0;
        held += m->spare ? cache_check(m->spare) : 0;
        for (const struct cache *c = m->aside; c; c = c->next)
            held += cache_check(c);
        in_flight += m->aside_count;
    }
    heap_check_held(&process_heap, held, in_flight);
    world_unlock();
}

/* ---- Events --------------------------------------------------------------------------- */

static void fork_once(void)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        alarm(HANGS_AFTER);
        work(true);
        check_heap();
        _exit(0);
    }
    while (waitpid(pid, &status, 0) != pid)
        continue;
    if (pid < 0 || status != 0)
        fail("the child");
}

static void on_signal(int number)
{
    (void)number;
    stage->events++;
    switch (event) {
    case HANDLER_ALLOCATES:
    case TWO_HANDLERS:
        return work(false);
    case HANDLER_COLLECTS:
        return work(true);
    case HANDLER_FORKS:
        return fork_once();
    case HANDLER_JUMPS:
        work(false);
        siglongjmp(back, 1);
    default:
        fail("a signal that nobody sent");
    }
}

static void *serve(void *argument)
{
    stage->other = gettid();
    for (;;) {
        if (sem_wait(&stage->ask) != 0)
            continue;
        if (event == FORK)
            fork_once();
        else
            gc_collect();
        if (event != FOREIGN_HANDLER)
            stage->events++;
        __atomic_store_n(&stage->answered, stage->asked, __ATOMIC_RELEASE);
    }
    return argument;
}

/* Set past the library, which does not know of it: another thread stops this one inside of
 * it, but where it has interrupted a critical section. */
static void on_foreign(int number)
{
    (void)number;
    stage->events++;
    stage->asked++;
    sem_post(&stage->ask);
    while (__atomic_load_n(&stage->answered, __ATOMIC_ACQUIRE) != stage->asked &&
           !critical.deferred)
        sched_yield();
}

static void await_answer(void)
{
    while (__atomic_load_n(&stage->answered, __ATOMIC_ACQUIRE) != stage->asked)
        sched_yield();
}

/* ---- Operations ------------------------------------------------------------------------ */

static const struct bin *small_bin(void)
{
    return &thread_cache->bins[bin_of(KIND_SCANNED, cache_class(thread_cache, SMALL))];
}

static bool is_prepared(enum operation operation)
{
    const struct bin *b = small_bin();
    switch (operation) {
    case ALLOC_INLINE:
    case ALLOC_FROM_RUN:
        return b->count == 0 && b->cur != b->end;
    case ALLOC_ADVANCE:
        return b->count == 0 && b->cur == b->end && b->end != b->run_end;
    case ALLOC_REFILL:
        return b->count == 0 && b->cur == b->run_end;
    case ALLOC_FROM_MAGAZINE:
        return b->count > 0;
    case FREE_TO_MAGAZINE:
        return b->count > 0 && b->count < b->capacity;
    case FREE_SPILL:
        return b->count == b->capacity;
    default:
        return true;
    }
}

/* Some come from blocks of another cache, one that a handler has left by a jump, and go back to them. */
static void fill_magazine(enum operation operation)
{
    unsigned most = operation == FREE_SPILL ? 2 * small_bin()->capacity : 2;
    for (unsigned i = 0; i < most; i++)
        keep(gc_alloc(SMALL), SMALL);
    while (most-- > 0 && !is_prepared(operation))
        gc_free(let_go());
}

/* Brings the cache to the state that the operation is to start from; what it frees is the
 * latest object. */
static void prepare(enum operation operation)
{
    if (operation == ALLOC_FROM_MAGAZINE || operation == FREE_TO_MAGAZINE ||
        operation == FREE_SPILL || operation == RESIZE || operation == BLOCK)
        keep(gc_alloc(SMALL), SMALL);
    if (operation == FREE_LARGE)
        keep(gc_alloc(LARGE), LARGE);
    if (operation == RESIZE)
        gc_free(gc_alloc(LARGER));
    for (int i = 0; !is_prepared(operation) && i < TRIES; i++) {
        if (operation == ALLOC_FROM_MAGAZINE || operation == FREE_TO_MAGAZINE ||
            operation == FREE_SPILL)
            fill_magazine(operation);
        else if (!gc_alloc(SMALL))
            fail("no memory");
    }
    if (!is_prepared(operation))
        fail("the cache is not as it should be");
}

static void breakpoint(void)
{
#if defined __x86_64__
    __asm__ volatile("int3" ::: "memory");
#elif defined __aarch64__
    __asm__ volatile("brk #0" ::: "memory");
#endif
}

/* Alone in its section, so that each of its instructions counts as one of a fast path. */
extern const char __start_step_inline[] __attribute__((visibility("hidden")));
extern const char __stop_step_inline[] __attribute__((visibility("hidden")));

NOINLINE __attribute__((section("step_inline"))) static void *alloc_inline(void)
{
    return gc_alloc_inline(SMALL);
}

/* The call that is stepped through, and nothing else. */
NOINLINE static void *call(enum operation operation, void *object)
{
    void *result = NULL;
    stage->phase = DURING;
    breakpoint();
    if (operation == ALLOC_INLINE)
        result = alloc_inline();
    else if (operation <= ALLOC_REFILL)
        result = gc_alloc(SMALL);
    else if (operation == ALLOC_LARGE)
        result = gc_alloc(LARGE);
    else if (operation == BLOCK)
        gc_blocking_begin(), gc_blocking_end();
    else if (operation == RESIZE)
        result = gc_realloc(object, LARGER);
    else
        gc_free(object);
    stage->phase = AFTER;
    breakpoint();
    return result;
}

static void check_resized(unsigned char *object, unsigned number)
{
    for (size_t i = 0; i < SMALL; i++)
        if (!object || object[i] != contents(number))
            fail("an object has lost its contents on the way");
    memset(object, 0, LARGER);
    keep(object, LARGER);
}

static void perform(enum operation operation)
{
    volatile unsigned number = 0;
    void *volatile object = NULL;
    if (operation >= FREE_TO_MAGAZINE) {
        object = let_go();
        number = kept[kept_count].number;
        kept[kept_count].object = NULL;
    }
    if (sigsetjmp(back, 1) != 0) {
        stage->phase = AFTER;
        breakpoint();
        if (operation == BLOCK)
            gc_blocking_end(); /* if it had begun */
        return;
    }
    void *result = call(operation, object);
    if (operation == RESIZE)
        check_resized(result, number);
    else if (operation <= ALLOC_LARGE)
        keep(result, operation == ALLOC_LARGE ? LARGE : SMALL);
}

static void perform_once(enum operation operation)
{
    stage->phase = BEFORE;
    prepare(operation);
    perform(operation);
    await_answer();
    check_all();
    check_heap();
    thin_out(KEPT_LEFT);
}

void be_stepped(struct stage *s, enum operation operation, enum event e)
{
    pthread_t thread;
    struct sigaction action = {.sa_handler = on_signal};
    stage = s;
    event = e;
    stage->inline_low = (uintptr_t)__start_step_inline;
    stage->inline_high = (uintptr_t)__stop_step_inline;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (e == FOREIGN_HANDLER)
        action.sa_handler = on_foreign;
    if (pthread_create(&thread, NULL, serve, NULL) != 0 ||
        (e == FOREIGN_HANDLER ? next_sigaction : sigaction)(SIGUSR1, &action, NULL) !=
            0 ||
        sigaction(SIGUSR2, &action, NULL) != 0 ||
        ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
        fail("no stepping");
    while (stage->more)
        perform_once(operation);
    _exit(0);
}
