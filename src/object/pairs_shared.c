/* Pairs that are many are seen to by all markers: each looks at its parts of them, and marks values.
 * What that leads to is marked before the next pass begins.
 *
 * A key that another marker marks a moment later makes its pair wait for the next round.  So what
 * waits, and in which order, is not known beforehand; what is marked in the end is. */
#include <config.h>
#include <string.h>

#include "base/meta.h"
#include "object/pairs_inner.h"

enum {
    CHUNK = 64 * SHARE_PART, /* pairs of a list that room is made for at a time */
    WORDS = 64,              /* values, and pairs, that a marker gathers */
};

/* A pass over some of a list. */
struct listing {
    struct share share;
    struct pairs *p;
    const struct pair_list *list;
    size_t waiting; /* pairs that wait.  Atomic */
};

/* Over those that wait. */
struct round {
    struct share share;
    struct pairs *p;
    bool some; /* atomic */
};

/* What a marker has gathered. */
struct gathered {
    struct marker *m;
    uintptr_t values[WORDS];
    size_t value_count;
    struct pair pairs[WORDS];
    size_t pair_count;
};

static void mark_values(struct gathered *g)
{
    marker_mark_words(g->m, g->values, g->value_count);
    g->value_count = 0;
}

static void keep(struct gathered *g, uintptr_t value)
{
    if (g->value_count == WORDS)
        mark_values(g);
    g->values[g->value_count++] = value;
}

/* ---- A list ------------------------------------------------------------------------------------- */

/* There is room. */
static void await_gathered(struct listing *l, struct gathered *g)
{
    size_t at = __atomic_fetch_add(&l->waiting, g->pair_count, __ATOMIC_RELAXED);
    memcpy(l->p->waiting + at, g->pairs, g->pair_count * sizeof g->pairs[0]);
    g->pair_count = 0;
}

static void await(struct listing *l, struct gathered *g, struct pair pair)
{
    if (g->pair_count == WORDS)
        await_gathered(l, g);
    g->pairs[g->pair_count++] = pair;
}

/* The words of a pair, and their state bytes; NULL: a word does not lie in the heap. */
struct looked_up {
    struct pair_words words;
    const uint8_t *owner, *key, *value;
};

static struct looked_up look_up(const struct heap *h, struct pair_words w)
{
    struct looked_up u = {w, reached_state(h, w.owner), reached_state(h, w.key),
                          reached_state(h, w.value)};
    __builtin_prefetch(u.owner);
    __builtin_prefetch(u.key);
    __builtin_prefetch(u.value);
    return u;
}

static void settle(struct listing *l, struct gathered *g, const struct looked_up *u)
{
    const struct pairs *p = l->p;
    if (!u->value || pairs_is_marked(p, u->value))
        return;
    if (u->owner && !pairs_is_marked(p, u->owner))
        await(l, g, (struct pair){u->owner, u->words.owner, l->list->source});
    else if (u->key && !pairs_is_marked(p, u->key))
        await(l, g, (struct pair){u->key, u->words.value, NULL});
    else
        keep(g, u->words.value);
}

static void list_part(struct share *s, struct marker *m, uint32_t first, uint32_t end)
{
    struct listing *l = (struct listing *)s;
    struct gathered g = {.m = m};
    struct looked_up ahead[PAIRS_AHEAD];
    while (first < end) {
        size_t count = 0;
        struct pair_words w;
        for (; first < end && count < PAIRS_AHEAD; first++)
            if (l->list->get(l->list, first, &w))
                ahead[count++] = look_up(l->p->cycle->heap, w);
        for (size_t i = 0; i < count; i++)
            settle(l, &g, &ahead[i]);
    }
    mark_values(&g);
    await_gathered(l, &g);
}

/* false: there is no memory, or no number. */
static bool make_room(struct pairs *p, size_t pairs)
{
    size_t wanted = p->count + pairs;
    while (wanted < PAIRS_NONE && p->capacity < wanted) {
        size_t used = p->waiting ? p->capacity : 0;
        struct pair *larger =
            meta_grow(ACCOUNT_ENDS, p->waiting, used, &p->capacity, sizeof *p->waiting);
        if (!larger)
            return false;
        p->waiting = larger;
    }
    return wanted < PAIRS_NONE;
}

uint32_t pairs_share_list(struct pairs *p, const struct pair_list *list)
{
    uint32_t from = 0;
    while (from < list->count && marker_would_share(p->cycle->marker, list->count)) {
        uint32_t count = (uint32_t)min_size(CHUNK, list->count - from);
        struct listing l = {share_of(list_part, from, from + count), p, list, p->count};
        if (!make_room(p, count))
            break;
        marker_share(p->cycle->marker, &l.share);
        p->count = l.waiting;
        p->most = max_size(p->most, p->count);
        p->work += count;
        from += count;
    }
    return from;
}

/* ---- A round ------------------------------------------------------------------------------------ */

static void round_part(struct share *s, struct marker *m, uint32_t first, uint32_t end)
{
    struct round *r = (struct round *)s;
    struct pair *waiting = r->p->waiting;
    struct gathered g = {.m = m};
    bool some = false;
    for (uint32_t i = first; i < end; i++) {
        if (i + PAIRS_AHEAD < end && waiting[i + PAIRS_AHEAD].state)
            __builtin_prefetch(waiting[i + PAIRS_AHEAD].state);
        if (!waiting[i].state || !pairs_is_marked(r->p, waiting[i].state))
            continue;
        some = true;
        if (waiting[i].source)
            continue;
        keep(&g, waiting[i].value);
        waiting[i].state = NULL;
    }
    mark_values(&g);
    if (some)
        __atomic_store_n(&r->some, true, __ATOMIC_RELAXED);
}

bool pairs_share_round(struct pairs *p)
{
    struct round r = {share_of(round_part, 0, (uint32_t)p->count), p, false};
    if (!marker_would_share(p->cycle->marker, p->count))
        return true;
    marker_share(p->cycle->marker, &r.share);
    p->work += p->count;
    return r.some;
}
