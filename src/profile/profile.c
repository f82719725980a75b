/* What is recorded: of every object, as an observer of the heap; or of samples, which the heap chooses, or, where
 * it has observers anyway, this file. */
#include "profile/profile.h"

#include "base/critical.h"
#include "base/lock.h"
#include "base/options.h"
#include "base/table.h"
#include "collect/cycle.h"
#include "collect/phase.h"
#include "collect/question.h"
#include "heap/heap.h"
#include "heap/observe.h"
#include "heap/sample.h"
#include "profile/record.h"
#include "world/registry.h"
#include "world/self.h"

/* ---- What an object is ---------------------------------------------------------------------- */

static const enum recording_kind kinds[KIND_COUNT] = {
    [KIND_SCANNED] = RECORDING_SCANNED,
    [KIND_ATOMIC] = RECORDING_ATOMIC,
    [KIND_MANUAL] = RECORDING_MANUAL,
    [KIND_MANUAL_ATOMIC] = RECORDING_MANUAL_ATOMIC,
};

static void tell(const struct heap *h, const struct cell *o, size_t requested,
                 uint32_t stack)
{
    uint32_t layout = 0;
    if (word_typed(o->word))
        layout = typed_bin_layout(&h->typed[unit_type(h, unit_of(h, o->address))]);
    struct record_object r = {
        .address = o->address,
        .requested = requested,
        .slack = o->size - requested,
        .stack = stack,
        .layout = layout,
        .kind = layout ? RECORDING_LAID_OUT : kinds[word_kind(o->word)],
    };
    record_allocated(h, &r);
}

/* ---- Every object ----------------------------------------------------------------------- */

static void every_allocated(struct heap *h, const struct cell *o, size_t requested,
                            uint32_t stack)
{
    tell(h, o, requested, stack);
}

static void every_resized(struct heap *h, const struct cell *o, size_t requested)
{
    (void)h;
    record_resized(o->address, requested, o->size - requested);
}

static void every_freed(struct heap *h, const struct cell *o, struct call call)
{
    (void)h, (void)call;
    record_gone(RECORDING_FREED, o->address);
}

static void every_dead(struct heap *h, const struct cell *o)
{
    (void)h;
    record_gone(RECORDING_DEAD, o->address);
}

static const struct observer of_every = {
    .allocated = every_allocated,
    .resized = every_resized,
    .freed = every_freed,
    .found_dead = every_dead,
    .wants_stacks = true,
};

/* ---- Samples ------------------------------------------------------------------------------ */

/* A sample that lives. */
struct sample {
    uintptr_t address;
    uint32_t next;   /* in the table */
    pid_t thread;    /* that allocated it */
    uint64_t moment; /* of its cache */
    uint32_t stack;  /* in the depot */
    bool lost;       /* nothing reached it when that was looked at */
};

static struct {
    struct lock lock;
    struct table living;
} samples PRIVATE_DATA = {
    .living = {.account = ACCOUNT_REPORTS,
               .entry_bytes = sizeof(struct sample),
               .key_count = 1,
               .keys = {{offsetof(struct sample, address),
                         offsetof(struct sample, next)}}},
};

static const struct sample *sample_at(uint32_t number)
{
    return table_at(&samples.living, number);
}

static uint64_t moment_now(void)
{
    critical_begin();
    uint64_t moment = sample_moment(thread_self->cache);
    critical_end();
    return moment;
}

/* A sample that is not noted for want of memory is not recorded. */
static void add(const struct cell *o, size_t requested, uint32_t stack, uint64_t moment)
{
    struct sample s = {o->address, 0, thread_self->tid, moment, stack, false};
    critical_take(&samples.lock, RANK_RECORD);
    bool noted = table_add(&samples.living, &s);
    critical_release(&samples.lock, RANK_RECORD);
    if (noted)
        tell(&process_heap, o, requested, stack);
}

void profile_sample(const struct cell *o, size_t requested, struct call call)
{
    uint32_t stack = capture_call(call, OPTION_NOW(depth));
    add(o, requested, stack, moment_now());
}

/* Takes it out of the table.  false: it is none. */
static bool take(uintptr_t address, struct sample *s)
{
    critical_take(&samples.lock, RANK_RECORD);
    uint32_t number = table_find(&samples.living, 0, address);
    if (number) {
        *s = *sample_at(number);
        table_remove(&samples.living, number);
    }
    critical_release(&samples.lock, RANK_RECORD);
    return number;
}

void profile_freed(const struct cell *o)
{
    struct sample s;
    if (!take(o->address, &s))
        return;
    bool temporary = s.thread == thread_self->tid && s.moment == moment_now();
    record_gone(temporary ? RECORDING_TEMPORARY : RECORDING_FREED, o->address);
}

