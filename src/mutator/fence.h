/* Fenced objects: one in so many small ones, by option fence, is not in the heap but ends at a page that
 * nobody can use, and nobody can use its own pages when it was freed.  So an access beyond its end, or after
 * the free, is a fault of the processor's, and is reported before what the program or the system does
 * about that.  They are manual objects, and roots. */
#ifndef GCALLOC_MUTATOR_FENCE_H
#define GCALLOC_MUTATOR_FENCE_H

#include "heap/types.h"
#include "trace/capture.h"

/* The heap has just been made.  The world lock is held. */
void fence_begin(void);

/* An object, zeroed, if it is the turn of one; `call` allocates it.  NULL: it is not, or there is no room.
 * In no critical section. */
void *fence_alloc(size_t size, enum kind kind, struct call call);

/* Whether the address lies where fenced objects do. */
bool fence_has(const void *address);

/* Frees the fenced object that begins there, by this call; whatever is wrong with that is reported. */
void fence_free(void *object, struct call call);

/* What is known of the fenced object around an address, or of the last one there. */
struct fenced {
    uintptr_t address;
    size_t size;
    uint32_t allocated, freed; /* stacks */
    uint8_t family;
    bool lives;
};
bool fence_find(const void *address, struct fenced *f);

/* The size of the living object that begins there; 0: there is none. */
size_t fence_size(const void *object);

#endif
