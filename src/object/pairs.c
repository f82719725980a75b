/* The engine: pairs whose keys are not marked wait in an array.
 *
 * A round looks at all of them, marks the values of keys that are marked by now, and what these
 * values reach.  As long as a round has to do with a quarter of those that wait, the next one is
 * worth its while: all together look at four times as many as there are.  A chain of ephemerons
 * in an unlucky order, however, would take as many rounds as it has links.  So then the pairs are
 * hashed by their keys, the marker tells of each key that it marks, and no pair is looked at
 * again before its turn: the whole takes time in proportion to pairs and to what is marked (as in
 * Hayes, "Ephemerons: a new finalization mechanism", OOPSLA 1997, with a hash table instead of a
 * bit in the object).
 *
 * Rounds over many pairs, and long lists, are shared by the markers (pairs_shared.c); key by key it is
 * the work of one thread. */
#include <config.h>
#include <string.h>

#include "base/check.h"
#include "base/meta.h"
#include "collect/phase.h"
#include "object/pairs_inner.h"

enum {
    KEPT_BYTES = KIB(64), /* of the array, from one cycle to the next, in any case */
    WORTH = 4,            /* a round has to do with one in so many */
};

/* In a pause only, by its thread. */
static struct pairs pairs PRIVATE_DATA;

uint64_t pairs_work(void)
{
    return pairs.work;
}

/* ---- Values ------------------------------------------------------------------------------------ */

static void flush(struct pairs *p)
{
    const uintptr_t *words = p->batch;
    marker_scan_roots(p->cycle->marker, (uintptr_t)words, (uintptr_t)(words + p->filled));
    p->filled = 0;
}

static void drain(struct pairs *p)
{
    flush(p);
    cycle_roots_drain(&p->cycle->roots, p->cycle->marker);
}

static void keep(struct pairs *p, uintptr_t value)
{
    if (p->filled == PAIRS_BATCH)
        flush(p);
    p->batch[p->filled++] = value;
}

/* ---- The array ---------------------------------------------------------------------------------- */

/* For want of memory its number is PAIRS_NONE. */
static uint32_t await(struct pairs *p, struct pair pair)
{
    struct pair *waiting =
        p->count + 1 < PAIRS_NONE
            ? meta_grow(ACCOUNT_ENDS, p->waiting, p->count, &p->capacity, sizeof *waiting)
            : NULL;
    if (!waiting) {
        p->gave_up = true;
        return PAIRS_NONE;
    }
    p->waiting = waiting;
    waiting[p->count] = pair;
    p->most = max_size(p->most, p->count + 1);
    return (uint32_t)p->count++;
}

/* An array of about the size that was needed is kept: its first touch in each pause would take
 * longer than what is done with it. */
static void forget_all(struct pairs *p)
{
    size_t bytes = p->capacity * sizeof *p->waiting;
    bool keeps = bytes <= KEPT_BYTES || p->most >= p->capacity / 4;
    p->count = p->most = 0;
    if (keeps)
        return;
    meta_free(p->waiting, bytes);
    p->waiting = NULL;
    p->capacity = 0;
}

/* ---- Chains ------------------------------------------------------------------------------------- */

static uint32_t *chain_of(const struct pairs *p, const uint8_t *state)
{
    return &p->chains[hash_place((uintptr_t)state, p->chain_count)];
}

static void push(struct pairs *p, uint32_t *first, uint32_t number)
{
    p->next[number] = *first;
    *first = number;
}

/* It goes to its chain, or to those whose turn it is. */
static void chain(struct pairs *p, uint32_t number)
{
    const uint8_t *state = p->waiting[number].state;
    push(p, pairs_is_marked(p, state) ? &p->resolved : chain_of(p, state), number);
}

static void unchain_all(struct pairs *p)
{
    meta_free(p->next, p->next_count * sizeof *p->next);
    meta_free(p->chains, p->chain_count * sizeof *p->chains);
    p->next = p->chains = NULL;
    p->next_count = p->chain_count = 0;
}

/* Room for twice as many pairs as wait, and all of them are on chains.  false: no memory, and no
 * chain. */
static bool chain_all(struct pairs *p)
{
    unchain_all(p);
    size_t count = (size_t)2 << log2_floor(p->count | 1023);
    p->next = meta_alloc(ACCOUNT_ENDS, count * sizeof *p->next);
    p->chains = meta_alloc(ACCOUNT_ENDS, count * sizeof *p->chains);
    p->next_count = p->next ? count : 0;
    p->chain_count = p->chains ? count : 0;
    if (!p->next || !p->chains)
        return unchain_all(p), false;
    for (size_t i = 0; i < count; i++)
        p->chains[i] = PAIRS_NONE;
    p->resolved = PAIRS_NONE;
    for (uint32_t number = 0; number < p->count; number++)
        if (p->waiting[number].state)
            chain(p, number);
    p->work += p->count;
    return true;
}

