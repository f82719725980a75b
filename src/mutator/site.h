/* Recording where objects come from, when a mode asks for it.  The heap has a table of sites then,
 * which an observer of it fills; whoever reads it gets an answer in any case. */
#ifndef GCALLOC_MUTATOR_SITE_H
#define GCALLOC_MUTATOR_SITE_H

#include "heap/lookup.h"

/* The heap has just been made: if it has a table of sites, they are recorded from now on. */
void site_begin(struct heap *h);

/* The site of a slot, living or not; NULL: sites are not recorded. */
const struct site *site_at(const struct heap *h, const uint8_t *state);

/* The site of an object in a heap that has a table of sites. */
INLINE struct site *site_of(const struct heap *h, const struct cell *o)
{
    return h->sites + (o->state - h->states);
}

/* What the site of an object that is not known to be freed says of the slot's bytes beyond the
 * requested size. */
INLINE size_t site_slack(const struct site *s)
{
    return s->note & SITE_SLACK;
}

INLINE bool site_freed(const struct site *s)
{
    return s->note & SITE_FREED;
}

INLINE unsigned site_family(const struct site *s)
{
    return (s->note & SITE_FAMILY) >> SITE_FAMILY_SHIFT;
}

/* The stack that freed the object of a site, which was freed; 0: not known. */
INLINE uint32_t site_freed_by(const struct site *s)
{
    return s->note & SITE_STACK;
}

/* From now on the object, which lives, is of this family (hooks.h). */
void site_set_family(const void *object, unsigned family);

/* The stack that allocated an object, in the depot; 0: not known. */
uint32_t site_stack(const struct cell *o);

/* The bytes that were asked for an object; without sites the usable ones. */
size_t site_requested(const struct cell *o);

#endif
