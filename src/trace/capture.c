/* Most stacks are known from before, or walked by walk.c; what that cannot walk (signal
 * frames, alternate and coroutine stacks, code without unwind tables), libunwind's
 * unw_backtrace does. */
#include "trace/capture.h"

#define UNW_LOCAL_ONLY
#include <libunwind.h>
#include <link.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "base/bits.h"
#include "base/track.h"
#include "trace/ask.h"
#include "trace/depot.h"
#include "trace/walk.h"

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

static bool is_own(uintptr_t address)
{
    return address - own.low < own.high - own.low;
}

NOINLINE static void know_own(void)
{
    sigset_t saved;
    ask_begin(&saved);
    dl_iterate_phdr(find_own, NULL);
    ask_end(&saved);
    __atomic_store_n(&own.known, true, __ATOMIC_RELEASE);
}

/* Of the frames that unw_backtrace finds from here on, those from `first` on, or from the
 * next ones like `from`, without the library's. */
INLINE size_t unwind(uintptr_t *frames, size_t depth, int first, uintptr_t from)
{
    void *all[CAPTURE_DEPTH_MAX + OWN_FRAMES + OWN_FRAMES_MAX];
    if (!__atomic_load_n(&own.known, __ATOMIC_ACQUIRE))
        know_own();
    depth = min_size(depth, CAPTURE_DEPTH_MAX);
    sigset_t saved;
    ask_begin(&saved);
    track_scan_begin(); /* libunwind tests addresses by system calls that read them */
    int found = unw_backtrace(all, (int)depth + OWN_FRAMES + OWN_FRAMES_MAX);
    track_scan_end();
    ask_end(&saved);
    for (int i = first; from && i < found && i < first + OWN_FRAMES_MAX; i++)
        if ((uintptr_t)all[i] == from) {
            first = i;
            break;
        }
    while (first < found && is_own((uintptr_t)all[first]))
        first++;
    size_t count = found > first ? min_size((size_t)(found - first), depth) : 0;
    for (size_t i = 0; i < count; i++)
        frames[i] = (uintptr_t)all[(size_t)first + i];
    return count;
}

NOINLINE size_t capture_stack(uintptr_t *frames, size_t depth)
{
    volatile size_t count = unwind(frames, depth, OWN_FRAMES, 0);
    return count;
}

/* The call that the program made, if the stack can be walked so far. */
INLINE bool leave_own(struct call *call)
{
    if (!__atomic_load_n(&own.known, __ATOMIC_ACQUIRE))
        know_own();
    while (UNLIKELY(is_own(call->ip)))
        if (!walk_caller(call))
            return false;
    return true;
}

NOINLINE static uint32_t capture_slowly(struct call call, size_t depth)
{
    uintptr_t frames[CAPTURE_DEPTH_MAX];
    return depot_put(frames, unwind(frames, depth, 1, call.ip));
}

/* The thread has claimed its walker. */
NOINLINE static uint32_t capture_anew(struct call call, size_t depth)
{
    uintptr_t frames[CAPTURE_DEPTH_MAX];
    struct call begin = call;
    size_t count = leave_own(&begin) ? walk_frames(begin, frames, depth) : 0;
    if (count == 0)
        return capture_slowly(call, depth);
    uint32_t number = depot_put(frames, count);
    if (number)
        walk_remember(begin, depth, number);
    return number;
}

uint32_t capture_call(struct call call, size_t depth)
{
    struct call begin = call;
    depth = min_size(depth, CAPTURE_DEPTH_MAX);
    if (depth == 0)
        return 0;
    if (!walk_claim())
        return capture_slowly(call, depth);
    uint32_t number = leave_own(&begin) ? walk_recall(begin, depth) : 0;
    if (UNLIKELY(!number))
        number = capture_anew(call, depth);
    walk_release();
    return number;
}
