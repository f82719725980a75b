/* Weak links: words of the program that are cleared when an object goes.  A weak reference is an
 * object with such a word inside.  They keep nothing alive: what they need to know is what has
 * been marked. */
#ifndef GCALLOC_OBJECT_LINK_H
#define GCALLOC_OBJECT_LINK_H

#include <stdbool.h>

/* What gc_weak_link_add does, between mutator_enter and mutator_leave; returns an errno, 0 for
 * none. */
int link_add(void **place, void *object, unsigned flags);

/* Returns what the link points to if take(object) says true, or NULL.  Under the lock of links:
 * whoever is about to end the object clears its links before that, or after the call. */
void *link_take(void *const *place, bool (*take)(void *object));

#endif
