/* No memory: a limit of the heap, a limit of the process, and a system that refuses any
 * one call, or all from one call on.  Whatever happens, an allocation succeeds or returns
 * NULL with ENOMEM, what was allocated keeps its contents, the heap stays sound, and all
 * works again when there is memory again.  Each case runs in a child of its own. */
#include <errno.h>
#include <gcalloc/gcalloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sanitizer.h"

#include "base/bits.h"
#include "base/os.h"
#include "heap/heap.h"
#include "roots/registered.h"
#include "world/thread.h"

enum {
    OBJECTS = 300,
    ROUNDS = 500,     /* of the workload */
    NOT_REACHED = 10, /* exit status: the fault's turn never came */
    FAULTS_MOST = 100000,
    STRIDE = 3,      /* from one call that fails to the next, but for the first ones */
    EACH_UNTIL = 60, /* of the first ones each fails */
};

static struct object {
    unsigned char *start;
    size_t size;
    unsigned seed;
} objects[OBJECTS];

static unsigned long denied, granted;

#define EXPECT(condition)                                                           \
    do {                                                                            \
        if (!(condition)) {                                                         \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
            abort();                                                                \
        }                                                                           \
    } while (0)

static unsigned random_below(unsigned n)
{
    static uint64_t state = 88172645463325252u;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)((state >> 32) * n >> 32);
}

static size_t random_size(void)
{
    static const unsigned most[] = {100,   100,   100,   100,   3000,  3000,
                                    3000,  3000,  3000,  3000,  30000, 30000,
                                    30000, 30000, 30000, 300000};
    return random_below(random_below(40) ? most[random_below(16)] : 5000000);
}

/* ---- Contents: a few bytes all over the object --------------------------------------
 */

static size_t step_of(size_t size)
{
    return size / 64 + 1;
}

static void fill(struct object *o)
{
    for (size_t i = 0; i < o->size; i += step_of(o->size))
        o->start[i] = (unsigned char)(0x80 | (o->seed + i));
}

static bool is_filled(const struct object *o, size_t size, size_t step)
{
    for (size_t i = 0; i < size; i += step)
        if (o->start[i] != (unsigned char)(0x80 | (o->seed + i)))
            return false;
    return true;
}

static bool is_zero(const unsigned char *p, size_t bytes)
{
    return bytes == 0 || (*p == 0 && memcmp(p, p + 1, bytes - 1) == 0);
}

static void check_objects(void)
{
    for (size_t i = 0; i < OBJECTS; i++) {
        const struct object *o = &objects[i];
        EXPECT(!o->start || gc_usable_size(o->start) >= o->size);
        EXPECT(!o->start || is_filled(o, o->size, step_of(o->size)));
    }
}

/* The heap may not even have come into being. */
static void check_heap(void)
{
    if (!thread_self || !thread_self->cache)
        return;
    heap_check(&process_heap, thread_self->cache);
    registered_check();
}

/* ---- The workload ---------------------------------------------------------------------
 */

static bool was_granted(const void *object)
{
    EXPECT(object ? errno == 0 : errno == ENOMEM);
    errno = 0;
    if (object)
        granted++;
    else
        denied++;
    return object != NULL;
}

static void drop(struct object *o, bool by_hand)
{
    if (by_hand)
        gc_free(o->start);
    memset(o, 0, sizeof *o);
}

static void allocate(struct object *o)
{
    size_t size = random_size();
    size_t alignment = random_below(8) ? 0 : (size_t)1 << random_below(20);
    unsigned flags = random_below(4) ? 0 : GC_ATOMIC;
    unsigned char *start = gc_alloc_with(size, alignment, flags);
    if (!was_granted(start))
        return;
    EXPECT(is_zero(start, size));
    *o = (struct object){start, size, random_below(1u << 30)};
    fill(o);
}

static void resize(struct object *o)
{
    size_t size = random_size();
    struct object resized = {gc_realloc(o->start, size), size, o->seed};
    if (!was_granted(resized.start))
        return;
    EXPECT(is_filled(&resized, min_size(size, o->size), step_of(o->size)));
    *o = resized;
    fill(o);
}

static void mark_nothing(void *data)
{
    (void)data;
}

static void change_roots(unsigned i)
{
    static void *words[1000];
    bool added = gc_root_add(&words[i % 1000], &words[1000]) == 0;
    EXPECT(added || errno == ENOMEM);
    if (added && i % 2)
        EXPECT(gc_root_remove(&words[i % 1000], &words[1000]) == 0);
    errno = 0;
    added = gc_root_callback_add(mark_nothing, words) == 0;
    EXPECT(added || errno == ENOMEM);
    if (added)
        EXPECT(gc_root_callback_remove(mark_nothing, words) == 0);
    errno = 0;
}

static void work(void)
{
    errno = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct object *o = &objects[random_below(OBJECTS)];
        unsigned kind = random_below(20);
        if (kind < 6 && o->start)
            resize(o);
        else if (kind < 9)
            drop(o, kind != 8);
        else if (!o->start)
            allocate(o);
        if (i % 100 == 0)
            change_roots(i);
        if (i % 100 == 0)
            gc_collect();
        errno = 0;
    }
    check_objects();
    check_heap();
}

