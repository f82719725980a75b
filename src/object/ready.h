/* Running finalizers beside gc_finalizers_run. */
#ifndef GCALLOC_OBJECT_READY_H
#define GCALLOC_OBJECT_READY_H

#include <stddef.h>

/* gc_finalizers_run calls `run` as well, which does what else is to be done for unreachable
 * objects, and returns for how many; `count` says how many there are. */
void ready_also(size_t (*run)(void), size_t (*count)(void));

/* At the end of the program, by option: first what collections find unreachable, in order and with
 * the others, as long as there is some; then the finalizers that are left, which may still be in use elsewhere.  It comes to an
 * end also where finalizers set others. */
void ready_run_all(void);

#endif
