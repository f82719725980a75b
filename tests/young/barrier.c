/* Option tracking: a program that tells of its writes itself, by gc_store and gc_write, and what becomes of those
 * that it does not tell of; and nobody telling of them. */
#include <gcalloc/inline.h>
#include <gcalloc/weakmap.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../api/sanitizer.h"
#include "young.h"

static struct container container;

static void told_by(const char *tracking, bool verified)
{
    ck_assert_int_eq(gc_option_set("tracking", tracking), 0);
    go_young("256K", verified);
}

/* ---- Stores that are told of ---------------------------------------------------------- */

static void store(void **cell, void *p)
{
    gc_store(container.object, cell, p);
}

static void store_inline(void **cell, void *p)
{
    gc_store_inline(container.object, cell, p);
}

/* Of words outside of the heap nothing is to be told. */
static void write_and_tell(void **cell, void *p)
{
    *(void *volatile *)cell = p;
    gc_write(container.object);
    gc_retain_until(p);
}

/* By a pointer to somewhere in the object. */
static void write_and_tell_inside(void **cell, void *p)
{
    *(void *volatile *)cell = p;
    gc_write((char *)container.object + 7);
    gc_retain_until(p);
}

static write_way *const ways[] = {store, store_inline, write_and_tell,
                                  write_and_tell_inside};

enum { WAYS = sizeof ways / sizeof ways[0] };

START_TEST(told)
{
    told_by("barrier", false);
    ck_assert_uint_gt(container_write(&container, _i, ways, WAYS), 0);
}
END_TEST

/* The library tells of what it copies itself. */
START_TEST(resized)
{
    static const size_t sizes[][2] = {
        {100, 400}, {100, 100000}, {100000, 200}, {1 << 20, 3 << 20}};
    const struct gc_inline_barrier *b = &gc_inline_barrier;
    char *object;
    told_by("barrier", false);
    gc_init();
    collect_young(2);
    object = gc_alloc(sizes[_i][0]);
    char *moved = gc_realloc(object, sizes[_i][1]);
    ck_assert_ptr_nonnull(moved);
    ck_assert_uint_gt(b->bytes, 0);
    if (moved != object)
        ck_assert_uint_eq(
            b->cards[((uintptr_t)moved - ~b->hidden_base) >> GC_INLINE_CARD_SHIFT], 1);
    gc_free(moved);
}
END_TEST

/* ---- Stores that are not ------------------------------------------------------------------ */

static void put_untold(void *where, size_t i, void *p)
{
    void *volatile *words = *(void ***)where;
    words[i * 600] = p;
}

/* The kernel is not asked, and so the option is what it says. */
START_TEST(untold)
{
    static void **words;
    struct place place = {put_untold, &words};
    told_by("barrier", false);
    ck_assert_int_eq(gc_option_set("young", "1G"), 0); /* none comes of itself */
    words = gc_alloc(VICTIMS * 600 * sizeof *words);
    collect(1);
    collect_young(2);
    struct victims *v = place_fill(place);
    collect_young(1);
    ck_assert_uint_eq(victims_living(v), 0);
    for (size_t i = 0; i < VICTIMS; i++)
        words[i * 600] = NULL;
    v = place_fill(place);
    gc_store(words, &words[0], words[0]);
    collect_young(1);
    ck_assert_uint_ge(victims_living(v), 1);
    ck_assert_uint_lt(victims_living(v), VICTIMS);
}
END_TEST

