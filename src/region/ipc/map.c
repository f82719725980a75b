/* Maps from strings to objects.
 *
 * A map leads to a table of entries, searched from that of the key's hash on.  An entry gets its key once,
 * after its object, and keeps it: removing a key takes the object away.  A table that is too full is
 * copied to a new one, which takes its place by one store.  So whoever looks something up needs no lock,
 * and reads two lines: the entry, which has four bits of the hash in the low bits of the key's address,
 * and the key.  Changes are made under the map's lock, each by one store that counts; what else is stored is
 * counters, which the heir of a dead one makes anew. */
#include <errno.h>
#include <string.h>

#include "region/ipc/ipc.h"

enum { SLOTS_LEAST = 16, TAG_BITS = GRANULE - 1 };

/* An object without pointers. */
struct key {
    uint64_t hash;
    uint64_t length;
    char bytes[]; /* and a 0 */
};

struct entry {
    uintptr_t key; /* the address and some bits of the hash; 0: none.  Atomic */
    void *object;  /* NULL: the key was removed.  Atomic */
};

/* At least a quarter of the entries have no key. */
struct table {
    uint64_t mask; /* how many entries there are, less 1 */
    uint64_t used; /* entries with a key */
    uint64_t live; /* and an object.  Atomic */
    uint64_t unused;
    struct entry entries[];
};

struct gc_map {
    uint64_t kind;
    uint64_t seed;
    struct table *table; /* atomic */
    OWN_LINE struct ipc_lock lock;
};

/* A key that is looked for. */
struct wanted {
    const void *bytes;
    size_t length;
    uint64_t hash;
};

/* ---- Hashes -------------------------------------------------------------------------------------- */

