/* Call stacks as capture_call finds them, by walking or by knowing them again, against those
 * of libunwind's unw_backtrace: over random sequences of functions whose frames are laid
 * out in different ways. */
#include <alloca.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNW_LOCAL_ONLY
#include <libunwind.h>

#include "base/bits.h"
#include "trace/capture.h"
#include "trace/depot.h"
#include "trace/walk.h"

static unsigned long probes, walked, recalled, failed;
static volatile unsigned sink;

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const size_t depths[] = {16, 1, 3, 4, 5, 16, 40, CAPTURE_DEPTH_MAX};

static void complain(const char *what, const uintptr_t *found, size_t count,
                     const uintptr_t *expected, size_t expected_count)
{
    if (failed++ > 3)
        return;
    printf("%s: %zu frames, expected %zu\n", what, count, expected_count);
    for (size_t i = 0; i < count || i < expected_count; i++)
        printf("  %zx %zx\n", i < count ? found[i] : 0,
               i < expected_count ? expected[i] : 0);
}

static void compare(const char *what, const uintptr_t *found, size_t count,
                    const uintptr_t *expected, size_t expected_count)
{
    if (count != expected_count || memcmp(found, expected, count * sizeof *found) != 0)
        complain(what, found, count, expected, expected_count);
}

/* The stack from the call of this function on, by all ways. */
NOINLINE static void probe(size_t depth)
{
    static void *all[CAPTURE_DEPTH_MAX + 8];
    static uintptr_t frames[CAPTURE_DEPTH_MAX];
    struct call call = CAPTURE_CALL();
    int first = 0, found = unw_backtrace(all, (int)depth + 2);
    while (first < found && (uintptr_t)all[first] != call.ip)
        first++;
    const uintptr_t *expected = (const uintptr_t *)(void *)(all + first);
    size_t count = min_size((size_t)(found - first), depth);
    const uintptr_t *stored = NULL;

    uint32_t known = walk_recall(call, depth);
    size_t steps = walk_frames(call, frames, depth);
    if (steps)
        compare("walk_frames", frames, steps, expected, count);
    if (known) {
        size_t stored_count = depot_get(known, &stored);
        compare("walk_recall", stored, stored_count, expected, count);
    }
    size_t stored_count = depot_get(capture_call(call, depth), &stored);
    compare("capture_call", stored, stored_count, expected, count);
    probes++;
    walked += steps != 0;
    recalled += known != 0;
}

/* ---- Functions that call each other -------------------------------------------------- */

static unsigned long seed;

static unsigned next(void)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(seed >> 33);
}

static void go_on(unsigned levels);

NOINLINE static void simple(unsigned levels)
{
    go_on(levels);
    sink++;
}

NOINLINE static void large(unsigned levels)
{
    volatile char space[3000];
    space[levels] = 1;
    go_on(levels);
    sink += (unsigned)space[levels];
}

NOINLINE static void with_alloca(unsigned levels)
{
    volatile char *space = alloca(next() % 500 + 1);
    space[0] = 1;
    go_on(levels);
    sink += (unsigned)space[0];
}

/* The stack pointer moves between calls. */
NOINLINE static void alloca_later(unsigned levels)
{
    go_on(levels > 2 ? 1 : 0);
    with_alloca(levels);
    volatile char *space = alloca(next() % 300 + 1);
    space[0] = 1;
    go_on(levels > 1 ? 1 : 0);
    sink += (unsigned)space[0];
}

/* Aligned by the function itself: compilers describe that in their own ways. */
NOINLINE static void aligned(unsigned levels)
{
    volatile char space[128] __attribute__((aligned(64)));
    space[0] = 1;
    go_on(levels);
    sink += (unsigned)space[0];
}

