/* Records of threads, found by a number that the system gave: a pthread_t, a tid.  The system
 * gives the same number to another thread later, so an entry is taken out as soon as its number
 * may have been given away, and an index is no list of threads.  All of it is used under the
 * world lock. */
#ifndef GCALLOC_WORLD_INDEX_H
#define GCALLOC_WORLD_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { INDEX_LEAST = 64 }; /* buckets; there are as many as entries, or more */

struct mutator;

/* Part of a record. */
struct index_entry {
    struct index_entry *next; /* in its bucket */
    struct mutator *owner;    /* NULL: it is in no index */
    uintptr_t key;
};

struct index {
    struct index_entry **buckets; /* NULL: those of `first` */
    unsigned bits;                /* there are 1 << bits buckets */
    size_t count;
    struct index_entry *first[INDEX_LEAST];
};

/* Adds an entry that is in no index. */
void index_add(struct index *x, struct index_entry *e, uintptr_t key,
               struct mutator *owner);

/* Takes an entry out.  Nothing happens if it is in no index. */
void index_remove(struct index *x, struct index_entry *e);

/* Returns the owner of the entry with that key, or NULL if there is none. */
struct mutator *index_find(const struct index *x, uintptr_t key);

/* Checks that each entry is found by its key, which is no other's.  Returns how many
 * there are. */
size_t index_check(const struct index *x);

#endif
