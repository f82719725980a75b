/* The pattern behind objects: set by an observer of the heap, and looked at.  Which bytes it has is
 * known from the object's site, which is right at any instruction: while the pattern is set or the size
 * changes, the site says that there is nothing to be checked. */
#include "mutator/canary.h"

#include <string.h>

#include "heap/heap.h"
#include "mutator/hooks.h"
#include "mutator/pattern.h"
#include "mutator/site.h"
#include "world/faults.h"

/* A word behind each object at least: what is written there most often is one element too much. */
enum { CANARY_LEAST = 8 };

static bool has_canary(const struct heap *h, const struct cell *o)
{
    const struct site *s = site_at(h, o->state);
    return !site_freed(s) && !(s->note & SITE_UNCHECKED);
}

/* The object's site is filled in after this. */
static void set(struct heap *h, const struct cell *o, size_t requested)
{
    (void)h;
    memset((char *)o->address + requested, PATTERN_CANARY, o->size - requested);
}

static void allocated(struct heap *h, const struct cell *o, size_t requested,
                      uint32_t stack)
{
    (void)stack;
    set(h, o, requested);
}

static struct pattern_look look_at(const struct heap *h, const struct cell *o,
                                   struct fault *f)
{
    const struct site *s = site_at(h, o->state);
    f->kind = FAULT_OVERFLOW;
    f->address = o->address;
    f->bytes = o->size - site_slack(s);
    f->allocated = s->stack;
    return (struct pattern_look){f, f->bytes, o->size, PATTERN_CANARY, false};
}

bool canary_find(struct heap *h, const struct cell *o, struct fault *f)
{
    if (!has_canary(h, o))
        return false;
    struct pattern_look l = look_at(h, o, f);
    faults_try(pattern_look, &l, o->address, o->address + o->size);
    return l.spoilt;
}

static void check(const struct heap *h, const struct cell *o, const char *function,
                  struct call call)
{
    struct fault f = {.function = function, .call = call};
    if (!has_canary(h, o))
        return;
    struct pattern_look l = look_at(h, o, &f);
    pattern_look(&l);
    if (l.spoilt)
        report_hooks.fault(&f);
}

static void freed(struct heap *h, const struct cell *o, struct call call)
{
    check(h, o, call_name_of_free(), call);
}

static void resizing(struct heap *h, const struct cell *o, struct call call)
{
    check(h, o, call_names.realloc, call);
    h->sites[o->state - h->states].note |= SITE_UNCHECKED;
}

void canary_begin(struct heap *h)
{
    static const struct observer canaries = {
        .allocated = allocated,
        .resizing = resizing,
        .resized = set,
        .freed = freed,
        .spare = CANARY_LEAST,
    };
    observe(h, &canaries);
}
