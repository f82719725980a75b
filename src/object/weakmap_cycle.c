/* Weak maps and collections: what entries keep alive, by pairs; which of them go, when marking is
 * complete; and what becomes of those whose objects are freed or moved by hand. */
#include <config.h>

#include "base/check.h"
#include "base/critical.h"
#include "base/table.h"
#include "collect/cycle.h"
#include "heap/heap.h"
#include "object/capability.h"
#include "object/counted.h"
#include "object/reached.h"
#include "object/weakmap.h"

enum { AHEAD = 16 }; /* entries whose state bytes are on their way to the cache */

struct registered {
    uintptr_t map;
    uint32_t next;
};

/* Under the lock, which is taken in critical sections, before those of maps; a cycle needs none. */
static struct {
    struct lock lock;
    struct table maps;
} state PRIVATE_DATA = {
    .maps = TABLE(struct registered, map, next),
};

static void lock(void)
{
    critical_take(&state.lock, RANK_OBJECT);
}

static void unlock(void)
{
    critical_release(&state.lock, RANK_OBJECT);
}

void weakmap_lock(gc_weakmap *map)
{
    critical_take(&map->lock, RANK_MAP);
}

void weakmap_unlock(gc_weakmap *map)
{
    critical_release(&map->lock, RANK_MAP);
}

/* NULL: it is gone. */
static gc_weakmap *map_at(uint32_t number)
{
    const struct registered *r = table_at(&state.maps, number);
    return table_has(&state.maps, number) ? (gc_weakmap *)r->map : NULL;
}

/* ---- What entries keep alive ------------------------------------------------------------------ */

static void list_entry(struct pairs *p, unsigned flags, const struct entry *e)
{
    if (flags == GC_WEAK_KEYS) {
        if (e->value)
            pairs_add(p, e->key, e->value);
    } else if (flags == GC_WEAK_VALUES) {
        pairs_add(p, e->value, e->key);
    } else if (flags == 0) {
        pairs_keep(p, e->key);
        pairs_keep(p, e->value);
    }
}

/* What list_entry names, for the markers to share: two for an entry of a map without anything weak. */
static bool get_strong(const struct pair_list *l, uint32_t index, struct pair_words *w)
{
    const struct entry *e = (const struct entry *)l->what + index / 2;
    *w = (struct pair_words){.value = index % 2 ? e->value : e->key};
    return e->key;
}

static bool get_of_keys(const struct pair_list *l, uint32_t index, struct pair_words *w)
{
    const struct entry *e = (const struct entry *)l->what + index;
    *w = (struct pair_words){.key = e->key, .value = e->value};
    return e->key && e->value;
}

static bool get_of_values(const struct pair_list *l, uint32_t index, struct pair_words *w)
{
    const struct entry *e = (const struct entry *)l->what + index;
    *w = (struct pair_words){.key = e->value, .value = e->key};
    return e->key;
}

/* Returns how many entries have been named. */
static uint32_t share_list(struct pairs *p, unsigned flags, const struct entries *e)
{
    struct pair_list all = {.count = e->used, .get = get_of_keys, .what = e->entries};
    if (flags == GC_WEAK_VALUES)
        all.get = get_of_values;
    if (flags != 0)
        return pairs_add_list(p, &all);
    all.count *= 2;
    all.get = get_strong;
    return pairs_add_list(p, &all) / 2;
}

static void list_of(struct pairs *p, uintptr_t object)
{
    const gc_weakmap *map = (const gc_weakmap *)object;
    const struct entries *e = map->entries;
    if (map->flags == (GC_WEAK_KEYS | GC_WEAK_VALUES))
        return;
    for (uint32_t number = share_list(p, map->flags, e); number < e->used; number++)
        if (e->entries[number].key)
            list_entry(p, map->flags, &e->entries[number]);
}

static void list(struct pairs *p);

static struct pair_source source PRIVATE_DATA = {.list = list, .list_of = list_of};

static void list(struct pairs *p)
{
    for (uint32_t number = 1; number <= state.maps.count; number++)
        if (map_at(number))
            pairs_add_later(p, (uintptr_t)map_at(number), &source);
}

static void verify_map(struct naive *n, const gc_weakmap *map)
{
    const struct entries *e = map->entries;
    for (uint32_t number = 0; number < e->used; number++) {
        const struct entry *entry = &e->entries[number];
        if (!entry->key || map->flags == (GC_WEAK_KEYS | GC_WEAK_VALUES))
            continue;
        if (!(map->flags & GC_WEAK_KEYS) &&
            (map->flags == 0 || naive_has_reached(n, entry->value)))
            naive_reach(n, entry->key);
        if (!(map->flags & GC_WEAK_VALUES) &&
            (map->flags == 0 || naive_has_reached(n, entry->key)))
            naive_reach(n, entry->value);
    }
}

