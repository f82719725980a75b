/* Checking for leaks: a collection finds them, and what they are is printed after it. */
#include "report/leak.h"

#include <gcalloc/gcalloc.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/meta.h"
#include "base/options.h"
#include "collect/collector.h"
#include "mutator/init.h"
#include "report/out.h"
#include "report/suppress.h"
#include "report/symbolize.h"

static struct leak_set found PRIVATE_DATA;

static void find_in_pause(struct heap *h, const struct range_list *stacks,
                          const struct range_list *roots,
                          const struct range_list *callbacks)
{
    leak_set_find(&found, h, &(struct leak_roots){stacks, roots, callbacks});
}

static int compare(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

static int by_class_and_stack(const void *a, const void *b)
{
    const struct leak *x = a, *y = b;
    int classes = compare(x->class, y->class);
    return classes ? classes : compare(x->stack, y->stack);
}

static int by_class_and_size(const void *a, const void *b)
{
    const struct leak_group *x = a, *y = b;
    int classes = compare(x->class, y->class);
    int sizes = compare(y->bytes + y->kept_bytes, x->bytes + x->kept_bytes);
    return classes ? classes : sizes ? sizes : compare(x->stack, y->stack);
}

static void add_to_group(struct leak_group *g, const struct leak *l)
{
    g->objects++;
    g->bytes += l->bytes;
    g->kept_objects += l->kept_objects;
    g->kept_bytes += l->kept_bytes;
    g->cycles += l->in_cycle;
    if (!g->example || l->bytes > g->example->bytes)
        g->example = l;
}

static struct leak_group *new_group(struct leak_report *r, const struct leak *l)
{
    struct leak_group *groups =
        meta_grow(r->groups, r->count, &r->capacity, sizeof *groups);
    if (!groups) {
        r->incomplete = true;
        return NULL;
    }
    r->groups = groups;
    groups[r->count] = (struct leak_group){.class = l->class, .stack = l->stack};
    return &groups[r->count++];
}

static void group_leaks(struct leak_report *r)
{
    struct leak_group *g = NULL;
    if (found.count)
        qsort(found.leaks, found.count, sizeof *found.leaks, by_class_and_stack);
    for (size_t i = 0; i < found.count; i++) {
        const struct leak *l = &found.leaks[i];
        if (!g || g->class != l->class || g->stack != l->stack)
            g = new_group(r, l);
        if (!g)
            return;
        add_to_group(g, l);
    }
}

/* Takes out what a suppression matches: definite leaks with all that only they keep. */
static void suppress_groups(struct leak_report *r)
{
    size_t kept = 0;
    for (size_t i = 0; i < r->count; i++) {
        struct leak_group *g = &r->groups[i];
        size_t objects = g->objects + g->kept_objects, bytes = g->bytes + g->kept_bytes;
        if (!suppress_stack(g->stack, objects, bytes)) {
            r->groups[kept++] = *g;
            continue;
        }
        r->suppressed.objects += objects;
        r->suppressed.bytes += bytes;
    }
    r->count = kept;
}

static void add_totals(struct leak_report *r)
{
    for (size_t i = 0; i < r->count; i++) {
        struct leak_total *t = &r->totals[r->groups[i].class];
        t->objects += r->groups[i].objects;
        t->bytes += r->groups[i].bytes;
    }
    r->reachable.objects = found.reachable_objects;
    r->reachable.bytes = found.reachable_bytes;
}

static void print(const struct leak_report *r)
{
    out_open();
    if (options.report_format == FORMAT_JSON)
        leak_print_json(r);
    else
        leak_print_text(r);
    out_close();
}

size_t gc_leak_check(void)
{
    static bool suppressions_read PRIVATE_DATA;
    if (!thread_is_ready())
        return 0;
    if (!suppressions_read && options.suppressions.text[0])
        suppress_load(options.suppressions.text);
    suppressions_read = true;

    struct leak_report r = {0};
    collector.leak_phase = find_in_pause;
    collector_run(CAUSE_LEAKS);
    collector.leak_phase = NULL;
    r.incomplete = found.incomplete;
    group_leaks(&r);
    suppress_groups(&r);
    if (r.count)
        qsort(r.groups, r.count, sizeof *r.groups, by_class_and_size);
    add_totals(&r);
    print(&r);
    symbolize_end();
    size_t lost = r.totals[LEAK_DEFINITE].objects + r.totals[LEAK_INDIRECT].objects;
    meta_free(r.groups, r.capacity * sizeof *r.groups);
    leak_set_clear(&found);
    return lost;
}
