/* Tables that are large enough for the markers to share them: what is exact with one marker is so
 * with several, of links, references, ephemerons, maps, finalizers and guardians. */
#include "object.h"

#include <dirent.h>
#include <gcalloc/finalizer.h>
#include <gcalloc/weak.h>
#include <gcalloc/weakmap.h>
#include <stdlib.h>
#include <string.h>

#include "../roots/place.h"

enum {
    COUNT = 20000, /* more than the fewest that the markers share (collect/share.h) */
    WORDS = 8,     /* of an object: all take a megabyte, which is worth a helper */
    GROUP = 4,     /* objects that lead from one to the next */
    PERIOD = 3,    /* every third object is kept */
};

/* How a test runs. */
static const struct run {
    const char *markers, *verify, *stress;
} runs[] = {{"1", "0", "0"}, {"2", "0", "0"}, {"4", "0", "0"}, {"3", "1", "2000"}};

enum { RUNS = sizeof runs / sizeof runs[0] };

static void set_option(const char *key, const char *value)
{
    ck_assert_int_eq(gc_option_set(key, value), 0);
}

/* Hidden addresses, and what keeps some of them. */
static struct {
    uintptr_t *objects, *others, *handles;
    void **kept;  /* by number; memory of the heap */
    void **links; /* two for each object, memory of malloc */
} all;

static unsigned threads_now(void)
{
    unsigned count = 0;
    DIR *tasks = opendir("/proc/self/task");
    ck_assert_ptr_nonnull(tasks);
    for (const struct dirent *entry; (entry = readdir(tasks));)
        count += entry->d_name[0] != '.';
    closedir(tasks);
    return count;
}

static uintptr_t *addresses(void)
{
    uintptr_t *a = malloc(COUNT * sizeof *a);
    ck_assert_ptr_nonnull(a);
    for (size_t i = 0; i < COUNT; i++)
        a[i] = hide(NULL);
    return a;
}

static bool is_kept(size_t i)
{
    return i % PERIOD == 0;
}

static void make_objects(void *unused)
{
    (void)unused;
    for (size_t i = 0; i < COUNT; i++) {
        void **object = gc_alloc(WORDS * sizeof(void *));
        ck_assert_ptr_nonnull(object);
        all.objects[i] = hide(object);
        if (is_kept(i))
            all.kept[i] = object;
    }
}

/* Objects, and as many markers as the run has. */
static void begin(int number)
{
    const struct run *r = &runs[number];
    set_option("markers", r->markers);
    set_option("idle", "0");
    all.kept = gc_alloc(COUNT * sizeof *all.kept);
    all.objects = addresses();
    all.others = addresses();
    all.handles = addresses();
    all.links = calloc(2 * COUNT, sizeof *all.links);
    gc_disable();
    deeply(make_objects, NULL);
}

/* From here on there are collections. */
static void end_making(int number)
{
    const struct run *r = &runs[number];
    gc_enable();
    collect(1);
    ck_assert_uint_ge(threads_now(),
                      (unsigned)atoi(r->markers)); /* a tool may have its own, too */
    set_option("verify", r->verify);
    set_option("stress", r->stress);
}

static void expect_objects(bool (*lives)(size_t i))
{
    for (size_t i = 0; i < COUNT; i++)
        if (count_living(&all.objects[i], 1) != lives(i))
            ck_abort_msg("object %zu %s", i, lives(i) ? "is gone" : "lives");
}

static void drop_kept(void)
{
    memset(all.kept, 0, COUNT * sizeof *all.kept);
}

/* ---- Links ------------------------------------------------------------------------------------ */

static void finalize(void *object, void *data)
{
    (void)object;
    ++*(size_t *)data;
}

static size_t finalized;

/* One short and one long link for each object, one in twelve of which has a finalizer. */
static void add_links(void *unused)
{
    (void)unused;
    for (size_t i = 0; i < COUNT; i++) {
        void *object = reveal(all.objects[i]);
        for (unsigned k = 0; k < 2; k++) {
            all.links[2 * i + k] = object;
            ck_assert_int_eq(
                gc_weak_link_add(&all.links[2 * i + k], object, k ? GC_WEAK_LONG : 0), 0);
        }
        if (i % 12 == 1)
            ck_assert_ptr_null(gc_finalizer_set(object, finalize, &finalized));
    }
}

static bool is_finalizable(size_t i)
{
    return i % 12 == 1;
}

static bool lives_for_finalizer(size_t i)
{
    return is_kept(i) || is_finalizable(i);
}

static void expect_links(bool (*short_lives)(size_t), bool (*long_lives)(size_t))
{
    for (size_t i = 0; i < COUNT; i++) {
        if ((all.links[2 * i] != NULL) != short_lives(i))
            ck_abort_msg("short link %zu", i);
        if ((all.links[2 * i + 1] != NULL) != long_lives(i))
            ck_abort_msg("long link %zu", i);
    }
}

static size_t removed;

static void remove_links(void *unused)
{
    (void)unused;
    for (size_t i = 0; i < 2 * COUNT; i++)
        removed += gc_weak_link_remove(&all.links[i]) == 0;
}

