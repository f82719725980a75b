/* The naive marker. */
#include "collect/naive.h"

#include "base/lock.h"
#include "base/meta.h"
#include "base/options.h"
#include "base/os.h"
#include "collect/precise.h"
#include "heap/block.h"
#include "world/faults.h"

bool naive_create(struct naive *n, struct heap *h, bool exact)
{
    size_t map_bytes = h->bytes / GRANULE;
    *n = (struct naive){.heap = h, .exact = exact, .map_bytes = map_bytes};
    n->reached = meta_alloc(ACCOUNT_MARKING, map_bytes);
    return n->reached != NULL;
}

void naive_destroy(struct naive *n)
{
    meta_free(n->reached, n->map_bytes);
    meta_free(n->stack, n->capacity * sizeof *n->stack);
}

size_t naive_number(const struct naive *n, uintptr_t address)
{
    return (address - n->heap->base) / GRANULE;
}

bool naive_find(const struct naive *n, uintptr_t address, struct found *f)
{
    const struct heap *h = n->heap;
    if (address < h->base || address >= h->base + h->bytes)
        return false;
    size_t unit = (address - h->base) / UNIT_BYTES;
    if (!(h->words[unit] & UNIT_USED))
        return false;
    while (h->words[unit] >> UNIT_DISTANCE_SHIFT & ((1 << UNIT_DISTANCE_BITS) - 1))
        unit--;
    unsigned class = h->words[unit] >> UNIT_BIN_SHIFT & 127;
    if (class == CLASS_NONE)
        return false;
    uintptr_t start = h->base + unit * UNIT_BYTES;
    size_t block_bytes = class == CLASS_LARGE ? UNIT_BYTES : geometries[class].size;
    size_t index = class == CLASS_LARGE ? 0 : (address - start) / block_bytes;
    if (class != CLASS_LARGE && index >= geometries[class].count)
        return false;
    f->size = class == CLASS_LARGE ? h->units[unit].block.bytes : geometries[class].size;
    f->address = start + index * f->size;
    f->number = naive_number(n, f->address);
    f->state = h->states + (h->words[unit] >> UNIT_STATES_SHIFT) + index;
    f->kind = h->words[unit] >> (UNIT_BIN_SHIFT + CLASS_BITS) & 3;
    f->layout = NULL;
    if ((f->kind & KIND_ATOMIC) && (h->words[unit] & UNIT_TYPED))
        f->layout = layout_at(h, h->types[unit]);
    return *f->state >= STATE_NEW;
}

static void reach(struct naive *n, const struct found *f)
{
    if (n->reached[f->number])
        return;
    n->reached[f->number] = 1;
    n->count++;
    if (!naive_has_words(f))
        return;
    uintptr_t *stack =
        meta_grow(ACCOUNT_MARKING, n->stack, n->depth, &n->capacity, sizeof *stack);
    if (!stack) {
        n->failed = true;
        return;
    }
    n->stack = stack;
    n->stack[n->depth++] = f->address;
}

enum { WORD = sizeof(uintptr_t) };

/* Words are copied to here, not to the stack, where they would keep objects. */
static uintptr_t copy[2 * OS_PAGE / WORD] PRIVATE_DATA;

/* Words, and those that begin half a word behind the first of them. */
struct source {
    const char *words;
    size_t count, halves;
};

READS_ANYTHING static void copy_words(void *argument)
{
    const struct source *s = argument;
    for (size_t i = 0; i < s->count; i++)
        copy[i] = *(const volatile uintptr_t *)(s->words + i * WORD);
    for (size_t i = 0; i < s->halves; i++)
        copy[s->count + i] =
            *(const volatile uintptr_t *)(s->words + WORD / 2 + i * WORD);
}

struct copied naive_copy(uintptr_t *low, uintptr_t high)
{
    uintptr_t from = *low, end = min_size(align_down(from, OS_PAGE) + OS_PAGE, high);
    struct source s = {(const char *)from, (end - from) / WORD, 0};
    lock_check_held(RANK_WORLD);
    *low = end;
    if (options_unaligned() && s.count > 0)
        s.halves = end < high ? s.count : s.count - 1;
    bool read = faults_try(copy_words, &s, from, min_size(end + WORD / 2, high));
    if (!read && s.halves == s.count) { /* the last of them ends on the next page */
        s.halves--;
        read = faults_try(copy_words, &s, from, end);
    }
    return (struct copied){copy, read ? s.count : 0, read ? s.halves : 0};
}

/* ---- The words of an object -------------------------------------------------------- */

bool naive_has_words(const struct found *f)
{
    return !(f->kind & KIND_ATOMIC) || f->layout;
}

/* Whether the layout names this word of the object, wherever the object is.  One that names none may
 * have no size. */
static bool is_named(const struct found *f, size_t word)
{
    const struct layout *l = f->layout;
    size_t bytes = word * WORD, element = l->size;
    if (l->count == 0 || bytes < l->header)
        return false;
    bytes -= l->header;
    if (l->sized) {
        if ((bytes / element + 1) * element > f->size - l->header)
            return false;
        bytes %= element;
    }
    for (uint32_t i = 0; i < l->count && l->words[i] <= bytes / WORD; i++)
        if (l->words[i] == bytes / WORD)
            return true;
    return false;
}

/* What becomes of the words that a trace function names, counted from the first: those of
 * number `from` and on are copied. */
struct naming {
    struct tracer tracer;
    size_t seen, from, count;
};

