/* Finding leaks, in the pause: which objects are lost, and which are reached by pointers
 * into them only. */
#include "report/leak_set.h"

#include "base/check.h"
#include "base/meta.h"
#include "collect/naive.h"
#include "heap/block.h"
#include "mutator/site.h"
#include "report/loader.h"
#include "trace/depot.h"

static void add(struct leak_set *s, const struct cell *o, enum leak_class class)
{
    struct leak *leaks =
        meta_grow(ACCOUNT_REPORTS, s->leaks, s->count, &s->capacity, sizeof *leaks);
    if (!leaks) {
        s->incomplete = true;
        return;
    }
    s->leaks = leaks;
    leaks[s->count++] = (struct leak){
        .address = o->address,
        .bytes = site_requested(o),
        .stack = site_stack(o),
        .class = class,
        .manual = word_kind(o->word) & KIND_MANUAL,
        .owner = OWNER_NONE,
    };
}

/* Calls `visit` for every manual object. */
static void each_manual(struct heap *h,
                        void (*visit)(void *argument, const struct cell *o),
                        void *argument)
{
    for (BLOCKS(h, head)) {
        if (!(word_kind(h->words[head]) & KIND_MANUAL))
            continue;
        uint32_t count = geometries[word_class(h->words[head])].count;
        for (uint32_t i = 0; i < count; i++) {
            struct cell o = block_cell(h, head, i);
            if (*o.state >= STATE_NEW)
                visit(argument, &o);
        }
    }
}

struct collecting {
    struct leak_set *set;
    struct heap *heap;
    const struct naive *exact;
};

static bool is_the_loaders(const struct cell *o)
{
    const uintptr_t *frames;
    size_t count = depot_get(site_stack(o), &frames);
    return count > 0 && loader_has(frames[0]);
}

static void add_lost(void *argument, const struct cell *o)
{
    struct collecting *c = argument;
    if (*o->state == c->heap->numbers->mark || is_the_loaders(o)) {
        c->set->reachable_objects++;
        c->set->reachable_bytes += site_requested(o);
    } else {
        add(c->set, o, LEAK_INDIRECT);
    }
}

static void add_possible(void *argument, const struct cell *o)
{
    struct collecting *c = argument;
    if (*o->state != c->heap->numbers->mark || is_the_loaders(o) ||
        c->exact->reached[naive_number(c->exact, o->address)])
        return;
    c->set->reachable_objects--;
    c->set->reachable_bytes -= site_requested(o);
    add(c->set, o, LEAK_POSSIBLE);
}

/* The objects that pointers to their start do not reach. */
static void find_possible(struct collecting *c, const struct cycle_roots *roots)
{
    struct naive exact;
    if (naive_create(&exact, c->heap, true)) {
        naive_scan(&exact, &roots->stacks);
        naive_scan(&exact, &roots->data);
        naive_scan(&exact, &roots->named);
        naive_follow(&exact);
    }
    if (exact.reached && !exact.failed) {
        c->exact = &exact;
        each_manual(c->heap, add_possible, c);
    } else {
        c->set->incomplete = true;
    }
    naive_destroy(&exact);
}

/* Adds what a word of a lost object points to, if it is new and not marked. */
static void add_target(struct leak_set *s, struct naive *seen, uintptr_t word)
{
    const struct heap *h = seen->heap;
    struct found to;
    if (!naive_find(seen, word, &to) || seen->reached[to.number] ||
        *to.state == h->numbers->mark)
        return;
    seen->reached[to.number] = 1;
    struct cell o = lookup_cell(h, to.address);
    add(s, &o, LEAK_INDIRECT);
}

static void add_targets(struct leak_set *s, struct naive *seen, uintptr_t address)
{
    struct found from;
    struct copied c;
    if (!naive_find(seen, address, &from) || !naive_has_words(&from))
        return;
    for (size_t at = 0; naive_words(seen, &from, &at, &c);)
        for (size_t i = 0; i < c.count + c.halves; i++)
            add_target(s, seen, c.words[i]);
}

/* The managed objects that nothing but lost manual objects keeps alive: each is added
 * behind the one that points to it, and is looked at in turn. */
static void add_kept(struct leak_set *s, struct heap *h)
{
    struct naive seen;
    struct found f;
    if (!naive_create(&seen, h, false)) {
        s->incomplete = true;
        return;
    }
    for (size_t i = 0; i < s->count; i++)
        if (naive_find(&seen, s->leaks[i].address, &f))
            seen.reached[f.number] = 1;
    for (size_t i = 0; i < s->count; i++)
        add_targets(s, &seen, s->leaks[i].address);
    naive_destroy(&seen);
}

void leak_set_find(struct leak_set *s, struct heap *h, const struct cycle_roots *roots,
                   bool possible)
{
    struct collecting c = {.set = s, .heap = h};
    s->incomplete = roots->named.incomplete;
    each_manual(h, add_lost, &c);
    if (s->count)
        add_kept(s, h);
    s->lost = s->count;
    if (possible && s->reachable_objects)
        find_possible(&c, roots);
}

static void forget_kept(struct leak_set *s)
{
    meta_free(s->kept, s->lost * sizeof *s->kept);
    s->kept = NULL;
}

void leak_set_begin_again(struct leak_set *s)
{
    for (size_t i = 0; i < s->lost; i++) {
        struct leak *l = &s->leaks[i];
        if (l->class != LEAK_SUPPRESSED)
            l->class = LEAK_INDIRECT;
        l->in_cycle = false;
        l->owner = OWNER_NONE;
    }
    forget_kept(s);
}

static void check_leak(const struct leak_set *s, size_t place)
{
    const struct leak *l = &s->leaks[place];
    bool lost = l->class == LEAK_DEFINITE || l->class == LEAK_INDIRECT;
    CHECK(l->class == LEAK_SUPPRESSED || lost == (place < s->lost));
    CHECK(l->owner >= OWNER_NONE ||
          (l->owner < s->lost && s->leaks[l->owner].class == LEAK_DEFINITE));
    CHECK(place >= s->lost || l->class == LEAK_DEFINITE || !s->kept ||
          s->kept[place].objects == 0);
}

void leak_set_check(const struct leak_set *s)
{
    size_t kept = 0, owned = 0;
    CHECK(s->lost <= s->count && s->count <= s->capacity);
    for (size_t i = 0; i < s->count; i++) {
        const struct leak *l = &s->leaks[i];
        check_leak(s, i);
        if (s->kept && i < s->lost)
            kept += s->kept[i].objects;
        owned += l->class == LEAK_INDIRECT && l->owner < OWNER_NONE;
    }
    CHECK(kept == owned || !s->kept);
}

void leak_set_clear(struct leak_set *s)
{
    forget_kept(s);
    meta_free(s->leaks, s->capacity * sizeof *s->leaks);
    *s = (struct leak_set){0};
}
