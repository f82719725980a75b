/* A recording is gone through twice: the second time it is known when the peak is. */
#include "replay.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

const char *const measure_names[MEASURES] = {"allocated", "peak", "end", "temporary",
                                             "leaked"};

uint64_t lifetime_limit(unsigned class)
{
    return class + 1 < LIFETIMES ? UINT64_C(1024) << 2 * class : 0;
}

/* 8 classes in steps of 16 bytes, 8 for each of 8 doublings, then one for each. */
enum {
    SIZE_STEPS = 8,
    FINE_DOUBLINGS = 8,
    DOUBLED_FIRST = SIZE_STEPS * (1 + FINE_DOUBLINGS)
};

uint64_t size_limit(unsigned class)
{
    unsigned fine = class - SIZE_STEPS;
    if (class < SIZE_STEPS)
        return 16 * (class + UINT64_C(1));
    if (class < DOUBLED_FIRST)
        return (SIZE_STEPS + fine % SIZE_STEPS + UINT64_C(1)) << (4 + fine / SIZE_STEPS);
    unsigned shift = 16 + class - DOUBLED_FIRST;
    return shift < 64 ? UINT64_C(1) << shift : UINT64_MAX;
}

static unsigned char size_class(uint64_t bytes)
{
    unsigned class = 0, above = SIZES - 1; /* which is the last that may be */
    while (class < above) {
        unsigned middle = (class + above) / 2;
        if (bytes <= size_limit(middle))
            above = middle;
        else
            class = middle + 1;
    }
    return (unsigned char)class;
}

/* ---- Living objects ------------------------------------------------------------------- */

struct object {
    uint64_t address; /* 0: there is none in this slot */
    uint32_t stack, thread, type;
    unsigned char size; /* its class */
    uint64_t requested;
    double weight; /* objects that it stands for */
    double birth;  /* bytes allocated before it */
};

/* Open addressing, at most half full (Knuth, The Art of Computer Programming 3, 6.4, algorithm R). */
struct objects {
    struct object *slots;
    size_t count, size;
};

static size_t home(const struct objects *t, uint64_t address)
{
    return address * UINT64_C(0x9e3779b97f4a7c15) >> 20 & (t->size - 1);
}

static struct object *find(const struct objects *t, uint64_t address)
{
    size_t at = home(t, address);
    while (t->slots[at].address && t->slots[at].address != address)
        at = (at + 1) & (t->size - 1);
    return &t->slots[at];
}

static void make(struct objects *t, size_t size)
{
    struct objects old = *t;
    t->slots = calloc(size, sizeof *t->slots);
    t->size = size;
    if (!t->slots)
        exit(fail(FAILED, "out of memory"));
    for (size_t i = 0; i < old.size; i++)
        if (old.slots[i].address)
            *find(t, old.slots[i].address) = old.slots[i];
    free(old.slots);
}

static struct object *add(struct objects *t, uint64_t address)
{
    if (2 * (t->count + 1) > t->size)
        make(t, 2 * t->size);
    struct object *o = find(t, address);
    t->count += o->address == 0;
    o->address = address;
    return o;
}

static void drop(struct objects *t, struct object *o)
{
    size_t mask = t->size - 1, gap = (size_t)(o - t->slots);
    for (size_t at = (gap + 1) & mask; t->slots[at].address; at = (at + 1) & mask) {
        size_t from = home(t, t->slots[at].address);
        if (((at - from) & mask) < ((at - gap) & mask))
            continue;
        t->slots[gap] = t->slots[at];
        gap = at;
    }
    t->slots[gap].address = 0;
    t->count--;
}

/* ---- Threads ---------------------------------------------------------------------------- */

/* What a thread allocated last; 0: that is gone, or the thread has allocated nothing. */
struct thread {
    uint64_t number, last;
};