static void name_word(struct tracer *t, uintptr_t word)
{
    struct naming *g = (struct naming *)t;
    if (g->seen >= g->from && g->count < OS_PAGE / WORD)
        copy[g->count++] = word;
    g->seen++;
}

READS_ANYTHING static void name_range(struct tracer *t, uintptr_t low, uintptr_t high)
{
    for (; low < high; low += WORD)
        name_word(t, *(const volatile uintptr_t *)low);
}

static size_t copy_traced(const struct naive *n, const struct found *f, size_t from)
{
    struct naming g = {{name_word, name_range}, 0, from, 0};
    precise_trace(n->heap, f->layout, f->address, f->size, &g.tracer);
    return g.count;
}

bool naive_words(const struct naive *n, const struct found *f, size_t *at,
                 struct copied *c)
{
    if (f->layout && f->layout->shape == LAYOUT_TRACED) {
        *c = (struct copied){copy, copy_traced(n, f, *at / WORD), 0};
        *at += c->count * WORD;
        return c->count > 0;
    }
    if (*at >= f->size)
        return false;
    uintptr_t low = f->address + *at;
    *c = naive_copy(&low, f->address + f->size);
    c->halves = f->layout ? 0 : c->halves;
    for (size_t i = 0; f->layout && i < c->count; i++)
        copy[i] = is_named(f, *at / WORD + i) ? copy[i] : 0;
    *at = low - f->address;
    return true;
}

bool naive_has_reached(const struct naive *n, uintptr_t address)
{
    struct found f;
    return !naive_find(n, address, &f) || n->reached[f.number];
}

/* In an exact marker only a pointer to the start of an object counts. */
void naive_reach(struct naive *n, uintptr_t word)
{
    struct found f;
    if (naive_find(n, word, &f) && (!n->exact || f.address == word))
        reach(n, &f);
}

/* The object may have no byte beyond its end. */
static bool may_fill(const struct heap *h, const struct found *f)
{
    return f->size < h->pad_from ||
           block_has(h, unit_head(h, unit_of(h, f->address)), BLOCK_FILLED);
}

/* Reaches a small atomic object that ends where a word of a stack points. */
static void consider_end(struct naive *n, uintptr_t word)
{
    struct found f;
    if (naive_find(n, word - 1, &f) && !naive_has_words(&f) &&
        f.address + f.size == word && may_fill(n->heap, &f))
        reach(n, &f);
}

/* Most words are no addresses in the heap, nor of its end. */
static void scan_words(struct naive *n, const struct copied *c,
                       void (*what)(struct naive *n, uintptr_t word))
{
    uintptr_t base = n->heap->base;
    size_t bytes = n->heap->bytes;
    for (size_t i = 0; i < c->count + c->halves; i++)
        if (c->words[i] - base <= bytes)
            what(n, c->words[i]);
}

static void scan(struct naive *n, uintptr_t low, uintptr_t high,
                 void (*what)(struct naive *n, uintptr_t word))
{
    low = align_up(low, WORD);
    while (low < high) {
        struct copied c = naive_copy(&low, high);
        scan_words(n, &c, what);
    }
}

void naive_scan(struct naive *n, const struct range_list *l)
{
    for (size_t i = 0; i < l->count; i++)
        scan(n, l->ranges[i].low, l->ranges[i].high, naive_reach);
}

void naive_scan_ends(struct naive *n, const struct range_list *stacks)
{
    for (size_t i = 0; i < stacks->count; i++)
        scan(n, stacks->ranges[i].low, stacks->ranges[i].high, consider_end);
}

READS_ANYTHING static void copy_bytewise(void *argument)
{
    const struct source *s = argument;
    for (size_t i = 0; i < s->count; i++)
        copy[i] = *(const volatile uintptr_t *)(s->words + i);
}

/* Words at each byte. */
static void scan_code(struct naive *n, uintptr_t low, uintptr_t high)
{
    for (size_t count; low + WORD <= high; low += count) {
        count = min_size(high - low - WORD + 1, OS_PAGE / WORD);
        struct source s = {(const char *)low, count, 0};
        bool read = faults_try(copy_bytewise, &s, low, low + count + WORD - 1);
        scan_words(n, &(struct copied){copy, read ? count : 0, 0}, naive_reach);
    }
}

void naive_scan_code(struct naive *n, const struct range_list *l)
{
    lock_check_held(RANK_WORLD);
    for (size_t i = 0; i < l->count; i++)
        scan_code(n, l->ranges[i].low, l->ranges[i].high);
}

static void follow_object(struct naive *n, const struct found *f)
{
    struct copied c;
    for (size_t at = 0; naive_words(n, f, &at, &c);)
        scan_words(n, &c, naive_reach);
}

void naive_follow(struct naive *n)
{
    struct found f;
    while (n->depth > 0) {
        uintptr_t address = n->stack[--n->depth];
        if (naive_find(n, address, &f))
            follow_object(n, &f);
    }
}

void naive_reach_manual(struct naive *n)
{
    struct found f;
    for (BLOCKS(n->heap, head)) {
        if (!(word_kind(n->heap->words[head]) & KIND_MANUAL))
            continue;
        const struct geometry *g = &geometries[word_class(n->heap->words[head])];
        for (uint32_t i = 0; i < g->count; i++)
            if (naive_find(n, unit_address(n->heap, head) + (uintptr_t)i * g->size, &f))
                reach(n, &f);
    }
}
