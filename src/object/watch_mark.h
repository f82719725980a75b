/* Marking for the phases that find watched objects unreachable.  In a pause, by its thread. */
#ifndef GCALLOC_OBJECT_WATCH_MARK_H
#define GCALLOC_OBJECT_WATCH_MARK_H

#include <stdbool.h>
#include <stdint.h>

struct cycle;

/* The object around the address is marked with the next watch_drain. */
void watch_mark(struct cycle *c, uintptr_t address);

/* Finalizers that are ready find their objects, and their data. */
void watch_mark_all_ready(struct cycle *c);

/* What was to be marked is, and all that it leads to. */
void watch_drain(struct cycle *c);

/* The present cycle, or the last, looks for leaks. */
bool watch_looks_for_leaks(void);

#endif
