/* Numbers for what has a name or an address: the same for what is the same. */
#ifndef GCALLOC_TOOLS_INDEX_H
#define GCALLOC_TOOLS_INDEX_H

#include <stddef.h>
#include <stdint.h>

struct entry {
    uint64_t hash, first, second; /* the key: of strings, `text` beside */
    const char *text;
    uint64_t number; /* 0: there is none in this slot */
};

/* Open addressing, at most half full.  All zero: empty. */
struct index {
    struct entry *slots;
    size_t size, count;
};

/* The slot of a key; its number is 0 if it is new, and to be set then.  It stands until the next call. */
struct entry *index_slot(struct index *t, struct entry key);

/* The slot of two numbers. */
struct entry *index_pair(struct index *t, uint64_t first, uint64_t second);

uint64_t hash_text(const char *text);

#endif
