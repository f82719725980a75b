/* The write barrier: a store, and a note of it in the card table.  It is no part of a critical section: a thread
 * that is stopped between the two holds the value in a register or on its stack. */
#include <gcalloc/inline.h>

#include "base/cards.h"
#include "mutator/object.h"

void gc_store(void *object, void *field, void *value)
{
    gc_store_inline(object, field, value);
}

/* The object's tables are not asked where nothing is noted. */
void gc_write(const void *object)
{
    struct cell o;
    if (__atomic_load_n(&gc_inline_barrier.bytes, __ATOMIC_RELAXED) &&
        object_around(object, &o))
        cards_note((const void *)o.address, o.size);
}
