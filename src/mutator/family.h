/* Families of functions: what one has allocated, another of its family is to free. */
#ifndef GCALLOC_MUTATOR_FAMILY_H
#define GCALLOC_MUTATOR_FAMILY_H

#include "heap/observe.h"

/* The heap has just been made, with sites: from now on it is looked whether what frees or resizes an
 * object is of the family of what allocated it.  Comes before canaries, and before the observer that fills
 * in the sites. */
void family_begin(struct heap *h);

#endif
