/* Weak maps: which entries go and what they keep, by address and by functions of the caller's;
 * against a model, while they are gone through, and for keys with finalizers. */
#include "object.h"

#include <errno.h>
#include <gcalloc/finalizer.h>
#include <gcalloc/weakmap.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../roots/place.h"

static uint32_t state = 1;

static uint32_t roll(uint32_t sides)
{
    state = state * 1664525 + 1013904223;
    return (uint32_t)((uint64_t)(state >> 8) * sides >> 24);
}

/* ---- Keys of the caller's ------------------------------------------------------------------- */

/* Keys are objects that begin with a number. */
static uint64_t hash_number(const void *key, void *data)
{
    ck_assert_ptr_eq(data, (void *)&state);
    return *(const uint64_t *)key % 1000; /* some are equal, and not the keys */
}

static unsigned comparisons;

static int equal_numbers(const void *a, const void *b, void *data)
{
    ck_assert_ptr_eq(data, (void *)&state);
    ck_assert(gc_base(a) == a || gc_base(b) == b);
    comparisons++;
    return *(const uint64_t *)a == *(const uint64_t *)b;
}

static gc_weakmap *new_map(unsigned flags, bool hashes)
{
    gc_weakmap *map = hashes ? gc_weakmap_new(flags, hash_number, equal_numbers, &state)
                             : gc_weakmap_new(flags, NULL, NULL, NULL);
    ck_assert_ptr_nonnull(map);
    return map;
}

/* ---- Which go -------------------------------------------------------------------------------- */

enum { COUNT = 5000 };

static struct {
    gc_weakmap *map;
    void *keys[COUNT], *values[COUNT]; /* those that are kept */
    uintptr_t hidden_keys[COUNT], hidden_values[COUNT];
    unsigned flags;
    bool hashes;
} all;

static size_t size_of(size_t i)
{
    static const size_t sizes[] = {16, 40, 64, 500};
    return i % 503 ? sizes[i % 4] : 30000 + 1000 * (i / 503) * (i / 503);
}

/* Of four pairs one has its key kept, one its value, one both, and one none.  Values lead to
 * their keys. */
static void fill(void *unused)
{
    (void)unused;
    all.map = new_map(all.flags, all.hashes);
    gc_disable();
    for (size_t i = 0; i < COUNT; i++) {
        uint64_t *key = gc_alloc(size_of(i));
        void **value = gc_alloc(size_of(i + 1));
        *key = i;
        *value = all.flags == GC_WEAK_KEYS ? (void *)key : NULL;
        if (all.flags == GC_WEAK_VALUES)
            key[1] = (uint64_t)value;
        all.hidden_keys[i] = hide(key);
        all.hidden_values[i] = hide(value);
        all.keys[i] = i & 1 ? key : NULL;
        all.values[i] = i & 2 ? value : NULL;
        ck_assert_int_eq(gc_weakmap_put(all.map, key, value), 0);
    }
    ck_assert_uint_eq(gc_weakmap_count(all.map), COUNT);
    gc_enable();
}

/* Kept from outside, or by the entry. */
static bool key_lives(size_t i)
{
    bool key = all.keys[i], value = all.values[i];
    switch (all.flags) {
    case GC_WEAK_KEYS: /* values lead to keys */
        return key || value;
    case GC_WEAK_VALUES:
        return key || value;
    case 0:
        return true;
    default:
        return key;
    }
}

static bool value_lives(size_t i)
{
    bool key = all.keys[i], value = all.values[i];
    switch (all.flags) {
    case GC_WEAK_KEYS:
        return key || value;
    case GC_WEAK_VALUES: /* keys lead to values */
        return key || value;
    case 0:
        return true;
    default:
        return value;
    }
}

static void compare(void *unused)
{
    size_t count = 0;
    (void)unused;
    for (size_t i = 0; i < COUNT; i++) {
        uint64_t *key = reveal(all.hidden_keys[i]);
        void *value = reveal(all.hidden_values[i]);
        bool has = key_lives(i) && value_lives(i);
        ck_assert_msg((gc_base(key) != NULL) == key_lives(i), "key %zu", i);
        ck_assert_msg((gc_base(value) != NULL) == value_lives(i), "value %zu", i);
        count += has;
        if (key_lives(i))
            ck_assert_ptr_eq(gc_weakmap_get(all.map, key), has ? value : NULL);
    }
    ck_assert_uint_eq(gc_weakmap_count(all.map), count);
}

START_TEST(entries_go)
{
    all.flags = (unsigned)_i % 4;
    all.hashes = _i & 4;
    ck_assert_int_eq(gc_option_set("verify", _i & 8 ? "1" : "0"), 0);
    deeply(fill, NULL);
    for (int i = 0; i < 2; i++) {
        collect(1);
        deeply(compare, NULL);
    }
    all.map = NULL;
    memset(all.keys, 0, sizeof all.keys);
    memset(all.values, 0, sizeof all.values);
    collect(1);
    ck_assert_uint_eq(count_living(all.hidden_keys, COUNT), 0);
    ck_assert_uint_eq(count_living(all.hidden_values, COUNT), 0);
}
END_TEST

