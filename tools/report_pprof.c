/* pprof's own form: protocol buffers, compressed by zlib. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "command.h"
#include "index.h"
#include "pprof.pb-c.h"
#include "report.h"

typedef Perftools__Profiles__Profile Profile;
typedef Perftools__Profiles__ValueType ValueType;
typedef Perftools__Profiles__Sample Sample;
typedef Perftools__Profiles__Mapping Mapping;
typedef Perftools__Profiles__Location Location;
typedef Perftools__Profiles__Line Line;
typedef Perftools__Profiles__Function Function;

/* Each measure has two values: objects and bytes. */
static const char *const value_names[MEASURES][2] = {
    [ALLOCATED] = {"alloc_objects", "alloc_space"},
    [PEAK] = {"peak_objects", "peak_space"},
    [END] = {"inuse_objects", "inuse_space"},
    [TEMPORARY] = {"temporary_objects", "temporary_space"},
    [LEAKED] = {"leaked_objects", "leaked_space"},
};

enum { VALUES = 2 * MEASURES };

/* The lists of a profile grow; those of protobuf-c are of pointers. */
struct list {
    void **list;
    size_t count, room;
};

struct making {
    struct reading *from;
    struct index strings, functions, locations;
    struct list texts, samples, mappings, location_list, function_list;
};

static void *made(size_t count, size_t bytes)
{
    void *p = calloc(count ? count : 1, bytes);
    if (!p)
        exit(fail(FAILED, "out of memory"));
    return p;
}

static void append(struct list *l, void *element)
{
    l->list = grown(l->list, l->count, &l->room, sizeof *l->list);
    l->list[l->count++] = element;
}

/* ---- Numbers for what is known -------------------------------------------------------------- */

/* The place of the string in the table, in which the first is empty. */
static int64_t string(struct making *m, const char *text)
{
    if (!text || !*text)
        return 0;
    struct entry *e =
        index_slot(&m->strings, (struct entry){.hash = hash_text(text), .text = text});
    if (!e->number) {
        e->number = m->texts.count;
        append(&m->texts, (void *)(uintptr_t)text);
    }
    return (int64_t)e->number;
}

/* ---- What a profile has ----------------------------------------------------------------------- */

static ValueType *value_type(struct making *m, const char *type, const char *unit)
{
    ValueType *v = made(1, sizeof *v);
    perftools__profiles__value_type__init(v);
    v->type = string(m, type);
    v->unit = string(m, unit);
    return v;
}

