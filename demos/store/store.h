/* A store of documents in a file: a region whose one root leads to its version.  A change makes another
 * version, and then the root lead to it, by one store: so whatever a process dies in the midst of, the file
 * has the version of before or of after. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <gcalloc/region.h>
#include <stdint.h>
#include <stdio.h>

/* Why the last call could not be done. */
const char *store_error(void);

/* NULL: it could not be done. */
gc_region *store_open(const char *path);

/* false: it could not be done.  *version is the number, from 1 on, of the version that has the change. */
bool store_put(gc_region *store, const char *key, const void *bytes, size_t size,
               uint64_t *version);

/* Where there is no such key the version stays as it is (0: there is none yet), and *found is false. */
bool store_delete(gc_region *store, const char *key, uint64_t *version, bool *found);

/* A document in memory of the caller's, with a byte 0 behind it.  *bytes is NULL if there is none. */
bool store_get(gc_region *store, const char *key, char **bytes, size_t *size);

/* Keys and documents, in the order of keys, copied by one look at one version.  Freed by store_free_list. */
struct store_item {
    char *key, *bytes;
    size_t size;
};
struct store_list {
    size_t count;
    uint64_t version;
    struct store_item *items;
};
bool store_list(gc_region *store, struct store_list *list);
void store_free_list(struct store_list *list);

#endif