/* One run through the recording. */
struct run {
    const struct recording *recording;
    struct objects objects;
    struct thread *threads;
    size_t thread_count, thread_room;
    struct amount *live, *types; /* of each stack, and type */
    struct amount sizes[SIZES];
    struct amount total;
    double allocated, seconds, pauses;
    struct moment last; /* what was told last of the process */
    size_t events, stack_count, type_count;
    struct cursor cursor; /* of a recording that goes on */
};

static uint32_t thread_of(struct run *r, uint64_t number)
{
    for (size_t i = r->thread_count; i > 0; i--)
        if (r->threads[i - 1].number == number)
            return (uint32_t)(i - 1);
    r->threads = grown(r->threads, r->thread_count, &r->thread_room, sizeof *r->threads);
    r->threads[r->thread_count] = (struct thread){.number = number};
    return (uint32_t)r->thread_count++;
}

static void *with_zeros(void *table, size_t count, size_t before, size_t bytes)
{
    table = realloc(table, count * bytes);
    if (!table)
        exit(fail(FAILED, "out of memory"));
    memset((char *)table + before * bytes, 0, (count - before) * bytes);
    return table;
}

static void *zeros(size_t count, size_t bytes)
{
    return with_zeros(NULL, count, 0, bytes);
}

/* There is one that is not known. */
static size_t types_of(const struct recording *r)
{
    return r->type_count ? r->type_count : 1;
}

static void begin_run(struct run *r, const struct recording *recording)
{
    *r = (struct run){.recording = recording,
                      .stack_count = recording->stack_count,
                      .type_count = types_of(recording)};
    make(&r->objects, 1024);
    r->live = zeros(r->stack_count, sizeof *r->live);
    r->types = zeros(r->type_count, sizeof *r->types);
}

static void end_run(struct run *r)
{
    free(r->objects.slots);
    free(r->threads);
    free(r->live);
    free(r->types);
}

/* ---- Events ----------------------------------------------------------------------------- */

static void change(struct amount *a, double bytes, double objects)
{
    a->bytes += bytes;
    a->objects += objects;
}

/* How many objects of the recorded one's class there were for it. */
static double weight_of(const struct recording *r, const struct event *e)
{
    double bytes = (double)(e->requested + e->slack);
    return r->every ? -1 / expm1(-bytes / (double)r->every) : 1;
}

static void change_live(struct run *r, const struct object *o, double bytes,
                        double objects)
{
    change(&r->live[o->stack], bytes, objects);
    change(&r->sizes[o->size], bytes, objects);
    change(&r->types[o->type], bytes, objects);
    change(&r->total, bytes, objects);
}

static void note(struct replay *p, const struct object *o, enum measure m, double bytes,
                 double objects)
{
    if (!p)
        return;
    change(&p->uses[o->stack].of[m], bytes, objects);
    change(&p->sizes[o->size][m], bytes, objects);
    change(&p->types[o->type][m], bytes, objects);
    change(&p->total.of[m], bytes, objects);
}

static void note_living(struct replay *p, const struct run *r, enum measure m)
{
    p->total.of[m] = (struct amount){0, 0};
    for (size_t i = 0; i < p->recording->stack_count; i++) {
        p->uses[i].of[m] = r->live[i];
        change(&p->total.of[m], r->live[i].bytes, r->live[i].objects);
    }
    for (unsigned i = 0; i < SIZES; i++)
        p->sizes[i][m] = r->sizes[i];
    for (size_t i = 0; i < r->type_count; i++)
        p->types[i][m] = r->types[i];
}

