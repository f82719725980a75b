#include "recording.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"

enum { FRAMES_MOST = 256 };

void *grown(void *table, size_t count, size_t *room, size_t element_bytes)
{
    if (count < *room)
        return table;
    *room = *room ? 2 * *room : 64;
    table = realloc(table, *room * element_bytes);
    if (!table)
        exit(fail(FAILED, "out of memory"));
    return table;
}

/* ---- Numbers and strings ------------------------------------------------------------ */

/* A record that is being read.  What is read beyond the end is 0, and the record is none. */
struct reader {
    const unsigned char *at, *end;
    bool failed;
};

static uint64_t get(struct reader *r)
{
    uint64_t n = 0;
    for (unsigned shift = 0; r->at < r->end && shift < 64; shift += 7) {
        unsigned char byte = *r->at++;
        n |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return n;
    }
    r->failed = true;
    return 0;
}

static int64_t get_signed(struct reader *r)
{
    uint64_t n = get(r);
    return (int64_t)(n >> 1 ^ -(n & 1));
}

static const unsigned char *get_bytes(struct reader *r, size_t *count)
{
    uint64_t n = get(r);
    const unsigned char *bytes = r->at;
    if (r->failed || n > (size_t)(r->end - r->at)) {
        r->failed = true;
        return *count = 0, bytes;
    }
    r->at += n;
    return *count = n, bytes;
}

/* With a zero behind them. */
static unsigned char *get_copy(struct reader *r, size_t *count)
{
    const unsigned char *bytes = get_bytes(r, count);
    unsigned char *copy = malloc(*count + 1);
    if (!copy)
        exit(fail(FAILED, "out of memory"));
    memcpy(copy, bytes, *count);
    copy[*count] = '\0';
    return copy;
}

static char *get_string(struct reader *r)
{
    size_t count;
    return (char *)get_copy(r, &count);
}

/* ---- Modules and stacks ---------------------------------------------------------------- */

static void read_module(struct recording *r, struct reader *in)
{
    struct module m = {.number = get(in)};
    m.base = get(in);
    m.low = get(in);
    m.high = get(in);
    m.id = get_copy(in, &m.id_bytes);
    m.path = get_string(in);
    if (in->failed) {
        free(m.id);
        free(m.path);
        return;
    }
    r->modules = grown(r->modules, r->module_count, &r->module_room, sizeof m);
    r->modules[r->module_count++] = m;
}

static uint32_t module_of(const struct recording *r, uint64_t number)
{
    for (size_t i = r->module_count; number && i > 0; i--)
        if (r->modules[i - 1].number == number)
            return (uint32_t)i;
    return 0;
}

static void read_stack(struct recording *r, struct reader *in)
{
    struct stack s = {r->frame_count, get(in)};
    if (s.count > FRAMES_MOST)
        in->failed = true;
    for (size_t i = 0; i < s.count && !in->failed; i++) {
        struct frame f = {.module = module_of(r, get(in))};
        f.address = get(in);
        r->frames = grown(r->frames, r->frame_count, &r->frame_room, sizeof f);
        r->frames[r->frame_count++] = f;
    }
    if (in->failed) {
        r->frame_count = s.first;
        return;
    }
    r->stacks = grown(r->stacks, r->stack_count, &r->stack_room, sizeof s);
    r->stacks[r->stack_count++] = s;
}

const char *const kind_names[RECORDING_KINDS] = {"scanned", "atomic", "manual",
                                                 "manual, atomic", "with a layout"};

/* Layouts have the numbers behind those of kinds. */
static char *name_type(uint64_t number, uint64_t kind)
{
    char *name = NULL;
    int length = kind == RECORDING_LAID_OUT
                     ? asprintf(&name, "layout %llu",
                                (unsigned long long)(number - RECORDING_KINDS))
                     : asprintf(&name, "%s", kind_names[kind]);
    if (length < 0)
        exit(fail(FAILED, "out of memory"));
    return name;
}

static void read_type(struct recording *r, struct reader *in)
{
    uint64_t number = get(in), kind = get(in);
    char *name = get_string(in);
    if (in->failed || kind >= RECORDING_KINDS || number >= RECORDING_TYPES_MOST) {
        in->failed = true;
        free(name);
        return;
    }
    if (!*name) {
        free(name);
        name = name_type(number, kind);
    }
    while (r->type_count <= number) {
        r->types = grown(r->types, r->type_count, &r->type_room, sizeof *r->types);
        r->types[r->type_count++] = (struct type){0};
    }
    free(r->types[number].name);
    r->types[number] = (struct type){(enum recording_kind)kind, name};
}

static struct step read_step(struct reader *in)
{
    struct step s = {.offset = get(in)};
    s.inside = get(in);
    s.bytes = get(in);
    s.stack = (uint32_t)get(in);
    return s;
}

