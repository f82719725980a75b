/* Finalizers in random graphs, against a computation of its own of who may be finalised when: by closure
 * from each candidate, one after the other, where the library marks all at once. */
#include "object.h"

#include <stdlib.h>
#include <string.h>

#include "witness.h"

enum { VERTICES_MOST = 30000, DEGREE = 3, ROUNDS_MOST = 12 };

struct vertex {
    struct vertex *to[DEGREE];
    size_t number;
};

/* In memory of malloc's, which is not scanned. */
static struct model {
    size_t count;
    uintptr_t hidden[VERTICES_MOST];
    uint32_t to[VERTICES_MOST][DEGREE]; /* number + 1; 0: nowhere */
    bool ordered[VERTICES_MOST], unordered[VERTICES_MOST], rooted[VERTICES_MOST];
    bool ready[VERTICES_MOST]; /* as the model has it, in this round */
    bool called[VERTICES_MOST];
    bool alive[VERTICES_MOST];
    uint32_t stack[VERTICES_MOST];
    uintptr_t living[VERTICES_MOST], dead[VERTICES_MOST];
} * model;

static void *roots[VERTICES_MOST / 50]; /* the library's view of those that are rooted */
static size_t root_count;

static uint64_t seed;

static uint32_t roll(size_t sides)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((seed >> 33) % sides);
}

/* ---- The model ------------------------------------------------------------------------------ */

/* Everything from here on is reached; `self`: but for the way from the vertex to itself directly. */
static void close_over(bool *reached, uint32_t first, bool with_first)
{
    size_t depth = 0;
    uint32_t at = first;
    if (with_first && reached[first])
        return;
    reached[first] |= with_first;
    for (bool direct = !with_first;; direct = false) {
        for (size_t i = 0; i < DEGREE; i++) {
            uint32_t to = model->to[at][i];
            if (!to-- || reached[to] || (direct && to == first))
                continue;
            reached[to] = true;
            model->stack[depth++] = to;
        }
        if (depth == 0)
            return;
        at = model->stack[--depth];
    }
}

/* Who is ready after a collection, given who is alive. */
static size_t expect(void)
{
    static bool reached[VERTICES_MOST], kept[VERTICES_MOST];
    size_t count = 0, n = model->count;
    memset(reached, 0, sizeof reached);
    memset(model->ready, 0, sizeof model->ready);
    for (uint32_t v = 0; v < n; v++)
        if (model->rooted[v])
            close_over(reached, v, true);
    for (uint32_t v = 0; v < n; v++)
        model->ready[v] = model->unordered[v] && !reached[v];
    for (uint32_t v = 0; v < n; v++)
        if (model->ready[v])
            close_over(reached, v, true);
    memcpy(kept, reached, sizeof kept);
    for (uint32_t v = 0; v < n; v++)
        if (model->ordered[v] && !kept[v])
            close_over(reached, v, false);
    for (uint32_t v = 0; v < n; v++) {
        bool taken = model->ordered[v] && !reached[v];
        model->ready[v] |= taken;
        model->unordered[v] &= !model->ready[v];
        model->ordered[v] &= !taken;
        count += model->ready[v];
    }
    for (uint32_t v = 0; v < n; v++)
        if (model->ready[v])
            close_over(reached, v, true);
    memcpy(model->alive, reached, sizeof reached);
    return count;
}

/* ---- The library ---------------------------------------------------------------------------- */

static void note(void *object, void *data)
{
    const struct vertex *v = object;
    (void)data;
    ck_assert_uint_lt(v->number, model->count);
    if (model->called[v->number] || !model->ready[v->number])
        ck_abort_msg("vertex %zu is finalised too early, or again", v->number);
    model->called[v->number] = true;
    for (size_t i = 0; i < DEGREE; i++)
        if (v->to[i] && v->to[i]->number + 1 != model->to[v->number][i])
            ck_abort_msg("what vertex %zu points to is not what it was", v->number);
}

