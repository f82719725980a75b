/* Sites are grouped by sorting. */
#include "sites.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void show_stack(struct shown_stack *shown, struct symbolizer *s,
                const struct recording *r, size_t stack)
{
    const struct stack *k = &r->stacks[stack];
    shown->count = 0;
    for (size_t i = 0; i < k->count; i++) {
        struct symbols found = symbolize(s, &r->frames[k->first + i]);
        for (size_t j = 0; j < found.count; j++) {
            shown->list =
                grown(shown->list, shown->count, &shown->room, sizeof *shown->list);
            shown->list[shown->count++] = &found.list[j];
        }
        const struct symbol *outer = &found.list[found.count - 1];
        if (strcmp(outer->function, "main") == 0)
            return;
    }
}

static bool begins_with(const char *text, const char *begin)
{
    return strncmp(text, begin, strlen(begin)) == 0;
}

/* A template's name begins with what it returns. */
static bool is_library(const char *function)
{
    static const char *const begins[] = {"operator new", "std::", "__gnu_cxx::",
                                         "void std::", "void* std::"};
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
        if (begins_with(function, begins[i]))
            return true;
    return false;
}

const struct symbol *stack_site(const struct shown_stack *shown)
{
    for (size_t i = 0; i < shown->count; i++)
        if (!is_library(shown->list[i]->function))
            return shown->list[i];
    return shown->count ? shown->list[0] : NULL;
}

static void add_use(struct use *to, const struct use *u)
{
    for (unsigned m = 0; m < MEASURES; m++) {
        to->of[m].bytes += u->of[m].bytes;
        to->of[m].objects += u->of[m].objects;
    }
    to->kept.bytes += u->kept.bytes;
    to->kept.objects += u->kept.objects;
    to->gone.bytes += u->gone.bytes;
    to->gone.objects += u->gone.objects;
    to->lifetimes += u->lifetimes;
}

static int compare_text(const char *a, const char *b)
{
    return !a || !b ? (a != NULL) - (b != NULL) : strcmp(a, b);
}

static int by_place(const void *a, const void *b)
{
    const struct site *x = a, *y = b;
    int functions = compare_text(x->function, y->function);
    int files = compare_text(x->file, y->file);
    return functions ? functions : files ? files : x->line - y->line;
}

bool site_is_same(const struct site *a, const struct site *b)
{
    return by_place(a, b) == 0;
}

/* Sites at one place become one. */
static void group(struct sites *sites)
{
    size_t kept = 0;
    if (sites->count)
        qsort(sites->list, sites->count, sizeof *sites->list, by_place);
    for (size_t i = 0; i < sites->count; i++) {
        struct site *last = &sites->list[kept - 1], *s = &sites->list[i];
        if (kept == 0 || !site_is_same(last, s)) {
            sites->list[kept++] = *s;
            continue;
        }
        add_use(&last->use, &s->use);
        add_use(&last->before, &s->before);
        if (s->weight > last->weight) {
            last->weight = s->weight;
            last->heaviest = s->heaviest;
        }
    }
    sites->count = kept;
}

void sites_add(struct sites *sites, const struct replay *p, struct symbolizer *s,
               bool before)
{
    struct shown_stack shown = {0};
    for (size_t i = 0; i < p->recording->stack_count; i++) {
        const struct use *u = &p->uses[i];
        if (u->of[ALLOCATED].objects == 0)
            continue;
        show_stack(&shown, s, p->recording, i);
        const struct symbol *at = stack_site(&shown);
        struct site site = {.heaviest = i};
        if (at) {
            site.function = at->function;
            site.file = at->file;
            site.line = at->line;
        }
        *(before ? &site.before : &site.use) = *u;
        site.weight = before ? 0 : u->of[sites->by].bytes;
        sites->list = grown(sites->list, sites->count, &sites->room, sizeof site);
        sites->list[sites->count++] = site;
    }
    free(shown.list);
    group(sites);
}

static enum measure sorted_by;

static double key(const struct site *s)
{
    return fabs(s->use.of[sorted_by].bytes - s->before.of[sorted_by].bytes);
}

static int by_measure(const void *a, const void *b)
{
    double x = key(a), y = key(b);
    double all_x = ((const struct site *)a)->use.of[ALLOCATED].bytes;
    double all_y = ((const struct site *)b)->use.of[ALLOCATED].bytes;
    int keys = (x < y) - (x > y), alls = (all_x < all_y) - (all_x > all_y);
    return keys ? keys : alls ? alls : by_place(a, b);
}

void sites_sort(struct sites *sites)
{
    sorted_by = sites->by;
    if (sites->count)
        qsort(sites->list, sites->count, sizeof *sites->list, by_measure);
}

void sites_free(struct sites *sites)
{
    free(sites->list);
    *sites = (struct sites){0};
}
