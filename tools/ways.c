/* As gcalloc why has it of a program that runs. */
#include "ways.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "json.h"

enum { WAYS = 5 };

/* ---- Words ------------------------------------------------------------------------------- */

__attribute__((format(printf, 1, 2))) static char *formatted(const char *format, ...)
{
    char *text;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length < 0)
        exit(fail(FAILED, "out of memory"));
    return text;
}

static char *data_root(const struct reading *r, const struct frame *f)
{
    uint64_t offset;
    if (!f->module)
        return formatted("memory that is searched for pointers");
    const char *module = last_part(r->recording.modules[f->module - 1].path);
    const char *name = symbolize_variable(r->symbolizer, f, &offset);
    if (!name)
        return formatted("static data of %s, at offset 0x%llx", module,
                         (unsigned long long)f->address);
    return formatted("static variable %s+%llu of %s", name, (unsigned long long)offset,
                     module);
}

char *way_root(const struct reading *r, const struct way *w)
{
    static const char *const of_threads[RECORDING_ROOTS] = {
        [RECORDING_ROOT_STACK] = "the stack",
        [RECORDING_ROOT_REGISTER] = "a register",
        [RECORDING_ROOT_LOCAL] = "thread-local data",
        [RECORDING_ROOT_THREAD] =
            "the argument, the result or the alternate signal stack",
    };
    static const char *const others[RECORDING_ROOTS] = {
        [RECORDING_ROOT_NAMED] = "a root callback of the program's",
        [RECORDING_ROOT_TIMER] = "what a timer passes on",
        [RECORDING_ROOT_POLLED] = "a descriptor that epoll watches",
        [RECORDING_ROOT_STREAM] = "a stream of stdio",
        [RECORDING_ROOT_VARIABLE] = "a variable of the environment",
    };
    if (w->root == RECORDING_ROOT_DATA)
        return data_root(r, &w->at);
    if (others[w->root])
        return formatted("%s", others[w->root]);
    if (!w->thread)
        return formatted("%s of a thread", of_threads[w->root]);
    return formatted("%s of thread %llu", of_threads[w->root],
                     (unsigned long long)w->thread);
}

/* They are of the end of the program, and none is told of a moment before. */
static size_t ways_of(const struct reading *r)
{
    return r->replay.until > 0 ? 0 : r->recording.way_count;
}

const struct symbol *step_site(const struct reading *r, const struct step *s,
                               struct shown_stack *shown)
{
    show_stack(shown, r->symbolizer, &r->recording, s->stack);
    return stack_site(shown);
}

/* ---- Text -------------------------------------------------------------------------------- */

static void print_site(const struct symbol *site)
{
    if (!site)
        return;
    printf("  ");
    print_safely(site->function);
    if (!site->file)
        return;
    printf("  ");
    print_safely(last_part(site->file));
    printf(":%d", site->line);
}

static void print_step(const struct reading *r, const struct step *s,
                       struct shown_stack *shown)
{
    char offset[32] = "";
    if (s->offset)
        snprintf(offset, sizeof offset, "+%llu", (unsigned long long)s->offset - 1);
    if (s->inside)
        printf("    %6s -> byte %llu of %llu", offset, (unsigned long long)s->inside,
               (unsigned long long)s->bytes);
    else
        printf("    %6s -> %llu bytes", offset, (unsigned long long)s->bytes);
    print_site(step_site(r, s, shown));
    putchar('\n');
}

static const struct step *step_at(const struct reading *r, const struct way *w, size_t i)
{
    return &r->recording.steps[w->first + i];
}

static void print_way(const struct reading *r, const struct way *w,
                      struct shown_stack *shown)
{
    const struct step *last = step_at(r, w, w->count - 1);
    const struct amount *end = &r->replay.uses[last->stack].of[END];
    char *root = way_root(r, w);
    printf("\n%s in %.0f object%s:", size_text((size_t)(end->bytes + 0.5)).text,
           end->objects, end->objects == 1 ? "" : "s");
    print_site(step_site(r, last, shown));
    printf("\n    ");
    print_safely(root);
    putchar('\n');
    free(root);
    for (size_t i = 0; i < w->count; i++) {
        if (w->left_out && i == RECORDING_STEPS_FIRST)
            printf("           ... %llu more\n", (unsigned long long)w->left_out);
        print_step(r, step_at(r, w, i), shown);
    }
}

void print_ways(const struct reading *r)
{
    struct shown_stack shown = {0};
    if (ways_of(r))
        puts("\nwhat holds the largest object of each call stack at the end");
    for (size_t i = 0; i < ways_of(r) && i < WAYS; i++)
        print_way(r, &r->recording.ways[i], &shown);
    free(shown.list);
}

/* ---- JSON -------------------------------------------------------------------------------- */

/* Among the stacks that are written. */
static uint64_t place_of(const struct reading *r, uint32_t stack)
{
    uint64_t place = 0;
    for (uint32_t i = 0; i < stack; i++)
        place += r->replay.uses[i].of[ALLOCATED].objects != 0;
    return place;
}

static void write_step(const struct reading *r, const struct step *s,
                       struct shown_stack *shown)
{
    const struct symbol *site = step_site(r, s, shown);
    json_object(NULL);
    if (s->offset)
        json_number("offset", s->offset - 1);
    json_number("inside", s->inside);
    json_number("bytes", s->bytes);
    if (site)
        json_string("function", site->function);
    if (site && site->file) {
        json_string("file", site->file);
        json_number("line", (uint64_t)site->line);
    }
    json_end_object();
}

static void write_way(const struct reading *r, const struct way *w,
                      struct shown_stack *shown)
{
    char *root = way_root(r, w);
    json_object(NULL);
    json_number("stack", place_of(r, step_at(r, w, w->count - 1)->stack));
    json_string("root", root);
    json_number("left_out", w->left_out);
    json_array("steps");
    for (size_t i = 0; i < w->count; i++)
        write_step(r, step_at(r, w, i), shown);
    json_end_array();
    json_end_object();
    free(root);
}

void write_ways(const struct reading *r)
{
    struct shown_stack shown = {0};
    json_array("ways");
    for (size_t i = 0; i < ways_of(r); i++)
        write_way(r, &r->recording.ways[i], &shown);
    json_end_array();
    free(shown.list);
}