static void chain_another(struct pairs *p, struct pair pair)
{
    uint32_t number = await(p, pair);
    if (number == PAIRS_NONE || p->next_count == 0)
        return;
    if (number < p->next_count)
        chain(p, number);
    else if (!chain_all(p))
        p->gave_up = true;
}

/* ---- Naming ------------------------------------------------------------------------------------- */

/* It needs to wait no longer. */
static void resolve(struct pairs *p, const struct pair *pair)
{
    if (pair->source)
        pair->source->list_of(p, pair->value);
    else
        keep(p, pair->value);
}

static void look_at(struct pairs *p, const struct named *n)
{
    struct pair pair = {n->key_state ? n->key_state : &p->always, n->value, n->source};
    p->work++;
    if (!n->source && (!n->value_state || pairs_is_marked(p, n->value_state)))
        return;
    if (p->mode == TELLING)
        chain_another(p, pair);
    else if (p->mode == KEEPING || pairs_is_marked(p, pair.state))
        resolve(p, &pair);
    else
        await(p, pair);
}

/* The ring is emptied.  Whoever is asked for more by it puts that into the ring, too. */
static void look_at_rest(struct pairs *p)
{
    while (p->oldest != p->newest) {
        struct named n = p->named[p->oldest++ % PAIRS_AHEAD];
        look_at(p, &n);
    }
}

/* The oldest makes room, and may name others in the end: but of those in the ring that do, each
 * does so once, so no deeper than the ring is long. */
static void name(struct pairs *p, uintptr_t key, uintptr_t value,
                 const struct pair_source *source)
{
    const struct heap *h = p->cycle->heap;
    struct named named = {reached_state(h, key), reached_state(h, value), value, source};
    __builtin_prefetch(named.key_state);
    __builtin_prefetch(named.value_state);
    while (p->newest - p->oldest >= PAIRS_AHEAD) {
        struct named oldest = p->named[p->oldest++ % PAIRS_AHEAD];
        look_at(p, &oldest);
    }
    p->named[p->newest++ % PAIRS_AHEAD] = named;
}

void pairs_add(struct pairs *p, uintptr_t key, uintptr_t value)
{
    name(p, key, value, NULL);
}

void pairs_add_later(struct pairs *p, uintptr_t object, const struct pair_source *s)
{
    name(p, object, object, s);
}

void pairs_keep(struct pairs *p, uintptr_t value)
{
    name(p, 0, value, NULL);
}

/* What is in the ring and in the batch is seen to later, as if it had been named after these. */
uint32_t pairs_add_list(struct pairs *p, const struct pair_list *l)
{
    return p->mode == COLLECTING && !p->gave_up ? pairs_share_list(p, l) : 0;
}

static void list_all(struct pairs *p)
{
    for (const struct pair_source *s = p->sources; s; s = s->next)
        s->list(p);
    look_at_rest(p);
    drain(p);
}

/* ---- Rounds -------------------------------------------------------------------------------------- */

/* Those from `from` on come to lie at `to`. */
static void close_gap(struct pairs *p, size_t to, size_t from)
{
    memmove(p->waiting + to, p->waiting + from, (p->count - from) * sizeof *p->waiting);
    p->count -= from - to;
}

/* Returns how many it had to do with.  What is named meanwhile waits behind the others. */
static size_t go_round(struct pairs *p)
{
    if (!pairs_share_round(p))
        return 0;
    size_t left = 0, count = p->count;
    for (size_t i = 0; i < count; i++) {
        struct pair pair = p->waiting[i];
        if (i + PAIRS_AHEAD < count && p->waiting[i + PAIRS_AHEAD].state)
            __builtin_prefetch(p->waiting[i + PAIRS_AHEAD].state);
        if (pair.state && pairs_is_marked(p, pair.state))
            resolve(p, &pair);
        else if (pair.state)
            p->waiting[left++] = pair;
    }
    look_at_rest(p);
    if (left < count)
        close_gap(p, left, count);
    p->work += count;
    if (left < count)
        drain(p);
    return count - left;
}

/* ---- Key by key ---------------------------------------------------------------------------------- */

/* The pairs of a key that was just marked leave their chain: their turn has come. */
static void marked(void *argument, const uint8_t *state)
{
    struct pairs *p = argument;
    uint32_t *place = chain_of(p, state);
    p->work++;
    while (*place != PAIRS_NONE) {
        uint32_t number = *place;
        if (p->waiting[number].state != state) {
            place = &p->next[number];
        } else {
            *place = p->next[number];
            push(p, &p->resolved, number);
        }
        p->work++;
    }
}

/* Those that are done go. */
static void close_gaps(struct pairs *p)
{
    size_t left = 0;
    for (size_t i = 0; i < p->count; i++)
        if (p->waiting[i].state)
            p->waiting[left++] = p->waiting[i];
    p->work += p->count;
    p->count = left;
}

