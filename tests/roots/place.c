/* Victims, places, and the art of leaving no stale word behind. */
#include "place.h"

#include <alloca.h>
#include <stdlib.h>
#include <string.h>

enum { GAP = 32 << 10 }; /* no collection's frames reach further down */

static NOINLINE void run_below_gap(void (*work)(void *), void *argument)
{
    void *volatile gap = alloca(GAP);
    work(argument);
    explicit_bzero(gap, GAP);
}

static NOINLINE void overwrite_stack(void)
{
    enum { BYTES = 4 * GAP };
    void *volatile rest = alloca(BYTES);
    explicit_bzero(rest, BYTES);
}

/* Its arguments take the place of old ones: swapcontext saves those registers too. */
static NOINLINE void overwrite_registers(long a, long b, long c, long d, long e, long f)
{
    __asm__ volatile("" ::"r"(a), "r"(b), "r"(c), "r"(d), "r"(e), "r"(f));
}

/* A signal saves the vector registers, where memmove may have left what it moved: so it
 * moves zeros, once as many as it loads before it stores, once as many as take a loop. */
static NOINLINE void overwrite_vectors(void)
{
    static char zeros[8192];
    for (size_t bytes = 16; bytes <= sizeof zeros / 2; bytes *= 2)
        memmove(zeros, zeros + 64, bytes);
}

NOINLINE void deeply(void (*work)(void *), void *argument)
{
    run_below_gap(work, argument);
    overwrite_stack();
    overwrite_vectors();
    overwrite_registers(0, 0, 0, 0, 0, 0);
}

NOINLINE void collect(unsigned times)
{
    while (times-- > 0)
        gc_collect();
}

NOINLINE uintptr_t hide(const void *p)
{
    return ~(uintptr_t)p;
}

NOINLINE void *reveal(uintptr_t hidden)
{
    return (void *)~hidden;
}

struct count {
    const uintptr_t *hidden;
    size_t count, living;
};

static void count_them(void *argument)
{
    struct count *c = argument;
    for (size_t i = 0; i < c->count; i++)
        c->living += gc_base(reveal(c->hidden[i])) != NULL;
}

size_t count_living(const uintptr_t *hidden, size_t count)
{
    struct count c = {hidden, count, 0};
    deeply(count_them, &c);
    return c.living;
}

enum { PERIOD = 256 }; /* bytes, after which a pattern begins again */

static size_t within_period(size_t size)
{
    return size < PERIOD ? size : PERIOD;
}

static unsigned char pattern(size_t i, size_t seed)
{
    return (unsigned char)((i * 7 + seed) | 1);
}

/* Bytes that are written are copied, as a loop over each takes most of the time of a test at -O0. */
void write_pattern(void *object, size_t size, size_t seed)
{
    unsigned char *bytes = object;
    size_t done = within_period(size);
    for (size_t i = 0; i < done; i++)
        bytes[i] = pattern(i, seed);
    while (done < size) {
        size_t more = size - done < done ? size - done : done;
        memcpy(bytes + done, bytes, more);
        done += more;
    }
}

bool has_pattern(const void *object, size_t size, size_t seed)
{
    const unsigned char *bytes = object;
    size_t first = within_period(size);
    for (size_t i = 0; i < first; i++)
        if (bytes[i] != pattern(i, seed))
            return false;
    return memcmp(bytes, bytes + first, size - first) == 0;
}

/* ---- Victims ------------------------------------------------------------------- */

struct sort {
    size_t size;
    void *(*allocate)(size_t size);
};

/* No small atomic ones: a pointer on the stack to the object behind would keep them, as
 * one past the end. */
static const struct sort sorts[] = {{16, gc_alloc},           {24, gc_alloc},
                                    {300, gc_alloc_atomic},   {200, gc_alloc},
                                    {256, gc_alloc},          {1000, gc_alloc_atomic},
                                    {5000, gc_alloc},         {9000, gc_alloc},
                                    {40000, gc_alloc_atomic}, {70000, gc_alloc_atomic},
                                    {150000, gc_alloc}};

enum {
    SORTS = sizeof sorts / sizeof sorts[0],
    SHORT_SORTS = 8, /* of which there are many victims */
};

/* Victims of the long sorts lie among the first ones, and there is one of each: their bytes, which are written,
 * marked and compared each time, would take most of the time of the tests. */
static const struct sort *sort_of(size_t i)
{
    return &sorts[i < SORTS ? i : i % SHORT_SORTS];
}

struct victims *victims_create(void)
{
    struct victims *v = malloc(sizeof *v);
    ck_assert_ptr_nonnull(v);
    for (size_t i = 0; i < VICTIMS; i++)
        v->hidden[i] = hide(NULL);
    return v;
}

void *victim_allocate(struct victims *v, size_t i)
{
    const struct sort *sort = sort_of(i);
    void *p = sort->allocate(sort->size);
    ck_assert_ptr_nonnull(p);
    write_pattern(p, sort->size, i);
    v->hidden[i] = hide(p);
    return p;
}

size_t victims_living(const struct victims *v)
{
    return count_living(v->hidden, VICTIMS);
}

static void read_them(void *argument)
{
    const struct victims *v = argument;
    for (size_t i = 0; i < VICTIMS; i++)
        ck_assert_msg(has_pattern(reveal(v->hidden[i]), sort_of(i)->size, i),
                      "the contents of victim %zu have changed", i);
}

void victims_assert_intact(const struct victims *v)
{
    ck_assert_uint_eq(victims_living(v), VICTIMS);
    deeply(read_them, (void *)(uintptr_t)v);
}

void victims_assert_gone(const struct victims *v)
{
    collect(1);
    ck_assert_uint_eq(victims_living(v), 0);
}

/* ---- Places -------------------------------------------------------------------- */

static void put_word(void *where, size_t i, void *p)
{
    ((void **)where)[i] = p;
}

struct place place_words(void **words)
{
    return (struct place){put_word, words};
}

struct filling {
    struct place place;
    struct victims *victims;
};

static void fill(void *argument)
{
    const struct filling *f = argument;
    for (size_t i = 0; i < VICTIMS; i++)
        f->place.put(f->place.where, i, victim_allocate(f->victims, i));
}

struct victims *place_fill(struct place place)
{
    struct filling f = {place, victims_create()};
    deeply(fill, &f);
    return f.victims;
}

static void clear(void *argument)
{
    const struct filling *f = argument;
    for (size_t i = 0; i < VICTIMS; i++)
        f->place.put(f->place.where, i, NULL);
}

void place_clear(struct place place)
{
    struct filling f = {.place = place};
    deeply(clear, &f);
}

void place_check(struct place place)
{
    struct victims *v = place_fill(place);
    collect(COLLECTIONS);
    victims_assert_intact(v);
    place_clear(place);
    victims_assert_gone(v);
    free(v);
}
