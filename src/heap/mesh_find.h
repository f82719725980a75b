/* Which blocks are meshed: pairs of near neighbours whose objects meet nowhere, or on few pages. */
#ifndef GCALLOC_HEAP_MESH_FIND_H
#define GCALLOC_HEAP_MESH_FIND_H

#include "heap/mesh_pages.h"

enum {
    MESH_MEMBERS_MOST = 8, /* pages of one frame */
    CANDIDATES = 64,       /* blocks among which pairs are sought */
};

/* A block with pages that have room for others' objects. */
struct candidate {
    uint32_t head;
    uint16_t room; /* these pages, which hold something */
    uint16_t
        joins; /* those of them that can enter another frame, as they share none with others */
    struct granules busy[UNIT_PAGES]; /* of the frame, if the page is in one */
};

struct mesh_finder {
    uint32_t cursor;      /* the unit where the round goes on; 0: none is going on */
    unsigned rest;        /* rounds to be left out */
    bool forked;          /* as the process has forked */
    unsigned idle_rounds; /* that came to nothing, one after the other */
    uint64_t meshed;      /* what mesh.meshed was when the round began */
    unsigned count;
    struct candidate of[CANDIDATES];
    char copies[UNIT_BYTES]; /* of pages on their way */
};

/* Has these pages of one block share memory with the same pages of another, which share none yet.  Their objects do
 * not meet.  Returns those that do by now: not all if something fails.  The world is stopped. */
uint16_t mesh_join(struct heap *h, uint32_t keeper, uint32_t joining, uint16_t pages);

/* Every page has its contents for itself.  Returns false if one has not.  The world is stopped, or it is not, and
 * then some may stay as they are. */
bool mesh_set_apart(struct heap *h, bool stopped);

#endif
