/* A hash table from strings, which are interned, to values. */
#ifndef LOX_MAP_H
#define LOX_MAP_H

#include "value.h"

struct string;

struct map_entry {
    const struct string *key; /* NULL: free */
    value value;
};

struct map {
    struct map_entry *entries;
    uint32_t count, capacity; /* a power of two, or 0 */
};

/* UNDEFINED: there is no such key. */
value map_get(const struct map *m, const struct string *key);

void map_set(struct map *m, const struct string *key, value v);
void map_add_all(struct map *to, const struct map *from);

#endif
