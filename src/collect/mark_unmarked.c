/* Objects that are scanned though they are not marked: at once, or with the others of the next drain.
 *
 * What they lead to is marked, they are not; so after a mark-stack overflow, when marked objects
 * are scanned again, they are not among them, and whoever pushed them has to see to it. */
#include "collect/mark_front.h"
#include "collect/mark_read.h"

READS_ANYTHING void marker_scan_object(struct marker *m, const struct cell *o)
{
    if (word_typed(o->word) && word_atomic(o->word))
        return mark_typed_targets(m, o);
    struct front f = front_load(m);
    uintptr_t low = o->address, high = o->address + o->size;
    while (!word_atomic(o->word) && low < high) {
        struct words w = take_words(m, &low, high, f.bytes, o->size >= OS_PAGE);
        for (const uintptr_t *p = w.first; p < w.end; p++)
            if (*p - o->address >= o->size)
                consider(&f, *p, false);
    }
    front_store(&f);
}

READS_ANYTHING static bool leads_to_itself(const struct cell *o)
{
    const uintptr_t *words = (const uintptr_t *)o->address;
    for (size_t i = 0; i < o->size / sizeof *words; i++)
        if (words[i] - o->address < o->size)
            return true;
    return false;
}

bool marker_push_object(struct marker *m, const struct cell *o)
{
    struct grey w = {o->address, o->size};
    if (word_atomic(o->word) && !word_typed(o->word))
        return true;
    return !word_typed(o->word) && o->size < PUSHED_BYTES && !leads_to_itself(o) &&
           grey_queue_push(&m->grey, &w, 1);
}
