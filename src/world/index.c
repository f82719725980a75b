/* Indexes by chained hashing: entries are parts of records, so that none is ever
 * allocated, and an index that cannot grow has longer chains. */
#include "world/index.h"

#include "base/bits.h"
#include "base/check.h"
#include "base/lock.h"
#include "base/meta.h"

enum { LEAST_BITS = 6 };

_Static_assert(INDEX_LEAST == 1 << LEAST_BITS, "the first buckets");

static unsigned bits_of(const struct index *x)
{
    return x->buckets ? x->bits : LEAST_BITS;
}

static size_t bucket_of(uintptr_t key, unsigned bits)
{
    return hash_place(key, (size_t)1 << bits);
}

static struct index_entry *const *bucket_in(const struct index *x, uintptr_t key)
{
    struct index_entry *const *buckets = x->buckets ? x->buckets : x->first;
    return &buckets[bucket_of(key, bits_of(x))];
}

static struct index_entry **bucket(struct index *x, uintptr_t key)
{
    struct index_entry **buckets = x->buckets ? x->buckets : x->first;
    return &buckets[bucket_of(key, bits_of(x))];
}

/* Makes twice as many buckets.  Without memory the chains grow instead. */
static void grow(struct index *x)
{
    unsigned bits = bits_of(x) + 1;
    struct index_entry **old = x->buckets ? x->buckets : x->first;
    struct index_entry **buckets = meta_alloc(ACCOUNT_THREADS, sizeof *buckets << bits);
    if (!buckets)
        return;
    for (size_t i = 0; i < (size_t)1 << (bits - 1); i++) {
        struct index_entry *next;
        for (struct index_entry *e = old[i]; e; e = next) {
            struct index_entry **place = &buckets[bucket_of(e->key, bits)];
            next = e->next;
            e->next = *place;
            *place = e;
        }
    }
    if (x->buckets)
        meta_free(old, sizeof *old << (bits - 1));
    x->buckets = buckets;
    x->bits = bits;
}

void index_add(struct index *x, struct index_entry *e, uintptr_t key,
               struct mutator *owner)
{
    lock_check_held(RANK_WORLD);
    if (x->count >= (size_t)1 << bits_of(x))
        grow(x);
    struct index_entry **place = bucket(x, key);
    *e = (struct index_entry){.next = *place, .owner = owner, .key = key};
    *place = e;
    x->count++;
}

void index_remove(struct index *x, struct index_entry *e)
{
    lock_check_held(RANK_WORLD);
    if (!e->owner)
        return;
    struct index_entry **place = bucket(x, e->key);
    while (*place != e)
        place = &(*place)->next;
    *place = e->next;
    e->owner = NULL;
    x->count--;
}

struct mutator *index_find(const struct index *x, uintptr_t key)
{
    lock_check_held(RANK_WORLD);
    const struct index_entry *e = *bucket_in(x, key);
    while (e && e->key != key)
        e = e->next;
    return e ? e->owner : NULL;
}

static void check_entry(const struct index_entry *e, size_t place, unsigned bits)
{
    CHECK(e->owner && bucket_of(e->key, bits) == place);
    for (const struct index_entry *other = e->next; other; other = other->next)
        CHECK(other->key != e->key);
}

size_t index_check(const struct index *x)
{
    size_t found = 0;
    struct index_entry *const *buckets = x->buckets ? x->buckets : x->first;
    for (size_t i = 0; i < (size_t)1 << bits_of(x); i++)
        for (const struct index_entry *e = buckets[i]; e; e = e->next, found++)
            check_entry(e, i, bits_of(x));
    CHECK(found == x->count);
    return found;
}
