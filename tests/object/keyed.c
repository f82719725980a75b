/* What leads weakly to counted objects: long links, ephemerons and weak maps forget one when its
 * count comes to 0, before its destroy function is called, and else in the collection that finds
 * it.  Finalizers and guardians take none. */
#include <errno.h>
#include <gcalloc/counted.h>
#include <gcalloc/finalizer.h>
#include <gcalloc/weak.h>
#include <gcalloc/weakmap.h>
#include <stdio.h>
#include <string.h>

#include "object.h"
#include "witness.h"

struct item {
    struct item *next; /* it holds that */
    char name[8];
};

static size_t destroyed,
    leads; /* leads: those that something weak led to when they ended */

static size_t (*count_leads)(const struct item *i);

static void destroy(void *object)
{
    struct item *i = object;
    destroyed++;
    leads += count_leads ? count_leads(i) : 0;
    gc_release(i->next);
}

static struct item *make(const char *name)
{
    struct item *i = gc_counted_new(sizeof *i, destroy);
    if (!i)
        ck_abort_msg("no memory");
    snprintf(i->name, sizeof i->name, "%s", name);
    return i;
}

/* The test's one object: hidden, and found when that is over again. */
static uintptr_t hidden;

static void release_hidden(void *unused)
{
    (void)unused;
    gc_release(reveal(hidden));
}

/* It holds itself and nobody else does. */
static void tie_hidden(void *unused)
{
    struct item *i = reveal(hidden);
    (void)unused;
    i->next = i;
}

/* Ends it by its count, or by a collection; what is weak has forgotten it when that returns. */
static void end_hidden(bool by_count)
{
    size_t before = destroyed;
    if (by_count) {
        deeply(release_hidden, NULL);
        ck_assert_uint_eq(destroyed, before + 1);
        return;
    }
    deeply(tie_hidden, NULL);
    collect(1);
    ck_assert_uint_eq(destroyed, before);
}

static void expect_ended(void)
{
    run_ready();
    collect(2);
    run_ready();
    ck_assert_uint_eq(destroyed, 1);
    ck_assert_uint_eq(leads, 0);
    ck_assert_uint_eq(count_living(&hidden, 1), 0);
}

/* Each test by count and by a collection, and with option verify and without. */
enum { BY_COUNT = 1, VERIFIED = 2, WAYS = 4 };

static void begin(int way)
{
    if (way & VERIFIED)
        ck_assert_int_eq(gc_option_set("verify", "1"), 0);
}

/* ---- Links ------------------------------------------------------------------------------------- */

static void **link_word; /* in an atomic object */
static gc_weak *reference;

static size_t count_links(const struct item *i)
{
    return (size_t)(*link_word == i) + (size_t)(gc_weak_get(reference) == i);
}

static void link_it(void *unused)
{
    struct item *i = make("linked");
    (void)unused;
    hidden = hide(i);
    *link_word = i;
    ck_assert_int_eq(gc_weak_link_add(link_word, i, GC_WEAK_LONG), 0);
    reference = gc_weak_new_with(i, GC_WEAK_LONG);
    ck_assert_ptr_nonnull(reference);
}

static void expect_links(void *wanted)
{
    ck_assert_uint_eq(count_links(reveal(hidden)), *(size_t *)wanted);
}

START_TEST(long_links)
{
    size_t both = 2;
    begin(_i);
    count_leads = count_links;
    link_word = gc_alloc_atomic(sizeof *link_word);
    deeply(link_it, NULL);
    deeply(expect_links, &both);
    end_hidden(_i & BY_COUNT);
    ck_assert_ptr_null(*link_word);
    ck_assert_ptr_null(gc_weak_get(reference));
    expect_ended();
}
END_TEST

/* ---- Ephemerons -------------------------------------------------------------------------------- */

enum { EPHEMERONS = 3 };

static gc_ephemeron *ephemerons[EPHEMERONS];
static uintptr_t values[EPHEMERONS];

static size_t count_ephemerons(const struct item *i)
{
    size_t count = 0;
    for (int n = 0; n < EPHEMERONS; n++)
        count +=
            gc_ephemeron_key(ephemerons[n]) == i || gc_ephemeron_value(ephemerons[n]);
    return count;
}

/* The values are uncounted; one of them leads back to the key. */
static void key_ephemerons(void *unused)
{
    struct item *i = make("key");
    (void)unused;
    hidden = hide(i);
    for (int n = 0; n < EPHEMERONS; n++) {
        void **value = gc_alloc(32);
        *value = n ? NULL : i;
        values[n] = hide(value);
        ephemerons[n] = gc_ephemeron_new(i, value);
        ck_assert_ptr_nonnull(ephemerons[n]);
    }
}

