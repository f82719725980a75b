/* Weak maps for programs.  None of their functions is called under a lock: what may be the key
 * that is looked for is compared outside, and the search goes on where it was, or from the
 * beginning if entries have moved meanwhile.
 *
 * Whatever is taken out of the entries in a critical section is in a register or on the stack at
 * its end, and so outlives a collection that comes then. */
#include "object/weakmap.h"

#include <errno.h>
#include <gcalloc/walk.h>

#include "base/cards.h"
#include "heap/heap.h"
#include "mutator/alloc.h"
#include "mutator/init.h"
#include "mutator/object.h"
#include "object/capability.h"

#define NO_VERSION UINT64_MAX

/* A search for a key. */
struct search {
    gc_weakmap *map;
    uintptr_t key;
    uint64_t hash;
    uintptr_t equal;  /* a key of the map that was found equal, or 0 */
    uint64_t version; /* of the map, for which `place` is where the search goes on */
    uint32_t place;
    struct entry *entry; /* in the end, with the lock held: what was found, or NULL */
};

/* ---- Searching ------------------------------------------------------------------------------- */

/* With the lock held: the next entry that may be it. */
static struct entry *next_candidate(struct search *s)
{
    gc_weakmap *map = s->map;
    if (s->version != map->version) {
        s->version = map->version;
        s->place = entries_place(map->entries, s->hash);
    }
    return entries_find(map->entries, BY_HASH, s->hash, &s->place);
}

/* With the lock held: the key that was found equal, unless it is gone. */
static struct entry *find_again(const struct search *s)
{
    struct entries *e = s->map->entries;
    uint32_t place = entries_place(e, s->hash);
    struct entry *entry;
    do
        entry = entries_find(e, BY_HASH, s->hash, &place);
    while (entry && entry->key != s->equal);
    return entry;
}

/* With the lock held: whether the search is over. */
static bool is_over(struct search *s)
{
    s->entry = s->equal ? find_again(s) : NULL;
    if (s->entry)
        return true;
    if (s->equal) {
        s->equal = 0;
        s->version = NO_VERSION;
    }
    s->entry = next_candidate(s);
    return !s->entry || !s->map->hash || s->entry->key == s->key;
}

/* With the lock held at the end.  If there is no such key, there is none until it is released:
 * entries come to lie behind the place where the search ends. */
static void search(struct search *s)
{
    gc_weakmap *map = s->map;
    for (;;) {
        weakmap_lock(map);
        if (is_over(s))
            return;
        uintptr_t candidate = s->entry->key;
        weakmap_unlock(map);
        if (map->equal((const void *)candidate, (const void *)s->key, map->data))
            s->equal = candidate;
    }
}

/* false with EINVAL. */
static bool is_map(gc_weakmap *map)
{
    struct cell o;
    if (object_at(map, &o) && o.size >= sizeof *map && map->magic == WEAKMAP_MAGIC)
        return true;
    return errno = EINVAL, false;
}

/* Enters the library for a search; the program's own function is called before. */
static bool begin(struct search *s, gc_weakmap *map, const void *key)
{
    if (!mutator_enter())
        return false;
    bool valid = is_map(map) && key;
    if (!valid)
        errno = EINVAL;
    mutator_leave();
    if (!valid)
        return false;
    *s = (struct search){
        .map = map, .key = (uintptr_t)key, .hash = (uintptr_t)key, .version = NO_VERSION};
    if (map->hash)
        s->hash = map->hash(key, map->data);
    return mutator_enter();
}

static void end(struct search *s)
{
    weakmap_unlock(s->map);
    mutator_leave();
}

/* ---- Room ------------------------------------------------------------------------------------ */

static unsigned indexes(unsigned flags, bool hashes)
{
    return 1u << BY_HASH | (hashes && flags & GC_WEAK_KEYS ? 1u << BY_KEY : 0u) |
           (flags & GC_WEAK_VALUES ? 1u << BY_VALUE : 0u);
}

static struct entries *make_entries(size_t capacity, unsigned which)
{
    struct entries *e =
        alloc_object(entries_bytes(capacity, which), GRANULE, KIND_ATOMIC, false);
    if (e)
        entries_begin(e, capacity, which);
    return e;
}

/* Unless others have been faster, or have added so much that there is no room for it. */
static struct entries *exchange(gc_weakmap *map, struct entries *e, uint64_t version)
{
    struct entries *old = map->entries;
    if (map->version != version || old->count >= e->capacity)
        return e;
    entries_move(e, old);
    map->entries = e;
    cards_note(&map->entries, sizeof map->entries);
    map->version++;
    return old;
}

/* Entries move to another object if that is due.  In no critical section.  false with ENOMEM. */
static bool resize(gc_weakmap *map, bool grows)
{
    weakmap_lock(map);
    uint64_t version = map->version;
    size_t capacity = entries_wanted(map->entries, grows);
    bool due =
        capacity != map->entries->capacity || (grows && entries_full(map->entries));
    unsigned which = map->entries->indexes;
    weakmap_unlock(map);
    if (!due)
        return true;
    struct entries *e = make_entries(capacity, which);
    if (!e)
        return false;
    weakmap_lock(map);
    struct entries *unused = exchange(map, e, version);
    weakmap_unlock(map);
    gc_free(unused);
    return true;
}

/* Many entries have gone: less memory will do.  If there is none for that it stays as it is. */
static void shrink(gc_weakmap *map)
{
    int saved_errno = errno;
    if (!resize(map, false))
        errno = saved_errno;
}

/* ---- Making ---------------------------------------------------------------------------------- */

