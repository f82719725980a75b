/* libunwind's unw_backtrace: its fast path needs no unwind tables once it has seen a
 * frame, and costs some nanoseconds per frame then. */
#include "trace/capture.h"

#define UNW_LOCAL_ONLY
#include <libunwind.h>
#include <link.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "base/bits.h"
#include "base/track.h"

enum {
    OWN_FRAMES = 2,     /* this function itself and the one that calls it */
    OWN_FRAMES_MAX = 8, /* the library's calls before that */
};

/* libunwind takes these for present when pthread_once is: so they must not be missing from
 * a program that is linked statically. */
__attribute__((used)) static void (*const needed[])(void) = {
    (void (*)(void))pthread_key_create,  (void (*)(void))pthread_mutex_init,
    (void (*)(void))pthread_getspecific, (void (*)(void))pthread_setspecific,
    (void (*)(void))pthread_mutex_lock,  (void (*)(void))pthread_mutex_unlock,
};

/* The code of the library, when it is a shared object of its own. */
static struct {
    bool known;
    uintptr_t low, high;
} own PRIVATE_DATA;

static int find_own(struct dl_phdr_info *info, size_t size, void *argument)
{
    (void)size;
    (void)argument;
    uintptr_t here = (uintptr_t)capture_stack;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        uintptr_t low = info->dlpi_addr + p->p_vaddr;
        if (p->p_type != PT_LOAD || here - low >= p->p_memsz)
            continue;
        if (strstr(info->dlpi_name, "libgcalloc")) {
            own.low = low;
            own.high = low + p->p_memsz;
        }
        return 1;
    }
    return 0;
}

static bool is_own(const void *address)
{
    return (uintptr_t)address - own.low < own.high - own.low;
}

NOINLINE size_t capture_stack(uintptr_t *frames, size_t depth)
{
    void *all[CAPTURE_DEPTH_MAX + OWN_FRAMES + OWN_FRAMES_MAX];
    if (!__atomic_load_n(&own.known, __ATOMIC_ACQUIRE))
        dl_iterate_phdr(find_own, NULL);
    __atomic_store_n(&own.known, true, __ATOMIC_RELEASE);
    depth = min_size(depth, CAPTURE_DEPTH_MAX);
    track_scan_begin(); /* libunwind tests addresses by system calls that read them */
    int found = unw_backtrace(all, (int)depth + OWN_FRAMES + OWN_FRAMES_MAX);
    track_scan_end();
    int first = OWN_FRAMES;
    while (first < found && is_own(all[first]))
        first++;
    size_t count = found > first ? min_size((size_t)(found - first), depth) : 0;
    for (size_t i = 0; i < count; i++)
        frames[i] = (uintptr_t)all[(size_t)first + i];
    return count;
}