/* What it names may move everything. */
static void resolve_next(struct pairs *p)
{
    uint32_t number = p->resolved;
    struct pair pair = p->waiting[number];
    p->resolved = p->next[number];
    p->waiting[number].state = NULL;
    if (pair.source) {
        pair.source->list_of(p, pair.value);
        look_at_rest(p);
    } else if (!is_reached(p->cycle->heap, pair.value)) {
        p->batch[p->filled++] = pair.value;
    }
}

/* Nothing is grey.  Those whose turn it is are seen to, and all that follows from them.  Without memory, or
 * when some objects were not told of, there is more to do: false. */
static bool follow(struct pairs *p)
{
    struct telling telling = {marked, p};
    bool all = true;
    while (all && !p->gave_up && p->resolved != PAIRS_NONE) {
        while (!p->gave_up && p->resolved != PAIRS_NONE && p->filled < PAIRS_BATCH)
            resolve_next(p);
        if (!p->gave_up) /* else there are no chains any more, and all are kept */
            all = marker_mark_telling(p->cycle->marker, p->batch, p->filled, &telling);
        p->filled = 0;
    }
    return all && !p->gave_up;
}

static bool begin_telling(struct pairs *p)
{
    bool all = chain_all(p);
    p->mode = all ? TELLING : COLLECTING;
    return all;
}

static void end_telling(struct pairs *p)
{
    p->mode = COLLECTING;
    unchain_all(p);
    close_gaps(p);
}

static void go_key_by_key(struct pairs *p)
{
    if (begin_telling(p))
        follow(p);
    end_telling(p);
}

/* What lives with the key counts as if it were marked; afterwards it is what it was. */
static bool follow_key(struct pairs *p, uintptr_t key)
{
    const struct heap *h = p->cycle->heap;
    uint8_t *state = h->states + (reached_state(h, key) - h->states), was = *state;
    *state = h->numbers->mark;
    marked(p, state);
    bool all = follow(p);
    *state = was;
    return all;
}

/* ---- The phases ----------------------------------------------------------------------------------- */

/* There is no memory to wait with: each value is as good as alive. */
static void keep_all(struct pairs *p)
{
    p->mode = KEEPING;
    p->cycle->keeps_more = true;
    p->count = 0;
    list_all(p);
    p->mode = COLLECTING;
}

/* The last round finds that nothing is to be done; the others see to what is left over, as by
 * stacks in objects that are reached only now. */
static void settle(struct pairs *p)
{
    size_t before, resolved;
    do {
        before = p->count;
        resolved = go_round(p);
        if (resolved > 0 && WORTH * resolved < before)
            go_key_by_key(p);
    } while (resolved > 0);
    if (p->gave_up)
        keep_all(p);
}

static void run(struct cycle *c)
{
    pairs.cycle = c;
    pairs.count = 0;
    pairs.gave_up = false;
    pairs.always = c->heap->numbers->mark;
    list_all(&pairs);
    settle(&pairs);
}

/* Manual objects count as garbage then, and what values reach is none of it. */
static void run_for_leaks(struct cycle *c)
{
    if (c->cause == CAUSE_LEAKS)
        run(c);
}

/* Those that still wait; where there was no memory nothing does. */
void pairs_settle(void)
{
    settle(&pairs);
}

bool pairs_wait(const struct pair_source *but)
{
    bool others = false;
    for (const struct pair_source *s = pairs.sources; s; s = s->next)
        others |= s != but;
    return others && pairs.count > 0;
}

/* When there is no memory, or some were not told of, all values are kept. */
void pairs_settle_for(pair_key *next, void *argument)
{
    bool all = begin_telling(&pairs);
    for (uintptr_t key; all && (key = next(argument));)
        all = follow_key(&pairs, key);
    end_telling(&pairs);
    pairs.gave_up |= !all;
    pairs_settle();
}

static void run_again(struct cycle *c)
{
    (void)c;
    pairs_settle();
    forget_all(&pairs);
}

/* Nothing is left of a cycle. */
static void check(struct cycle *c)
{
    const struct pairs *p = &pairs;
    (void)c;
    if (!GC_CHECKING)
        return;
    CHECK(p->count == 0 && p->filled == 0 && p->oldest == p->newest);
    CHECK(p->mode == COLLECTING && !p->next && !p->chains);
    CHECK((p->waiting != NULL) == (p->capacity > 0));
}

void pairs_source_add(struct pair_source *s)
{
    static struct phase phases[] PRIVATE_DATA = {
        {.rank = PHASE_ROOTS, .run = run_for_leaks},
        {.rank = PHASE_EPHEMERONS, .run = run},
        {.rank = PHASE_REVIVED, .run = run_again},
        {.rank = PHASE_CHECK, .run = check},
    };
    for (unsigned i = 0; i < sizeof phases / sizeof phases[0]; i++)
        phase_add(&phases[i]);
    struct pair_source **place = &pairs.sources;
    while (*place && *place != s)
        place = &(*place)->next;
    *place = s;
}