/* There is memory again: everything up to this size can be had. */
static void expect_recovery(size_t most)
{
    for (size_t i = 0; i < OBJECTS; i++)
        drop(&objects[i], i % 2);
    gc_collect();
    check_heap();
    errno = 0;
    for (size_t size = 1; size <= most; size *= 4) {
        objects[0] = (struct object){gc_alloc(size), size, 1};
        EXPECT(was_granted(objects[0].start));
        EXPECT(is_zero(objects[0].start, size));
        fill(&objects[0]);
        objects[1] = objects[0];
        objects[1].start = gc_realloc(objects[0].start, 2 * size);
        EXPECT(was_granted(objects[1].start));
        objects[0] = objects[1];
    }
    check_objects();
    check_heap();
}

/* ---- The cases
 * ------------------------------------------------------------------------- */

struct fault {
    unsigned long nth;
    bool onwards;
    const char *limit;
};

static void start_options(const char *limit)
{
    EXPECT(gc_option_set("log_file", "/dev/null") == 0);
    EXPECT(gc_option_set("floor", "4M") == 0);
    EXPECT(gc_option_set("heap_limit", limit) == 0);
}

static void work_with_fault(const struct fault *f)
{
    start_options(f->limit);
    unsigned long before = os_calls();
    os_fail(f->nth, f->onwards);
    work();
    unsigned long calls = os_calls() - before;
    os_fail(0, false);
    expect_recovery(MIB(4));
    exit(calls < f->nth ? NOT_REACHED : 0);
}

/* The status of a child that runs into the fault. */
static int run_fault(const struct fault *f)
{
    int status;
    pid_t child = fork();
    EXPECT(child >= 0);
    if (child == 0)
        work_with_fault(f);
    EXPECT(waitpid(child, &status, 0) == child);
    if (!WIFEXITED(status) ||
        (WEXITSTATUS(status) && WEXITSTATUS(status) != NOT_REACHED)) {
        fprintf(stderr, "exhaustion: call %lu refused%s, heap_limit=%s: status %#x\n",
                f->nth, f->onwards ? " and all later ones" : "", f->limit,
                (unsigned)status);
        exit(1);
    }
    return WEXITSTATUS(status);
}

/* Every call in turn, until the workload no longer gets that far.  `stride`: 1, or
 * more, to try the calls before `each_until` one by one and then only some. */
static void refuse_each_call(bool onwards, const char *limit, unsigned long each_until,
                             unsigned long stride)
{
    struct fault f = {1, onwards, limit};
    unsigned long tried = 0;
    while (run_fault(&f) != NOT_REACHED) {
        f.nth += f.nth < each_until ? 1 : stride;
        EXPECT(++tried < FAULTS_MOST);
    }
    printf("heap_limit=%s: %lu calls refused%s\n", limit, tried,
           onwards ? " with all that followed" : "");
    fflush(stdout);
}

static void expect_success(pid_t child, const char *what)
{
    int status;
    EXPECT(child > 0 && waitpid(child, &status, 0) == child);
    if (status == 0)
        return;
    fprintf(stderr, "exhaustion: %s: status %#x\n", what, (unsigned)status);
    exit(1);
}

static void limit_heap(void)
{
    pid_t child = fork();
    if (child == 0) {
        start_options("64M");
        void *ballast = gc_alloc_manual(MIB(60));
        for (int i = 0; i < 20; i++)
            work();
        EXPECT(denied > 0 && granted > 0);
        gc_free(ballast);
        expect_recovery(MIB(8));
        exit(0);
    }
    expect_success(child, "heap_limit=64M");
}

/* With less than the arena's least, nothing can be had; the program goes on. */
static void limit_address_space(size_t bytes)
{
    char what[64];
    snprintf(what, sizeof what, "RLIMIT_AS %zu MiB", bytes >> 20);
    pid_t child = fork();
    if (child == 0) {
        struct rlimit limit = {bytes, bytes};
        EXPECT(setrlimit(RLIMIT_AS, &limit) == 0);
        EXPECT(gc_option_set("log_file", "/dev/null") == 0);
        for (int i = 0; i < 3; i++)
            work();
        if (bytes >= MIB(256))
            EXPECT(granted > denied);
        if (granted > denied)
            expect_recovery(min_size(bytes / 256, MIB(4)));
        exit(0);
    }
    expect_success(child, what);
}

int main(int count, char **arguments)
{
    unsigned long stride = count > 1 ? strtoul(arguments[1], NULL, 10) : STRIDE;
    limit_heap();
    for (size_t bytes = MIB(4); !UNDER_ASAN && bytes <= GIB(8); bytes *= 2)
        limit_address_space(bytes);
    for (int onwards = 0; onwards < 2; onwards++) {
        refuse_each_call(onwards, "0", EACH_UNTIL, stride);
        /* Until there is a heap, no limit matters. */
        refuse_each_call(onwards, "16M", 0, 4 * stride);
    }
    return 0;
}