static void expect_keys(void *unused)
{
    (void)unused;
    for (int n = 0; n < EPHEMERONS; n++) {
        ck_assert_ptr_eq(gc_ephemeron_key(ephemerons[n]), reveal(hidden));
        ck_assert_ptr_eq(gc_ephemeron_value(ephemerons[n]), reveal(values[n]));
    }
}

static void *volatile holder; /* a root */

static void hold(void *unused)
{
    (void)unused;
    holder = reveal(hidden);
}

START_TEST(keys_of_ephemerons)
{
    begin(_i);
    count_leads = count_ephemerons;
    deeply(key_ephemerons, NULL);
    deeply(hold, NULL);
    collect(2);
    ck_assert_uint_eq(count_living(values, EPHEMERONS), EPHEMERONS);
    deeply(expect_keys, NULL);
    holder = NULL;
    end_hidden(_i & BY_COUNT);
    for (int n = 0; n < EPHEMERONS; n++) {
        ck_assert_ptr_null(gc_ephemeron_key(ephemerons[n]));
        ck_assert_ptr_null(gc_ephemeron_value(ephemerons[n]));
        ck_assert_int_eq(gc_ephemeron_set_value(ephemerons[n], &destroyed), -1);
        ck_assert_int_eq(errno, ENOENT);
    }
    expect_ended();
    ck_assert_uint_eq(count_living(values, EPHEMERONS), 0);
}
END_TEST

static void *volatile key; /* a root */

static void give_value(void *unused)
{
    struct item *i = make("value");
    (void)unused;
    hidden = hide(i);
    key = gc_alloc(16);
    ephemerons[0] = gc_ephemeron_new(key, i);
    ck_assert_ptr_nonnull(ephemerons[0]);
}

/* It is kept by its key, with the reference that was given along, and found after it. */
START_TEST(values_of_ephemerons)
{
    begin(_i);
    deeply(give_value, NULL);
    collect(3);
    ck_assert_uint_eq(run_ready(), 0);
    ck_assert_uint_eq(count_living(&hidden, 1), 1);
    key = NULL;
    collect(1);
    ck_assert_uint_eq(run_ready(), 1);
    expect_ended();
}
END_TEST

/* An inner address is no key. */
START_TEST(inner_addresses)
{
    struct item *i = make("whole");
    ck_assert_ptr_null(gc_ephemeron_new(i->name, NULL));
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_ptr_null(gc_ephemeron_new((char *)i - 16, NULL));
    ck_assert_int_eq(errno, EINVAL);
    gc_weakmap *map = gc_weakmap_new(GC_WEAK_KEYS, NULL, NULL, NULL);
    ck_assert_int_eq(gc_weakmap_put(map, i->name, i), -1);
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_int_eq(gc_weakmap_put(map, (char *)i - 16, i), -1);
    ck_assert_int_eq(errno, EINVAL);
    gc_release(i);
}
END_TEST

/* ---- Maps -------------------------------------------------------------------------------------- */

static gc_weakmap *map;
static void *other; /* what is put into the map beside it */

/* By looking at all entries: a key that has ended is no key to ask for. */
static size_t count_entries(const struct item *i)
{
    uint64_t cursor = 0;
    size_t count = 0;
    void *k, *v;
    while (gc_weakmap_next(map, &cursor, &k, &v))
        count += k == i || v == i;
    return count;
}

static uint64_t hash(const void *item, void *unused)
{
    (void)unused;
    return (unsigned char)((const struct item *)item)->name[0];
}

static int equal(const void *a, const void *b, void *unused)
{
    (void)unused;
    return strcmp(((const struct item *)a)->name, ((const struct item *)b)->name) == 0;
}

/* As a key, as a value, and as both. */
struct variant {
    unsigned flags;
    bool as_key, by_name;
};

static const struct variant variants[] = {
    {GC_WEAK_KEYS, true, false},
    {GC_WEAK_KEYS, true, true},
    {GC_WEAK_VALUES, false, false},
    {GC_WEAK_VALUES, false, true},
    {GC_WEAK_KEYS | GC_WEAK_VALUES, true, false},
    {GC_WEAK_KEYS | GC_WEAK_VALUES, true, true},
    {GC_WEAK_KEYS | GC_WEAK_VALUES, false, false},
};

enum { VARIANTS = sizeof variants / sizeof *variants };

static void put(void *variant)
{
    const struct variant *v = variant;
    struct item *i = make("x");
    hidden = hide(i);
    void *k = v->as_key ? (void *)i : other, *value = v->as_key ? other : (void *)i;
    ck_assert_int_eq(gc_weakmap_put(map, k, value), 0);
    ck_assert_ptr_eq(gc_weakmap_get(map, k), value);
}