static gc_weakmap *fail(gc_weakmap *map, int error)
{
    if (map)
        gc_free(map->entries);
    gc_free(map);
    errno = error;
    return NULL;
}

gc_weakmap *gc_weakmap_new(unsigned flags, gc_weakmap_hash *hash, gc_weakmap_equal *equal,
                           void *data)
{
    if ((flags & ~(GC_WEAK_KEYS | GC_WEAK_VALUES)) || !hash != !equal)
        return errno = EINVAL, NULL;
    gc_weakmap *map = gc_alloc(sizeof *map);
    if (!map)
        return NULL;
    if (!gc_is_managed(map)) /* memory of the program's handler for the end of memory */
        return errno = ENOMEM, NULL;
    *map = (struct gc_weakmap){.magic = WEAKMAP_MAGIC,
                               .flags = flags,
                               .hash = hash,
                               .equal = equal,
                               .data = data,
                               .entries = make_entries(ENTRIES_LEAST,
                                                       indexes(flags, hash != NULL))};
    cards_note(
        map, sizeof *map); /* a collection while entries were made may have made it old */
    if (!map->entries || !mutator_enter())
        return fail(map, errno);
    weakmap_begin();
    bool added = weakmap_register(map);
    mutator_leave();
    return added ? map : fail(map, ENOMEM);
}

/* ---- Keys and values ------------------------------------------------------------------------- */

void *gc_weakmap_get(gc_weakmap *map, const void *key)
{
    struct search s;
    if (!begin(&s, map, key))
        return NULL;
    search(&s);
    uintptr_t value = s.entry ? s.entry->value : 0;
    end(&s);
    return (void *)value;
}

/* A weak one is the start of an object, which is noted, or none of the heap's.  false with
 * EINVAL. */
static bool note(const void *object, bool weak)
{
    struct cell o;
    if (!weak || !lookup_owns(&process_heap, (uintptr_t)object) ||
        capability_note_named(object, &o))
        return true;
    return errno = EINVAL, false;
}

static bool may_put(const gc_weakmap *map, const void *key, const void *value)
{
    return note(key, map->flags & GC_WEAK_KEYS) &&
           note(value, map->flags & GC_WEAK_VALUES);
}

/* The key's entry, or one for it with this value.  Returns 1 or 0 with the lock held, or -1 with
 * ENOMEM and without. */
static int find_or_add(struct search *s, uintptr_t value)
{
    for (;;) {
        search(s);
        struct entries *e = s->map->entries;
        if (s->entry)
            return 1;
        if (!entries_full(e)) {
            s->entry = entries_add(e, s->key, value, s->hash);
            return 0;
        }
        weakmap_unlock(s->map);
        if (!resize(s->map, true))
            return -1;
    }
}

/* What find_or_add returns; with the lock held if that is not -1. */
static int enter(struct search *s, gc_weakmap *map, void *key, void *value)
{
    if (!begin(s, map, key))
        return -1;
    int found = may_put(map, key, value) ? find_or_add(s, (uintptr_t)value) : -1;
    if (found < 0)
        mutator_leave();
    return found;
}

int gc_weakmap_put(gc_weakmap *map, void *key, void *value)
{
    struct search s;
    int found = enter(&s, map, key, value);
    if (found < 0)
        return -1;
    if (found && entries_set_value(map->entries, s.entry, (uintptr_t)value))
        map->version++;
    weakmap_unlock(map);
    shrink(map);
    mutator_leave();
    return 0;
}

int gc_weakmap_get_or_put(gc_weakmap *map, void *key, void **value)
{
    struct search s;
    if (!value)
        return errno = EINVAL, -1;
    int found = enter(&s, map, key, *value);
    if (found < 0)
        return -1;
    uintptr_t there = s.entry->value;
    end(&s);
    *value = (void *)there;
    return found;
}

void *gc_weakmap_intern(gc_weakmap *map, void *key)
{
    struct search s;
    if (enter(&s, map, key, NULL) < 0)
        return NULL;
    uintptr_t there = s.entry->key;
    end(&s);
    return (void *)there;
}

int gc_weakmap_remove(gc_weakmap *map, const void *key)
{
    struct search s;
    if (!begin(&s, map, key))
        return -1;
    search(&s);
    bool found = s.entry;
    if (found)
        entries_remove(map->entries, s.entry);
    weakmap_unlock(map);
    shrink(map);
    mutator_leave();
    return found ? 0 : (errno = ENOENT, -1);
}

/* ---- All of them ----------------------------------------------------------------------------- */

/* Enters the library, with the lock held. */
static bool begin_all(gc_weakmap *map)
{
    if (!mutator_enter())
        return false;
    if (!is_map(map)) {
        mutator_leave();
        return false;
    }
    weakmap_lock(map);
    return true;
}

size_t gc_weakmap_count(gc_weakmap *map)
{
    if (!begin_all(map))
        return 0;
    size_t count = map->entries->count;
    weakmap_unlock(map);
    mutator_leave();
    return count;
}

int gc_weakmap_next(gc_weakmap *map, uint64_t *cursor, void **key, void **value)
{
    struct entry found = {.key = 0};
    if (!cursor)
        return errno = EINVAL, 0;
    if (!begin_all(map))
        return 0;
    const struct entry *entry = entries_from(map->entries, *cursor);
    if (entry)
        found = *entry;
    weakmap_unlock(map);
    mutator_leave();
    if (!found.key)
        return 0;
    *cursor = found.number + 1;
    if (key)
        *key = (void *)found.key;
    if (value)
        *value = (void *)found.value;
    return 1;
}