static const char *hexadecimal(const unsigned char *bytes, size_t count)
{
    char *text = made(2 * count + 1, 1);
    for (size_t i = 0; i < count; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    return text;
}

static void add_mappings(struct making *m)
{
    const struct recording *r = &m->from->recording;
    for (size_t i = 0; i < r->module_count; i++) {
        const struct module *from = &r->modules[i];
        Mapping *to = made(1, sizeof *to);
        perftools__profiles__mapping__init(to);
        to->id = i + 1;
        to->memory_start = from->base + from->low;
        to->memory_limit = from->base + from->high;
        to->filename = string(m, from->path);
        to->build_id = string(m, hexadecimal(from->id, from->id_bytes));
        to->has_functions = to->has_filenames = to->has_line_numbers =
            to->has_inline_frames = !symbolizer_complaint(m->from->symbolizer, i);
        append(&m->mappings, to);
    }
}

static uint64_t function(struct making *m, const struct symbol *s)
{
    struct entry *e = index_slot(&m->functions,
                                 (struct entry){.hash = hash_text(s->function),
                                                .first = s->file ? hash_text(s->file) : 0,
                                                .text = s->function});
    if (e->number)
        return e->number;
    Function *f = made(1, sizeof *f);
    perftools__profiles__function__init(f);
    e->number = f->id = m->function_list.count + 1;
    f->name = f->system_name = string(m, s->function);
    f->filename = string(m, s->file);
    append(&m->function_list, f);
    return f->id;
}

/* *in_main: the functions end with main. */
static uint64_t location(struct making *m, const struct frame *from, bool *in_main)
{
    const struct recording *r = &m->from->recording;
    struct symbols s = symbolize(m->from->symbolizer, from);
    *in_main = strcmp(s.list[s.count - 1].function, "main") == 0;
    struct entry *e =
        index_slot(&m->locations,
                   (struct entry){.hash = from->address ^ (uint64_t)from->module << 48,
                                  .first = from->address,
                                  .second = from->module});
    if (e->number)
        return e->number;
    Location *l = made(1, sizeof *l);
    perftools__profiles__location__init(l);
    e->number = l->id = m->location_list.count + 1;
    append(&m->location_list, l);
    l->mapping_id = from->module;
    l->address =
        from->address - 1 + (from->module ? r->modules[from->module - 1].base : 0);
    l->n_line = s.count;
    l->line = made(s.count, sizeof *l->line);
    for (size_t i = 0; i < s.count; i++) {
        l->line[i] = made(1, sizeof **l->line);
        perftools__profiles__line__init(l->line[i]);
        l->line[i]->function_id = function(m, &s.list[i]);
        l->line[i]->line = s.list[i].line;
    }
    return l->id;
}

static void add_sample(struct making *m, size_t stack)
{
    const struct recording *r = &m->from->recording;
    const struct stack *k = &r->stacks[stack];
    const struct use *u = &m->from->replay.uses[stack];
    Sample *s = made(1, sizeof *s);
    bool in_main = false;
    perftools__profiles__sample__init(s);
    s->location_id = made(k->count, sizeof *s->location_id);
    for (size_t i = 0; i < k->count && !in_main; i++)
        s->location_id[s->n_location_id++] =
            location(m, &r->frames[k->first + i], &in_main);
    s->n_value = VALUES;
    s->value = made(VALUES, sizeof *s->value);
    for (unsigned i = 0; i < MEASURES; i++) {
        s->value[2 * i] = llround(u->of[i].objects);
        s->value[2 * i + 1] = llround(u->of[i].bytes);
    }
    append(&m->samples, s);
}

/* ---- Writing ------------------------------------------------------------------------------------ */

static int write_compressed(const unsigned char *bytes, size_t count)
{
    int file = dup(STDOUT_FILENO);
    gzFile out = file >= 0 ? gzdopen(file, "wb") : NULL;
    bool written = out && gzfwrite(bytes, 1, count, out) == count;
    if (out)
        written = gzclose(out) == Z_OK && written;
    return written ? DONE : fail(FAILED, "the output could not be written");
}

static int write_profile(const Profile *p)
{
    size_t count = perftools__profiles__profile__get_packed_size(p);
    unsigned char *bytes = made(count, 1);
    perftools__profiles__profile__pack(p, bytes);
    int status = write_compressed(bytes, count);
    free(bytes);
    return status;
}

/* The lists become the profile's.  What they hold lives until the command ends. */
static void fill(Profile *p, struct making *m)
{
    p->n_sample = m->samples.count;
    p->sample = (Sample **)m->samples.list;
    p->n_mapping = m->mappings.count;
    p->mapping = (Mapping **)m->mappings.list;
    p->n_location = m->location_list.count;
    p->location = (Location **)m->location_list.list;
    p->n_function = m->function_list.count;
    p->function = (Function **)m->function_list.list;
    p->n_string_table = m->texts.count;
    p->string_table = (char **)m->texts.list;
}

/* A damaged recording may tell of more than can be counted. */
static int64_t nanoseconds(double seconds)
{
    return seconds < 9e9 ? (int64_t)(seconds * 1e9) : INT64_MAX;
}

int report_pprof(struct report *r)
{
    struct making m = {.from = &r->now};
    const struct recording *recording = &r->now.recording;
    const struct replay *replay = &r->now.replay;
    ValueType *types[VALUES];
    Profile p;
    int64_t command;
    perftools__profiles__profile__init(&p);
    append(&m.texts, "");
    for (unsigned i = 0; i < VALUES; i++)
        types[i] = value_type(&m, value_names[i / 2][i % 2], i % 2 ? "bytes" : "count");
    for (size_t i = 0; i < recording->stack_count; i++)
        if (replay->uses[i].of[ALLOCATED].objects > 0)
            add_sample(&m, i);
    add_mappings(&m);
    p.n_sample_type = VALUES;
    p.sample_type = types;
    p.default_sample_type = string(&m, value_names[r->by][1]);
    p.period_type = value_type(&m, "space", "bytes");
    p.period = recording->every ? (int64_t)recording->every : 1;
    p.time_nanos = nanoseconds((double)recording->started * 1e-6);
    if (replay->moment_count)
        p.duration_nanos = nanoseconds(replay->moments[replay->moment_count - 1].seconds);
    command = string(&m, recording->command);
    p.n_comment = 1;
    p.comment = &command;
    fill(&p, &m);
    return write_profile(&p);
}
