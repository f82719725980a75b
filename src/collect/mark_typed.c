/* Marking typed objects: what their layouts name goes to the buffer of words that the loops of
 * mark.c read, or, where there is no end of it, to the grey queue.  Objects are marked here only
 * one by one. */
#include "collect/mark_typed.h"

#include <string.h>

#include "base/os.h"
#include "collect/precise.h"
#include "heap/altered.h"
#include "heap/block.h"
#include "world/faults.h"

/* Longer ranges go to the grey queue in parts, as UINT32_MAX bytes have another meaning there. */
#define RANGE_MOST GIB(1)

enum { WINDOW_BYTES = 4096 }; /* of a typed object that are copied at once */

static void push(struct marker *m, uintptr_t address, size_t bytes)
{
    struct grey w = {address, bytes};
    m->overflowed |= !grey_queue_push(&m->grey, &w, 1);
}

READS_RACING void mark_word(struct marker *m, uintptr_t word)
{
    const struct heap *h = m->heap;
    struct cell o = lookup_cell(h, word);
    if (!o.state || *o.state < STATE_NEW || *o.state == h->numbers->mark)
        return;
    *o.state = h->numbers->mark;
    if (!word_has_pointers(o.word))
        return;
    if (word_atomic(o.word))
        push(m, o.address, grey_typed_bytes(unit_type(h, unit_of(h, o.address)), 0));
    else
        push(m, o.address, word_geometry(o.word)->size);
}

/* ---- Trace functions --------------------------------------------------------------- */

/* What becomes of the words that a trace function names: they fill the buffer first.
 * Those that point into the object [low, low + bytes) itself are left out. */
struct marking {
    struct tracer tracer;
    struct marker *m;
    size_t found, room;
    uintptr_t low;
    size_t bytes;
};

static void trace_word(struct tracer *t, uintptr_t word)
{
    struct marking *k = (struct marking *)t;
    if (word - k->low < k->bytes)
        return;
    if (k->found < k->room)
        k->m->found[k->found++] = word;
    else
        mark_word(k->m, word);
}

READS_ANYTHING static void trace_each(struct marking *k, uintptr_t low, uintptr_t high)
{
    for (; low < high; low += LAYOUT_WORD)
        trace_word(&k->tracer, *(const uintptr_t *)low);
}

/* Pushes a range that a trace function names to the grey queue; where that has no room,
 * the range is marked word by word, so that a mark-stack overflow is not followed by the
 * next one for ever. */
static void trace_range(struct tracer *t, uintptr_t low, uintptr_t high)
{
    struct marking *k = (struct marking *)t;
    while (low < high) {
        struct grey part = {low, min_size(high - low, RANGE_MOST)};
        if (k->bytes || !grey_queue_push(&k->m->grey, &part, 1))
            trace_each(k, low, low + part.bytes);
        low += part.bytes;
    }
}

static size_t traced_words(struct marker *m, const struct layout *l, const struct cell *o)
{
    struct marking k = {{trace_word, trace_range}, m, 0, FILTER_WORDS, 0, 0};
    precise_trace(m->heap, l, o->address, o->size, &k.tracer);
    return k.found;
}

/* ---- Layouts with words ------------------------------------------------------------ */

/* Words of an object of which pages may not be readable. */
struct guarded {
    const struct layout *l;
    const struct cell *o;
    size_t from, most, found;
    uintptr_t *words;
};

static void read_guarded(void *argument)
{
    struct guarded *g = argument;
    g->found = precise_words(g->l, g->o->address, g->o->size, g->from, g->words, g->most);
}

/* Reads words one by one; what cannot be read is no pointer, and reads as 0. */
NOINLINE static size_t read_each(struct marker *m, const struct guarded *all)
{
    struct guarded one = *all;
    one.most = 1;
    for (size_t i = 0; i < all->most; i++, one.from++, one.words++) {
        one.found = 1;
        *one.words = 0;
        if (!faults_try(read_guarded, &one, one.o->address, one.o->address + one.o->size))
            altered_found(m->heap, precise_place(one.l, one.o->address, one.from));
        if (one.found == 0)
            return i;
    }
    return all->most;
}

static size_t named_words(struct marker *m, const struct layout *l, const struct cell *o,
                          size_t from)
{
    struct guarded g = {l, o, from, FILTER_WORDS, 0, m->found};
    if (o->size < OS_PAGE)
        read_guarded(&g);
    else if (!faults_try(read_guarded, &g, o->address, o->address + o->size))
        return read_each(m, &g);
    return g.found;
}

/* Copies [low, high) page by page; what cannot be read is zeros. */
static void copy_pages(struct marker *m, char *copy, uintptr_t low, uintptr_t high)
{
    for (uintptr_t from = low, next; from < high; from = next) {
        next = min_size(align_down(from, OS_PAGE) + OS_PAGE, high);
        if (!os_copy(copy + (from - low), from, next - from)) {
            memset(copy + (from - low), 0, next - from);
            altered_found(m->heap, from);
        }
    }
}

/* Beside the program, where faults are its own to handle, words of a larger object are read in a copy of the part
 * that they lie in.  *most becomes how many it has at most. */
NOINLINE static size_t copied_words(struct marker *m, const struct layout *l,
                                    const struct cell *o, size_t from, size_t *most)
{
    uintptr_t copy[WINDOW_BYTES / sizeof(uintptr_t)];
    if (l->count == 0)
        return 0;
    uintptr_t low = precise_place(l, o->address, from), end = o->address + o->size;
    while (*most > 1 &&
           precise_place(l, o->address, from + *most) - low > sizeof copy - LAYOUT_WORD)
        *most /= 2;
    uintptr_t high =
        min_size(precise_place(l, o->address, from + *most - 1) + LAYOUT_WORD, end);
    if (low >= high)
        return 0;
    if (!os_copy(copy, low, high - low))
        copy_pages(m, (char *)copy, low, high);
    return precise_words(l, (uintptr_t)copy - (low - o->address), o->size, from, m->found,
                         *most);
}

size_t mark_typed_words(struct marker *m, const struct grey *w)
{
    const struct layout *l = layout_at(m->heap, grey_bin(w));
    struct cell o = lookup_cell(m->heap, w->address);
    if (l->shape ==
        LAYOUT_TRACED) /* the program may be changing what the function reads */
        return m->beside ? 0 : traced_words(m, l, &o);
    size_t from = grey_from(w), most = FILTER_WORDS, n;
    if (m->beside && o.size >= OS_PAGE)
        n = copied_words(m, l, &o, from, &most);
    else
        n = named_words(m, l, &o, from);
    if (n == most)
        push(m, w->address, grey_typed_bytes(grey_bin(w), from + n));
    return n;
}

void mark_typed_targets(struct marker *m, const struct cell *o)
{
    const struct heap *h = m->heap;
    const struct layout *l = layout_at(h, unit_type(h, unit_of(h, o->address)));
    struct marking k = {{trace_word, trace_range}, m, 0, 0, o->address, o->size};
    if (l->shape == LAYOUT_TRACED)
        return precise_trace(h, l, o->address, o->size, &k.tracer);
    size_t n, from = 0;
    do {
        n = named_words(m, l, o, from);
        for (size_t i = 0; i < n; i++)
            trace_word(&k.tracer, m->found[i]);
        from += n;
    } while (n == FILTER_WORDS);
}
