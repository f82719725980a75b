/* The naive marker's marks compared with the real ones. */
#include "collect/verify.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/options.h"
#include "collect/naive.h"
#include "heap/block.h"
#include "world/thread.h"

static struct verify_rule *rules PRIVATE_DATA;

void verify_rule_add(struct verify_rule *r)
{
    struct verify_rule **place = &rules;
    while (*place && *place != r)
        place = &(*place)->next;
    *place = r;
}

/* Whether the collector's own frames lie in memory that is scanned, and change meanwhile:
 * the two markers may then see different words. */
static bool runs_on_a_root(const struct cycle *c)
{
    const struct range_list *data = &c->roots.data;
    if (lookup_owns(c->heap, c->sp))
        return true;
    for (size_t i = 0; i < data->count; i++)
        if (c->sp >= data->ranges[i].low && c->sp < data->ranges[i].high)
            return true;
    return false;
}

/* Whether some thread is between gc_blocking_begin and gc_blocking_end, where it may
 * write to its stack, too. */
static bool some_thread_blocks(void)
{
    for (MUTATORS(t))
        if (thread_lives(t) && t->blocking)
            return true;
    return false;
}

bool verify_is_possible(const struct cycle *c)
{
    return OPTION_NOW(verify) && c->roots.keeps_named && !c->roots.named.incomplete &&
           !runs_on_a_root(c) && !some_thread_blocks();
}

static bool is_right(bool reached, bool marked, bool exact)
{
    return reached == marked || (marked && !exact);
}

static void compare(const struct naive *n, bool exact)
{
    const struct heap *h = n->heap;
    for (BLOCKS(h, head)) {
        uint32_t count = geometries[word_class(h->words[head])].count;
        for (uint32_t i = 0; i < count; i++) {
            struct cell o = block_cell(h, head, i);
            bool reached = n->reached[naive_number(n, o.address)];
            if (is_right(reached, *o.state == h->numbers->mark, exact))
                continue;
            log_line("verify: the object at %p (%zu bytes, kind %u) has state %u and is "
                     "%sreachable",
                     (void *)o.address, o.size, word_kind(o.word), *o.state,
                     reached ? "" : "not ");
            if (reached && options.tracking == TRACKING_BARRIER)
                log_line(
                    "verify: under tracking=barrier a pointer is stored to an object "
                    "by gc_store, or told of by gc_write: one to this object was not");
            log_let_go();
            abort();
        }
    }
}

/* Reaches all that words and rules lead to.  Atomic objects, which are not followed, may
 * be what a rule asks for, too. */
static void follow(struct naive *n)
{
    size_t before;
    do {
        naive_follow(n);
        before = n->count;
        for (const struct verify_rule *r = rules; r; r = r->next)
            r->reach(n);
    } while (n->count > before && !n->failed);
}

void verify_marks(struct heap *h, const struct cycle_roots *r, bool exact)
{
    struct naive n;
    if (naive_create(&n, h, false)) {
        naive_scan(&n, &r->stacks);
        naive_scan_ends(&n, &r->stacks);
        naive_scan(&n, &r->data);
        naive_scan_code(&n, &r->code);
        naive_scan(&n, &r->named);
        naive_reach_manual(&n);
        follow(&n);
    }
    if (n.reached && !n.failed)
        compare(&n, exact);
    else
        log_line(
            "verify: no memory for the naive marker; this collection goes unchecked");
    naive_destroy(&n);
}
