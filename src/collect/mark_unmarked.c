/* Objects that are scanned with the others of the next drain though they are not marked.
 *
 * What they lead to is marked, they are not; so after a mark-stack overflow, when marked objects
 * are scanned again, they are not among them, and whoever pushed them has to see to it. */
#include "collect/mark.h"

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
