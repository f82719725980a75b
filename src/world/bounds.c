/* The bounds of the calling thread's stack.  The C library is asked, but for the main thread's
 * where that is simple, and where it cannot tell, the memory around the frame is looked at.
 * What neither tells stays unknown: such a thread's stack makes the list of roots incomplete, it
 * is never taken for an empty one. */
#include "world/bounds.h"

#include <pthread.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/maps.h"
#include "base/os.h"
#include "base/registers.h"
#include "base/sys.h"

enum {
    STACK_GUESS = 8 << 20, /* the usual limit of a main thread's stack */
    GAP_BYTES = 64 << 20,  /* the system keeps free below it, at least; in fact 128 MiB */
};

/* Finds the main thread's bounds: up to the end of the mapping, as the arguments and the
 * environment lie above the first frame, and down as far as the stack may grow.  The
 * system puts nothing else there if the limit is no more than GAP_BYTES.  The C library
 * would find the same, by the same means, and take several times as long.  Returns false
 * if it must be asked, as the process is the child that another thread forked, or the
 * thread is on another stack. */
#ifdef __GLIBC__
extern void *__libc_stack_end;

static bool main_bounds(struct bounds *b)
{
    size_t limit = sys_limit(RLIMIT_STACK, SIZE_MAX);
    struct mapping m;
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    if (limit > GAP_BYTES || maps_find((uintptr_t)__libc_stack_end, &m) != MAPS_FOUND ||
        here < m.low || here >= m.high)
        return false;
    b->high = m.high;
    b->low = min_size(m.low, align_down(m.high - limit, os_page_bytes()));
    return true;
}
#else
static bool main_bounds(struct bounds *b)
{
    (void)b;
    return false;
}
#endif

/* Threads other than the main one have their thread-local variables at the high end, and on
 * x86-64 the C library's record of the thread above those, which is left out: the values in
 * it are found one by one. */
static void leave_record_out(struct bounds *b, uintptr_t within)
{
#if defined __x86_64__ && defined __GLIBC__
    if (thread_pointer() - within < b->high - within)
        b->high = thread_pointer();
#else
    (void)b, (void)within;
#endif
}

struct bounds bounds_ask(bool first)
{
    struct bounds b = {0, 0};
    pthread_attr_t attributes;
    void *address;
    size_t size;
    if (first && main_bounds(&b))
        return b;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0)
        return b;
    if (pthread_attr_getstack(&attributes, &address, &size) == 0)
        b = (struct bounds){(uintptr_t)address, (uintptr_t)address + size};
    pthread_attr_destroy(&attributes);
    /* The C library takes the main thread's first frame's page for the high end. */
    struct mapping m;
    if (b.high && first && maps_find(b.high - 1, &m) == MAPS_FOUND)
        b.high = m.high;
    leave_record_out(&b, b.low);
    return b;
}

/* The main thread's stack may grow below what is mapped now. */
struct bounds bounds_guess(bool first)
{
    uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
    struct mapping m;
    if (maps_find(frame, &m) != MAPS_FOUND || !m.readable)
        return (struct bounds){0, 0};
    struct bounds b = {m.low, m.high};
    if (first)
        b.low = min_size(b.low, b.high - STACK_GUESS);
    leave_record_out(&b, frame);
    return b;
}
