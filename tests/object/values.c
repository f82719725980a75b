/* What objects lead to that are about to end: by a pointer, or as the value of an ephemeron or of a
 * weak map.  Whoever sees the object once more, its finalizer or who has it from a guardian, finds that as
 * it was: not finalised yet, not destroyed yet. */
#include <gcalloc/counted.h>
#include <gcalloc/finalizer.h>
#include <gcalloc/weak.h>
#include <gcalloc/weakmap.h>

#include "object.h"
#include "witness.h"

enum { MANY = 11000 }; /* more than the phases look at one by one */

/* How the first object of a pair leads to the second one. */
enum by { BY_POINTER, BY_EPHEMERON, BY_MAP, BYS };

/* What the second one is: what would be done to it too early; and what it points to itself. */
enum what { COUNTED, FINALIZABLE, BEHIND, WHATS };

struct value {
    void *back; /* the first object; NULL: none */
    bool ended;
};

struct first {
    void *to; /* if it leads there by a pointer */
    size_t number;
};

static gc_weakmap *map; /* a root, as are the others */
static gc_ephemeron *ephemerons[MANY];
static gc_guardian *guardian;
static uintptr_t values[MANY]; /* hidden */
static size_t seen, ended;

static void destroy(void *object)
{
    ((struct value *)object)->ended = true;
    ended++;
}

static void finalize_value(void *object, void *unused)
{
    (void)unused;
    destroy(object);
}

/* Whoever comes to see the first object sees its value. */
static void see(void *object, void *unused)
{
    const struct first *f = object;
    const struct value *v = reveal(values[f->number]);
    (void)unused;
    if (v->ended)
        ck_abort_msg("the value of object %zu ended before it", f->number);
    seen++;
}

static struct value *make_value(enum what what)
{
    struct value *v =
        what == COUNTED ? gc_counted_new(sizeof *v, destroy) : gc_alloc(sizeof *v);
    if (!v)
        ck_abort_msg("no memory for a value");
    *v = (struct value){0};
    if (what != COUNTED && gc_finalizer_set(v, finalize_value, NULL))
        ck_abort_msg("no finalizer for a value");
    return v;
}

static void lead(struct first *f, void *to, enum by by)
{
    f->to = by == BY_POINTER ? to : NULL;
    if (by == BY_EPHEMERON && !(ephemerons[f->number] = gc_ephemeron_new(f, to)))
        ck_abort_msg("no ephemeron");
    if (by == BY_MAP && gc_weakmap_put(map, f, to) != 0)
        ck_abort_msg("no entry");
}

struct plan {
    enum by by;
    enum what what;
    bool guarded, back;
    size_t count;
};

static void make_one(const struct plan *p, size_t number)
{
    struct first *f = gc_alloc(sizeof *f);
    struct value *v = make_value(p->what);
    void **between = p->what == BEHIND ? gc_alloc(sizeof *between) : NULL;
    f->number = number;
    v->back = p->back ? f : NULL;
    values[number] = hide(v);
    if (between)
        *between = v;
    lead(f, between ? (void *)between : v, p->by);
    if (p->guarded ? gc_guardian_add(guardian, f)
                   : gc_finalizer_set(f, see, NULL) != NULL)
        ck_abort_msg("object %zu is not watched", number);
}

static void make(void *plan)
{
    const struct plan *p = plan;
    map = gc_weakmap_new(GC_WEAK_KEYS, 0, NULL, NULL);
    guardian = gc_guardian_new();
    for (size_t i = 0; i < p->count; i++)
        make_one(p, i);
}

static void fetch(void *unused)
{
    struct first *f;
    while ((f = gc_guardian_get(guardian)))
        see(f, unused);
}

/* What there is to be seen after a collection. */
static void see_all(const struct plan *p)
{
    collect(1);
    if (p->guarded)
        deeply(fetch, NULL);
    run_ready();
}

/* Each is seen, before its value ends, and the values end afterwards. */
static void try_plan(struct plan *p)
{
    seen = ended = 0;
    memset(ephemerons, 0, sizeof ephemerons);
    deeply(make, p);
    see_all(p);
    ck_assert_msg(seen == p->count,
                  "by %d, what %d, guarded %d, back %d: %zu of %zu were seen", p->by,
                  p->what, p->guarded, p->back, seen, p->count);
    ck_assert_uint_eq(ended, 0);
    for (int i = 0; i < 3 && ended < p->count; i++)
        see_all(p);
    ck_assert_uint_eq(ended, p->count);
    ck_assert_uint_eq(seen, p->count);
}

START_TEST(values_end_after)
{
    struct plan p = {.by = (enum by)(_i % BYS),
                     .what = (enum what)(_i / BYS % WHATS),
                     .guarded = _i / BYS / WHATS % 2,
                     .count = 10};
    try_plan(&p);
    p.count = MANY;
    try_plan(&p);
}
END_TEST

/* The value has a pointer to its key, which does not keep the key; a finalizer of the value runs when it
 * may, as the two are a circle. */
START_TEST(values_that_lead_back)
{
    struct plan p = {.by = (enum by)(BY_EPHEMERON + _i % 2),
                     .what = COUNTED,
                     .guarded = _i / 2,
                     .back = true,
                     .count = 10};
    log_begin();
    try_plan(&p);
    p.count = MANY;
    try_plan(&p);
    ck_assert_uint_eq(log_count("reaches itself"), 0);
}
END_TEST

TCase *values_case(void)
{
    TCase *tc = tcase_create("values");
    tcase_add_loop_test(tc, values_end_after, 0, BYS * WHATS * 2);
    tcase_add_loop_test(tc, values_that_lead_back, 0, 4);
    return tc;
}
