/* The summary of a recording, a table of sites, and a call stack of the heaviest of them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "report.h"
#include "ways.h"

enum { STACKS = 5, STACK_FRAMES = 12, NAME_MOST = 100 };

/* Names of templates have no end. */
static void print_name(const char *name)
{
    char text[NAME_MOST + 4];
    size_t length = strnlen(name, NAME_MOST);
    memcpy(text, name, length);
    strcpy(text + length, name[length] ? "..." : "");
    print_safely(text);
}

static struct size_text size_of(double bytes)
{
    struct size_text s = size_text((size_t)(fabs(bytes) + 0.5));
    if (bytes > -0.5)
        return s;
    struct size_text negative;
    snprintf(negative.text, sizeof negative.text, "-%.22s", s.text);
    return negative;
}

static void print_percent(double part, double whole)
{
    if (whole > 0)
        printf(" (%.1f %%)", 100 * part / whole);
}

static void print_amount(const char *what, const struct amount *a)
{
    printf("%-11s %12s in %.0f objects", what, size_of(a->bytes).text, a->objects);
}

/* Those of samples are not known more exactly than the distance between these. */
static void print_lifetimes(const struct replay *p)
{
    double objects = p->total.gone.objects, until = 0;
    if (objects <= 0)
        return;
    printf("lifetimes   in bytes that were allocated meanwhile:\n           ");
    for (unsigned i = 0; i < LIFETIMES && until < objects * 0.9999; i++) {
        until += p->lifetimes[i].objects;
        if (until == 0 || (lifetime_limit(i) && lifetime_limit(i) < p->recording->every))
            continue;
        if (lifetime_limit(i))
            printf(" %.1f %% < %s;", 100 * until / objects,
                   size_of((double)lifetime_limit(i)).text);
    }
    printf(" mean %s\n", size_of(p->total.lifetimes / objects).text);
}

static void print_process(const struct replay *p)
{
    uint64_t heap = 0, resident = 0;
    if (!p->moment_count)
        return;
    for (size_t i = 0; i < p->moment_count; i++) {
        heap = p->moments[i].heap > heap ? p->moments[i].heap : heap;
        resident = p->moments[i].resident > resident ? p->moments[i].resident : resident;
    }
    const struct moment *last = &p->moments[p->moment_count - 1];
    printf("process     heap at most %s, resident at most %s, %.2f s",
           size_of((double)heap).text, size_of((double)resident).text, last->seconds);
    if (last->collections)
        printf(", %llu collections of %.1f ms together",
               (unsigned long long)last->collections, last->pauses * 1e3);
    putchar('\n');
}

static void print_leaked(const struct use *total)
{
    if (total->of[LEAKED].objects <= 0)
        return;
    print_amount("leaked", &total->of[LEAKED]);
    puts(", at the end of the program");
}

static void print_summary(const struct report *report)
{
    const struct recording *r = &report->now.recording;
    const struct replay *p = &report->now.replay;
    printf("recording   ");
    print_safely(r->command[0] ? r->command : r->program);
    printf(" (process %llu), ", (unsigned long long)r->process);
    if (r->every)
        printf("one object for %s: figures are estimates\n",
               size_of((double)r->every).text);
    else
        printf("every object\n");
    print_amount("allocated", &p->total.of[ALLOCATED]);
    printf(", of which %.0f temporary", p->total.of[TEMPORARY].objects);
    print_percent(p->total.of[TEMPORARY].objects, p->total.of[ALLOCATED].objects);
    putchar('\n');
    print_amount("peak", &p->total.of[PEAK]);
    printf(", after %.2f s\n", p->peak_seconds);
    print_amount("end", &p->total.of[END]);
    putchar('\n');
    print_leaked(&p->total);
    if (p->dead.objects > 0) {
        print_amount("collected", &p->dead);
        putchar('\n');
    }
    print_lifetimes(p);
    print_process(p);
}

static void print_place(const struct site *s)
{
    print_name(s->function ? s->function : "(stack not known)");
    if (s->file) {
        printf("  ");
        print_safely(last_part(s->file));
        printf(":%d", s->line);
    }
    putchar('\n');
}

static void print_cell(const struct amount *a)
{
    printf(" %10s %9.0f", size_of(a->bytes).text, a->objects);
}

static size_t listed(const struct report *r, const struct sites *s)
{
    return r->top && r->top < s->count ? r->top : s->count;
}

static void print_rest(const struct report *r, const struct sites *s)
{
    if (listed(r, s) < s->count)
        printf("... and %zu more sites: --top=0 lists all\n", s->count - listed(r, s));
}

static bool has_leaked(const struct report *r)
{
    return r->now.replay.total.of[LEAKED].objects > 0;
}

static void print_heads(const struct report *r, const char *what)
{
    printf("\nby %s: bytes and objects of each %s\n\n", measure_names[r->by], what);
    printf("%15s %20s %20s %20s", "peak", "end", "allocated", "temporary");
    printf(has_leaked(r) ? " %20s   %s\n" : "%s   %s\n", has_leaked(r) ? "leaked" : "",
           what);
}

