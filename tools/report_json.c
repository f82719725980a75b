/* All that a recording says, as one object. */
#include "report_json.h"

#include <stdlib.h>

#include "command.h"
#include "json.h"
#include "ways.h"

void write_value(const char *key, double value)
{
    if (value >= 0 && value < 9e15 && value == (double)(uint64_t)value)
        json_number(key, (uint64_t)value);
    else
        json_real(key, value);
}

static void write_amount(const char *key, const struct amount *a)
{
    json_object(key);
    write_value("bytes", a->bytes);
    write_value("objects", a->objects);
    json_end_object();
}

static void write_use(const struct use *u)
{
    for (unsigned m = 0; m < MEASURES; m++)
        write_amount(measure_names[m], &u->of[m]);
    if (u->kept.objects > 0)
        write_amount("kept", &u->kept);
    write_amount("gone", &u->gone);
    if (u->gone.objects > 0)
        json_real("mean_lifetime", u->lifetimes / u->gone.objects);
}

static void write_symbol(const char *function, const char *file, int line)
{
    if (function)
        json_string("function", function);
    if (!file)
        return;
    json_string("file", file);
    json_number("line", (uint64_t)line);
}

static void write_process(const struct recording *r)
{
    json_string("file", r->path);
    json_string("program", r->program);
    json_string("command", r->command);
    json_number("process", r->process);
    json_number("parent", r->parent);
    json_real("started", (double)r->started / 1e6);
    json_number("every", r->every);
    json_number("depth", r->depth);
    json_bool("ended", r->ended);
    json_bool("damaged", r->damaged);
    json_number("bytes_read", r->end);
}

static void write_lifetimes(const struct replay *p)
{
    json_array("lifetimes");
    for (unsigned i = 0; i < LIFETIMES; i++) {
        json_object(NULL);
        if (lifetime_limit(i))
            json_number("below", lifetime_limit(i));
        else
            json_null("below");
        write_value("bytes", p->lifetimes[i].bytes);
        write_value("objects", p->lifetimes[i].objects);
        json_end_object();
    }
    json_end_array();
}

/* An object that became larger where it is counts where it has grown to. */
static void write_sizes(const struct replay *p)
{
    json_array("sizes");
    for (unsigned i = 0; i < SIZES; i++) {
        const struct amount *of = p->sizes[i];
        if (of[ALLOCATED].bytes == 0 && of[ALLOCATED].objects == 0 &&
            of[PEAK].objects == 0 && of[END].objects == 0)
            continue;
        json_object(NULL);
        json_number("up_to", size_limit(i));
        for (unsigned m = 0; m < MEASURES; m++)
            write_amount(measure_names[m], &of[m]);
        json_end_object();
    }
    json_end_array();
}

static void write_types(const struct reading *r)
{
    json_array("types");
    for (size_t i = 0; i < r->recording.type_count; i++) {
        const struct type *t = &r->recording.types[i];
        const struct amount *of = r->replay.types[i];
        if (!t->name || of[ALLOCATED].objects == 0)
            continue;
        json_object(NULL);
        json_string("name", t->name);
        json_string("kind", kind_names[t->kind]);
        for (unsigned m = 0; m < MEASURES; m++)
            write_amount(measure_names[m], &of[m]);
        json_end_object();
    }
    json_end_array();
}

void write_summary(const struct reading *r)
{
    write_process(&r->recording);
    json_object("total");
    write_use(&r->replay.total);
    json_end_object();
    write_amount("collected", &r->replay.dead);
    json_real("peak_seconds", r->replay.peak_seconds);
    write_lifetimes(&r->replay);
    write_types(r);
    write_ways(r);
    write_sizes(&r->replay);
}

static void write_sites(struct report *r)
{
    struct sites s = {.by = r->by};
    sites_add(&s, &r->now.replay, r->now.symbolizer, false);
    sites_sort(&s);
    json_array("sites");
    for (size_t i = 0; i < s.count; i++) {
        json_object(NULL);
        write_symbol(s.list[i].function, s.list[i].file, s.list[i].line);
        write_use(&s.list[i].use);
        json_end_object();
    }
    json_end_array();
    sites_free(&s);
}

static void write_stacks(struct report *r)
{
    struct shown_stack shown = {0};
    json_array("stacks");
    for (size_t i = 0; i < r->now.recording.stack_count; i++) {
        if (r->now.replay.uses[i].of[ALLOCATED].objects == 0)
            continue;
        show_stack(&shown, r->now.symbolizer, &r->now.recording, i);
        json_object(NULL);
        write_use(&r->now.replay.uses[i]);
        json_array("frames");
        for (size_t j = 0; j < shown.count; j++) {
            json_object(NULL);
            write_symbol(shown.list[j]->function, shown.list[j]->file,
                         shown.list[j]->line);
            if (shown.list[j]->inlined)
                json_bool("inlined", true);
            json_end_object();
        }
        json_end_array();
        json_end_object();
    }
    json_end_array();
    free(shown.list);
}

static void write_moments(const struct replay *p)
{
    json_array("timeline");
    for (size_t i = 0; i < p->moment_count; i++) {
        const struct moment *m = &p->moments[i];
        json_object(NULL);
        json_real("seconds", m->seconds);
        write_value("live", m->live);
        write_value("allocated", m->allocated);
        json_number("heap", m->heap);
        json_number("resident", m->resident);
        json_number("collections", m->collections);
        json_real("pauses", m->pauses);
        json_end_object();
    }
    json_end_array();
}

int report_json(struct report *r)
{
    json_object(NULL);
    write_summary(&r->now);
    write_sites(r);
    write_stacks(r);
    write_moments(&r->now.replay);
    json_end_object();
    return DONE;
}
