/* Layouts: exactly the words that one names keep objects alive.
 *
 * An object of each shape has pointers to victims in words of which it is known whether they count; its
 * start is the program's only other pointer. */
#include <gcalloc/layout.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "typed.h"

enum { WORD = 8, NAMED_MOST = 3000 };

/* How an object is made, and which words count. */
struct shape {
    const char *name;
    size_t size; /* bytes of the object; 0: the layout's */
    gc_layout (*make)(void);
    bool (*counts)(size_t word);
    size_t words; /* the first so many hold pointers to victims */
};

/* ---- Shapes ---------------------------------------------------------------------------------------- */

static bool two(size_t word)
{
    return word == 1 || word == 3;
}

static gc_layout make_two(void)
{
    return gc_layout_new(64, (size_t[]){24, 8, 24}, 3);
}

static bool none(size_t word)
{
    (void)word;
    return false;
}

static gc_layout make_none(void)
{
    return gc_layout_new(100, NULL, 0);
}

static bool first_and_64th(size_t word)
{
    return word == 0 || word == 63;
}

static gc_layout make_512(void)
{
    return gc_layout_new_bitmap(512, (uint64_t[]){UINT64_C(1) | UINT64_C(1) << 63});
}

static bool beyond_64(size_t word)
{
    return word == 63 || word == 64 || word == 127;
}

static gc_layout make_1024(void)
{
    return gc_layout_new_bitmap(1024,
                                (uint64_t[]){UINT64_C(1) << 63, 1 | UINT64_C(1) << 63});
}

static bool thirds(size_t word)
{
    return word % 3 == 1;
}

static gc_layout make_thirds_of(size_t words)
{
    size_t *offsets = calloc(words, sizeof *offsets), count = 0;
    for (size_t word = 0; word < words; word++)
        if (thirds(word))
            offsets[count++] = word * WORD;
    gc_layout layout = gc_layout_new(words * WORD, offsets, count);
    free(offsets);
    return layout;
}

static gc_layout make_medium(void)
{
    return make_thirds_of(NAMED_MOST);
}

static gc_layout make_large(void)
{
    return make_thirds_of(40000);
}

/* A header of two words, then pairs of which the second counts. */
static bool seconds(size_t word)
{
    return word >= 2 && word % 2 == 1;
}

static gc_layout make_pairs(void)
{
    return gc_layout_new_array(16, gc_layout_new(16, (size_t[]){8}, 1));
}

/* Elements of five words, which slots are no multiple of, behind a header of one. */
static bool of_five(size_t word)
{
    return word >= 1 && ((word - 1) % 5 == 0 || (word - 1) % 5 == 4);
}

static gc_layout make_fives(void)
{
    return gc_layout_new_array(8, gc_layout_new(40, (size_t[]){0, 32}, 2));
}

/* The first word says how many of the others are in use, and one more is named with a tag. */
static bool in_use(size_t word)
{
    return word >= 1 && word <= 40;
}

static void trace_used(void *object, size_t size, void *data)
{
    uintptr_t *words = object;
    if (data != kept || words[0] > size / WORD)
        return;
    gc_trace_range(words + 1, words + words[0]);
    for (size_t i = 1; i <= words[0] && words[0] > 1; i++)
        gc_trace_word(words[i] ^ 1 ^ 1);
}

static gc_layout make_used(void)
{
    return gc_layout_new_traced(512, trace_used, kept);
}

/* More words than a marker takes at once. */
static bool all_but_first(size_t word)
{
    return word >= 1;
}

static void trace_each(void *object, size_t size, void *data)
{
    uintptr_t *words = object;
    (void)data;
    for (size_t i = 1; i < size / WORD; i++)
        gc_trace_word(words[i]);
}

static gc_layout make_each(void)
{
    return gc_layout_new_traced(64, trace_each, NULL);
}

static const struct shape shapes[] = {
    {"two words", 0, make_two, two, 8},
    {"no word", 0, make_none, none, 12},
    {"64 words", 0, make_512, first_and_64th, 64},
    {"more than 64 words", 0, make_1024, beyond_64, 128},
    {"a medium object", 0, make_medium, thirds, NAMED_MOST},
    {"a large object", 0, make_large, thirds, NAMED_MOST},
    {"an array", 16 + 30 * 16, make_pairs, seconds, 62},
    {"a medium array", 16 + 2000 * 16, make_pairs, seconds, NAMED_MOST},
    {"a large array", 16 + 20000 * 16, make_pairs, seconds, NAMED_MOST},
    {"an array of fives", 8 + 40 * 5, make_fives, of_five, 26},
    {"a medium array of fives", 8 + 40 * 500, make_fives, of_five, 2501},
    {"an array without elements", 8, make_fives, none, 1},
    {"what is in use", 0, make_used, in_use, 64},
    {"many words", 20000, make_each, all_but_first, 2500},
    {"a few words, of the layout's size", 0, make_each, all_but_first, 8},
};