static void print_row(const struct report *r, const struct amount *of)
{
    print_cell(&of[PEAK]);
    print_cell(&of[END]);
    print_cell(&of[ALLOCATED]);
    print_cell(&of[TEMPORARY]);
    if (has_leaked(r))
        print_cell(&of[LEAKED]);
    printf("  ");
}

static void print_table(const struct report *r, const struct sites *s)
{
    print_heads(r, "site");
    for (size_t i = 0; i < listed(r, s); i++) {
        print_row(r, s->list[i].use.of);
        print_place(&s->list[i]);
    }
    print_rest(r, s);
}

/* A type in the table of them. */
struct row {
    const char *name;
    const struct amount *of;
    double by;
};

static int compare_rows(const void *left, const void *right)
{
    const struct row *a = left, *b = right;
    return a->by != b->by ? (a->by < b->by ? 1 : -1) : strcmp(a->name, b->name);
}

/* Where there is more than one. */
static void print_types(const struct report *r)
{
    const struct recording *recording = &r->now.recording;
    struct row *rows = NULL;
    size_t count = 0, room = 0;
    for (size_t i = 0; i < recording->type_count; i++) {
        const struct amount *of = r->now.replay.types[i];
        if (of[ALLOCATED].objects == 0 || !recording->types[i].name)
            continue;
        rows = grown(rows, count, &room, sizeof *rows);
        rows[count++] = (struct row){recording->types[i].name, of, of[r->by].bytes};
    }
    if (count > 1) {
        qsort(rows, count, sizeof *rows, compare_rows);
        print_heads(r, "type");
        for (size_t i = 0; i < count; i++) {
            print_row(r, rows[i].of);
            print_name(rows[i].name);
            putchar('\n');
        }
    }
    free(rows);
}

static void print_stack(struct report *r, const struct site *s)
{
    struct shown_stack shown = {0};
    show_stack(&shown, r->now.symbolizer, &r->now.recording, s->heaviest);
    printf("\n%s of %s: ", size_of(s->weight).text, size_of(s->use.of[r->by].bytes).text);
    print_place(s);
    for (size_t i = 0; i < shown.count && i < STACK_FRAMES; i++) {
        const struct symbol *f = shown.list[i];
        printf("    #%-2zu ", i);
        print_name(f->function);
        if (f->file) {
            printf("  ");
            print_safely(last_part(f->file));
            printf(":%d", f->line);
        }
        puts(f->inlined ? " (inlined)" : "");
    }
    if (shown.count > STACK_FRAMES)
        printf("    ... %zu more\n", shown.count - STACK_FRAMES);
    free(shown.list);
}

static void print_stacks(struct report *r, const struct sites *s)
{
    size_t most = listed(r, s) < STACKS ? listed(r, s) : STACKS;
    printf("\nthe heaviest call stack of each site, by %s\n", measure_names[r->by]);
    for (size_t i = 0; i < most; i++)
        if (s->list[i].weight > 0)
            print_stack(r, &s->list[i]);
}

static struct size_text change_of(double bytes)
{
    struct size_text s = size_of(bytes), signed_text;
    if (bytes <= 0)
        return s;
    snprintf(signed_text.text, sizeof signed_text.text, "+%.22s", s.text);
    return signed_text;
}

static void print_change(const struct amount *before, const struct amount *now)
{
    printf("%11s %10s %12s   %+10.0f  ", size_of(before->bytes).text,
           size_of(now->bytes).text, change_of(now->bytes - before->bytes).text,
           now->objects - before->objects);
}

static void print_whole(const char *which, const struct reading *r)
{
    const struct replay *p = &r->replay;
    printf("  %-7s %s", which, r->recording.path);
    if (p->until > 0)
        printf(", until %.2f s", p->until);
    putchar('\n');
}

static void print_changes(const struct report *r, const struct sites *s)
{
    enum measure by = r->by;
    printf("%s, in bytes, of\n", measure_names[by]);
    print_whole("before:", &r->before);
    print_whole("now:", &r->now);
    putchar('\n');
    printf("%11s %10s %12s   %10s  site\n", "before", "now", "change", "objects");
    for (size_t i = 0; i < listed(r, s); i++) {
        const struct amount *before = &s->list[i].before.of[by],
                            *now = &s->list[i].use.of[by];
        if (now->bytes == before->bytes && now->objects == before->objects)
            continue;
        print_change(before, now);
        print_place(&s->list[i]);
    }
    print_rest(r, s);
    print_change(&r->before.replay.total.of[by], &r->now.replay.total.of[by]);
    puts("in all");
}

int report_text(struct report *r)
{
    struct sites s = {.by = r->by};
    sites_add(&s, &r->now.replay, r->now.symbolizer, false);
    if (r->compares)
        sites_add(&s, &r->before.replay, r->before.symbolizer, true);
    sites_sort(&s);
    if (r->compares) {
        print_changes(r, &s);
    } else {
        print_summary(r);
        print_types(r);
        print_table(r, &s);
        print_stacks(r, &s);
        print_ways(&r->now);
    }
    sites_free(&s);
    return DONE;
}