static void verify(struct naive *n)
{
    for (uint32_t number = state.maps.count; number; number--)
        if (map_at(number) && naive_has_reached(n, (uintptr_t)map_at(number)))
            verify_map(n, map_at(number));
}

/* ---- Which go --------------------------------------------------------------------------------- */

static void prefetch(const struct heap *h, unsigned flags, const struct entry *e)
{
    if (flags & GC_WEAK_KEYS)
        reached_prefetch(h, e->key);
    if (flags & GC_WEAK_VALUES)
        reached_prefetch(h, e->value);
}

static bool stays(const struct heap *h, unsigned flags, const struct entry *e)
{
    return (!(flags & GC_WEAK_KEYS) || is_reached(h, e->key)) &&
           (!(flags & GC_WEAK_VALUES) || is_reached(h, e->value));
}

/* Of one that stays as far as marks say, and has marked what it keeps. */
static bool ends(const struct heap *h, unsigned flags, const struct entry *e)
{
    return (flags & GC_WEAK_KEYS && counted_ends(h, e->key)) ||
           (flags & GC_WEAK_VALUES && counted_ends(h, e->value));
}

/* A pass over all maps, but for the entries of larger ones; or over those of one. */
struct pass {
    struct share share;
    const struct heap *h;
    const gc_weakmap *map;
    bool keeps_more;    /* an entry goes though what it keeps was marked.  Atomic */
    bool leaves_larger; /* there are larger maps.  Atomic */
};

static void set(bool *flag)
{
    __atomic_store_n(flag, true, __ATOMIC_RELAXED);
}

static void strike_out(struct pass *p, const gc_weakmap *map, uint32_t first,
                       uint32_t end)
{
    const struct heap *h = p->h;
    struct entries *e = map->entries;
    uint32_t struck_out = 0;
    for (uint32_t number = first; number < end; number++) {
        struct entry *entry = &e->entries[number];
        if (number + AHEAD < end)
            prefetch(h, map->flags, entry + AHEAD);
        if (!entry->key)
            continue;
        bool stayed = stays(h, map->flags, entry), ended = ends(h, map->flags, entry);
        if (stayed && ended)
            set(&p->keeps_more);
        if (!stayed || ended) {
            entry_strike(entry);
            struck_out++;
        }
    }
    entries_were_struck(e, struck_out);
}

static void strike_out_part(struct share *s, struct marker *m, uint32_t first,
                            uint32_t end)
{
    struct pass *p = (struct pass *)s;
    (void)m;
    strike_out(p, p->map, first, end);
}

static bool is_larger(const gc_weakmap *map)
{
    return map->entries->used >= SHARE_FROM;
}

static void clear_part(struct share *s, struct marker *m, uint32_t first, uint32_t end)
{
    struct pass *p = (struct pass *)s;
    uint32_t struck_out = 0;
    (void)m;
    for (uint32_t number = first; number < end; number++) {
        const gc_weakmap *map = map_at(number);
        if (!map)
            continue;
        if (!is_reached(p->h, (uintptr_t)map)) {
            table_strike(&state.maps, number);
            struck_out++;
        } else if (map->flags && is_larger(map)) {
            set(&p->leaves_larger);
        } else if (map->flags) {
            strike_out(p, map, 0, map->entries->used);
        }
    }
    table_were_struck(&state.maps, struck_out);
}

static void clear_larger(struct cycle *c, struct pass *p)
{
    for (uint32_t number = 1; number <= state.maps.count; number++) {
        p->map = map_at(number);
        if (!p->map || !p->map->flags || !is_larger(p->map))
            continue;
        p->share = share_of(strike_out_part, 0, p->map->entries->used);
        marker_share(c->marker, &p->share);
    }
}

static void clear(struct cycle *c)
{
    struct pass p = {.share = share_of(clear_part, 1, state.maps.count + 1),
                     .h = c->heap};
    marker_share(c->marker, &p.share);
    if (p.leaves_larger)
        clear_larger(c, &p);
    c->keeps_more |= p.keeps_more;
}

