/* Leaks by where they were allocated.  There may be many millions, of a few thousand places: they are not sorted, and each
 * place is looked for in a table. */
#include <stdlib.h>

#include "base/bits.h"
#include "base/meta.h"
#include "base/options.h"
#include "base/probe.h"
#include "base/table.h"
#include "report/leak.h"
#include "report/suppress.h"
#include "trace/depot.h"

/* Leaks of one class and stack. */
struct place {
    uintptr_t key;
    uint32_t next;
    uint32_t group;     /* by number, plus 1 */
    size_t suppression; /* that matches the stack, or SUPPRESS_NONE */
};

/* Under the lock of reports; empty between two uses. */
static struct table places PRIVATE_DATA = {
    .account = ACCOUNT_REPORTS,
    .entry_bytes = sizeof(struct place),
    .key_count = 1,
    .keys = {{offsetof(struct place, key), offsetof(struct place, next)}},
};

/* The lowest three bits of a key do not count. */
static uintptr_t key_of(const struct leak *l)
{
    return ((uintptr_t)l->stack * LEAK_CLASSES + l->class) << 3;
}

static struct place *find_place(const struct leak *l)
{
    uint32_t number = table_find(&places, 0, key_of(l));
    return number ? table_at(&places, number) : NULL;
}

static void forget_places(void)
{
    while (places.count)
        table_remove(&places, places.count);
}

/* ---- Suppressions ------------------------------------------------------------------------------ */

/* Without memory to note the answer it is found anew each time. */
static size_t suppression_of(const struct leak *l, bool known)
{
    const struct place *p = find_place(l);
    if (p)
        return p->suppression;
    size_t found = suppress_stack(l->stack, known ? 1 << l->class : SUPPRESS_NO_CLASS);
    table_add(&places, &(struct place){.key = key_of(l), .suppression = found});
    return found;
}

bool leak_suppress(struct leak *leaks, size_t count, bool known)
{
    bool some = false;
    for (size_t i = 0; suppressions.count && i < count; i++) {
        struct leak *l = &leaks[i];
        if (l->class == LEAK_SUPPRESSED)
            continue;
        size_t suppression = suppression_of(l, known);
        if (suppression == SUPPRESS_NONE)
            continue;
        l->class = LEAK_SUPPRESSED;
        l->suppression = (uint32_t)suppression;
        some = true;
    }
    forget_places();
    return some;
}

/* ---- Groups ------------------------------------------------------------------------------------- */

static int compare(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

static int by_class_and_size(const void *a, const void *b)
{
    const struct leak_group *x = a, *y = b;
    int classes = compare(x->class, y->class);
    int sizes = compare(y->bytes + y->kept_bytes, x->bytes + x->kept_bytes);
    return classes ? classes : sizes ? sizes : compare(x->stack, y->stack);
}

static void add_to_group(struct leak_group *g, const struct leak *l,
                         const struct kept *kept)
{
    g->objects++;
    g->bytes += l->bytes;
    if (l->class == LEAK_DEFINITE && kept) {
        g->kept_objects += kept->objects;
        g->kept_bytes += kept->bytes;
    }
    g->cycles += l->in_cycle;
    if (!g->example || l->bytes > g->example->bytes ||
        (l->bytes == g->example->bytes && l->address < g->example->address))
        g->example = l;
}

/* NULL: there is no memory. */
static struct leak_group *new_group(struct leak_report *r, const struct leak *l)
{
    struct place p = {.key = key_of(l), .group = (uint32_t)r->count + 1};
    struct leak_group *groups =
        meta_grow(ACCOUNT_REPORTS, r->groups, r->count, &r->capacity, sizeof *groups);
    if (groups)
        r->groups = groups;
    if (!groups || !table_add(&places, &p)) {
        r->incomplete = true;
        return NULL;
    }
    groups[r->count] = (struct leak_group){.class = l->class, .stack = l->stack};
    return &groups[r->count++];
}

/* For tracers: the object, and the innermost place of the stack that allocated it. */
static void probe(const struct leak *l)
{
    const uintptr_t *frames;
    uintptr_t site = depot_get(l->stack, &frames) ? frames[0] : 0;
    PROBE3(leak, l->address, l->bytes, site);
}

static void add_total(struct leak_report *r, const struct leak *l)
{
    r->totals[l->class].objects++;
    r->totals[l->class].bytes += l->bytes;
    if (l->class == LEAK_SUPPRESSED)
        suppress_count(l->suppression, l->bytes);
}

static struct leak_group *group_of(struct leak_report *r, const struct leak *l)
{
    const struct place *p = find_place(l);
    return p ? &r->groups[p->group - 1] : new_group(r, l);
}

static void limit_groups(struct leak_report *r)
{
    size_t limit = OPTION_NOW(groups);
    r->listed = limit && limit < r->count ? limit : r->count;
    r->unlisted_groups = r->count - r->listed;
    for (size_t i = r->listed; i < r->count; i++) {
        r->unlisted.objects += r->groups[i].objects;
        r->unlisted.bytes += r->groups[i].bytes;
    }
}

void leak_group(struct leak_report *r, const struct leak_set *s)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct leak *l = &s->leaks[i];
        add_total(r, l);
        if (l->class == LEAK_SUPPRESSED)
            continue;
        probe(l);
        struct leak_group *g = group_of(r, l);
        if (g)
            add_to_group(g, l, s->kept ? &s->kept[i] : NULL);
    }
    forget_places();
    if (r->count)
        qsort(r->groups, r->count, sizeof *r->groups, by_class_and_size);
    r->reachable = (struct leak_total){s->reachable_objects, s->reachable_bytes};
    limit_groups(r);
}
