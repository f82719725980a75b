/* What programs name by a pointer that is not the start of a slot: counted objects. */
#include "object/counted.h"

#include "heap/heap.h"
#include "heap/layout.h"
#include "mutator/object.h"

uint32_t counted_layouts[2] PRIVATE_DATA;

struct gc_counted_head *counted_head(const struct heap *h, const struct cell *o)
{
    if (!word_typed(o->word))
        return NULL;
    uint32_t layout = typed_bin_layout(&h->typed[unit_type(h, unit_of(h, o->address))]);
    bool counted = layout == counted_layouts[0] || layout == counted_layouts[1];
    return counted ? (struct gc_counted_head *)o->address : NULL;
}

bool counted_or_object(const void *object, struct cell *o)
{
    if (!object_around(object, o))
        return false;
    size_t head = counted_head(&process_heap, o) ? sizeof(struct gc_counted_head) : 0;
    return (uintptr_t)object == o->address + head;
}