/* An object ends.  `p` is NULL in the second run. */
static void finish(struct run *r, struct replay *p, const struct event *e,
                   struct object *o)
{
    double bytes = (double)o->requested * o->weight;
    struct thread *t = &r->threads[o->thread];
    bool temporary =
        e->tag == RECORDING_TEMPORARY ||
        (e->tag == RECORDING_FREED && !r->recording->every && t->last == o->address);
    if (t->last == o->address)
        t->last = 0;
    change_live(r, o, -bytes, -o->weight);
    if (p) {
        double lifetime = r->allocated - o->birth - bytes;
        unsigned class = 0;
        while (lifetime_limit(class) && lifetime >= (double)lifetime_limit(class))
            class ++;
        change(&p->lifetimes[class], bytes, o->weight);
        change(&p->uses[o->stack].gone, bytes, o->weight);
        change(&p->total.gone, bytes, o->weight);
        p->uses[o->stack].lifetimes += lifetime * o->weight;
        p->total.lifetimes += lifetime * o->weight;
        if (e->tag == RECORDING_DEAD)
            change(&p->dead, bytes, o->weight);
        if (temporary)
            note(p, o, TEMPORARY, bytes, o->weight);
    }
    drop(&r->objects, o);
}

/* What is at the address already, whose end was not recorded, is gone. */
static void allocated(struct run *r, struct replay *p, const struct event *e)
{
    struct object *o = find(&r->objects, e->address);
    if (o->address)
        finish(r, p, &(struct event){.tag = RECORDING_NONE}, o);
    o = add(&r->objects, e->address);
    o->stack = e->stack;
    o->size = size_class(e->requested + e->slack);
    o->type = e->type;
    o->thread = thread_of(r, e->thread);
    o->requested = e->requested;
    o->weight = weight_of(r->recording, e);
    o->birth = r->allocated;
    double bytes = (double)o->requested * o->weight;
    r->threads[o->thread].last = e->address;
    r->allocated += bytes;
    change_live(r, o, bytes, o->weight);
    note(p, o, ALLOCATED, bytes, o->weight);
}

/* What it has grown by counts as allocated. */
static void resized(struct run *r, struct replay *p, const struct event *e)
{
    struct object *o = find(&r->objects, e->address);
    if (!o->address)
        return;
    double before = (double)o->requested * o->weight;
    double bytes = ((double)e->requested - (double)o->requested) * o->weight;
    change(&r->sizes[o->size], -before, -o->weight);
    o->size = size_class(e->requested + e->slack);
    change(&r->sizes[o->size], before, o->weight);
    o->requested = e->requested;
    change_live(r, o, bytes, 0);
    if (bytes <= 0)
        return;
    r->allocated += bytes;
    note(p, o, ALLOCATED, bytes, 0);
}

/* The object stays alive.  The owner of a sample is hardly ever a sample. */
static void leaked(struct run *r, struct replay *p, const struct event *e)
{
    const struct object *o = find(&r->objects, e->address);
    const struct object *owner = find(&r->objects, e->owner);
    if (!p || !o->address || recording_is_loaders(r->recording, o->stack))
        return;
    note(p, o, LEAKED, (double)o->requested * o->weight, o->weight);
    if (r->recording->every || o == owner || !owner->address)
        return;
    change(&p->uses[owner->stack].kept, (double)o->requested, 1);
    change(&p->total.kept, (double)o->requested, 1);
}

static void told(struct run *r, struct replay *p, const struct event *e)
{
    if (e->tag == RECORDING_TIME) {
        r->seconds += (double)e->microseconds / 1e6;
        r->pauses += (double)e->pause / 1e6;
        r->last.heap = e->heap;
        r->last.resident = e->resident;
        r->last.collections += e->collections;
    }
    if (!p)
        return;
    struct moment m = r->last;
    m.seconds = r->seconds;
    m.pauses = r->pauses;
    m.live = r->total.bytes;
    m.allocated = r->allocated;
    p->moments = grown(p->moments, p->moment_count, &p->moment_room, sizeof m);
    p->moments[p->moment_count++] = m;
}

