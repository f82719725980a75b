/* Passes over the state bytes of a block, many at a time.  They know of bytes only: not
 * which slot a byte is of, nor what its block counts.  The states are followed by free
 * ones up to a multiple of a vector. */
#ifndef GCALLOC_HEAP_STATE_H
#define GCALLOC_HEAP_STATE_H

#include "heap/types.h"

struct state_counts {
    uint32_t free, reserved, marked; /* marked: NEW too, outside of a cycle */
};

/* Counts the states of `count` slots. */
struct state_counts state_count(const uint8_t *states, uint32_t count);

/* Whether each of them is a state that there is.  What follows them may be anything. */
bool state_all_exist(const uint8_t *states, uint32_t count);

/* What caches had, RESERVED, becomes FREE, and so do all behind the last, up to `all` of them; with
 * `unmarked` objects have no mark any more.  Returns how many of the `count` are FREE then. */
uint32_t state_renew(uint8_t *states, uint32_t count, uint32_t all, bool unmarked);

/* The first FREE slot in [from, count), or count if there is none. */
uint32_t state_find_free(const uint8_t *states, uint32_t from, uint32_t count);

/* The first slot in [from, count) that is not FREE, or count if there is none. */
uint32_t state_find_not_free(const uint8_t *states, uint32_t from, uint32_t count);

/* Every state but `mark` and RESERVED becomes FREE.  Counts what is left and sets
 * *reclaimed to the objects that went. */
struct state_counts state_sweep(uint8_t *states, uint32_t count, uint8_t mark,
                                uint32_t *reclaimed);

struct state_found {
    uint32_t freed, marked;
    bool some_new;
};

/* Sweeps beside the program: what has the other mark than `mark` becomes FREE, and nothing else changes, as
 * other states are the program's to change meanwhile. */
struct state_found state_sweep_beside(uint8_t *states, uint32_t count, uint8_t mark);

#endif
