/* What a young collection keeps and what it reclaims. */
#include <gcalloc/finalizer.h>
#include <gcalloc/weak.h>
#include <stdlib.h>
#include <string.h>

#include "young.h"

static void *words[VICTIMS];

static void begin(void)
{
    go_young("64M", true);
    gc_init();
    collect(2);
}

/* Whether the collections are what they are called. */
static bool are_young(void)
{
    uint64_t before = young_collections();
    collect_young(1);
    return young_collections() > before;
}

START_TEST(kind_is_told)
{
    begin();
    ck_assert_int_eq(are_young(), kernel_notes_writes());
    ck_assert_int_eq(gc_option_set("generations", "never"), 0);
    ck_assert(!are_young());
    ck_assert_int_eq(gc_option_set("generations", "auto"), 0);
    are_young(); /* the first of them protects what there is */
    ck_assert_int_eq(are_young(), kernel_notes_writes());
}
END_TEST

/* What is new and dead is gone at once. */
START_TEST(new_garbage)
{
    struct place place = place_words(words);
    begin();
    for (int i = 0; i < 10; i++) {
        struct victims *v = place_fill(place);
        place_clear(place);
        collect_young(1);
        ck_assert_uint_eq(victims_living(v), 0);
        free(v);
    }
}
END_TEST

/* What has lived through a collection is left to the full ones. */
START_TEST(old_garbage)
{
    struct place place = place_words(words);
    begin();
    bool young = are_young();
    struct victims *v = place_fill(place);
    collect_young(1);
    place_clear(place);
    collect_young(3);
    ck_assert_uint_eq(victims_living(v), young ? VICTIMS : 0);
    victims_assert_gone(v);
    free(v);
}
END_TEST

/* ---- Structures ------------------------------------------------------------------------ */

struct node {
    struct node *next;
    uintptr_t number;
    uintptr_t more[6];
};

static struct node *list;

static void add_node(void *argument)
{
    struct node *n = gc_alloc(sizeof *n), **place = &list;
    ck_assert_ptr_nonnull(n);
    n->number = *(uintptr_t *)argument;
    while (*place)
        place = &(*place)->next;
    *place = n;
}

/* Each node is found through the one before, which is a cycle older. */
START_TEST(ends_of_lists)
{
    enum { NODES = 300 };
    begin();
    for (uintptr_t i = 0; i < NODES; i++) {
        deeply(add_node, &i);
        collect_young(1);
    }
    uintptr_t count = 0;
    for (const struct node *n = list; n; n = n->next)
        ck_assert_uint_eq(n->number, count++);
    ck_assert_uint_eq(count, NODES);
}
END_TEST

/* Old objects freed by hand: their slots serve again, and what lies around them stays. */
START_TEST(freed_by_hand)
{
    enum { NODES = 5000 };
    static struct node *all[NODES];
    begin();
    for (int round = 0; round < 6; round++) {
        for (size_t i = 0; i < NODES; i++)
            if (!all[i]) {
                all[i] = gc_alloc(sizeof *all[i]);
                ck_assert(all[i] && all[i]->number == 0 && !all[i]->next);
                all[i]->number = i;
                all[i]->next = gc_alloc(sizeof *all[i]);
                all[i]->next->number = ~i;
            }
        collect_young(2);
        for (size_t i = 0; i < NODES; i++) {
            ck_assert(all[i]->number == i && all[i]->next->number == ~i);
            if ((i + (size_t)round) % 3)
                continue;
            gc_free(all[i]->next);
            gc_free(all[i]);
            all[i] = NULL;
        }
    }
    collect(1);
    for (size_t i = 0; i < NODES; i++)
        ck_assert(!all[i] || (all[i]->number == i && all[i]->next->number == ~i));
}
END_TEST

/* ---- Finalizers and weak references ------------------------------------------------------ */

static int finalized;

static void finalize(void *object, void *data)
{
    (void)object, (void)data;
    finalized++;
}

static gc_weak *weak;
static void *volatile kept;

static void make_watched(void *argument)
{
    void *object = gc_alloc(100);
    (void)argument;
    gc_finalizer_set(object, finalize, NULL);
    weak = gc_weak_new(object);
    kept = object;
}

static void is_there(void *argument)
{
    *(bool *)argument = gc_weak_get(weak) != NULL;
}

static bool lives(void)
{
    bool there;
    deeply(is_there, &there);
    return there;
}

START_TEST(watched_while_new)
{
    begin();
    deeply(make_watched, NULL);
    kept = NULL;
    collect_young(1);
    ck_assert(!lives());
    gc_finalizers_run();
    ck_assert_int_eq(finalized, 1);
}
END_TEST

START_TEST(watched_when_old)
{
    begin();
    bool young = are_young();
    deeply(make_watched, NULL);
    collect_young(3);
    ck_assert(lives());
    kept = NULL;
    collect_young(3);
    ck_assert_int_eq(lives(), young);
    collect(1);
    ck_assert(!lives());
    gc_finalizers_run();
    ck_assert_int_eq(finalized, 1);
}
END_TEST

static gc_ephemeron *ephemeron;

static void make_value(void *argument)
{
    (void)argument;
    gc_ephemeron_set_value(ephemeron, gc_weak_new(gc_alloc(24)));
}

/* An old key, and a value that came later. */
START_TEST(values_of_old_keys)
{
    begin();
    kept = gc_alloc(50);
    ephemeron = gc_ephemeron_new(kept, NULL);
    collect_young(3);
    deeply(make_value, NULL);
    collect_young(3);
    ck_assert_ptr_nonnull(gc_ephemeron_value(ephemeron));
}
END_TEST

enum { FILLING = 250000, DROPPED_OF = 5 }; /* objects, and one of so many is dropped */

static void **filling; /* a root */

static void drop_some(void *unused)
{
    (void)unused;
    for (size_t i = 0; i < FILLING; i += DROPPED_OF)
        filling[i] = NULL;
}

/* Where the heap cannot grow, slots in blocks of old objects are as good as any. */
START_TEST(all_slots_are_to_be_had)
{
    static const char *const ways[][2] = {{"generations", "never"},
                                          {"generations", "always"},
                                          {"pause", "1"}};
    ck_assert_int_eq(gc_option_set("heap_limit", "19M"), 0);
    ck_assert_int_eq(gc_option_set(ways[_i][0], ways[_i][1]), 0);
    filling = gc_alloc(FILLING * sizeof *filling);
    for (size_t i = 0; i < FILLING; i++)
        ck_assert_ptr_nonnull(filling[i] = gc_alloc(64));
    collect(1);
    deeply(drop_some, NULL);
    collect(1);
    for (size_t i = 0; i < FILLING; i += DROPPED_OF)
        ck_assert_msg((filling[i] = gc_alloc(64)) != NULL, "%zu of %d", i / DROPPED_OF,
                      FILLING / DROPPED_OF);
}
END_TEST

TCase *lives_case(void)
{
    TCase *t = tcase_create("lives");
    tcase_add_test(t, kind_is_told);
    tcase_add_test(t, new_garbage);
    tcase_add_test(t, old_garbage);
    tcase_add_test(t, ends_of_lists);
    tcase_add_test(t, freed_by_hand);
    tcase_add_test(t, watched_while_new);
    tcase_add_test(t, watched_when_old);
    tcase_add_test(t, values_of_old_keys);
    tcase_add_loop_test(t, all_slots_are_to_be_had, 0, 3);
    return t;
}
