/* The two halves of the shadow test: a copy of the object graph that is kept beside the
 * heap, and the operations that change both.
 *
 * The copy lies in malloc's memory, which the collector does not scan but for what
 * happens to be on the stack, and has every address inverted.  Contents are bytes with
 * the high bit set, which as words are no addresses: so the graph that the collector sees
 * is the graph of the copy, but for stale words on the stack. */
#ifndef TESTS_SHADOW_H
#define TESTS_SHADOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EDGES_MOST = 6,    /* pointers of one object */
    LIVE_MOST = 20000, /* objects in the copy, about */
};

/* An object has its edges first, then a pattern that its seed gives. */
struct copy {
    uintptr_t hidden; /* inverted address; 0: this entry is free */
    uint32_t size;
    uint32_t seed;
    uint32_t edges[EDGES_MOST];  /* entry number + 1; 0: a null pointer */
    uint32_t inside[EDGES_MOST]; /* how many bytes into the target the pointer is */
    uint8_t edge_count;
    uint8_t flags;   /* GC_ATOMIC, GC_MANUAL */
    bool reachable;  /* as the last shadow_trace found */
    uint32_t listed; /* its place in `used` */
};

/* A word that the program keeps a pointer in. */
struct root {
    char *volatile *place;
    uint32_t target; /* entry number + 1; 0: none */
};

/* The entries in use, in any order. */
extern struct copy *copies;
extern uint32_t *used, used_count;
extern struct root *roots;
extern size_t root_count;

void shadow_create(size_t roots_most);

/* Notes a new object with its contents not yet written.  Returns its number + 1. */
uint32_t shadow_add(void *object, size_t size, unsigned flags, uint32_t seed);

/* The object is gone. */
void shadow_remove(uint32_t number);

char *shadow_object(const struct copy *c);

/* Writes the pattern from byte `from` on, or compares it. */
void shadow_fill(const struct copy *c, size_t from);
bool shadow_is_filled(const struct copy *c);

/* The word that edge `i` of the object is. */
uintptr_t shadow_edge_word(const struct copy *c, unsigned i);

/* Sets `reachable` of every entry, from the roots and the manual objects. */
void shadow_trace(void);

#endif
