/* Places are grouped anew each time, as the figures of stacks change. */
#include "top_sites.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "command.h"

static const struct key {
    const char *name, *title;
    int width;
    enum measure measure; /* that the call stack of a place is chosen by */
} keys[SITE_KEYS] = {
    [BY_RATE] = {"rate", "allocated/s", 11, ALLOCATED},
    [BY_LIVE] = {"live", "live", 10, END},
    [BY_OBJECTS] = {"objects", "objects", 8, END},
    [BY_ALLOCATED] = {"allocated", "allocated", 10, ALLOCATED},
    [BY_TEMPORARY] = {"temporary", "temporary", 10, TEMPORARY},
};

enum site_key site_key(const char *name)
{
    enum site_key k = 0;
    while (k < SITE_KEYS && strcmp(keys[k].name, name) != 0)
        k++;
    return k;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- Figures ------------------------------------------------------------------------- */

static double figure(const struct top_sites *t, const struct site *s, enum site_key k)
{
    const struct use *u = &s->use;
    if (k == BY_RATE)
        return t->seconds > 0
                   ? (u->of[ALLOCATED].bytes - s->before.of[ALLOCATED].bytes) / t->seconds
                   : 0;
    return k == BY_OBJECTS ? u->of[END].objects : u->of[keys[k].measure].bytes;
}

static const struct top_sites *sorted;

static int by_figure(const void *a, const void *b)
{
    double x = figure(sorted, a, sorted->by), y = figure(sorted, b, sorted->by);
    double live_x = figure(sorted, a, BY_LIVE), live_y = figure(sorted, b, BY_LIVE);
    return x != y ? (x < y) - (x > y) : (live_x < live_y) - (live_x > live_y);
}

/* ---- Looking ------------------------------------------------------------------------- */

void top_sites_begin(struct top_sites *t, pid_t process, enum site_key by)
{
    *t = (struct top_sites){.process = process, .by = by};
    t->recorded = follow_begin(&t->follower, process);
    if (!t->recorded)
        return;
    follow_on(&t->follower);
    t->symbolizer = symbolizer_new(&t->follower.recording);
}

/* Notes the figures of each stack. */
static void keep(struct top_sites *t)
{
    const struct replay *p = &t->follower.replay;
    size_t count = p->uses ? p->recording->stack_count : 0;
    if (count > t->before_count)
        t->before = realloc(t->before, count * sizeof *t->before);
    if (count && !t->before)
        exit(fail(FAILED, "out of memory"));
    if (count)
        memcpy(t->before, p->uses, count * sizeof *t->before);
    t->before_count = count;
}

static void add_before(struct top_sites *t)
{
    struct recording stacks = t->follower.recording;
    stacks.stack_count = t->before_count;
    struct replay before = {.recording = &stacks, .uses = t->before};
    sites_add(&t->sites, &before, t->symbolizer, true);
}

/* The figures of places as they are now, and as they were. */
static void group(struct top_sites *t)
{
    sites_free(&t->sites);
    t->sites = (struct sites){.by = keys[t->by].measure};
    if (t->follower.replay.uses) {
        sites_add(&t->sites, &t->follower.replay, t->symbolizer, false);
        add_before(t);
    }
    sorted = t;
    if (t->sites.count)
        qsort(t->sites.list, t->sites.count, sizeof *t->sites.list, by_figure);
}

void top_sites_sort(struct top_sites *t, enum site_key by)
{
    t->by = by;
    if (t->recorded)
        group(t);
}

/* A child of fork begins its recording with its first object, and so does the program that exec puts in the place of
 * another. */
static void look_again(struct top_sites *t)
{
    struct follower another;
    if ((t->recorded && follow_is_current(&t->follower, t->process)) ||
        !follow_begin(&another, t->process))
        return;
    unsigned recordings = t->recordings + 1;
    follow_end(&another);
    top_sites_end(t);
    top_sites_begin(t, t->process, t->by);
    t->recordings = recordings;
}

void top_sites_look(struct top_sites *t)
{
    look_again(t);
    if (!t->recorded)
        return;
    double last = t->looked;
    keep(t);
    follow_on(&t->follower);
    t->looked = now();
    t->seconds = last > 0 ? t->looked - last : 0;
    group(t);
}

void top_sites_end(struct top_sites *t)
{
    if (!t->recorded)
        return;
    sites_free(&t->sites);
    symbolizer_free(t->symbolizer);
    follow_end(&t->follower);
    free(t->before);
}

/* ---- Texts --------------------------------------------------------------------------- */

void top_sites_title(enum site_key column, char text[SITE_TEXT])
{
    snprintf(text, SITE_TEXT, "%*s", keys[column].width, keys[column].title);
}

void top_sites_figure(const struct top_sites *t, const struct site *s,
                      enum site_key column, char text[SITE_TEXT])
{
    double x = figure(t, s, column);
    if (column == BY_OBJECTS)
        snprintf(text, SITE_TEXT, "%*.0f", keys[column].width, x);
    else
        snprintf(text, SITE_TEXT, "%*s", keys[column].width,
                 size_text(x > 0 ? (size_t)x : 0).text);
}

void top_sites_place(const struct site *s, char text[SITE_TEXT])
{
    if (s->file)
        snprintf(text, SITE_TEXT, "%.160s  %s:%d", s->function, last_part(s->file),
                 s->line);
    else
        snprintf(text, SITE_TEXT, "%s",
                 s->function ? s->function : "a stack that is not known");
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 127)
            *c = '?';
}

void top_sites_print(const struct top_sites *t, unsigned long most)
{
    char text[SITE_TEXT];
    if (!t->recorded) {
        puts("  no places: it was not started by `gcalloc profile --live`");
        return;
    }
    for (enum site_key k = 0; k < SITE_KEYS; k++) {
        top_sites_title(k, text);
        printf("%s ", text);
    }
    puts(" where");
    for (size_t i = 0; i < t->sites.count && i < most; i++) {
        const struct site *s = &t->sites.list[i];
        for (enum site_key k = 0; k < SITE_KEYS; k++) {
            top_sites_figure(t, s, k, text);
            printf("%s ", text);
        }
        top_sites_place(s, text);
        putchar(' ');
        print_safely(text);
        putchar('\n');
    }
}
