#include "cache.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WAYS = 8 /* entries of a set */, TRIES = 1000 };

#define ROOT "cache"

/* Where pointers are, the collector looks at each word: the table is a scanned object, entries are atomic
 * ones.  All is constant but `used`. */
struct entry {
    uint64_t hash; /* of the key */
    uint64_t sum;  /* of key and value */
    uint32_t key_bytes, value_bytes;
    atomic_uint used; /* since an entry of its set was last looked for to go */
    char bytes[];     /* the key, then the value */
};

/* An entry is in the set of its key's hash. */
struct table {
    size_t sets;
    struct entry *_Atomic slots[];
};

struct cache {
    gc_region *region;
    struct table *table; /* of the root, which keeps it */
    unsigned turn;       /* where to begin to look for what goes */
};

/* ---- Entries ---------------------------------------------------------------------------------------- */

/* FNV-1a. */
static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t count)
{
    const unsigned char *p = bytes;
    for (size_t i = 0; i < count; i++)
        hash = (hash ^ p[i]) * 0x100000001b3u;
    return hash;
}

static uint64_t hash_key(const char *key)
{
    return hash_bytes(0xcbf29ce484222325u, key, strlen(key));
}

static uint64_t sum_of(const struct entry *e)
{
    size_t bytes = (size_t)e->key_bytes + e->value_bytes;
    return hash_bytes(e->hash ^ e->key_bytes, e->bytes, bytes);
}

static bool has_key(const struct entry *e, uint64_t hash, const char *key)
{
    return e && e->hash == hash && strlen(key) == e->key_bytes &&
           memcmp(e->bytes, key, e->key_bytes) == 0;
}

static struct entry *new_entry(struct cache *c, uint64_t hash, const char *key,
                               const void *value, size_t size)
{
    size_t key_bytes = strlen(key);
    if (size > UINT32_MAX / 2 || key_bytes > UINT32_MAX / 2)
        return errno = EINVAL, NULL;
    struct entry *e = gc_region_alloc_atomic(c->region, sizeof *e + key_bytes + size);
    if (!e)
        return NULL;
    e->hash = hash;
    e->key_bytes = (uint32_t)key_bytes;
    e->value_bytes = (uint32_t)size;
    memcpy(e->bytes, key, key_bytes);
    memcpy(e->bytes + key_bytes, value, size);
    e->sum = sum_of(e);
    atomic_init(&e->used, 1);
    return e;
}

/* ---- The table -------------------------------------------------------------------------------------- */

static struct entry *_Atomic *set_of(const struct cache *c, uint64_t hash)
{
    return c->table->slots + (hash >> 16) % c->table->sets * WAYS;
}

/* The place of the key from `from` on; WAYS if there is none. */
static unsigned find(struct entry *_Atomic *set, unsigned from, uint64_t hash,
                     const char *key, struct entry **found)
{
    for (unsigned i = from; i < WAYS; i++) {
        *found = atomic_load(&set[i]);
        if (has_key(*found, hash, key))
            return i;
    }
    return WAYS;
}

/* A free place, or that of an entry that was not used for the longest time, roughly: who looks takes the
 * mark of use off whatever it passes. */
static unsigned find_place(struct cache *c, struct entry *_Atomic *set,
                           struct entry **there)
{
    for (unsigned i = 0; i < WAYS; i++)
        if (!(*there = atomic_load(&set[i])))
            return i;
    for (unsigned looks = 0;; looks++) {
        unsigned i = c->turn++ % WAYS;
        *there = atomic_load(&set[i]);
        if (!*there || looks > 2 * WAYS || !atomic_exchange(&(*there)->used, 0))
            return i;
    }
}

/* Two processes that put the same key at once may both have found a place: one of the entries goes, or both
 * do.  A cache may lose what it was given, but has no old values. */
static void remove_others(struct entry *_Atomic *set, uint64_t hash, const char *key,
                          const struct entry *but)
{
    struct entry *e;
    for (unsigned i = 0; (i = find(set, i, hash, key, &e)) < WAYS; i++)
        if (e != but)
            atomic_compare_exchange_strong(&set[i], &e, NULL);
}

/* ---- What a cache does, inside of a bracket ---------------------------------------------------------- */

