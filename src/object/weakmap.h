/* Weak maps: what their functions (weakmap.c) and the collections (weakmap_cycle.c) share.
 *
 * A map is a scanned object, so that whoever reaches it reaches its entries' object, which is
 * atomic, and what its functions are to have.  What entries keep alive, and which go, is found
 * out in a cycle. */
#ifndef GCALLOC_OBJECT_WEAKMAP_H
#define GCALLOC_OBJECT_WEAKMAP_H

#include <gcalloc/weakmap.h>

#include "base/lock.h"
#include "object/entries.h"

#define WEAKMAP_MAGIC UINT64_C(0x7765616b2e6d6170)

struct gc_weakmap {
    uint64_t magic;
    /* Constant. */
    unsigned flags;
    gc_weakmap_hash *hash; /* NULL: by address */
    gc_weakmap_equal *equal;
    void *data;
    /* For the entries, and their removal; taken in critical sections.  A cycle needs none. */
    struct lock lock;
    struct entries *entries;
    uint64_t version; /* changes with `entries`, and when indexes are made anew */
};

/* Before the first map there is no phase. */
void weakmap_begin(void);

/* From now on collections see to it.  false with ENOMEM. */
bool weakmap_register(gc_weakmap *map);

void weakmap_lock(gc_weakmap *map);
void weakmap_unlock(gc_weakmap *map);

#endif