enum { SHAPES = sizeof shapes / sizeof shapes[0] };

/* ---- Liveness ---------------------------------------------------------------------------------------- */

struct life {
    const struct shape *shape;
    gc_layout layout;
    uintptr_t hidden[NAMED_MOST];
    bool lives[NAMED_MOST];
};

static void *new_object(const struct life *l)
{
    size_t size = l->shape->size;
    void *object =
        size ? gc_alloc_layout_sized(l->layout, size) : gc_alloc_layout(l->layout);
    ck_assert_msg(object != NULL, "%s: errno %d", l->shape->name, errno);
    for (size_t i = 0; i < l->shape->words; i++)
        ck_assert_uint_eq(((uintptr_t *)object)[i], 0);
    return object;
}

/* What the shape of trace_used holds in its first word is a count. */
static void fill(void *argument)
{
    struct life *l = argument;
    void **object = kept[0] = new_object(l);
    void **all = kept[1] =
        gc_alloc(l->shape->words * WORD); /* until each has its address */
    bool counted = l->shape->make == make_used;
    if (counted)
        *(uintptr_t *)object = 40;
    for (size_t i = counted; i < l->shape->words; i++) {
        void *victim = gc_alloc(16);
        ck_assert_ptr_nonnull(victim);
        l->hidden[i] = hide(victim);
        object[i] = all[i] = victim;
    }
    kept[1] = NULL;
    if (counted)
        l->hidden[0] = hide(NULL);
}

/* Which victims live.  For use under deeply() only. */
static void look(void *argument)
{
    struct life *l = argument;
    for (size_t i = 0; i < l->shape->words; i++)
        l->lives[i] = gc_base(reveal(l->hidden[i])) != NULL;
}

static void expect_counted(struct life *l)
{
    deeply(look, l);
    for (size_t i = 0; i < l->shape->words; i++)
        ck_assert_msg(l->lives[i] == l->shape->counts(i), "%s: word %zu %s",
                      l->shape->name, i, l->lives[i] ? "lives" : "is gone");
}

START_TEST(named_words_keep_and_others_do_not)
{
    static struct life l;
    in_way(_i / SHAPES);
    l.shape = &shapes[_i % SHAPES];
    l.layout = l.shape->make();
    ck_assert_uint_ne(l.layout, 0);
    deeply(fill, &l);
    for (int i = 0; i < 3; i++) {
        collect_deeply();
        expect_counted(&l);
    }
    kept[0] = NULL;
    collect_deeply();
    ck_assert_uint_eq(count_living(l.hidden, l.shape->words), 0);
}
END_TEST

/* A pointer anywhere into a typed object keeps it, one to its end does not. */
static void point_into(void *argument)
{
    struct life *l = argument;
    size_t bytes = l->shape->words * WORD;
    char *object = new_object(l);
    ((void **)object)[3] = gc_alloc(16);
    l->hidden[0] = hide(object);
    l->hidden[1] = hide(((void **)object)[3]);
    kept[0] = object + bytes - 1;
    object = new_object(l);
    l->hidden[2] = hide(object);
    kept[1] = object + gc_usable_size(object);
}

START_TEST(pointers_into_typed_objects)
{
    static struct life l;
    in_way(_i);
    l.shape = &shapes[0];
    l.layout = make_two();
    deeply(point_into, &l);
    collect_deeply();
    ck_assert_uint_eq(count_living(l.hidden, 2), 2);
    ck_assert_uint_eq(count_living(l.hidden + 2, 1), 0);
}
END_TEST

/* A list through typed objects, each of which is reached from the one before only. */
static void make_list(void *argument)
{
    enum { NODES = 100000 };
    gc_layout layout = *(gc_layout *)argument;
    for (size_t i = 0; i < NODES; i++) {
        void **node = gc_alloc_layout(layout);
        node[1] = kept[0];
        node[0] = node[2] = (void *)(i + 1);
        kept[0] = node;
    }
}

START_TEST(long_list)
{
    in_way(_i);
    gc_layout layout = make_two();
    deeply(make_list, &layout);
    collect_deeply();
    size_t expected = 100000;
    for (void **node = kept[0]; node; node = node[1], expected--)
        ck_assert(node[0] == (void *)expected && node[2] == node[0]);
    ck_assert_uint_eq(expected, 0);
}
END_TEST

enum { MANY = 32 };

static void fill_unnamed(void *hidden)
{
    void **object = kept[0];
    for (size_t i = 0; i < MANY; i++) {
        object[i] = gc_alloc(16);
        ((uintptr_t *)hidden)[i] = hide(object[i]);
    }
}

