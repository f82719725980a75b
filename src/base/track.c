/* Requests to the tools that watch memory, in functions of their own: each takes some hundred bytes of the
 * frame of the function that makes it, and the paths that make them run on signal stacks, too. */
#include "base/track.h"

bool track_is_watched(void)
{
    return TRACK_IS_WATCHED();
}

void track_scan_begin(void)
{
    TRACK_SCAN_BEGIN();
}

void track_scan_end(void)
{
    TRACK_SCAN_END();
}

/* Words that compilers do not make a call of memset or memcpy of. */
typedef volatile uint64_t word_alias __attribute__((may_alias, aligned(1)));

void track_clear_unseen(void *address, size_t bytes)
{
    char *at = address, *end = at + bytes;
    for (; end - at >= (ptrdiff_t)sizeof(uint64_t); at += sizeof(uint64_t))
        *(word_alias *)at = 0;
    for (; at < end; at++)
        *(volatile char *)at = 0;
}

void track_copy_unseen(void *to, const void *from, size_t bytes)
{
    char *at = to, *end = at + bytes;
    const char *source = from;
    for (; at < end; at++, source++)
        *(volatile char *)at = *source;
}