static void read_way(struct recording *r, struct reader *in)
{
    struct way w = {.root = (enum recording_root)get(in), .first = r->step_count};
    w.at.module = module_of(r, get(in));
    w.at.address = get(in);
    w.thread = get(in);
    w.left_out = get(in);
    w.count = get(in);
    in->failed |=
        w.root >= RECORDING_ROOTS || w.count == 0 || w.count > RECORDING_STEPS_MOST;
    for (size_t i = 0; i < w.count && !in->failed; i++) {
        struct step s = read_step(in);
        in->failed |= s.stack >= r->stack_count;
        r->steps = grown(r->steps, r->step_count, &r->step_room, sizeof s);
        r->steps[r->step_count++] = s;
    }
    if (in->failed)
        return;
    r->ways = grown(r->ways, r->way_count, &r->way_room, sizeof w);
    r->ways[r->way_count++] = w;
}

/* ---- Records ------------------------------------------------------------------------ */

static void get_address(struct cursor *c, struct reader *in, struct event *e)
{
    c->address += (uint64_t)get_signed(in) * RECORDING_GRANULE;
    e->address = c->address;
}

static void skip_module(struct reader *in)
{
    size_t count;
    for (unsigned i = 0; i < 4; i++)
        get(in);
    get_bytes(in, &count);
    get_bytes(in, &count);
}

static void skip_stack(struct reader *in)
{
    for (uint64_t n = 2 * get(in); n > 0 && !in->failed; n--)
        get(in);
}

static void skip_type(struct reader *in)
{
    size_t count;
    get(in);
    get(in);
    get_bytes(in, &count);
}

static void skip_way(struct reader *in)
{
    for (unsigned i = 0; i < 5; i++)
        get(in);
    for (uint64_t n = get(in); n > 0 && !in->failed; n--)
        read_step(in);
}

static void read_time(struct reader *in, struct event *e)
{
    e->microseconds = get(in);
    e->heap = get(in) * 4096;
    e->resident = get(in) * 4096;
    e->collections = get(in);
    e->pause = get(in);
}

static void read_event(struct cursor *c, struct reader *in, struct event *e)
{
    switch (e->tag) {
    case RECORDING_THREAD:
        c->thread = get(in);
        break;
    case RECORDING_ALLOCATED:
        e->stack = (uint32_t)get(in);
        e->requested = get(in);
        e->slack = get(in);
        get_address(c, in, e);
        break;
    case RECORDING_FREED:
    case RECORDING_TEMPORARY:
    case RECORDING_DEAD:
        get_address(c, in, e);
        break;
    case RECORDING_RESIZED:
        get_address(c, in, e);
        e->requested = get(in);
        e->slack = get(in);
        break;
    case RECORDING_TIME:
        read_time(in, e);
        break;
    case RECORDING_LEAKED:
        get_address(c, in, e);
        c->address += (uint64_t)get_signed(in) * RECORDING_GRANULE;
        e->owner = c->address;
        break;
    case RECORDING_MODULE:
        skip_module(in);
        break;
    case RECORDING_STACK:
        skip_stack(in);
        break;
    case RECORDING_TYPE:
        skip_type(in);
        break;
    case RECORDING_HELD:
        skip_way(in);
        break;
    case RECORDING_TYPED:
        c->type = (uint32_t)get(in);
        if (c->type >= c->recording->type_count)
            c->type = 0;
        break;
    case RECORDING_END:
        break;
    default:
        in->failed = true;
    }
    e->thread = c->thread;
    e->type = c->type;
}