/* The one before names all words, this one none. */
START_TEST(each_has_its_own_words)
{
    size_t all[MANY];
    uintptr_t hidden[MANY];
    in_way(_i);
    for (size_t i = 0; i < MANY; i++)
        all[i] = i * WORD;
    ck_assert_uint_ne(gc_layout_new(MANY * WORD, all, MANY), 0);
    kept[0] = gc_alloc_layout(gc_layout_new(MANY * WORD, NULL, 0));
    deeply(fill_unnamed, hidden);
    collect_deeply();
    ck_assert_uint_eq(count_living(hidden, MANY), 0);
}
END_TEST

/* ---- Freeing and resizing ----------------------------------------------------------------------------- */

/* Freed objects come again, zeroed; what was freed twice is reported. */
START_TEST(freed_objects_come_again)
{
    in_way(_i);
    gc_layout layout = make_two(), other = make_two();
    uintptr_t *first = gc_alloc_layout(layout), *second = gc_alloc_layout(other);
    memset(first, 0xff, 64);
    memset(second, 0xff, 64);
    gc_free(second);
    gc_free(first);
    uintptr_t *again = gc_alloc_layout(layout);
    ck_assert_ptr_eq(again, first);
    for (size_t i = 0; i < 8; i++)
        ck_assert_uint_eq(again[i], 0);
    ck_assert_ptr_eq(gc_alloc_layout(other), second);
    log_begin();
    gc_free(again);
    gc_free(again);
    ck_assert_ptr_nonnull(strstr(log_lines(), "gc_free"));
}
END_TEST

START_TEST(arrays_and_traced_objects_grow)
{
    static const size_t sizes[] = {16,     100,     16 + 16 * 30, 5000,  40000,
                                   100000, 1200000, 90000,        20000, 48};
    in_way(_i % WAYS);
    bool array = _i / WAYS;
    gc_layout layout = array ? make_pairs() : make_each();
    uintptr_t *object = gc_alloc_layout_sized(layout, 32);
    object[2] = hide(NULL);
    object[3] = (uintptr_t)gc_alloc(16);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        object = gc_realloc(object, sizes[i] < 32 ? 32 : sizes[i]);
        ck_assert_ptr_nonnull(object);
        kept[0] = object;
        ck_assert_uint_eq(object[2], hide(NULL));
        size_t words = gc_usable_size(object) / WORD, w = 4;
        while (w < words && object[w] == 0)
            w++;
        ck_assert_uint_eq(w, words);
        collect_deeply();
        ck_assert_ptr_nonnull(gc_base((void *)object[3]));
        object[3] = (uintptr_t)gc_alloc(16);
        uintptr_t hidden = hide((void *)object[3]);
        object[2] = hide(NULL);
        collect_deeply();
        ck_assert_uint_eq(count_living(&hidden, 1), 1);
    }
}
END_TEST

START_TEST(other_sizes_are_refused)
{
    in_way(_i);
    gc_layout layout = make_two();
    ck_assert_int_eq(gc_layout_name(layout, "pair"), 0);
    void *object = gc_alloc_layout(layout);
    errno = 0;
    ck_assert_ptr_eq(gc_realloc(object, 64), object);
    ck_assert_int_eq(errno, 0);
    log_begin();
    ck_assert_ptr_null(gc_realloc(object, 65));
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_ptr_nonnull(strstr(log_lines(), "pair"));
    ck_assert_ptr_null(gc_realloc(object, 8));
    ck_assert_ptr_eq(gc_base(object), object);
}
END_TEST

/* A million of them, the last first, and each twice. */
START_TEST(offsets_in_any_order)
{
    enum { NAMED = 1000000 };
    size_t *offsets = malloc(2 * NAMED * sizeof *offsets);
    ck_assert_ptr_nonnull(offsets);
    for (size_t i = 0; i < 2 * NAMED; i++)
        offsets[i] = 8 * (NAMED - 1 - i % NAMED);
    gc_layout layout = gc_layout_new(8 * NAMED, offsets, 2 * NAMED);
    free(offsets);
    void **object = gc_alloc_layout(layout);
    ck_assert_ptr_nonnull(object);
    for (size_t i = 0; i < NAMED; i += 9999)
        object[i] = gc_strdup("named");
    kept[0] = object;
    gc_collect();
    for (size_t i = 0; i < NAMED; i += 9999)
        ck_assert_str_eq(object[i], "named");
}
END_TEST

TCase *layouts_case(void)
{
    TCase *t = tcase_create("layouts");
    tcase_add_loop_test(t, named_words_keep_and_others_do_not, 0, SHAPES * WAYS);
    tcase_add_loop_test(t, pointers_into_typed_objects, 0, WAYS);
    tcase_add_loop_test(t, long_list, 0, WAYS);
    tcase_add_loop_test(t, each_has_its_own_words, 0, WAYS);
    tcase_add_loop_test(t, freed_objects_come_again, 0, WAYS);
    tcase_add_loop_test(t, arrays_and_traced_objects_grow, 0, 2 * WAYS);
    tcase_add_loop_test(t, other_sizes_are_refused, 0, WAYS);
    tcase_add_test(t, offsets_in_any_order);
    return t;
}