static void register_it(uint32_t n)
{
    struct vertex *v = reveal(model->hidden[n]);
    unsigned flags = model->unordered[n] ? GC_UNORDERED : 0;
    if (model->ordered[n] || model->unordered[n])
        ck_assert(gc_finalizer_set_with(v, note, NULL, flags) == NULL);
    for (size_t i = 0; i < DEGREE; i++)
        if (model->to[n][i])
            v->to[i] = reveal(model->hidden[model->to[n][i] - 1]);
    if (model->rooted[n])
        roots[root_count++] = v;
}

static void make(void *unused)
{
    (void)unused;
    gc_disable();
    for (uint32_t n = 0; n < model->count; n++) {
        struct vertex *v = gc_alloc(sizeof *v);
        v->number = n;
        model->hidden[n] = hide(v);
    }
    for (uint32_t n = 0; n < model->count; n++)
        register_it(n);
    gc_enable();
}

/* Mostly to later ones, so that there are chains and few circles, or to any. */
static void choose(size_t count, size_t density, bool circles)
{
    model->count = count;
    for (uint32_t n = 0; n < count; n++) {
        for (size_t i = 0; i < DEGREE; i++) {
            uint32_t to = circles && roll(4) == 0 ? roll(count) : n + 1 + roll(40);
            model->to[n][i] = roll(100) < density && to < count ? to + 1 : 0;
        }
        bool has = roll(2);
        model->unordered[n] = has && roll(5) == 0;
        model->ordered[n] = has && !model->unordered[n];
        model->rooted[n] =
            roll(100) == 0 && root_count + 1 < sizeof roots / sizeof roots[0];
        root_count += model->rooted[n];
    }
    root_count = 0;
}

static size_t seen_alive, seen_gone, seen_ready;

static void compare(size_t ready)
{
    collect(1);
    ck_assert_uint_eq(gc_finalizers_ready(), ready);
    for (size_t n = 0; n < model->count; n++)
        model->called[n] = false;
    ck_assert_uint_eq(run_ready(), ready);
    size_t alive = 0, gone = 0;
    for (size_t n = 0; n < model->count; n++) {
        if (model->called[n] != model->ready[n])
            ck_abort_msg("vertex %zu is not finalised", n);
        if (model->alive[n])
            model->living[alive++] = model->hidden[n];
        else
            model->dead[gone++] = model->hidden[n];
    }
    ck_assert_uint_eq(count_living(model->living, alive), alive);
    ck_assert_uint_eq(count_living(model->dead, gone), 0);
    seen_alive += alive, seen_gone += gone, seen_ready += ready;
}

static const struct {
    size_t count, density;
    bool circles;
} sorts[] = {{10, 40, true},    {30, 30, true},    {200, 40, true},   {200, 25, false},
             {3000, 20, true},  {3000, 35, false}, {30000, 12, true}, {30000, 30, false},
             {30000, 0, false}, {20000, 45, true}};

enum { SORTS = sizeof sorts / sizeof sorts[0], OF_EACH = 2 };

/* Some die in each round. */
START_TEST(random_graphs)
{
    size_t sort = (size_t)_i % SORTS;
    seed = (uint64_t)_i;
    model = calloc(1, sizeof *model);
    ck_assert_ptr_nonnull(model);
    ck_assert_int_eq(gc_option_set("log_file", "/dev/null"), 0);
    choose(sorts[sort].count, sorts[sort].density, sorts[sort].circles);
    deeply(make, NULL);
    for (int round = 0; round < ROUNDS_MOST; round++) {
        size_t ready = expect();
        compare(ready);
        if (round == 2) {
            memset(roots, 0, sizeof roots);
            memset(model->rooted, 0, sizeof model->rooted);
        }
    }
    ck_assert(seen_alive > 0 && seen_gone > 0 && seen_ready > 0);
}
END_TEST

TCase *graphs_case(void)
{
    TCase *tc = tcase_create("graphs");
    tcase_add_loop_test(tc, random_graphs, 0, SORTS * OF_EACH);
    return tc;
}
