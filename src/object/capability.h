/* What the capabilities of this folder have in common: each begins with its first use, takes its
 * place among the phases of a cycle (collect/phase.h), and from then on learns which of the
 * objects that it has noted end by gc_free or get another address.
 *
 * A program that uses none pays for none: there is no phase, and no noted block. */
#ifndef GCALLOC_OBJECT_CAPABILITY_H
#define GCALLOC_OBJECT_CAPABILITY_H

#include "collect/phase.h"
#include "collect/verify.h"
#include "heap/lookup.h"
#include "object/pairs.h"

struct capability {
    struct phase *phases;
    unsigned phase_count;
    /* An object of a block that has noted ones is about to be freed by the program; it may be one
     * that this capability knows, or not.  NULL: it does not want to know.  In no critical section,
     * no lock is held. */
    void (*freed)(const struct cell *o);
    /* gc_realloc has copied it to the living object that begins at `to`, and is about to free
     * it. */
    void (*moved)(const struct cell *from, uintptr_t to);
    /* Its end from there on is about to be somebody else's memory. */
    void (*shrinks)(const struct cell *o, size_t size);
    struct verify_rule verify; /* for option verify; NULL: it keeps nothing alive */
    struct pair_source *pairs; /* NULL: it has none */
    void (*at_exit)(void);     /* the program ends; NULL: nothing is to be done */
    struct capability *next;
    bool begun; /* atomic */
};

/* To be called by each public function that registers something, after mutator_enter and in no
 * critical section: what happens the first time is done. */
void capability_begin(struct capability *c);

/* Notes the block of an object that is to be watched.  Returns false if `object` is not the start
 * of a living object. */
bool capability_note(const void *object, struct cell *o);

/* Notes the block of an object that the program means by its pointer: one that begins there, or a
 * counted one.  Returns false if there is none. */
bool capability_note_named(const void *object, struct cell *o);

#endif
