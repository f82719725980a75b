/* A fault of the program's that the heap has found in an object, as it is handed to who reports it. */
#ifndef GCALLOC_MUTATOR_FAULT_H
#define GCALLOC_MUTATOR_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/capture.h"

enum fault_kind {
    FAULT_OVERFLOW,         /* what lies behind a living object was written to */
    FAULT_WRITE_AFTER_FREE, /* an object that was freed was written to */
    FAULT_MISMATCH, /* what frees or resizes it is not of the family that allocated it */
    FAULT_BEYOND,   /* the page behind a fenced object, or one before it, was used */
    FAULT_USE_AFTER_FREE, /* a fenced object that was freed was used */
    FAULT_DANGLING,       /* something points to an object that was freed */
};

enum { FAULT_SEEN = 16 };

struct fault {
    enum fault_kind kind;
    uintptr_t address; /* of the object */
    size_t bytes;      /* requested, or of the slot */
    bool slot_bytes; /* they are of the slot: what was asked for is not known any more */
    /* The bytes that were written, from the object's first on, lie in [first, end). */
    size_t first, end;
    unsigned char seen[FAULT_SEEN]; /* the first of them */
    uint32_t allocated, freed;      /* the stacks, in the depot; 0: not known */
    unsigned family;                /* of what allocated it */
    /* Where it was used, or where a pointer to it is, and the object that this is in; 0: in none. */
    uintptr_t pointer, holder;
    size_t holder_bytes;
    uint32_t holder_allocated;
    /* The function that the program has called with the object, and the call; NULL: the fault was
     * found at the moment that `found` names. */
    const char *function;
    struct call call;
    const char *found;
    const uintptr_t *frames; /* of the stack that has used it; frame_count 0: not known */
    size_t frame_count;
};

#endif