static int put(struct cache *c, const char *key, const void *value, size_t size)
{
    uint64_t hash = hash_key(key);
    struct entry *_Atomic *set = set_of(c, hash);
    struct entry *e = new_entry(c, hash, key, value, size), *there;
    unsigned place;
    if (!e)
        return -1;
    do {
        place = find(set, 0, hash, key, &there);
        if (place == WAYS)
            place = find_place(c, set, &there);
    } while (!atomic_compare_exchange_weak(&set[place], &there, e));
    remove_others(set, hash, key, e);
    return 0;
}

static enum found get(struct cache *c, const char *key, void *value, size_t *size)
{
    struct entry *e;
    uint64_t hash = hash_key(key);
    if (find(set_of(c, hash), 0, hash, key, &e) == WAYS)
        return MISSED;
    if (e->sum != sum_of(e))
        return WRONG;
    if (!atomic_load_explicit(&e->used, memory_order_relaxed))
        atomic_store_explicit(&e->used, 1, memory_order_relaxed);
    memcpy(value, e->bytes + e->key_bytes,
           e->value_bytes < *size ? e->value_bytes : *size);
    *size = e->value_bytes;
    return FOUND;
}

static int remove_key(struct cache *c, const char *key)
{
    struct entry *e;
    uint64_t hash = hash_key(key);
    struct entry *_Atomic *set = set_of(c, hash);
    bool found = find(set, 0, hash, key, &e) < WAYS;
    remove_others(set, hash, key, NULL);
    return found;
}

static int try_put(struct cache *c, const char *key, const void *value, size_t size)
{
    if (gc_region_begin(c->region) != 0)
        return -1;
    int result = put(c, key, value, size), error = errno;
    gc_region_end(c->region);
    errno = error;
    return result;
}

/* Where there is no room, and another process collects already, that one may wait for the bracket to end. */
int cache_put(struct cache *c, const char *key, const void *value, size_t size)
{
    struct timespec pause = {.tv_nsec = 1000000};
    int result = try_put(c, key, value, size);
    for (int i = 0; result && (errno == EBUSY || errno == ETIMEDOUT) && i < TRIES; i++) {
        nanosleep(&pause, NULL);
        result = try_put(c, key, value, size);
    }
    return result;
}

enum found cache_get(struct cache *c, const char *key, void *value, size_t *size)
{
    if (gc_region_begin(c->region) != 0)
        return BROKEN;
    enum found found = get(c, key, value, size);
    gc_region_end(c->region);
    return found;
}

int cache_remove(struct cache *c, const char *key)
{
    if (gc_region_begin(c->region) != 0)
        return -1;
    int removed = remove_key(c, key);
    gc_region_end(c->region);
    return removed;
}

static const char *check(const struct cache *c, size_t *entries)
{
    *entries = 0;
    for (size_t i = 0; i < c->table->sets * WAYS; i++) {
        const struct entry *e = atomic_load(&c->table->slots[i]);
        if (!e)
            continue;
        if (e->sum != sum_of(e))
            return "an entry has a checksum that is not right";
        if (set_of(c, e->hash) != &c->table->slots[i / WAYS * WAYS])
            return "an entry is in a set that is not its own";
        ++*entries;
    }
    return NULL;
}

const char *cache_check(struct cache *c, size_t *entries)
{
    if (gc_region_begin(c->region) != 0)
        return gc_region_error();
    const char *fault = check(c, entries);
    gc_region_end(c->region);
    return fault;
}

/* ---- Opening ---------------------------------------------------------------------------------------- */

/* The table of the root; who finds none makes one, and takes that of whoever was quicker. */
static struct table *get_table(gc_region *r, size_t entries)
{
    void *table = gc_region_root_get(r, ROOT);
    size_t sets = (entries + WAYS - 1) / WAYS;
    if (table)
        return table;
    struct table *made =
        gc_region_alloc(r, sizeof *made + sets * WAYS * sizeof made->slots[0]);
    if (!made)
        return NULL;
    made->sets = sets;
    int swapped = gc_region_root_swap(r, ROOT, &table, made);
    return swapped < 0 ? NULL : swapped ? made : table;
}

struct cache *cache_open(const char *name, size_t entries, size_t limit)
{
    struct cache *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->turn = (unsigned)rand();
    c->region = gc_region_create(name, limit, 0, 0);
    if (c->region && gc_region_begin(c->region) == 0) {
        c->table = get_table(c->region, entries);
        gc_region_end(c->region);
    }
    if (c->table)
        return c;
    cache_close(c);
    return NULL;
}

void cache_close(struct cache *c)
{
    if (c->region)
        gc_region_close(c->region);
    free(c);
}

gc_region *cache_region(const struct cache *c)
{
    return c->region;
}
