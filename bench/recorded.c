/* Performs what a recorded program asked of malloc, with memory that is written and read and
 * with call stacks as a program has them, and then looks for leaks.
 *
 *   recorded ROUNDS TRACE [check|lose]
 *
 * The trace is performed ROUNDS times.  Between rounds everything is freed; in the last
 * one the objects that the program kept stay.  "check" looks for leaks at the end, "lose"
 * loses an object before that, and the status is 0 only if it is found.  bench/leak-cost
 * says what is compared. */
#include "measure.h"

#include <sys/mman.h>

#include "trace.h"

/* Stacks have LEVELS frames of a recursion, with four places of a call in each.  The outer
 * ones are those of the phase that the program is in, the inner ones those of the place
 * that asks, which is told by what it asks for. */
enum {
    LEVELS = 20,
    PLACE_LEVELS = 6,
    PHASE_OPERATIONS = 4000,
    PLACES = 1 << 2 * PLACE_LEVELS,
};

struct operation {
    uint64_t path; /* two bits for each level, the outermost first */
    uint64_t size;
    uint32_t object;
    uint16_t alignment_bits;
    uint16_t op;
};

/* Not memory of the peer, so that no collector searches it. */
static struct {
    struct operation *operations;
    size_t count, objects;
} trace;

enum { OPERATIONS_MOST = 1 << 20 };

static void **held; /* living objects by number */
static uint64_t *sizes;
static uint64_t checksum;
static const struct operation *now, *last;

static _Noreturn void fail(const char *what, const char *which)
{
    fprintf(stderr, "recorded: %s: %s\n", what, which);
    exit(1);
}

/* ---- Reading ----------------------------------------------------------------------- */

static uint64_t path_of(const struct operation *o, size_t number)
{
    uint64_t phase = number / PHASE_OPERATIONS;
    uint64_t place = o->size / 8 * 4 + o->op;
    uint64_t outer = measure_random(&phase), inner = measure_random(&place) % PLACES;
    uint64_t outer_bits = 2 * (LEVELS - PLACE_LEVELS);
    return inner << outer_bits | (outer & ((UINT64_C(1) << outer_bits) - 1));
}

static bool read_operation(FILE *in, struct operation *o)
{
    uint64_t first, second = 0;
    if (!trace_read_number(in, &first))
        return false;
    o->op = first & ((1u << TRACE_OP_BITS) - 1);
    first >>= TRACE_OP_BITS;
    if (o->op >= TRACE_REALLOC && !trace_read_number(in, &second))
        return false;
    bool is_new = o->op == TRACE_ALLOC || o->op == TRACE_ALIGNED;
    o->object = (uint32_t)(is_new ? ++trace.objects : trace.objects - first);
    o->size = is_new ? first : second;
    o->alignment_bits = o->op == TRACE_ALIGNED ? second & 63 : 0;
    return true;
}

static void *map(size_t bytes)
{
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        fail("no memory for", "the trace");
    return p;
}

static void read_trace(const char *path)
{
    bool packed;
    FILE *in = trace_open(path, &packed);
    if (!in)
        fail("cannot read", path);
    trace.operations = map(OPERATIONS_MOST * sizeof *trace.operations);
    sizes = map(OPERATIONS_MOST * sizeof *sizes);
    struct operation *o = trace.operations;
    for (; trace.count < OPERATIONS_MOST && read_operation(in, o); trace.count++, o++) {
        if (o->op == TRACE_FREE)
            o->size = sizes[o->object];
        else
            sizes[o->object] = o->size;
        o->path = path_of(o, trace.count);
    }
    if (!trace_close(in, packed) || trace.count == 0)
        fail("cannot read", path);
    memset(sizes, 0, (trace.objects + 1) * sizeof *sizes);
}

/* ---- Performing -------------------------------------------------------------------- */

static void release(size_t object)
{
    if (sizes[object])
        checksum += *(unsigned char *)held[object];
    peer_free(held[object]);
    held[object] = NULL;
    sizes[object] = 0;
}

static void write_from(const struct operation *o, size_t from)
{
    if (from < o->size)
        memset((char *)held[o->object] + from, (int)o->object & 0x7f, o->size - from);
    sizes[o->object] = o->size;
}

static void perform(const struct operation *o)
{
    switch (o->op) {
    case TRACE_ALLOC:
        held[o->object] = peer_alloc(o->size);
        break;
    case TRACE_ALIGNED:
        held[o->object] = peer_alloc_aligned((size_t)1 << o->alignment_bits, o->size);
        break;
    case TRACE_REALLOC:
        held[o->object] = peer_realloc(held[o->object], o->size);
        write_from(o, sizes[o->object]);
        return;
    default:
        release(o->object);
        return;
    }
    write_from(o, 0);
}

static inline uint64_t outer_part(uint64_t path, unsigned level)
{
    return path & ((UINT64_C(1) << 2 * level) - 1);
}

/* The asm keeps the compiler from making one of two calls. */
#define CALL_FROM(place)                                  \
    case place:                                           \
        run(level + 1, outer_part(now->path, level + 1)); \
        __asm__ volatile("# %0" : : "i"(place));          \
        break

/* Performs operations as long as they belong to this frame or to one that it calls. */
__attribute__((noinline)) static void run(unsigned level, uint64_t path)
{
    while (now != last && outer_part(now->path, level) == path) {
        if (level == LEVELS) {
            perform(now++);
            continue;
        }
        switch (now->path >> 2 * level & 3) {
            CALL_FROM(0);
            CALL_FROM(1);
            CALL_FROM(2);
            CALL_FROM(3);
        }
    }
}

static void run_round(void)
{
    now = trace.operations;
    last = now + trace.count;
    run(0, 0);
}

__attribute__((noinline)) static void lose(void)
{
    *(volatile char *)peer_alloc(48) = 1;
}

int main(int argc, char **argv)
{
    static const char usage[] = "ROUNDS TRACE check|lose|none";
    measure_count(argc, argv, 3, usage);
    long rounds = measure_number(argv, 1, 1, 100000, usage);
    bool loses = strcmp(argv[3], "lose") == 0;
    read_trace(argv[2]);
    peer_init();
    held = peer_alloc_zeroed((trace.objects + 1) * sizeof *held);
    uint64_t began = measure_now_ns();
    for (long i = 0; i < rounds; i++) {
        for (size_t o = 1; i && o <= trace.objects; o++)
            if (held[o])
                release(o);
        run_round();
    }
    uint64_t ran = measure_now_ns();
    if (loses)
        lose();
    bool found = strcmp(argv[3], "none") != 0 && peer_leak_check();
    uint64_t checked = measure_now_ns();
    printf("run_ns=%" PRIu64 " check_ns=%" PRIu64 "\n", ran - began, checked - ran);
    measure_report(checked - began, (uint64_t)rounds * trace.count, checksum);
    return found != loses;
}