bool recording_is_loaders(const struct recording *r, size_t stack)
{
    static const char *const names[] = {"ld-linux", "ld64.so", "ld.so"};
    const struct stack *s = &r->stacks[stack];
    uint32_t module = s->count ? r->frames[s->first].module : 0;
    const char *name = module ? last_part(r->modules[module - 1].path) : "";
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(name, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

struct cursor recording_begin(const struct recording *r)
{
    return (struct cursor){.recording = r, .at = r->begin};
}

/* One record, of any kind. */
static bool next_record(struct cursor *c, struct event *e)
{
    const struct recording *r = c->recording;
    if (c->at >= r->end || !r->tags[c->at])
        return false;
    struct reader in = {r->bytes + c->at + 1, r->bytes + r->end, false};
    *e = (struct event){.tag = (enum recording_tag)r->bytes[c->at]};
    read_event(c, &in, e);
    if (in.failed)
        return false;
    c->at = (size_t)(in.at - r->bytes);
    return true;
}

bool recording_next(struct cursor *c, struct event *e)
{
    do {
        if (!next_record(c, e))
            return false;
    } while (e->tag == RECORDING_MODULE || e->tag == RECORDING_STACK ||
             e->tag == RECORDING_TYPE || e->tag == RECORDING_TYPED ||
             e->tag == RECORDING_HELD || e->tag == RECORDING_THREAD);
    return true;
}

/* ---- The file ------------------------------------------------------------------------ */

static bool read_beginning(struct recording *r)
{
    struct reader in = {r->bytes + RECORDING_MAGIC_BYTES, r->bytes + r->size, false};
    if (r->size <= RECORDING_MAGIC_BYTES ||
        memcmp(r->bytes, RECORDING_MAGIC, RECORDING_MAGIC_BYTES) != 0 ||
        r->tags[RECORDING_MAGIC_BYTES] != RECORDING_BEGIN ||
        *in.at++ != RECORDING_BEGIN || get(&in) != RECORDING_VERSION)
        return false;
    r->process = get(&in);
    r->parent = get(&in);
    r->started = get(&in);
    r->every = get(&in);
    r->depth = get(&in);
    r->program = get_string(&in);
    r->command = get_string(&in);
    r->begin = (size_t)(in.at - r->bytes);
    return !in.failed;
}

static bool is_zero(const struct recording *r, size_t from)
{
    for (; from < r->size; from++)
        if (r->bytes[from])
            return false;
    return true;
}

/* Stacks, modules, types and ways.  A record whose tag is 0 was not written. */
static void read_all(struct recording *r)
{
    struct cursor c = recording_begin(r);
    struct event e = {.tag = RECORDING_NONE};
    r->end = r->size;
    if (r->stack_count == 0) {
        r->stacks = grown(r->stacks, 0, &r->stack_room, sizeof *r->stacks);
        r->stacks[r->stack_count++] = (struct stack){0, 0};
    }
    for (size_t at = c.at; e.tag != RECORDING_END && next_record(&c, &e); at = c.at) {
        struct reader in = {r->bytes + at + 1, r->bytes + r->end, false};
        if (e.tag == RECORDING_MODULE)
            read_module(r, &in);
        else if (e.tag == RECORDING_STACK)
            read_stack(r, &in);
        else if (e.tag == RECORDING_TYPE)
            read_type(r, &in);
        else if (e.tag == RECORDING_HELD)
            read_way(r, &in);
        if (in.failed) {
            c.at = at;
            break;
        }
        if (e.tag == RECORDING_ALLOCATED && e.stack >= r->stack_count) {
            c.at = at;
            break;
        }
    }
    r->ended = e.tag == RECORDING_END;
    r->end = c.at;
}

static int map(struct recording *r, int file)
{
    struct stat s;
    if (fstat(file, &s) != 0)
        return fail(FAILED, "%s: %s", r->path, strerror(errno));
    if (!S_ISREG(s.st_mode) || s.st_size == 0)
        return fail(FAILED, "%s is no recording of `gcalloc profile`", r->path);
    void *bytes = mmap(NULL, (size_t)s.st_size, PROT_READ, MAP_PRIVATE, file, 0);
    if (bytes == MAP_FAILED)
        return fail(FAILED, "%s cannot be read: %s", r->path, strerror(errno));
    r->bytes = r->tags = bytes;
    r->size = (size_t)s.st_size;
    r->mapped = true;
    return DONE;
}

int recording_open(struct recording *r, const char *path)
{
    *r = (struct recording){.path = path};
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (file < 0)
        return fail(FAILED, "%s cannot be read: %s", path, strerror(errno));
    int status = map(r, file);
    close(file);
    if (status != DONE)
        return status;
    if (!read_beginning(r)) {
        recording_close(r);
        return fail(FAILED,
                    "%s is no recording of `gcalloc profile`, or of another version",
                    path);
    }
    read_all(r);
    r->damaged = !r->ended && !is_zero(r, r->end);
    return DONE;
}

bool recording_go_on(struct recording *r, const unsigned char *bytes,
                     const unsigned char *tags, size_t size)
{
    bool first = !r->program;
    r->bytes = bytes;
    r->tags = tags;
    r->size = size;
    r->begin = 0;
    if (first && !read_beginning(r)) {
        recording_close(r);
        return false;
    }
    read_all(r);
    return true;
}

void recording_close(struct recording *r)
{
    for (size_t i = 0; i < r->module_count; i++) {
        free(r->modules[i].id);
        free(r->modules[i].path);
    }
    for (size_t i = 0; i < r->type_count; i++)
        free(r->types[i].name);
    free(r->types);
    free(r->ways);
    free(r->steps);
    free(r->modules);
    free(r->frames);
    free(r->stacks);
    free(r->program);
    free(r->command);
    if (r->mapped)
        munmap((void *)(uintptr_t)r->bytes, r->size);
    *r = (struct recording){0};
}