void profile_resized(uintptr_t address, size_t requested)
{
    critical_take(&samples.lock, RANK_RECORD);
    bool known = table_find(&samples.living, 0, address);
    critical_release(&samples.lock, RANK_RECORD);
    struct cell o = lookup_cell(&process_heap, address);
    if (known)
        record_resized(address, requested, o.size - requested);
}

/* The world is stopped, and what is not marked is about to go. */
static void find_dead(struct cycle *c)
{
    if (c->heap != &process_heap || c->kind->begins)
        return;
    for (uint32_t i = samples.living.count; i > 0; i--) {
        uintptr_t address = sample_at(i)->address;
        struct cell o = lookup_cell(c->heap, address);
        if (!o.state || *o.state < STATE_NEW || *o.state == c->heap->numbers->mark)
            continue;
        table_remove(&samples.living, i);
        record_gone(RECORDING_DEAD, address);
    }
}

static struct phase dead_phase PRIVATE_DATA = {.rank = PHASE_CHECK, .run = find_dead};

/* ---- Samples that nothing reaches ------------------------------------------------------------ */

/* All has been marked that roots other than manual objects reach. */
static void find_lost(struct cycle *c)
{
    for (uint32_t i = samples.living.count; i > 0; i--) {
        struct sample *s = table_at(&samples.living, i);
        struct cell o = lookup_cell(c->heap, s->address);
        s->lost = o.state && *o.state >= STATE_NEW && *o.state != c->heap->numbers->mark;
    }
}

/* Tells of the sample of that number, if there is still one, and it is lost.  Others may be removed meanwhile, and the
 * last one, which was told of, have its number. */
static void tell_lost(uint32_t number)
{
    uintptr_t address = 0;
    critical_take(&samples.lock, RANK_RECORD);
    if (number <= samples.living.count) {
        struct sample *s = table_at(&samples.living, number);
        address = s->lost ? s->address : 0;
        s->lost = false;
    }
    critical_release(&samples.lock, RANK_RECORD);
    if (address)
        record_leaked(address, address);
}

/* What lost manual objects do not reach either is found dead by the same collection. */
static void tell_lost_samples(void)
{
    question_ask(find_lost);
    for (uint32_t i = RACING(samples.living.count); i > 0; i--)
        tell_lost(i);
}

bool profile_tell_lost(void)
{
    if (options.profile_every)
        tell_lost_samples();
    return options.profile_every;
}

/* ---- Samples in a heap with observers ------------------------------------------------------- */

/* What an object has in a heap with observers is told without its bin's distance. */
static void some_allocated(struct heap *h, const struct cell *o, size_t requested,
                           uint32_t stack)
{
    (void)h;
    critical_begin();
    struct cache *c = thread_self->cache;
    bool sampled = sample_bytes(c, o->size);
    uint64_t moment = c->slow;
    critical_end();
    if (sampled)
        add(o, requested, stack, moment);
}

static void some_resized(struct heap *h, const struct cell *o, size_t requested)
{
    (void)h;
    profile_resized(o->address, requested);
}

static void some_freed(struct heap *h, const struct cell *o, struct call call)
{
    (void)h, (void)call;
    struct sample s;
    if (!take(o->address, &s))
        return;
    bool temporary = s.thread == thread_self->tid && s.moment == thread_self->cache->slow;
    record_gone(temporary ? RECORDING_TEMPORARY : RECORDING_FREED, o->address);
}

static const struct observer of_some = {
    .allocated = some_allocated,
    .resized = some_resized,
    .freed = some_freed,
    .wants_stacks = true,
};

/* ---- Beginning and end ------------------------------------------------------------------------ */

static void begin_samples(struct heap *h)
{
    bool observed = is_observed(h);
    phase_add(&dead_phase);
    sample_begin(h, options.profile_every, options.profile_seed);
    if (observed)
        observe(h, &of_some);
}

bool profile_needs_sites(void)
{
    return options.profile.text[0] && options.profile_holders &&
           options.profile_every == 0;
}

void profile_begin(struct heap *h)
{
    if (!options.profile.text[0] || !record_open())
        return;
    if (options.profile_every == 0)
        observe(h, &of_every);
    else
        begin_samples(h);
}

bool profile_at_end(void)
{
    return options.profile.text[0] && record_last_time();
}

uint32_t profile_stack(uintptr_t address)
{
    uint32_t number = table_find(&samples.living, 0, address);
    return number ? sample_at(number)->stack : 0;
}

void profile_end(void)
{
    record_close();
}
