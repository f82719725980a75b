/* Points at which a test has a process die: between two stores after which structures that processes share
 * are as no function leaves them.  They stand on slow paths only, and cost a look at a word there. */
#ifndef GCALLOC_BASE_CRASH_H
#define GCALLOC_BASE_CRASH_H

#include "base/bits.h"

struct crash_point {
    const char *name;
};

/* Called at each point that is passed; NULL: nobody wants to know.  Tests only. */
SHARED_DATA void (*crash_hook)(const struct crash_point *point);

/* All points that there are in the code. */
SHARED_DATA const struct crash_point __start_gcalloc_points[], __stop_gcalloc_points[];

/* What stands before the point is stored before what stands behind it. */
#define CRASH_POINT(label)                                              \
    do {                                                                \
        static const struct crash_point here                            \
            __attribute__((section("gcalloc_points"), used)) = {label}; \
        IN_ORDER();                                                     \
        if (UNLIKELY(crash_hook != NULL))                               \
            crash_hook(&here);                                          \
    } while (0)

#endif
