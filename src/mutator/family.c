/* The family of an object is in its site, that of a call in call_family. */
#include "mutator/family.h"

#include "mutator/fault.h"
#include "mutator/hooks.h"
#include "mutator/site.h"

static void check(const struct heap *h, const struct cell *o, const char *function,
                  struct call call)
{
    const struct site *s = site_at(h, o->state);
    if (site_freed(s) || s->note & SITE_UNCHECKED || site_family(s) == call_family)
        return;
    struct fault f = {
        .kind = FAULT_MISMATCH,
        .address = o->address,
        .bytes = o->size - site_slack(s),
        .allocated = s->stack,
        .family = site_family(s),
        .function = function,
        .call = call,
    };
    report_hooks.fault(&f);
}

static void freed(struct heap *h, const struct cell *o, struct call call)
{
    check(h, o, call_name_of_free(), call);
}

/* It is the caller's family's from now on: if it is moved, that is not to be said twice. */
static void resizing(struct heap *h, const struct cell *o, struct call call)
{
    check(h, o, call_names.realloc, call);
    site_set_family((void *)o->address, call_family);
}

void family_begin(struct heap *h)
{
    static const struct observer families = {.freed = freed, .resizing = resizing};
    observe(h, &families);
}