static uintptr_t map_hidden;

static void hide_map(void *unused)
{
    (void)unused;
    map_hidden = hide(all.map);
    all.map = NULL;
}

static void free_map(void *unused)
{
    (void)unused;
    gc_free(all.map);
    all.map = NULL;
}

/* The entries of a map that is gone keep nothing. */
START_TEST(a_map_goes)
{
    all.flags = (unsigned)_i % 4;
    deeply(fill, NULL);
    deeply(_i & 4 ? free_map : hide_map, NULL);
    collect(1);
    all.flags = GC_WEAK_KEYS | GC_WEAK_VALUES;
    size_t keys = count_living(all.hidden_keys, COUNT);
    ck_assert_uint_eq(count_living(&map_hidden, _i & 4 ? 0 : 1), 0);
    ck_assert(keys == (_i % 4 == GC_WEAK_KEYS ? 3 * COUNT / 4 : COUNT / 2));
}
END_TEST

START_TEST(in_a_child)
{
    all.flags = GC_WEAK_KEYS;
    all.hashes = _i;
    deeply(fill, NULL);
    pid_t child = fork();
    if (child == 0) {
        collect(1);
        deeply(compare, NULL);
        _exit(0);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    collect(1);
    deeply(compare, NULL);
}
END_TEST

/* ---- A model --------------------------------------------------------------------------------- */

enum { SLOTS = 400, STEPS = 12000 };

static struct {
    gc_weakmap *map;
    unsigned flags;
    bool hashes;
    void *roots[SLOTS];
    uintptr_t objects[SLOTS]; /* hidden; of NULL: there is none */
    int value_of[SLOTS];      /* the slot of the value; -1: no entry */
} model;

static void *in_slot(int i)
{
    return reveal(model.objects[i]);
}

static void forget(int i)
{
    model.objects[i] = hide(NULL);
    model.roots[i] = NULL;
    for (int key = 0; key < SLOTS; key++)
        if (key == i || model.value_of[key] == i)
            model.value_of[key] = -1;
}

/* What a weak map does not keep, and no root. */
static void sweep(void)
{
    bool reached[SLOTS] = {false}, more = true;
    for (int i = 0; i < SLOTS; i++)
        reached[i] = model.roots[i];
    while (more && model.flags != (GC_WEAK_KEYS | GC_WEAK_VALUES)) {
        more = false;
        for (int key = 0; key < SLOTS; key++) {
            int value = model.value_of[key];
            if (value < 0)
                continue;
            int from = model.flags == GC_WEAK_KEYS ? key : value;
            int to = model.flags == GC_WEAK_KEYS ? value : key;
            more |= reached[from] && !reached[to];
            reached[to] |= reached[from];
        }
    }
    for (int i = 0; i < SLOTS; i++)
        if (in_slot(i) && !reached[i])
            forget(i);
}

static void make(int i)
{
    uint64_t *object = gc_alloc(16 + roll(4) * 40);
    *object = (uint64_t)i;
    model.objects[i] = hide(object);
    model.roots[i] = object;
}

static void grow(int i)
{
    uint64_t *object = gc_realloc(in_slot(i), 16 + roll(9) * 700);
    if (model.roots[i])
        model.roots[i] = object;
    model.objects[i] = hide(object);
}

/* What the map keeps is not to be freed nor moved: nobody tells the map. */
static bool is_kept(int i)
{
    if (model.flags == GC_WEAK_VALUES)
        return model.value_of[i] >= 0;
    for (int key = 0; key < SLOTS; key++)
        if (model.flags == GC_WEAK_KEYS && model.value_of[key] == i)
            return true;
    return false;
}

static void step(void)
{
    int i = (int)roll(SLOTS), j = (int)roll(SLOTS), had;
    if (!in_slot(i))
        make(i);
    switch (roll(10)) {
    case 0:
        if (is_kept(i))
            break;
        gc_free(in_slot(i));
        forget(i);
        break;
    case 1:
        if (!is_kept(i))
            grow(i);
        break;
    case 2:
        had = model.value_of[i];
        ck_assert_int_eq(gc_weakmap_remove(model.map, in_slot(i)), had < 0 ? -1 : 0);
        ck_assert(had >= 0 || errno == ENOENT);
        model.value_of[i] = -1;
        break;
    case 3:
    case 4:
        model.roots[i] = NULL;
        break;
    default:
        if (!in_slot(j))
            break;
        ck_assert_int_eq(gc_weakmap_put(model.map, in_slot(i), in_slot(j)), 0);
        model.value_of[i] = j;
    }
}

static void steps(void *count)
{
    for (unsigned i = *(unsigned *)count; i > 0; i--)
        step();
}

static void compare_model(void *unused)
{
    size_t count = 0;
    (void)unused;
    for (int i = 0; i < SLOTS; i++) {
        int value = model.value_of[i];
        count += value >= 0;
        if (!in_slot(i))
            continue;
        ck_assert_ptr_eq(gc_base(in_slot(i)), in_slot(i));
        ck_assert_ptr_eq(gc_weakmap_get(model.map, in_slot(i)),
                         value < 0 ? NULL : in_slot(value));
    }
    ck_assert_uint_eq(gc_weakmap_count(model.map), count);
}

START_TEST(random_steps)
{
    state = (uint32_t)_i + 1;
    model.flags = 1 + (unsigned)_i % 3;
    model.hashes = _i / 3 % 2;
    ck_assert_int_eq(gc_option_set("verify", _i / 6 % 2 ? "1" : "0"), 0);
    gc_disable(); /* but for the collections that the model knows of */
    model.map = new_map(model.flags, model.hashes);
    for (int i = 0; i < SLOTS; i++) {
        model.objects[i] = hide(NULL);
        model.value_of[i] = -1;
    }
    for (unsigned done = 0, some; done < STEPS; done += some) {
        some = 1 + roll(1000);
        deeply(steps, &some);
        gc_enable();
        collect(1);
        gc_disable();
        sweep();
        deeply(compare_model, NULL);
    }
}
END_TEST

/* ---- Going through ---------------------------------------------------------------------------- */

/* Every entry that stays is seen once; others, which come and go meanwhile, once at most. */
static void walk(void *unused)
{
    enum { STAY = 3000, COME = 20000 };
    static unsigned char seen[STAY + COME];
    static void *stay[STAY];
    uint64_t cursor = 0, extra = STAY, *key;
    void *found, *value;
    (void)unused;
    gc_weakmap *map = new_map(GC_WEAK_KEYS, all.hashes);
    for (uint64_t i = 0; i < STAY; i++) {
        stay[i] = key = gc_alloc(16);
        *key = i;
        ck_assert_int_eq(gc_weakmap_put(map, key, key), 0);
    }
    for (int step = 0; gc_weakmap_next(map, &cursor, &found, &value); step++) {
        key = found;
        ck_assert_ptr_eq(found, value);
        ck_assert_uint_eq(seen[*key]++, 0);
        if (step % 100 == 0)
            gc_collect();
        for (int more = step < 2000 ? 8 : 0; more > 0 && extra < STAY + COME; more--) {
            key = gc_alloc(16);
            *key = extra++;
            ck_assert_int_eq(gc_weakmap_put(map, key, key), 0);
            if (more % 3 == 0)
                ck_assert_int_eq(gc_weakmap_remove(map, key), 0);
        }
    }
    ck_assert_uint_gt(extra, STAY + 10000);
    for (size_t i = 0; i < STAY; i++)
        ck_assert(seen[i] == 1 && stay[i]);
}

START_TEST(walks_while_it_changes)
{
    all.hashes = _i;
    deeply(walk, NULL);
}
END_TEST

/* ---- Finalizers ---------------------------------------------------------------------------------- */

static void look(void *object, void *data)
{
    (void)data;
    ck_assert_ptr_eq(gc_weakmap_get(all.map, object), (void *)&look);
}

static void put_finalized(void *unused)
{
    void *key = gc_alloc(32);
    (void)unused;
    all.map = new_map(GC_WEAK_KEYS, false);
    ck_assert_int_eq(gc_weakmap_put(all.map, key, (void *)&look), 0);
    ck_assert(gc_finalizer_set(key, look, NULL) == NULL);
}

static void run_finalizers(void *unused)
{
    (void)unused;
    ck_assert_uint_eq(gc_finalizers_run(), 1);
}

START_TEST(finalised_keys)
{
    deeply(put_finalized, NULL);
    collect(2);
    ck_assert_uint_eq(gc_weakmap_count(all.map), 1);
    deeply(run_finalizers, NULL);
    collect(1);
    ck_assert_uint_eq(gc_weakmap_count(all.map), 0);
}
END_TEST

TCase *weakmaps_case(void)
{
    TCase *tc = tcase_create("weakmaps");
    tcase_add_loop_test(tc, entries_go, 0, 16);
    tcase_add_loop_test(tc, a_map_goes, 0, 8);
    tcase_add_loop_test(tc, in_a_child, 0, 2);
    tcase_add_loop_test(tc, random_steps, 0, 24);
    tcase_add_loop_test(tc, walks_while_it_changes, 0, 2);
    tcase_add_test(tc, finalised_keys);
    return tc;
}
