/* A cache that processes share: keys are strings, values bytes, and there is room for a number of entries.
 *
 * It lies in a region, and whoever has opened it may die at any instruction: an entry never changes once it
 * is in the table, and comes and goes by one store. */
#ifndef CACHE_CACHE_H
#define CACHE_CACHE_H

#include <gcalloc/region.h>
#include <stddef.h>

struct cache;

/* Opens the cache of that name, or makes one for so many entries in at most `limit` bytes.  NULL: it could
 * not, and gc_region_error says why; so it is with all functions here. */
struct cache *cache_open(const char *name, size_t entries, size_t limit);
void cache_close(struct cache *c);
gc_region *cache_region(const struct cache *c);

/* Puts a value, in place of an older one of that key; another entry may have to go.  0 or -1. */
int cache_put(struct cache *c, const char *key, const void *value, size_t size);

enum found {
    FOUND,
    MISSED,
    WRONG /* its checksum is not right */,
    BROKEN /* the region is */
};

/* Copies up to *size bytes of the value, and sets *size to how many it has. */
enum found cache_get(struct cache *c, const char *key, void *value, size_t *size);

/* 1 if there was such a key, 0 if not, -1. */
int cache_remove(struct cache *c, const char *key);

/* Looks at each entry.  What is wrong with the table, or NULL; and how many entries it has. */
const char *cache_check(struct cache *c, size_t *entries);

#endif
