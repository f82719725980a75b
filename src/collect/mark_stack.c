/* Marking from stacks, whose words may also point to the end of an object: a loop over an array that
 * is about to end has nothing else in its frame. */
#include "collect/mark.h"

#include "collect/mark_front.h"
#include "collect/mark_read.h"
#include "heap/block.h"

/* It may have no byte beyond its end: it is small, or of a block that has aligned ones. */
static bool may_fill(const struct heap *h, const struct cell *o)
{
    return o->size < h->pad_from ||
           block_has(h, unit_head(h, unit_of(h, o->address)), BLOCK_FILLED);
}

/* Whether the cell is an atomic object whose slot ends just at `word`, and that may fill it. */
static bool ends_at(const struct heap *h, const struct cell *o, uintptr_t word)
{
    return o->state && *o->state >= STATE_NEW && !word_has_pointers(o->word) &&
           o->address + o->size == word && may_fill(h, o);
}

/* Considers a word of a stack, which may also point to the end of an object. */
READS_ANYTHING INLINE void consider_both(struct front *f, uintptr_t word)
{
    consider(f, word, false);
    if (word % GRANULE != 0)
        return;
    const struct heap *h = f->m->heap;
    struct cell o = lookup_cell(h, word - 1);
    if (ends_at(h, &o, word))
        add_candidate(f, o.state, word - 1 - f->base);
}

/* The filter lets in a word just behind the heap, which may be the end of its last object. */
READS_ANYTHING void marker_scan_stack(struct marker *m, uintptr_t low, uintptr_t high)
{
    struct front f = front_load(m);
    low = align_up(low, sizeof(uintptr_t));
    high = align_down(high, sizeof(uintptr_t));
    m->root_bytes += high > low ? high - low : 0;
    while (low < high) {
        struct words w = take_words(m, &low, high, f.bytes + 1, true);
        for (const uintptr_t *p = w.first; p < w.end; p++)
            consider_both(&f, *p);
    }
    front_store(&f);
}

READS_ANYTHING void marker_scan_stack_in(struct marker *m, uintptr_t low, uintptr_t high,
                                         const struct cell *o)
{
    struct front f = front_load(m);
    low = align_up(low, sizeof(uintptr_t));
    high = align_down(high, sizeof(uintptr_t));
    while (low < high) {
        struct words w = take_words(m, &low, high, f.bytes + 1, true);
        for (const uintptr_t *p = w.first; p < w.end; p++) {
            if (*p - o->address > o->size)
                consider_both(&f, *p);
            else if (*p - o->address == o->size) /* the next object's, if any's */
                consider(&f, *p, false);
        }
    }
    front_store(&f);
}