/* Both halves of a product, folded. */
INLINE uint64_t mix(uint64_t a)
{
    unsigned __int128 product = (unsigned __int128)a * 0x9e3779b97f4a7c15u;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

INLINE uint64_t hash_of(const char *bytes, size_t length, uint64_t seed)
{
    uint64_t hash = seed ^ length, word = 0;
    for (; length >= sizeof word; bytes += sizeof word, length -= sizeof word) {
        memcpy(&word, bytes, sizeof word);
        hash = mix(hash ^ word);
    }
    word = 0;
    for (size_t i = 0; i < length; i++)
        word = word << 8 | (unsigned char)bytes[i];
    return mix(mix(hash ^ word) + seed);
}

static uintptr_t tagged(const struct key *k)
{
    return (uintptr_t)k | (k->hash >> 32 & TAG_BITS);
}

static struct key *key_of(uintptr_t tagged_key)
{
    return (struct key *)(tagged_key & ~(uintptr_t)TAG_BITS);
}

/* ---- Looking up ---------------------------------------------------------------------------------- */

static struct table *table_of(const gc_map *m)
{
    return __atomic_load_n(&m->table, __ATOMIC_ACQUIRE);
}

static void *object_of(const struct entry *e)
{
    return __atomic_load_n(&e->object, __ATOMIC_ACQUIRE);
}

INLINE bool is_wanted(uintptr_t key, const struct wanted *w)
{
    if ((key & TAG_BITS) != (w->hash >> 32 & TAG_BITS))
        return false;
    const struct key *k = key_of(key);
    return k->hash == w->hash && k->length == w->length &&
           (w->length == 0 || memcmp(k->bytes, w->bytes, w->length) == 0);
}

/* The entry of the key; NULL: it has none. */
INLINE struct entry *find(struct table *t, const struct wanted *w)
{
    uintptr_t key;
    for (uint64_t i = w->hash;; i++) {
        struct entry *e = &t->entries[i & t->mask];
        key = __atomic_load_n(&e->key, __ATOMIC_ACQUIRE);
        if (!key)
            return NULL;
        if (is_wanted(key, w))
            return e;
    }
}

void *gc_map_get(gc_region *r, gc_map *m, const void *key, size_t length)
{
    if (!ipc_use(r, m, IPC_MAP) || !region_is_given(key || length == 0, "the map's key"))
        return NULL;
    struct wanted w = {key, length, hash_of(key, length, m->seed)};
    const struct entry *e = find(table_of(m), &w);
    void *object = e ? object_of(e) : NULL;
    if (UNLIKELY(!object))
        errno = ENOENT;
    return object;
}

size_t gc_map_count(gc_region *r, gc_map *m)
{
    return ipc_use(r, m, IPC_MAP) ? __atomic_load_n(&table_of(m)->live, __ATOMIC_RELAXED)
                                  : 0;
}

int gc_map_list(gc_region *r, gc_map *m,
                int (*visit)(const void *key, size_t length, void *object, void *data),
                void *data)
{
    if (!ipc_use(r, m, IPC_MAP) || !region_is_given(visit, "gc_map_list: visit"))
        return -1;
    struct table *t = table_of(m);
    for (uint64_t i = 0; i <= t->mask; i++) {
        uintptr_t key = __atomic_load_n(&t->entries[i].key, __ATOMIC_ACQUIRE);
        void *object = key ? object_of(&t->entries[i]) : NULL;
        if (!object)
            continue;
        const struct key *k = key_of(key);
        int result = visit(k->bytes, k->length, object, data);
        if (result)
            return result;
    }
    return 0;
}

/* ---- Tables -------------------------------------------------------------------------------------- */

static struct table *new_table(gc_region *r, uint64_t slots)
{
    struct table *t = gc_region_alloc(r, sizeof *t + slots * sizeof(struct entry));
    if (t)
        t->mask = slots - 1;
    return t;
}

/* For what the table has, and one more: half of it, or more, is free then. */
static uint64_t slots_for(const struct table *t)
{
    uint64_t slots = SLOTS_LEAST;
    while (slots < 2 * (t->live + 1))
        slots *= 2;
    return slots;
}

static bool is_full(const struct table *t)
{
    return (t->used + 1) * 4 > (t->mask + 1) * 3;
}

/* gc_map_count reads it without the lock. */
static void set_live(struct table *t, uint64_t live)
{
    __atomic_store_n(&t->live, live, __ATOMIC_RELAXED);
}

/* The key is stored after the object: the entry has both from then on. */
static void fill(struct table *t, struct entry *e, uintptr_t key, void *object)
{
    e->object = object;
    __atomic_store_n(&e->key, key, __ATOMIC_RELEASE);
    t->used++;
    set_live(t, t->live + 1);
}

/* The first entry without a key from that of the hash on. */
static struct entry *vacant(struct table *t, uint64_t hash)
{
    while (t->entries[hash & t->mask].key)
        hash++;
    return &t->entries[hash & t->mask];
}

static void copy(struct table *to, const struct table *from)
{
    for (uint64_t i = 0; i <= from->mask; i++) {
        const struct entry *e = &from->entries[i];
        if (e->key && e->object)
            fill(to, vacant(to, key_of(e->key)->hash), e->key, e->object);
    }
}

/* The lock was a dead one's: the counters are made anew, and an object without a key is not kept. */
static void repair(struct table *t)
{
    uint64_t used = 0, live = 0;
    for (uint64_t i = 0; i <= t->mask; i++) {
        struct entry *e = &t->entries[i];
        if (!e->key)
            e->object = NULL;
        used += e->key != 0;
        live += e->object != NULL;
    }
    t->used = used;
    set_live(t, live);
}

/* ---- Changes ------------------------------------------------------------------------------------- */

enum outcome { DONE, REFUSED, NEEDS_KEY, NEEDS_TABLE };

struct change {
    struct wanted wanted;
    void **expected; /* NULL: whatever it has */
    void *object;    /* NULL: it is removed */
    void *before;    /* what it had */
    struct key *key; /* made for it; NULL: not yet */
    struct table *spare;
    uint64_t slots; /* of the table that it needs */
};

/* A key that there is. */
static void change_entry(struct table *t, struct entry *e, void *object)
{
    set_live(t, t->live + (object != NULL) - (e->object != NULL));
    __atomic_store_n(&e->object, object, __ATOMIC_RELEASE);
}

static enum outcome add(gc_map *m, struct change *c)
{
    struct table *t = m->table, *spare = c->spare;
    if (!c->key)
        return NEEDS_KEY;
    if (is_full(t)) {
        c->slots = slots_for(t);
        if (!spare || spare->mask + 1 < c->slots)
            return NEEDS_TABLE;
        copy(spare, t);
        __atomic_store_n(&m->table, spare, __ATOMIC_RELEASE);
        c->spare = NULL;
        t = spare;
    }
    fill(t, vacant(t, c->key->hash), tagged(c->key), c->object);
    c->key = NULL;
    return DONE;
}

/* The lock is held. */
static enum outcome try_change(gc_map *m, struct change *c)
{
    struct entry *e = find(m->table, &c->wanted);
    c->before = e ? e->object : NULL;
    if (c->expected && *c->expected != c->before)
        return REFUSED;
    if (e)
        change_entry(m->table, e, c->object);
    else if (c->object)
        return add(m, c);
    return DONE;
}

static struct key *new_key(gc_region *r, const struct wanted *w)
{
    if (w->length > PTRDIFF_MAX)
        return region_fail(EINVAL, "%s: no key has %zu bytes", r->name, w->length), NULL;
    struct key *k = gc_region_alloc_atomic(r, sizeof *k + w->length + 1);
    if (!k)
        return NULL;
    k->hash = w->hash;
    k->length = w->length;
    if (w->length) /* else there may be no bytes */
        memcpy(k->bytes, w->bytes, w->length);
    k->bytes[w->length] = '\0';
    return k;
}

/* What the change needs is allocated without the lock.  false with errno. */
static bool provide(gc_region *r, struct change *c, enum outcome needs)
{
    if (needs == NEEDS_KEY)
        return (c->key = new_key(r, &c->wanted)) != NULL;
    gc_region_free(r, c->spare);
    return (c->spare = new_table(r, c->slots)) != NULL;
}

/* What was allocated in vain is nobody else's. */
static void discard(gc_region *r, const struct change *c)
{
    int saved_errno = errno;
    gc_region_free(r, c->key);
    gc_region_free(r, c->spare);
    errno = saved_errno;
}

/* 1: done, 0: refused, -1: errno. */
static int make_change(gc_region *r, struct region_use *u, gc_map *m, struct change *c)
{
    enum outcome outcome;
    do {
        if (ipc_lock_take(u, &m->lock))
            repair(m->table);
        outcome = try_change(m, c);
        ipc_lock_leave(&m->lock);
    } while (outcome > REFUSED && provide(r, c, outcome));
    discard(r, c);
    if (outcome > REFUSED)
        return -1;
    return outcome == DONE;
}

static int change(gc_region *r, gc_map *m, struct change *c)
{
    struct region_use *u = ipc_use(r, m, IPC_MAP);
    bool has_key = c->wanted.bytes || c->wanted.length == 0;
    if (!u || !region_is_given(has_key, "the map's key") ||
        (c->object && !region_is_start(r, c->object)))
        return -1;
    c->wanted.hash = hash_of(c->wanted.bytes, c->wanted.length, m->seed);
    return make_change(r, u, m, c);
}

int gc_map_put(gc_region *r, gc_map *m, const void *key, size_t length, void *object)
{
    struct change c = {.wanted = {key, length, 0}, .object = object};
    if (!object)
        return region_fail(EINVAL, "gc_map_put of NULL");
    return change(r, m, &c) == 1 ? 0 : -1;
}

int gc_map_swap(gc_region *r, gc_map *m, const void *key, size_t length, void **expected,
                void *object)
{
    struct change c = {.wanted = {key, length, 0},
                       .expected = expected,
                       .object = object};
    if (!region_is_given(expected, "gc_map_swap: expected"))
        return -1;
    int swapped = change(r, m, &c);
    if (swapped >= 0)
        *expected = c.before;
    return swapped;
}

int gc_map_remove(gc_region *r, gc_map *m, const void *key, size_t length)
{
    struct change c = {.wanted = {key, length, 0}};
    if (change(r, m, &c) != 1)
        return -1;
    if (!c.before)
        return errno = ENOENT, -1;
    return 0;
}

/* The seed is one that nobody knows beforehand. */
gc_map *gc_map_new(gc_region *r)
{
    gc_map *m = ipc_new(r, IPC_MAP, sizeof *m);
    struct table *t = m ? new_table(r, SLOTS_LEAST) : NULL;
    if (!t)
        return NULL;
    m->seed = mix(os_now() ^ (uintptr_t)m);
    m->table = t;
    return m;
}
