/* Weak links, ephemerons and weak maps when there is no memory: a clear error, and what there was
 * is as it was. */
#include <gcalloc/weak.h>

#include <gcalloc/weakmap.h>
#include <stdlib.h>

#include "base/os.h"
#include "object/entries.h"
#include "support.h"

enum { COUNT = 4000 };

static void *objects[COUNT];
static void **links;
static gc_ephemeron *ephemerons[COUNT];
static gc_weak *references[COUNT];
static gc_weakmap *map;
static size_t made, failures;

static void make_objects(void)
{
    for (size_t i = 0; i < COUNT; i++)
        objects[i] = gc_alloc(16);
    links = gc_alloc_atomic(COUNT * sizeof *links);
}

static bool add_link(void)
{
    links[made] = objects[made];
    return gc_weak_link_add(&links[made], objects[made], 0) == 0;
}

static bool add_ephemeron(void)
{
    ephemerons[made] = gc_ephemeron_new(objects[made], objects[0]);
    return ephemerons[made];
}

static bool add_reference(void)
{
    references[made] = gc_weak_new(objects[made]);
    return references[made];
}

static bool add_to_map(void)
{
    if (!map)
        map = gc_weakmap_new(GC_WEAK_KEYS, NULL, NULL, NULL);
    return map && gc_weakmap_put(map, objects[made], objects[0]) == 0;
}

static uint64_t hash(const void *key, void *data)
{
    ENSURE(data == &map);
    return (uintptr_t)key / 64; /* four keys of each */
}

static int equal(const void *a, const void *b, void *data)
{
    ENSURE(data == &map);
    return a == b;
}

/* Whose functions are the caller's, with values that are not kept. */
static bool add_if_missing(void)
{
    void *value = objects[0];
    if (!map)
        map = gc_weakmap_new(GC_WEAK_VALUES, hash, equal, &map);
    return map && gc_weakmap_get_or_put(map, objects[made], &value) == 0;
}

static bool add_name(void)
{
    if (!map)
        map = gc_weakmap_new(GC_WEAK_KEYS, hash, equal, &map);
    return map && gc_weakmap_intern(map, objects[made]) == objects[made];
}

static bool (*const adds[])(void) = {add_link,   add_ephemeron,  add_reference,
                                     add_to_map, add_if_missing, add_name};

/* What was made is there. */
static void look(int which)
{
    for (size_t i = 0; i < made; i++)
        switch (which) {
        case 0:
            ENSURE(links[i] == objects[i]);
            break;
        case 1:
            ENSURE(gc_ephemeron_value(ephemerons[i]) == objects[0]);
            break;
        case 2:
            ENSURE(gc_weak_get(references[i]) == objects[i]);
            break;
        case 5:
            ENSURE(gc_weakmap_intern(map, objects[i]) == objects[i]);
            ENSURE(gc_weakmap_count(map) == made);
            break;
        default:
            ENSURE(gc_weakmap_get(map, objects[i]) == objects[0]);
            ENSURE(gc_weakmap_count(map) == made);
        }
}

/* Each call to the system fails once; then the same is tried again, and what follows. */
START_TEST(without_memory)
{
    bool done = false;
    make_objects();
    for (unsigned long nth = 1; !done; nth++) {
        done = true;
        os_fail(nth, _i % 2);
        for (; made < COUNT && done; made += done)
            done = adds[_i / 2]();
        int error = errno;
        os_fail(0, false);
        if (!done) {
            ck_assert_int_eq(error, ENOMEM);
            failures++;
            nth = 0;
            ck_assert(adds[_i / 2]());
            made++;
        }
        look(_i / 2);
        done = made == COUNT;
    }
    gc_collect();
    look(_i / 2);
    ck_assert_uint_ge(failures, 1);
}
END_TEST

/* Entries by themselves: against an array, with indexes that are made anew. */
START_TEST(entries_with_all_indexes)
{
    enum { KEYS = 200, STEPS = 20000, ALL = (1 << INDEXES) - 1 };
    static uintptr_t values[KEYS]; /* 0: there is none */
    struct entries *e = NULL;
    for (int step = 0; step < STEPS; step++) {
        size_t i = roll(KEYS);
        uintptr_t key = 16 * (i + 1), value = 16 * (1 + roll(50));
        size_t capacity = e ? entries_wanted(e, true) : ENTRIES_LEAST;
        if (!e || capacity != e->capacity || entries_full(e)) {
            struct entries *larger = malloc(entries_bytes(capacity, ALL));
            entries_begin(larger, capacity, ALL);
            if (e)
                entries_move(larger, e);
            free(e);
            e = larger;
        }
        uint32_t place = entries_place(e, i % 20);
        struct entry *entry;
        while ((entry = entries_find(e, BY_HASH, i % 20, &place)) && entry->key != key)
            continue;
        ENSURE((entry != NULL) == (values[i] != 0));
        ENSURE(!entry || entry->value == values[i]);
        bool drops = step / 2000 % 2 ? roll(4) > 0 : roll(4) == 0;
        if (entry && drops)
            entries_remove(e, entry), value = 0;
        else if (entry)
            entries_set_value(e, entry, value);
        else
            entries_add(e, key, value, i % 20);
        values[i] = value;
        if (step % 500 == 0)
            entries_check(e);
    }
    for (size_t i = 0; i < KEYS; i++) {
        uint32_t place = entries_place(e, 16 * (i + 1));
        struct entry *entry = entries_find(e, BY_KEY, 16 * (i + 1), &place);
        ENSURE((entry != NULL) == (values[i] != 0));
        if (entry) {
            entries_set_key(e, entry, 8 * (2 * i + 3), entry->hash);
            entries_check(e);
            entries_remove(e, entry);
        }
    }
    ck_assert_uint_eq(e->count, 0);
    ck_assert_uint_le(entries_wanted(e, false), ENTRIES_LEAST);
    ck_assert_uint_eq(entries_bytes((size_t)1 << 40, ALL), SIZE_MAX);
    free(e);
}
END_TEST

TCase *weak_tests(void)
{
    TCase *t = tcase_create("weak");
    tcase_add_loop_test(t, without_memory, 0, 2 * COUNT_OF(adds));
    tcase_add_test(t, entries_with_all_indexes);
    return t;
}
