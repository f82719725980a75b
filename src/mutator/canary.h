/* Canaries: what lies in an object's slot behind the bytes that the program asked for has a
 * pattern, which an overflow spoils.  Looked for when the object is freed or resized, in full
 * collections, and when the program ends. */
#ifndef GCALLOC_MUTATOR_CANARY_H
#define GCALLOC_MUTATOR_CANARY_H

#include "heap/observe.h"
#include "mutator/fault.h"

/* The heap has just been made, with sites: from now on its objects have canaries.  It comes before the
 * observer that fills in the sites: it needs the requested size of what is freed. */
void canary_begin(struct heap *h);

/* Whether the object, which is the program's, has a canary that is spoilt; then `f` says what was
 * written, and the canary is as it was.  What cannot be read counts as sound.  The world is stopped, and
 * faults_try may be used. */
bool canary_find(struct heap *h, const struct cell *o, struct fault *f);

#endif
