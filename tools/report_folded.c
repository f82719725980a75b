/* A line for each call stack, outermost function first: what flamegraph.pl, speedscope and inferno read.  With another
 * recording to compare with, each has two numbers, as difffolded.pl writes them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "report.h"

struct line {
    char *stack;
    double before, now;
};

struct lines {
    struct line *list;
    size_t count, room;
};

/* Semicolons separate functions; the last space of a line stands before the number. */
static void write_name(FILE *out, const char *name)
{
    for (; *name; name++)
        fputc(*name == ';' ? ':' : (unsigned char)*name < ' ' ? '?' : *name, out);
}

static char *fold(const struct shown_stack *shown)
{
    char *text;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    if (!out)
        exit(fail(FAILED, "out of memory"));
    for (size_t i = shown->count; i > 0; i--) {
        write_name(out, shown->list[i - 1]->function);
        if (i > 1)
            fputc(';', out);
    }
    if (shown->count == 0)
        fputs("(stack not known)", out);
    fclose(out);
    return text;
}

static void add(struct lines *lines, const struct report *r, struct reading *from,
                bool before)
{
    struct shown_stack shown = {0};
    for (size_t i = 0; i < from->recording.stack_count; i++) {
        const struct amount *a = &from->replay.uses[i].of[r->by];
        double value = r->objects ? a->objects : a->bytes;
        if (value < 0.5)
            continue;
        show_stack(&shown, from->symbolizer, &from->recording, i);
        lines->list = grown(lines->list, lines->count, &lines->room, sizeof *lines->list);
        lines->list[lines->count++] =
            (struct line){fold(&shown), before ? value : 0, before ? 0 : value};
    }
    free(shown.list);
}

static int by_stack(const void *a, const void *b)
{
    return strcmp(((const struct line *)a)->stack, ((const struct line *)b)->stack);
}

int report_folded(struct report *r)
{
    struct lines lines = {0};
    add(&lines, r, &r->now, false);
    if (r->compares)
        add(&lines, r, &r->before, true);
    if (lines.count)
        qsort(lines.list, lines.count, sizeof *lines.list, by_stack);
    for (size_t i = 0, next; i < lines.count; i = next) {
        double before = 0, now = 0;
        for (next = i;
             next < lines.count && by_stack(&lines.list[i], &lines.list[next]) == 0;
             next++) {
            before += lines.list[next].before;
            now += lines.list[next].now;
        }
        if (r->compares)
            printf("%s %.0f %.0f\n", lines.list[i].stack, before, now);
        else
            printf("%s %.0f\n", lines.list[i].stack, now);
    }
    for (size_t i = 0; i < lines.count; i++)
        free(lines.list[i].stack);
    free(lines.list);
    return DONE;
}