NOINLINE static void many_registers(unsigned levels)
{
    unsigned long a = next(), b = a * 3, c = b * 5, d = c * 7, e = d * 11, f = e * 13;
    go_on(levels);
    sink += (unsigned)(a ^ b ^ c ^ d ^ e ^ f);
    go_on(levels > 2 ? 2 : 0);
    sink += (unsigned)(a + b + c + d + e + f);
}

NOINLINE static void many_arguments(long a, long b, long c, long d, long e, long f,
                                    long g, long h, unsigned levels)
{
    go_on(levels);
    sink += (unsigned)(a + b + c + d + e + f + g + h);
}

NOINLINE static void arguments(unsigned levels)
{
    many_arguments(1, 2, 3, 4, 5, 6, 7, levels, levels);
    sink++;
}

NOINLINE static void variadic(unsigned levels, ...)
{
    va_list list;
    va_start(list, levels);
    go_on(levels);
    sink += va_arg(list, unsigned);
    va_end(list);
}

NOINLINE static void calls_variadic(unsigned levels)
{
    variadic(levels, levels, 2.0, "three");
    sink++;
}

static unsigned levels_left;

static int order(const void *a, const void *b)
{
    if (levels_left) {
        unsigned levels = levels_left;
        levels_left = 0;
        go_on(levels);
    }
    return *(const int *)a - *(const int *)b;
}

/* Through the C library. */
NOINLINE static void library(unsigned levels)
{
    int numbers[] = {3, 1, 2};
    levels_left = levels;
    qsort(numbers, 3, sizeof numbers[0], order);
    sink += (unsigned)numbers[0];
}

static void handler(int number)
{
    unsigned levels = levels_left;
    levels_left = 0;
    go_on(levels);
    sink += (unsigned)number;
}

/* Through a signal's frame: SIGUSR2 is handled on a stack of its own. */
NOINLINE static void signalled(unsigned levels)
{
    levels_left = levels;
    raise(next() % 2 ? SIGUSR1 : SIGUSR2);
    sink++;
}

/* May become a jump. */
NOINLINE static void tail(unsigned levels)
{
    go_on(levels);
}

static void (*const functions[])(unsigned) = {
    simple,         large,          with_alloca,    alloca_later, aligned,
    many_registers, arguments,      calls_variadic, library,      tail,
    simple,         many_registers, simple,         large,
};

NOINLINE static void go_on(unsigned levels)
{
    if (levels == 0 || next() % 16 == 0)
        probe(depths[next() % COUNT(depths)]);
    if (levels == 0)
        return;
    if (next() % 200 == 0)
        signalled(levels - 1);
    else
        functions[next() % COUNT(functions)](levels - 1);
    sink++;
}

static void begin(void)
{
    pthread_attr_t attributes;
    void *low;
    size_t size;
    pthread_getattr_np(pthread_self(), &attributes);
    pthread_attr_getstack(&attributes, &low, &size);
    pthread_attr_destroy(&attributes);
    walk_begin((uintptr_t)low, (uintptr_t)low + size);

    static char space[1 << 18];
    stack_t alternate = {.ss_sp = space, .ss_size = sizeof space};
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_NODEFER};
    sigaltstack(&alternate, NULL);
    sigaction(SIGUSR1, &action, NULL);
    action.sa_flags |= SA_ONSTACK;
    sigaction(SIGUSR2, &action, NULL);
}

enum { SEQUENCES = 3000, REPEATS = 4 };

int main(void)
{
    begin();
    for (unsigned i = 0; i < SEQUENCES * REPEATS; i++) {
        seed = i / REPEATS % (SEQUENCES / 2);
        go_on(next() % 30);
    }
    walk_end();
    probe(16);
    printf("%lu stacks, %lu of them walked, %lu known again\n", probes, walked, recalled);
#if defined(__x86_64__)
    if (walked < probes / 4 || recalled < probes / 20)
        failed++, printf("too few\n");
#endif
    printf("%lu passed, %lu failed\n", probes - min_size(failed, probes), failed);
    return failed != 0;
}