/* It says what is missing. */
START_TEST(untold_is_found)
{
    static void **words;
    int status, file;
    char said[4000] = "", log[] = "/tmp/barrier.XXXXXX";
    if (UNDER_TSAN)
        return;
    ck_assert_int_ge(file = mkstemp(log), 0);
    pid_t child = fork();
    if (child == 0) {
        ck_assert_int_eq(gc_option_set("log_file", log), 0);
        told_by("barrier", true);
        words = gc_alloc(VICTIMS * 600 * sizeof *words);
        collect(1);
        collect_young(2);
        place_fill((struct place){put_untold, &words});
        collect_young(1);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    unlink(log);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    ck_assert_int_gt(read(file, said, sizeof said - 1), 0);
    close(file);
    ck_assert_msg(strstr(said, "gc_store") != NULL, "%s", said);
}
END_TEST

START_TEST(nobody_tells)
{
    static void *words[VICTIMS];
    told_by("0", false);
    gc_init();
    struct victims *v = place_fill(place_words(words));
    collect_young(2);
    victims_assert_intact(v);
    ck_assert_uint_eq(young_collections(), 0);
}
END_TEST

START_TEST(set_at_the_start_only)
{
    gc_init();
    errno = 0;
    ck_assert_int_eq(gc_option_set("tracking", "barrier"), -1);
    ck_assert_int_ne(errno, 0);
}
END_TEST

/* ---- Where nothing is to be told of -------------------------------------------------------- */

START_TEST(outside)
{
    static void *in_data;
    void *volatile on_stack;
    void **elsewhere = malloc(sizeof *elsewhere);
    if (_i)
        told_by("barrier", false);
    gc_write(&in_data); /* also before there is a heap */
    gc_store(NULL, &in_data, &in_data);
    gc_init();
    collect_young(2);
    for (int i = 0; i < 3; i++) {
        gc_store(NULL, &in_data, gc_alloc(16));
        gc_store(NULL, (void *)&on_stack, in_data);
        gc_store_inline(elsewhere, elsewhere, in_data);
        gc_write(NULL);
        gc_write((void *)&on_stack);
        gc_write(elsewhere);
        gc_write((void *)UINTPTR_MAX);
        collect_young(1);
        ck_assert_ptr_eq(gc_base(in_data), in_data);
        ck_assert(on_stack == in_data && *elsewhere == in_data);
    }
    free(elsewhere);
}
END_TEST

/* ---- The process -------------------------------------------------------------------------- */

static void use(void)
{
    struct writing w = {&container, store};
    container_make(&container, 1);
    for (int i = 0; i < 3; i++)
        live_once(writing_place(&w));
}

START_TEST(from_the_program_break)
{
    ck_assert_int_eq(gc_option_set("os", "sbrk"), 0);
    told_by("barrier", true);
    use();
    ck_assert_uint_gt(young_collections(), 0);
}
END_TEST

/* The child goes on where its parent was. */
START_TEST(in_a_child)
{
    struct writing w = {&container, store};
    struct place place = writing_place(&w);
    told_by("barrier", true);
    use();
    struct victims *v = place_fill(place);
    uint64_t before = young_collections();
    pid_t child = fork();
    int status;
    if (child == 0) {
        collect_young(1);
        victims_assert_intact(v);
        if (young_collections() != before + 1)
            abort();
        live_once(place);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    collect_young(1);
    victims_assert_intact(v);
}
END_TEST

/* What the library itself stores to objects. */
START_TEST(weak_maps_grow)
{
    static gc_weakmap *map;
    enum { KEYS = 3000 };
    static void *keys[KEYS];
    told_by("barrier", true);
    map = gc_weakmap_new(GC_WEAK_KEYS, NULL, NULL, NULL);
    collect(1);
    collect_young(2);
    for (size_t i = 0; i < KEYS; i++) {
        keys[i] = gc_alloc(16);
        ck_assert_int_eq(gc_weakmap_put(map, keys[i], gc_alloc(32)), 0);
        if (i % 300 == 0)
            collect_young(1);
    }
    collect_young(2);
    for (size_t i = 0; i < KEYS; i++)
        ck_assert_ptr_nonnull(gc_base(gc_weakmap_get(map, keys[i])));
}
END_TEST

TCase *barrier_case(void)
{
    TCase *t = tcase_create("barrier");
    tcase_add_loop_test(t, told, 0, SORTS);
    tcase_add_loop_test(t, resized, 0, 4);
    tcase_add_test(t, untold);
    tcase_add_test(t, untold_is_found);
    tcase_add_test(t, nobody_tells);
    tcase_add_test(t, set_at_the_start_only);
    tcase_add_loop_test(t, outside, 0, 2);
    tcase_add_test(t, from_the_program_break);
    tcase_add_test(t, in_a_child);
    tcase_add_test(t, weak_maps_grow);
    return t;
}
