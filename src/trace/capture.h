/* The calling thread's call stack. */
#ifndef GCALLOC_TRACE_CAPTURE_H
#define GCALLOC_TRACE_CAPTURE_H

#include <stddef.h>
#include <stdint.h>

enum { CAPTURE_DEPTH_MAX = 256 };

/* Stores up to `depth` return addresses, innermost first, beginning with the program's
 * call of the library.  Where the library is linked into the program they begin with the
 * caller of the function that calls this.  Returns how many.  May take the dynamic
 * loader's lock: never while the world is stopped or in a critical section. */
size_t capture_stack(uintptr_t *frames, size_t depth);

#endif
