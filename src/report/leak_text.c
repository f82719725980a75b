/* The leak report as text for a terminal of 80 columns.  It decides neither which groups
 * are listed nor in what order.  Under the lock of reports. */
#include <unistd.h>

#include "base/options.h"
#include "report/leak.h"
#include "report/out.h"
#include "report/suppress.h"

enum { EXAMPLE_BYTES = 32, BYTES_PER_LINE = 16 };

static void print_contents(const struct leak_group *g)
{
    const struct leak *l = g->example;
    const unsigned char *bytes = (const unsigned char *)l->address;
    size_t shown = l->bytes < EXAMPLE_BYTES ? l->bytes : EXAMPLE_BYTES;
    out_print("  %s%zu byte%s at %p%s\n", g->objects > 1 ? "such as " : "", l->bytes,
              plural(l->bytes), (const void *)bytes,
              l->in_cycle ? ", part of a cycle" : "");
    for (size_t line = 0; line < shown; line += BYTES_PER_LINE) {
        out_print("    %04zx ", line);
        for (size_t i = line; i < line + BYTES_PER_LINE; i++)
            if (i < shown)
                out_print(" %02x", bytes[i]);
            else
                out_print("   ");
        out_print("  ");
        for (size_t i = line; i < shown && i < line + BYTES_PER_LINE; i++)
            out_print("%c", bytes[i] >= 32 && bytes[i] < 127 ? bytes[i] : '.');
        out_print("\n");
    }
}

static void print_group(const struct leak_group *g)
{
    static const char *const titles[] = {"Leak", "Indirect leak", "Possible leak"};
    out_print("\n%s of %zu byte%s in %zu object%s", titles[g->class], g->bytes,
              plural(g->bytes), g->objects, plural(g->objects));
    if (g->kept_objects)
        out_print(",\nwhich alone keep%s %zu byte%s in %zu more",
                  g->objects == 1 ? "s" : "", g->kept_bytes, plural(g->kept_bytes),
                  g->kept_objects);
    out_print("\n");
    if (g->stack)
        out_stack(g->stack);
    else
        out_print("    (where it was allocated is not known)\n");
    print_contents(g);
}

static void print_total(const char *name, struct leak_total t, const char *meaning)
{
    out_print("  %-11s %9zu object%s %12zu byte%s  %s\n", name, t.objects,
              t.objects == 1 ? " " : "s", t.bytes, t.bytes == 1 ? " " : "s", meaning);
}

static void print_suppression(void *argument, const struct suppression *s)
{
    (void)argument;
    out_print(s->objects ? "  suppressed by " : "  unused suppression: ");
    if (s->line)
        out_print("{%s} of line %d", s->name, s->line);
    else
        out_print("leak:%s", s->name);
    if (s->objects)
        out_print(": %zu object%s, %zu bytes", s->objects, plural(s->objects), s->bytes);
    out_print("\n");
}

void leak_print_text(const struct leak_report *r)
{
    out_print("\ngcalloc: leak report of process %d\n", getpid());
    for (size_t i = 0; i < r->listed; i++)
        print_group(&r->groups[i]);
    if (r->unlisted_groups)
        out_print("\nNot listed (option groups): %zu group%s, %zu object%s, %zu byte%s\n",
                  r->unlisted_groups, plural(r->unlisted_groups), r->unlisted.objects,
                  plural(r->unlisted.objects), r->unlisted.bytes,
                  plural(r->unlisted.bytes));
    out_print("\nSummary\n");
    print_total("definite", r->totals[LEAK_DEFINITE], "nothing points to them");
    print_total("indirect", r->totals[LEAK_INDIRECT], "only leaks point to them");
    print_total("possible", r->totals[LEAK_POSSIBLE], "only pointers inside");
    print_total("reachable", r->reachable, "not freed, still in use");
    if (r->totals[LEAK_SUPPRESSED].objects)
        print_total("suppressed", r->totals[LEAK_SUPPRESSED], "left out");
    suppress_each(print_suppression, NULL);
    if (r->unknown)
        out_print(
            "  nothing could be collected: what leaked is not known, see the log\n");
    else if (r->incomplete)
        out_print("  memory ran out: there are more leaks than these\n");
    if (!OPTION_NOW(gen_suppressions) || !r->listed)
        return;
    out_print("\nSuppressions\n");
    leak_print_suppressions(r);
}
