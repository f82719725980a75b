/* Roomy slots: while a thread has few objects of 8 to 64 KiB, three sizes of slots serve them all. */
#ifndef GCALLOC_HEAP_ROOMY_H
#define GCALLOC_HEAP_ROOMY_H

#include "heap/types.h"

/* The class to allocate an object from that `class`, one of slots, would do for, with at most
 * twice the room.  It is called by the thread that the cache is of, for objects that nobody
 * scans or zeroes: what lies behind the object in its slot is to be left alone, so that pages
 * that have no memory get none. */
unsigned roomy_class(const struct cache *c, enum kind kind, unsigned class);

#endif