static void run_finalizers(void *unused)
{
    (void)unused;
    gc_finalizers_run();
}

START_TEST(links)
{
    size_t finalizable = 0, left = 0;
    for (size_t i = 0; i < COUNT; i++) {
        finalizable += is_finalizable(i);
        left += 2 * is_kept(i);
    }
    begin(_i);
    deeply(add_links, NULL);
    end_making(_i);
    expect_objects(lives_for_finalizer);
    expect_links(is_kept, lives_for_finalizer);
    deeply(run_finalizers, NULL);
    ck_assert_uint_eq(finalized, finalizable);
    collect(2);
    expect_objects(is_kept);
    expect_links(is_kept, is_kept);
    deeply(remove_links, NULL);
    ck_assert_uint_eq(removed, left);
}
END_TEST

/* ---- Ephemerons ----------------------------------------------------------------------------------- */

/* Four in a row: the value of one is the key of the next.  The first key of some rows is kept, the
 * ephemerons of others are not. */
static bool row_has_key(size_t i)
{
    return i / GROUP % 3 != 0;
}

static bool row_has_ephemerons(size_t i)
{
    return i / GROUP % 5 != 0;
}

static bool is_first(size_t i)
{
    return i % GROUP == 0;
}

static bool is_value(size_t i)
{
    return row_has_key(i) && (is_first(i) || row_has_ephemerons(i));
}

static bool is_last_value(size_t i)
{
    return row_has_key(i) && row_has_ephemerons(i);
}

static void add_ephemerons(void *unused)
{
    (void)unused;
    void **handles = gc_alloc(COUNT * sizeof *handles);
    for (size_t i = COUNT; i-- > 0;) { /* the last of a row first */
        void *value = i % GROUP == GROUP - 1 ? gc_alloc(16) : reveal(all.objects[i + 1]);
        gc_ephemeron *e = gc_ephemeron_new(reveal(all.objects[i]), value);
        ck_assert_ptr_nonnull(e);
        all.others[i] = hide(value);
        all.handles[i] = hide(e);
        if (row_has_ephemerons(i))
            handles[i] = e;
        all.kept[i] = row_has_key(i) && is_first(i) ? reveal(all.objects[i]) : NULL;
    }
    all.kept[1] = handles; /* row 0 has no key */
}

static void look_at_ephemerons(void *unused)
{
    (void)unused;
    for (size_t i = 0; i < COUNT; i++) {
        const gc_ephemeron *e = reveal(all.handles[i]);
        if (!row_has_ephemerons(i))
            continue;
        bool there = is_value(i);
        if ((gc_ephemeron_key(e) != NULL) != there ||
            (gc_ephemeron_value(e) != NULL) != there)
            ck_abort_msg("ephemeron %zu", i);
    }
}

START_TEST(ephemerons)
{
    begin(_i);
    deeply(add_ephemerons, NULL);
    end_making(_i);
    for (int round = 0; round < 3; round++) {
        expect_objects(is_value);
        for (size_t i = GROUP - 1; i < COUNT; i += GROUP)
            ck_assert_uint_eq(count_living(&all.others[i], 1), is_last_value(i));
        deeply(look_at_ephemerons, NULL);
        collect(1);
    }
    drop_kept();
    collect(1);
    ck_assert_uint_eq(count_living(all.objects, COUNT), 0);
    ck_assert_uint_eq(count_living(all.others, COUNT), 0);
    ck_assert_uint_eq(count_living(all.handles, COUNT), 0);
}
END_TEST

/* ---- Maps -------------------------------------------------------------------------------------------- */

enum { SMALL = 500 }; /* maps of 8 entries beside a large one */

static unsigned map_flags;
static gc_weakmap *map;
static gc_weakmap **small_maps;

static void *object_at(size_t i)
{
    return reveal(all.objects[i]);
}

/* Object i is the key, or the value where values are weak, of another object, which nothing else
 * keeps. */
static void fill_maps(void *unused)
{
    (void)unused;
    map = gc_weakmap_new(map_flags, NULL, NULL, NULL);
    small_maps = gc_alloc(SMALL * sizeof *small_maps);
    for (size_t i = 0; i < SMALL; i++)
        small_maps[i] = gc_weakmap_new(map_flags, NULL, NULL, NULL);
    for (size_t i = 0; i < COUNT; i++) {
        void *other = gc_alloc(16);
        bool by_value = map_flags == GC_WEAK_VALUES;
        all.others[i] = hide(other);
        ck_assert_int_eq(gc_weakmap_put(map, by_value ? other : object_at(i),
                                        by_value ? object_at(i) : other),
                         0);
        if (i < 8 * SMALL)
            ck_assert_int_eq(
                gc_weakmap_put(small_maps[i / 8], object_at(i), object_at(i)), 0);
    }
}

static size_t expected_entries(void)
{
    size_t count = 0;
    for (size_t i = 0; i < COUNT; i++)
        count += map_flags == 0 ||
                 (is_kept(i) && map_flags != (GC_WEAK_KEYS | GC_WEAK_VALUES));
    return count;
}