static void apply(struct run *r, struct replay *p, const struct event *e)
{
    struct object *o;
    switch (e->tag) {
    case RECORDING_ALLOCATED:
        allocated(r, p, e);
        break;
    case RECORDING_FREED:
    case RECORDING_TEMPORARY:
    case RECORDING_DEAD:
        o = find(&r->objects, e->address);
        if (o->address)
            finish(r, p, e, o);
        break;
    case RECORDING_RESIZED:
        resized(r, p, e);
        break;
    case RECORDING_LEAKED:
        leaked(r, p, e);
        break;
    default:
        told(r, p, e);
    }
    r->events++;
}

/* Returns after how many events most bytes were alive, and sets when. */
static size_t run_all(struct replay *p)
{
    struct run r;
    struct event e;
    double most = 0;
    size_t peak = 0;
    begin_run(&r, p->recording);
    struct cursor c = recording_begin(p->recording);
    while ((p->until == 0 || r.seconds < p->until) && recording_next(&c, &e)) {
        apply(&r, p, &e);
        if (r.total.bytes <= most)
            continue;
        most = r.total.bytes;
        peak = r.events;
        p->peak_seconds = r.seconds;
    }
    note_living(p, &r, END);
    end_run(&r);
    return peak;
}

static void run_to_peak(struct replay *p, size_t peak)
{
    struct run r;
    struct event e;
    begin_run(&r, p->recording);
    struct cursor c = recording_begin(p->recording);
    while (r.events < peak && recording_next(&c, &e))
        apply(&r, NULL, &e);
    note_living(p, &r, PEAK);
    end_run(&r);
}

/* Sums of what is no whole number leave a little where nothing is left. */
static void drop_rest(struct amount *a)
{
    if (a->objects < 1e-3)
        *a = (struct amount){0, 0};
}

static void round_off(struct replay *p)
{
    for (size_t i = 0; i <= p->recording->stack_count; i++) {
        struct use *u = i ? &p->uses[i - 1] : &p->total;
        for (unsigned m = 0; m < MEASURES; m++)
            drop_rest(&u->of[m]);
    }
    for (unsigned i = 0; i < SIZES; i++)
        for (unsigned m = PEAK; m <= END; m++)
            drop_rest(&p->sizes[i][m]);
    for (size_t i = 0; i < types_of(p->recording); i++)
        for (unsigned m = PEAK; m <= END; m++)
            drop_rest(&p->types[i][m]);
}

void replay_run(struct replay *p, const struct recording *r, double until)
{
    *p = (struct replay){.recording = r, .until = until};
    p->uses = zeros(r->stack_count, sizeof *p->uses);
    p->types = zeros(types_of(r), sizeof *p->types);
    run_to_peak(p, run_all(p));
    round_off(p);
}

/* There are more stacks and types than before. */
static void make_room(struct replay *p, size_t stacks, size_t types)
{
    struct run *r = p->run;
    p->uses = with_zeros(p->uses, stacks, r->stack_count, sizeof *p->uses);
    r->live = with_zeros(r->live, stacks, r->stack_count, sizeof *r->live);
    r->stack_count = stacks;
    p->types = with_zeros(p->types, types, r->type_count, sizeof *p->types);
    r->types = with_zeros(r->types, types, r->type_count, sizeof *r->types);
    r->type_count = types;
}

void replay_go_on(struct replay *p, const struct recording *r)
{
    struct event e;
    if (!p->run) {
        p->recording = r;
        p->run = zeros(1, sizeof *p->run);
        *p->run = (struct run){.recording = r, .cursor = recording_begin(r)};
        make(&p->run->objects, 1024);
    }
    make_room(p, r->stack_count, types_of(r));
    p->run->cursor.at = r->begin;
    while (recording_next(&p->run->cursor, &e))
        apply(p->run, p, &e);
    note_living(p, p->run, END);
    round_off(p);
}

void replay_end(struct replay *p)
{
    if (p->run)
        end_run(p->run);
    free(p->run);
    free(p->uses);
    free(p->types);
    free(p->moments);
    *p = (struct replay){0};
}
