/* Ephemerons: atomic objects that hold a key and a value, and a table of them.  What follows for
 * values from keys is found out by pairs; an ephemeron whose key is not marked at the end is
 * cleared and forgotten.
 *
 * An entry of the table is there exactly as long as the ephemeron has its key. */
#include <config.h>
#include <errno.h>
#include <gcalloc/walk.h>
#include <gcalloc/weak.h>

#include "base/check.h"
#include "base/critical.h"
#include "base/table.h"
#include "collect/cycle.h"
#include "heap/heap.h"
#include "mutator/init.h"
#include "mutator/object.h"
#include "object/capability.h"
#include "object/counted.h"
#include "object/reached.h"

enum {
    AHEAD = 16, /* entries whose state bytes are on their way to the cache */
    GOES = 1, /* in the lowest bits of a handle, in a cycle: the entry is to be removed */
};

/* What the program has.  Changed under the lock, and read without. */
struct gc_ephemeron {
    void *key, *value;
};

struct entry {
    uintptr_t handle, key; /* the key's slot, which for a counted one begins before it */
    uint32_t next, next_of_key;
};

enum { BY_HANDLE, BY_KEY };

/* Under the lock, which is taken in critical sections; a cycle needs none. */
static struct {
    struct lock lock;
    struct table entries;
} state PRIVATE_DATA = {
    .entries = TABLE_OF_TWO(struct entry, handle, next, key, next_of_key),
};

static void lock(void)
{
    critical_take(&state.lock, RANK_OBJECT);
}

static void unlock(void)
{
    critical_release(&state.lock, RANK_OBJECT);
}

static struct entry *entry_at(uint32_t number)
{
    return table_at(&state.entries, number);
}

static struct gc_ephemeron *handle_at(uint32_t number)
{
    return (struct gc_ephemeron *)entry_at(number)->handle;
}

/* ---- In a cycle ------------------------------------------------------------------------------- */

static void list_of(struct pairs *p, uintptr_t handle)
{
    const struct gc_ephemeron *e = (const struct gc_ephemeron *)handle;
    pairs_add(p, (uintptr_t)e->key, (uintptr_t)e->value);
}

static void list(struct pairs *p);

static struct pair_source source PRIVATE_DATA = {.list = list, .list_of = list_of};

/* An ephemeron's words, for the markers to share. */
static bool get(const struct pair_list *l, uint32_t index, struct pair_words *w)
{
    (void)l;
    if (!table_has(&state.entries, index + 1))
        return false;
    const struct gc_ephemeron *e = handle_at(index + 1);
    *w = (struct pair_words){(uintptr_t)e, (uintptr_t)e->key, (uintptr_t)e->value};
    return true;
}

static void list(struct pairs *p)
{
    struct pair_list all = {.count = state.entries.count, .get = get, .source = &source};
    uint32_t named = pairs_add_list(p, &all);
    for (uint32_t number = named + 1; number <= state.entries.count; number++) {
        if (!table_has(&state.entries, number))
            continue;
        __builtin_prefetch(handle_at(number));
        pairs_add_later(p, entry_at(number)->handle, &source);
    }
}

/* The pass over all when marking is complete. */
struct pass {
    struct share share;
    const struct heap *h;
    bool keeps_more; /* a key goes though it was marked, and its value with it.  Atomic */
};

/* With a counted key that goes the value was marked.  Returns whether the entry is struck out. */
static bool judge(struct pass *p, uint32_t number)
{
    const struct heap *h = p->h;
    struct gc_ephemeron *handle = handle_at(number);
    bool handle_lives = is_reached(h, (uintptr_t)handle);
    bool key_lives = is_reached(h, entry_at(number)->key);
    bool key_ends = key_lives && counted_ends(h, entry_at(number)->key);
    if (handle_lives && key_lives && !key_ends)
        return false;
    if (key_ends)
        __atomic_store_n(&p->keeps_more, true, __ATOMIC_RELAXED);
    if (handle_lives)
        *handle = (struct gc_ephemeron){NULL, NULL};
    table_strike(&state.entries, number);
    return true;
}

static void judge_part(struct share *s, struct marker *m, uint32_t first, uint32_t end)
{
    struct pass *p = (struct pass *)s;
    uint32_t struck_out = 0;
    (void)m;
    for (uint32_t number = first; number < end; number++) {
        if (number + AHEAD < end) {
            reached_prefetch(p->h, entry_at(number + AHEAD)->handle);
            reached_prefetch(p->h, entry_at(number + AHEAD)->key);
        }
        if (table_has(&state.entries, number))
            struck_out += judge(p, number);
    }
    table_were_struck(&state.entries, struck_out);
}