START_TEST(in_maps)
{
    struct variant v = variants[_i / WAYS];
    begin(_i);
    count_leads = count_entries;
    other = make("y");
    map =
        gc_weakmap_new(v.flags, v.by_name ? hash : NULL, v.by_name ? equal : NULL, NULL);
    deeply(put, &v);
    deeply(hold, NULL);
    collect(2);
    ck_assert_uint_eq(gc_weakmap_count(map), 1);
    holder = NULL;
    end_hidden(_i & BY_COUNT);
    ck_assert_uint_eq(gc_weakmap_count(map), 0);
    expect_ended();
    ck_assert_uint_eq(gc_counted_count(other), 1);
}
END_TEST

static uintptr_t interned[2];

static void intern(void *number)
{
    struct item *i = make("name"), *there = gc_weakmap_intern(map, i);
    if (there != i)
        gc_release(i);
    interned[*(int *)number] = hide(gc_retain(there));
}

/* Nobody is given a name whose end is decided. */
START_TEST(names)
{
    int first = 0, second = 1;
    begin(_i);
    map = gc_weakmap_new(GC_WEAK_KEYS, hash, equal, NULL);
    deeply(intern, &first);
    deeply(intern, &second);
    ck_assert(interned[0] == interned[1]);
    ck_assert_uint_eq(destroyed, 1);
    hidden = interned[0];
    if (_i & BY_COUNT) {
        for (int n = 0; n < 3; n++)
            deeply(release_hidden, NULL);
        ck_assert_uint_eq(destroyed, 2);
    } else {
        collect(1);
    }
    deeply(intern, &second);
    ck_assert_uint_eq(gc_weakmap_count(map), 1);
    hidden = interned[1];
    deeply(hold, NULL);
    run_ready();
    collect(1);
    ck_assert_uint_eq(destroyed, 2);
    ck_assert_uint_eq(gc_counted_count(holder), 2);
}
END_TEST

static void churn(void *unused)
{
    struct item *held[50] = {NULL};
    (void)unused;
    for (int n = 0; n < 20000; n++) {
        struct item **place = &held[n % 50];
        gc_release(*place);
        *place = make("churn");
        if (gc_weakmap_get(map, *place) || gc_weakmap_put(map, *place, map))
            ck_abort_msg("an entry of one that has gone");
    }
    for (int n = 0; n < 50; n++)
        gc_release(held[n]);
}

/* No entry is left when the memory becomes another object's. */
START_TEST(memory_that_is_used_again)
{
    map = gc_weakmap_new(GC_WEAK_KEYS, NULL, NULL, NULL);
    deeply(churn, NULL);
    ck_assert_uint_eq(destroyed, 20000);
    ck_assert_uint_eq(gc_weakmap_count(map), 0);
}
END_TEST

/* ---- What takes none --------------------------------------------------------------------------- */

static void never(void *object, void *data)
{
    (void)object;
    (void)data;
    ck_abort_msg("it was refused");
}

static void refuse_finalizers(void *unused)
{
    struct item *i = make("refused");
    gc_guardian *g = gc_guardian_new();
    (void)unused;
    hidden = hide(i);
    errno = 0;
    ck_assert(gc_finalizer_set(i, never, NULL) == GC_FINALIZER_ERROR);
    ck_assert_int_eq(errno, EINVAL);
    errno = 0;
    ck_assert(gc_finalizer_set_with(i, never, NULL, GC_UNORDERED) == GC_FINALIZER_ERROR);
    ck_assert_int_eq(errno, EINVAL);
    errno = 0;
    ck_assert(gc_finalizer_get(i, NULL) == GC_FINALIZER_ERROR);
    ck_assert_int_eq(errno, EINVAL);
    errno = 0;
    ck_assert_int_eq(gc_guardian_add(g, i), -1);
    ck_assert_int_eq(errno, EINVAL);
}

/* `destroy` is its finalizer. */
START_TEST(finalizers_and_guardians)
{
    deeply(refuse_finalizers, NULL);
    end_hidden(_i & BY_COUNT);
    expect_ended();
}
END_TEST

TCase *keyed_case(void)
{
    TCase *tc = tcase_create("keyed");
    tcase_add_loop_test(tc, long_links, 0, WAYS);
    tcase_add_loop_test(tc, keys_of_ephemerons, 0, WAYS);
    tcase_add_loop_test(tc, values_of_ephemerons, 0, WAYS);
    tcase_add_test(tc, inner_addresses);
    tcase_add_loop_test(tc, in_maps, 0, VARIANTS * WAYS);
    tcase_add_loop_test(tc, names, 0, WAYS);
    tcase_add_test(tc, memory_that_is_used_again);
    tcase_add_loop_test(tc, finalizers_and_guardians, 0, 2);
    return tc;
}