static void check(struct cycle *c)
{
    (void)c;
    if (!GC_CHECKING)
        return;
    table_check(&state.maps);
    for (uint32_t number = 1; number <= state.maps.count; number++) {
        if (!map_at(number))
            continue;
        CHECK(map_at(number)->magic == WEAKMAP_MAGIC);
        CHECK(is_reached(c->heap, (uintptr_t)map_at(number)->entries));
        entries_check(map_at(number)->entries);
    }
}

/* ---- Objects that are freed or move ------------------------------------------------------------ */

/* Which index has the address of keys; INDEXES: none, as they are not weak. */
static unsigned index_of_keys(const gc_weakmap *map)
{
    if (!(map->flags & GC_WEAK_KEYS))
        return INDEXES;
    return map->hash ? BY_KEY : BY_HASH;
}

static unsigned index_of_values(const gc_weakmap *map)
{
    return map->flags & GC_WEAK_VALUES ? BY_VALUE : INDEXES;
}

static struct entry *find(const gc_weakmap *map, unsigned index, uintptr_t object)
{
    if (index == INDEXES)
        return NULL;
    uint32_t place = entries_place(map->entries, object);
    return entries_find(map->entries, index, object, &place);
}

static void forget_in(gc_weakmap *map, uintptr_t object, uintptr_t unused)
{
    struct entry *entry;
    (void)unused;
    while ((entry = find(map, index_of_keys(map), object)))
        entries_remove(map->entries, entry);
    while ((entry = find(map, index_of_values(map), object)))
        entries_remove(map->entries, entry);
}

/* By address a key's hash is the address. */
static void move_in(gc_weakmap *map, uintptr_t object, uintptr_t to)
{
    struct entry *entry;
    while ((entry = find(map, index_of_keys(map), object)))
        if (entries_set_key(map->entries, entry, to, map->hash ? entry->hash : to))
            map->version++;
    while ((entry = find(map, index_of_values(map), object)))
        if (entries_set_value(map->entries, entry, to))
            map->version++;
}

static void for_each_map(void (*what)(gc_weakmap *map, uintptr_t object, uintptr_t to),
                         uintptr_t object, uintptr_t to)
{
    for (uint32_t number = state.maps.count; number; number--) {
        gc_weakmap *map = map_at(number);
        if (!map || map->flags == 0)
            continue;
        weakmap_lock(map);
        what(map, object, to);
        weakmap_unlock(map);
    }
}

/* The entries of a map that is freed go with it.  Others have the address that the program has. */
static void freed(const struct cell *o)
{
    struct entries *entries = NULL;
    const struct gc_counted_head *head = counted_head(&process_heap, o);
    lock();
    uint32_t number = table_find(&state.maps, 0, o->address);
    if (number) {
        entries = map_at(number)->entries;
        table_remove(&state.maps, number);
    }
    for_each_map(forget_in, head ? (uintptr_t)(head + 1) : o->address, 0);
    unlock();
    gc_free(entries);
}

static void see_in(gc_weakmap *map, uintptr_t object, uintptr_t seen)
{
    if (find(map, index_of_keys(map), object) || find(map, index_of_values(map), object))
        *(bool *)seen = true;
}

static bool is_known(uintptr_t object)
{
    lock();
    bool known = table_find(&state.maps, 0, object);
    for_each_map(see_in, object, (uintptr_t)&known);
    unlock();
    return known;
}

/* Where the program's handler for the end of memory gave `to`, nothing follows; and no map that has
 * no room there. */
static void moved(const struct cell *from, uintptr_t to)
{
    struct cell o;
    if (!is_known(from->address) || !capability_note((void *)to, &o))
        return;
    lock();
    uint32_t number = table_find(&state.maps, 0, from->address);
    if (number && o.size >= sizeof(struct gc_weakmap))
        table_set_key(&state.maps, number, 0, to);
    for_each_map(move_in, from->address, to);
    unlock();
}

/* ---- Maps that begin --------------------------------------------------------------------------- */

static struct phase phases[] PRIVATE_DATA = {
    {.rank = PHASE_WEAK_LONG, .run = clear},
    {.rank = PHASE_CHECK, .run = check},
};

static struct capability capability PRIVATE_DATA = {
    .phases = phases,
    .phase_count = sizeof phases / sizeof phases[0],
    .freed = freed,
    .moved = moved,
    .verify = {.reach = verify},
    .pairs = &source,
};

void weakmap_begin(void)
{
    capability_begin(&capability);
}

bool weakmap_register(gc_weakmap *map)
{
    struct cell o;
    capability_note(map, &o);
    lock();
    bool added = table_add(&state.maps, &(struct registered){.map = (uintptr_t)map});
    unlock();
    return added;
}
