/* The calling thread's call stack: return addresses, or their number in the depot.  They
 * get no names here; report/symbolize.h has those.  No stack but the calling thread's is
 * read. */
#ifndef GCALLOC_TRACE_CAPTURE_H
#define GCALLOC_TRACE_CAPTURE_H

#include <stddef.h>
#include <stdint.h>

enum { CAPTURE_DEPTH_MAX = 256 };

/* Where a function was called: the return address, and the stack and frame pointers that
 * its caller then has. */
struct call {
    uintptr_t ip, sp, bp;
};

/* The call of the function that this stands in. */
#if defined(__x86_64__)
#define CAPTURE_CALL()                                         \
    ((struct call){(uintptr_t)__builtin_return_address(0),     \
                   (uintptr_t)__builtin_frame_address(0) + 16, \
                   *(uintptr_t *)__builtin_frame_address(0)})
#else
#define CAPTURE_CALL() ((struct call){(uintptr_t)__builtin_return_address(0), 0, 0})
#endif

/* Stores up to `depth` return addresses of the stack from a call in this thread on, innermost
 * first, without the library's own where it is a shared object.  Returns how many.  May take
 * the dynamic loader's lock: never while the world is stopped or in a critical section. */
size_t capture_stack(struct call call, uintptr_t *frames, size_t depth);

/* The number in the depot of the stack from a call in this thread on, at most `depth`
 * frames of it, as capture_stack would find them.  0: not known. */
uint32_t capture_call(struct call call, size_t depth);

/* As capture_call the first times at a place, that is for two innermost calls and a depth of the stack, and
 * now and then later; in between a brief stack (depot.h) of those two calls, which is as true, and takes a
 * third of the time. */
uint32_t capture_some(struct call call, size_t depth);

#endif
