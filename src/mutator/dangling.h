/* Pointers to objects that were freed, found when all that lives is marked. */
#ifndef GCALLOC_MUTATOR_DANGLING_H
#define GCALLOC_MUTATOR_DANGLING_H

#include "mutator/fault.h"

struct cycle;

/* Notes in the sites of freed objects that are held (SITE_HELD) whether something that lives, or a root,
 * points to or into them (SITE_REACHED).  Of each that data or an object points to, `tell`, which may be
 * NULL, is told once.  In a pause, in which faults_try may be used. */
void dangling_find(const struct cycle *c, void (*tell)(const struct fault *f));

#endif
