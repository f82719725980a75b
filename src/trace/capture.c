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
#include "trace/modules.h"
#include "trace/walk.h"

enum {
    /* Between the program's call of the library and unw_backtrace, at most. */
    OWN_FRAMES = 16,
    /* Of the stacks at a place the first so many are captured whole, and one in so many. */
    WHOLE_FIRST = 8,
    WHOLE_EVERY = 128, /* a power of two */
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

static void look_for_own(void *argument)
{
    dl_iterate_phdr(find_own, argument);
}

NOINLINE static void know_own(void)
{
    ask_run(look_for_own, NULL);
    __atomic_store_n(&own.known, true, __ATOMIC_RELEASE);
}

static bool knows_own(void)
{
    return LIKELY(__atomic_load_n(&own.known, __ATOMIC_ACQUIRE));
}

/* Finds what unw_backtrace would find, and keeps nothing of the code that it has seen:
 * unw_backtrace keeps that for each thread, by address and for good. */
NOINLINE static int step_backwards(void **frames, int most)
{
    unw_context_t context;
    unw_cursor_t cursor;
    unw_word_t ip;
    int count = 0;
    if (unw_getcontext(&context) != 0 || unw_init_local(&cursor, &context) != 0)
        return 0;
    while (count < most && unw_step(&cursor) > 0 &&
           unw_get_reg(&cursor, UNW_REG_IP, &ip) == 0)
        frames[count++] = (void *)(uintptr_t)ip;
    return count;
}

INLINE int backtrace_here(void **frames, int most)
{
    return modules_unloads() ? step_backwards(frames, most) : unw_backtrace(frames, most);
}

/* The stack from a call in this thread on, at most `depth` frames of it. */
struct unwind {
    struct call call;
    size_t depth;
    uintptr_t *frames;
    size_t count;    /* of those stored */
    uint32_t number; /* in the depot */
};

/* The call's place among the frames that were found, behind the library's own.  Where its frame is
 * not among them, and the library part of the program, so many frames may be the library's. */
static size_t find_call(const struct unwind *u, const uintptr_t *all, size_t found)
{
    size_t first = 0;
    while (first < found && all[first] != u->call.ip)
        first++;
    if (first == found)
        first = own.high ? 0 : min_size(OWN_FRAMES, found);
    while (first < found && is_own(all[first]))
        first++;
    return first;
}

/* `all` has room for so many as are wanted, and the library's own.  Returns where the first of
 * them is. */
INLINE uintptr_t *unwind_in(struct unwind *u, uintptr_t *all)
{
    track_scan_begin(); /* libunwind tests addresses by system calls that read them */
    int found = backtrace_here((void **)all, (int)u->depth + OWN_FRAMES);
    track_scan_end();
    size_t end = found > 0 ? (size_t)found : 0, first = find_call(u, all, end);
    u->count = min_size(end - first, u->depth);
    return all + first;
}

static void unwind(void *argument)
{
    struct unwind *u = argument;
    uintptr_t all[CAPTURE_DEPTH_MAX + OWN_FRAMES];
    const uintptr_t *first = unwind_in(u, all);
    memcpy(u->frames, first, u->count * sizeof *first);
}

size_t capture_stack(struct call call, uintptr_t *frames, size_t depth)
{
    struct unwind u = {
        .call = call,
        .depth = min_size(depth, CAPTURE_DEPTH_MAX),
        .frames = frames,
    };
    if (!knows_own())
        know_own();
    ask_run(unwind, &u);
    return u.count;
}

/* The call that the program made, if the stack can be walked so far. */
INLINE bool leave_own(struct call *call)
{
    if (!knows_own())
        know_own();
    while (UNLIKELY(is_own(call->ip)))
        if (!walk_caller(call))
            return false;
    return true;
}

/* The frames are kept from where they were found: a signal stack has hardly room for them twice. */
static void unwind_and_keep(void *argument)
{
    struct unwind *u = argument;
    uintptr_t all[CAPTURE_DEPTH_MAX + OWN_FRAMES];
    modules_look();
    const uintptr_t *first = unwind_in(u, all);
    u->number = depot_put(first, u->count);
}

NOINLINE static uint32_t capture_slowly(struct call call, size_t depth)
{
    struct unwind u = {.call = call, .depth = depth};
    if (!knows_own())
        know_own();
    ask_run(unwind_and_keep, &u);
    return u.number;
}

/* The thread has claimed its walker, and the walker's frames. */
NOINLINE static uint32_t capture_anew(struct call call, size_t depth, uintptr_t *frames)
{
    struct call begin = call;
    size_t count = leave_own(&begin) ? walk_frames(begin, frames, depth) : 0;
    if (count == 0)
        return capture_slowly(call, depth);
    uint32_t number = depot_put(frames, count);
    if (number)
        walk_remember(begin, depth, number);
    return number;
}

/* 0: the whole stack is wanted, or the place is not known. */
INLINE uint32_t capture_brief(struct call begin)
{
    struct walk_place *p = walk_place(begin);
    if (UNLIKELY(!p) || p->seen <= WHOLE_FIRST || p->seen % WHOLE_EVERY == 0)
        return 0;
    if (UNLIKELY(!p->brief))
        p->brief = depot_put_brief(p->ips, WALK_PLACE_FRAMES);
    return p->brief;
}

INLINE uint32_t capture(struct call call, size_t depth, bool whole)
{
    struct call begin = call;
    uint32_t number = 0;
    depth = min_size(depth, CAPTURE_DEPTH_MAX);
    if (depth == 0)
        return 0;
    uintptr_t *frames = walk_claim();
    if (!frames)
        return capture_slowly(call, depth);
    bool left = leave_own(&begin);
    if (left && !whole && depth > WALK_PLACE_FRAMES)
        number = capture_brief(begin);
    if (left && !number)
        number = walk_recall(begin, depth);
    if (UNLIKELY(!number))
        number = capture_anew(call, depth, frames);
    walk_release();
    return number;
}

uint32_t capture_call(struct call call, size_t depth)
{
    return capture(call, depth, true);
}

uint32_t capture_some(struct call call, size_t depth)
{
    return capture(call, depth, false);
}
