/* What the family of malloc tells of the heap, and lets be set.  There are neither arenas nor mappings of
 * single objects to be told of: the heap counts as one arena. */
#include <errno.h>
#include <gcalloc/gcalloc.h>
#include <limits.h>
#include <malloc.h>
#include <stdio.h>

#include "base/bits.h"
#include "heap/heap.h"
#include "mutator/guard.h"
#include "mutator/init.h"

#define EXPORT __attribute__((visibility("default")))

EXPORT struct mallinfo2 mallinfo2(void);
EXPORT struct mallinfo mallinfo(void);
EXPORT int malloc_trim(size_t pad);
EXPORT int mallopt(int parameter, int value);
EXPORT int malloc_info(int options, FILE *stream);
EXPORT void malloc_stats(void);

/* Bytes. */
struct told {
    size_t held, held_most, used;
};

/* Other threads go on meanwhile: what they free may be counted before what they allocated. */
static struct told tell(void)
{
    struct gc_stats s = {.size = sizeof s};
    gc_stats_get(&s);
    size_t used =
        s.allocated_bytes > s.freed_bytes ? s.allocated_bytes - s.freed_bytes : 0;
    return (struct told){s.heap_bytes, s.heap_bytes_max, min_size(used, s.heap_bytes)};
}

struct mallinfo2 mallinfo2(void)
{
    struct told t = tell();
    return (struct mallinfo2){.arena = t.held,
                              .ordblks = t.held > t.used,
                              .uordblks = t.used,
                              .fordblks = t.held - t.used};
}

static int as_int(size_t n)
{
    return (int)min_size(n, INT_MAX);
}

/* What an int has no room for is its largest value. */
struct mallinfo mallinfo(void)
{
    struct mallinfo2 m = mallinfo2();
    return (struct mallinfo){.arena = as_int(m.arena),
                             .ordblks = as_int(m.ordblks),
                             .uordblks = as_int(m.uordblks),
                             .fordblks = as_int(m.fordblks)};
}

/* A collection gives back what holds no object.  The heap has no end where `pad` bytes could stay. */
int malloc_trim(size_t pad)
{
    (void)pad;
    struct gc_stats before = {.size = sizeof before}, after = {.size = sizeof after};
    gc_stats_get(&before);
    gc_collect(); /* with option poison it looks for writes to what waits, too */
    if (guard_keeps_freed() && mutator_enter()) {
        guard_give_back(&process_heap);
        mutator_leave();
        gc_collect();
    }
    gc_stats_get(&after);
    return after.returned_bytes > before.returned_bytes;
}

/* The parameters of the C library's arenas have nothing to set here: 1 says that they are known. */
int mallopt(int parameter, int value)
{
    (void)value;
    switch (parameter) {
    case M_MXFAST:
    case M_TRIM_THRESHOLD:
    case M_TOP_PAD:
    case M_MMAP_THRESHOLD:
    case M_MMAP_MAX:
    case M_CHECK_ACTION:
    case M_PERTURB:
    case M_ARENA_TEST:
    case M_ARENA_MAX:
        return 1;
    default:
        return 0;
    }
}

int malloc_info(int options, FILE *stream)
{
    if (options != 0)
        return EINVAL;
    struct told t = tell();
    int written = fprintf(stream,
                          "<malloc version=\"1\">\n"
                          "<heap nr=\"0\">\n"
                          "<total type=\"rest\" count=\"%d\" size=\"%zu\"/>\n"
                          "<system type=\"current\" size=\"%zu\"/>\n"
                          "<system type=\"max\" size=\"%zu\"/>\n"
                          "</heap>\n"
                          "<total type=\"rest\" count=\"%d\" size=\"%zu\"/>\n"
                          "<system type=\"current\" size=\"%zu\"/>\n"
                          "<system type=\"max\" size=\"%zu\"/>\n"
                          "</malloc>\n",
                          t.held > t.used, t.held - t.used, t.held, t.held_most,
                          t.held > t.used, t.held - t.used, t.held, t.held_most);
    return written < 0 ? errno : 0;
}

void malloc_stats(void)
{
    struct told t = tell();
    fprintf(stderr,
            "Arena 0:\n"
            "system bytes     = %10zu\n"
            "in use bytes     = %10zu\n"
            "max system bytes = %10zu\n",
            t.held, t.used, t.held_most);
}