static bool is_anyhow(size_t i)
{
    (void)i;
    return true;
}

START_TEST(maps)
{
    map_flags = (unsigned)_i % 4;
    begin(_i / 4);
    deeply(fill_maps, NULL);
    end_making(_i / 4);
    for (int round = 0; round < 2; round++) {
        expect_objects(map_flags ? is_kept : is_anyhow);
        ck_assert_uint_eq(gc_weakmap_count(map), expected_entries());
        ck_assert_uint_eq(count_living(all.others, COUNT), expected_entries());
        size_t in_small = 0, kept = 0;
        for (size_t i = 0; i < SMALL; i++)
            in_small += gc_weakmap_count(small_maps[i]);
        for (size_t i = 0; i < 8 * SMALL; i++)
            kept += map_flags == 0 || is_kept(i);
        ck_assert_uint_eq(in_small, kept);
        collect(1);
    }
}
END_TEST

/* ---- Finalizers and guardians ------------------------------------------------------------------------- */

static unsigned char order[COUNT]; /* in which round an object was finalised */
static unsigned char round_now;

static void note_round(void *object, void *data)
{
    size_t i = (size_t)((unsigned char *)data - order);
    if (hide(object) != all.objects[i] || order[i])
        abort();
    order[i] = round_now;
}

/* Of a group each leads to the next; all have finalizers, without order in every other group. */
static bool is_ordered(size_t i)
{
    return i / GROUP % 2;
}

static void add_finalizers(void *unused)
{
    (void)unused;
    for (size_t i = 0; i < COUNT; i++) {
        void **object = object_at(i);
        object[0] = i % GROUP < GROUP - 1 ? object_at(i + 1) : NULL;
        ck_assert_ptr_null(gc_finalizer_set_with(object, note_round, &order[i],
                                                 is_ordered(i) ? 0 : GC_UNORDERED));
        all.kept[i] = is_first(i) && i / GROUP % 5 == 0 ? object : NULL;
    }
}

static unsigned expected_round(size_t i)
{
    if (i / GROUP % 5 == 0)
        return 0;
    return is_ordered(i) ? 1 + i % GROUP : 1;
}

START_TEST(finalizers)
{
    begin(_i);
    deeply(add_finalizers, NULL);
    end_making(_i);
    for (round_now = 1; round_now <= GROUP; round_now++) {
        deeply(run_finalizers, NULL);
        for (size_t i = 0; i < COUNT; i++) {
            unsigned expected = expected_round(i);
            if (order[i] != (expected <= round_now ? expected : 0))
                ck_abort_msg("object %zu in round %u: %u", i, round_now, order[i]);
        }
        if (atoi(runs[_i].stress) == 0)
            ck_assert_uint_eq(gc_finalizers_ready(), 0);
        collect(1);
    }
    collect(1);
    for (size_t i = 0; i < COUNT; i++)
        ck_assert_uint_eq(count_living(&all.objects[i], 1), i / GROUP % 5 == 0);
}
END_TEST

static gc_guardian *guardians[2];

static void guard(void *unused)
{
    (void)unused;
    guardians[0] = gc_guardian_new();
    guardians[1] = gc_guardian_new();
    for (size_t i = 0; i < COUNT; i++)
        for (size_t k = 0; k < (is_first(i) ? 2u : 1u); k++)
            ck_assert_int_eq(gc_guardian_add(guardians[k], object_at(i)), 0);
}

static size_t handed_out[2];

static void fetch(void *unused)
{
    (void)unused;
    for (size_t k = 0; k < 2; k++)
        for (void *object; (object = gc_guardian_get(guardians[k])); handed_out[k]++)
            ck_assert_uint_ge(gc_usable_size(object), WORDS * sizeof(void *));
}

START_TEST(guarded)
{
    size_t gone[2] = {0, 0};
    for (size_t i = 0; i < COUNT; i++) {
        gone[0] += !is_kept(i);
        gone[1] += !is_kept(i) && is_first(i);
    }
    begin(_i);
    deeply(guard, NULL);
    end_making(_i);
    expect_objects(is_anyhow);
    deeply(fetch, NULL);
    ck_assert_uint_eq(handed_out[0], gone[0]);
    ck_assert_uint_eq(handed_out[1], gone[1]);
    collect(1);
    expect_objects(is_kept);
    drop_kept();
    guardians[0] = guardians[1] = NULL;
    collect(1);
    ck_assert_uint_eq(count_living(all.objects, COUNT), 0);
}
END_TEST

TCase *shared_case(void)
{
    TCase *tc = tcase_create("shared");
    tcase_add_loop_test(tc, links, 0, RUNS);
    tcase_add_loop_test(tc, ephemerons, 0, RUNS);
    tcase_add_loop_test(tc, maps, 0, 4 * RUNS);
    tcase_add_loop_test(tc, finalizers, 0, RUNS);
    tcase_add_loop_test(tc, guarded, 0, RUNS);
    return tc;
}