static void clear(struct cycle *c)
{
    struct pass p = {share_of(judge_part, 1, state.entries.count + 1), c->heap, false};
    marker_share(c->marker, &p.share);
    c->keeps_more |= p.keeps_more;
}

static void verify(struct naive *n)
{
    for (uint32_t number = state.entries.count; number; number--)
        if (table_has(&state.entries, number) &&
            naive_has_reached(n, entry_at(number)->handle) &&
            naive_has_reached(n, entry_at(number)->key))
            naive_reach(n, (uintptr_t)handle_at(number)->value);
}

static void check(struct cycle *c)
{
    (void)c;
    if (!GC_CHECKING)
        return;
    table_check(&state.entries);
    for (uint32_t number = 1; number <= state.entries.count; number++) {
        if (!table_has(&state.entries, number))
            continue;
        struct cell key = lookup_cell(c->heap, (uintptr_t)handle_at(number)->key);
        CHECK(key.state && key.address == entry_at(number)->key);
        CHECK(is_reached(c->heap, entry_at(number)->key));
    }
}

/* ---- Objects that are freed or move ------------------------------------------------------------- */

static void freed(const struct cell *o)
{
    uint32_t number;
    lock();
    if ((number = table_find(&state.entries, BY_HANDLE, o->address)))
        table_remove(&state.entries, number);
    while ((number = table_find(&state.entries, BY_KEY, o->address))) {
        *handle_at(number) = (struct gc_ephemeron){NULL, NULL};
        table_remove(&state.entries, number);
    }
    unlock();
}

static bool is_known(uintptr_t object)
{
    lock();
    bool known = table_find(&state.entries, BY_HANDLE, object) ||
                 table_find(&state.entries, BY_KEY, object);
    unlock();
    return known;
}

/* Where the program's handler for the end of memory gave `to`, nothing follows. */
static void moved(const struct cell *from, uintptr_t to)
{
    uint32_t number;
    struct cell o;
    if (!is_known(from->address) || !capability_note((void *)to, &o))
        return;
    lock();
    if ((number = table_find(&state.entries, BY_HANDLE, from->address)))
        table_set_key(&state.entries, number, BY_HANDLE, to);
    while ((number = table_find(&state.entries, BY_KEY, from->address))) {
        table_set_key(&state.entries, number, BY_KEY, to);
        __atomic_store_n(&handle_at(number)->key, (void *)to, __ATOMIC_RELAXED);
    }
    unlock();
}

/* ---- For programs ------------------------------------------------------------------------------- */

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

static int finish(int error)
{
    mutator_leave();
    return error ? errno = error, -1 : 0;
}

static int enter(gc_ephemeron *e, void *key, void *value)
{
    struct cell o;
    if (!capability_note_named(key, &o))
        return EINVAL;
    uintptr_t slot = o.address;
    capability_begin(&capability);
    capability_note(e, &o);
    *e = (struct gc_ephemeron){key, value};
    lock();
    bool added =
        table_add(&state.entries, &(struct entry){.handle = (uintptr_t)e, .key = slot});
    unlock();
    return added ? 0 : ENOMEM;
}

gc_ephemeron *gc_ephemeron_new(void *key, void *value)
{
    gc_ephemeron *e = gc_alloc_atomic(sizeof *e);
    if (e &&
        !gc_is_managed(e)) /* memory of the program's handler for the end of memory */
        return errno = ENOMEM, NULL;
    if (!e || !mutator_enter())
        return NULL;
    int error = enter(e, key, value);
    mutator_leave();
    if (error) {
        gc_free(e);
        errno = error;
        return NULL;
    }
    return e;
}

/* Plain loads: see gc_weak_get. */
void *gc_ephemeron_key(const gc_ephemeron *ephemeron)
{
    return ephemeron ? __atomic_load_n(&ephemeron->key, __ATOMIC_RELAXED) : NULL;
}

void *gc_ephemeron_value(const gc_ephemeron *ephemeron)
{
    return ephemeron ? __atomic_load_n(&ephemeron->value, __ATOMIC_RELAXED) : NULL;
}

/* In one section: no collection comes between the question whether there still is a key and the
 * store. */
int gc_ephemeron_set_value(gc_ephemeron *ephemeron, void *value)
{
    struct cell o;
    if (!mutator_enter())
        return -1;
    if (!object_at(ephemeron, &o))
        return finish(EINVAL);
    lock();
    bool found = table_find(&state.entries, BY_HANDLE, (uintptr_t)ephemeron);
    if (found)
        __atomic_store_n(&ephemeron->value, value, __ATOMIC_RELAXED);
    unlock();
    return finish(found ? 0 : ENOENT);
}
