/* libunwind's unw_backtrace: its fast path needs no unwind tables once it has seen a
 * frame, and costs some nanoseconds per frame then. */
#include "trace/capture.h"

#define UNW_LOCAL_ONLY
#include <libunwind.h>

#include "base/bits.h"
#include "base/track.h"

/* This function itself and the one that calls it. */
enum { OWN_FRAMES = 2 };

NOINLINE size_t capture_stack(uintptr_t *frames, size_t depth)
{
    void *all[CAPTURE_DEPTH_MAX + OWN_FRAMES];
    size_t wanted = min_size(depth, CAPTURE_DEPTH_MAX) + OWN_FRAMES;
    track_scan_begin(); /* libunwind tests addresses by system calls that read them */
    int found = unw_backtrace(all, (int)wanted);
    track_scan_end();
    size_t count = found > OWN_FRAMES ? (size_t)found - OWN_FRAMES : 0;
    for (size_t i = 0; i < count; i++)
        frames[i] = (uintptr_t)all[i + OWN_FRAMES];
    return count;
}
