/* A pass of its own over the roots and over what is marked, word by word: the marker neither knows where a
 * word lies that it follows, nor looks at what is no object. */
#include "mutator/dangling.h"

#include "collect/cycle.h"
#include "collect/naive.h"
#include "heap/block.h"
#include "mutator/site.h"

/* Where words are looked at, and who is told of them. */
struct search {
    struct heap *heap;
    void (*tell)(const struct fault *f); /* NULL: nobody */
    const struct cell *holder;           /* NULL: they are in no object */
};

static void tell(const struct search *s, const struct cell *o, const struct site *site,
                 uintptr_t at)
{
    struct fault f = {
        .kind = FAULT_DANGLING,
        .address = o->address,
        .bytes = o->size,
        .allocated = site->stack,
        .freed = site_freed_by(site),
        .found = "by a collection",
        .pointer = at,
    };
    if (s->holder) {
        f.holder = s->holder->address;
        f.holder_bytes = site_requested(s->holder);
        f.holder_allocated = site_stack(s->holder);
    }
    s->tell(&f);
}

static void consider(const struct search *s, uintptr_t word, uintptr_t at)
{
    const struct heap *h = s->heap;
    struct cell o = lookup_cell(h, word);
    if (!o.state || *o.state != STATE_RESERVED)
        return;
    struct site *site = h->sites + (o.state - h->states);
    if ((site->note & (SITE_FREED | SITE_HELD)) != (SITE_FREED | SITE_HELD))
        return;
    site->note |= SITE_REACHED;
    if (s->tell && !(site->note & SITE_TOLD)) {
        site->note |= SITE_TOLD;
        tell(s, &o, site, at);
    }
}

static void search_words(const struct search *s, const struct copied *c, uintptr_t at)
{
    uintptr_t base = s->heap->base, bytes = s->heap->bytes;
    for (size_t i = 0; i < c->count + c->halves; i++)
        if (UNLIKELY(c->words[i] - base < bytes))
            consider(s, c->words[i], at + copied_offset(c, i));
}

static void search_ranges(const struct search *s, const struct range_list *l)
{
    for (size_t i = 0; i < l->count; i++) {
        uintptr_t low = align_up(l->ranges[i].low, sizeof(uintptr_t)), from;
        while ((from = low) < l->ranges[i].high) {
            struct copied c = naive_copy(&low, l->ranges[i].high);
            search_words(s, &c, from);
        }
    }
}

/* Of an object with a trace function only what that names is known, and not where. */
static void search_object(struct search *s, const struct naive *n, const struct cell *o)
{
    struct found f;
    struct copied c;
    if (!naive_find(n, o->address, &f))
        return;
    s->holder = o;
    for (size_t at = 0, from = 0; naive_words(n, &f, &at, &c); from = at)
        search_words(s, &c, o->address + from);
}

static void search_objects(struct search *s)
{
    const struct heap *h = s->heap;
    struct naive n = {.heap = s->heap};
    for (BLOCKS(h, head)) {
        if (!word_has_pointers(h->words[head]))
            continue;
        uint32_t count = word_geometry(h->words[head])->count;
        for (uint32_t i = 0; i < count; i++) {
            struct cell o = block_cell(h, head, i);
            if (*o.state == h->numbers->mark)
                search_object(s, &n, &o);
        }
    }
}

/* What lies on stacks is mostly of calls that have returned, and nobody is told of it. */
void dangling_find(const struct cycle *c, void (*told)(const struct fault *f))
{
    struct search s = {.heap = c->heap};
    search_ranges(&s, &c->roots.stacks);
    s.tell = told;
    search_ranges(&s, &c->roots.data);
    search_ranges(&s, &c->roots.named);
    search_objects(&s);
}
