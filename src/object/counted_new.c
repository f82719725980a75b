/* Making counted objects, in blocks of their own layouts. */
#include "object/counted.h"

#include <errno.h>
#include <gcalloc/layout.h>

#include "base/bits.h"
#include "heap/heap.h"
#include "heap/layout.h"
#include "mutator/init.h"
#include "world/stop.h"

enum { HEAD_BYTES = sizeof(struct gc_counted_head) };

_Static_assert((int)HEAD_BYTES == (int)GRANULE, "objects are aligned as their slots are");

static uint32_t make_layout(bool atomic)
{
    struct layout l = {.shape = atomic ? LAYOUT_BITS : LAYOUT_WHOLE, .sized = true};
    enum kind kind = atomic ? KIND_ATOMIC : KIND_SCANNED;
    uint32_t layout = layout_add(&process_heap, &l, kind, CLASS_NONE);
    if (layout)
        layout_set_name(&process_heap, layout, atomic ? "counted, atomic" : "counted");
    return layout;
}

/* 0 with errno. */
static uint32_t layout_for(bool atomic)
{
    uint32_t *known = &counted_layouts[atomic];
    uint32_t layout = __atomic_load_n(known, __ATOMIC_ACQUIRE);
    if (LIKELY(layout))
        return layout;
    if (!mutator_enter())
        return 0;
    counted_begin();
    bool taken = world_hold();
    if (!*known)
        __atomic_store_n(known, make_layout(atomic), __ATOMIC_RELEASE);
    layout = *known;
    world_let_go(taken);
    mutator_leave();
    return layout;
}

/* Of another kind of memory than the layout's: the program's handler for the end of memory may give
 * any. */
static bool is_foreign(const void *slot, uint32_t layout)
{
    const struct heap *h = &process_heap;
    if (!lookup_owns(h, (uintptr_t)slot))
        return true;
    uint32_t unit = unit_of(h, (uintptr_t)slot);
    return !word_typed(word_of(h, unit)) ||
           typed_bin_layout(&h->typed[unit_type(h, unit)]) != layout;
}

/* One of no bytes has one, so that its address lies in its own slot and not in the next one. */
void *gc_counted_new_with(size_t size, gc_destroy *destroy, unsigned flags)
{
    size_t bytes;
    if (flags & ~(GC_ATOMIC | GC_UNSHARED))
        return errno = EINVAL, NULL;
    if (__builtin_add_overflow(max_size(size, 1), (size_t)HEAD_BYTES, &bytes))
        return errno = ENOMEM, NULL;
    uint32_t layout = layout_for(flags & GC_ATOMIC);
    if (!layout)
        return NULL;
    struct gc_counted_head *head = gc_alloc_layout_sized(layout, bytes);
    if (!head)
        return NULL;
    head->word = GC_COUNTED_ONE | (flags & GC_UNSHARED ? GC_COUNTED_IS_UNSHARED : 0);
    head->word |= UNLIKELY(is_foreign(head, layout)) ? COUNTED_FOREIGN : 0;
    head->destroy = destroy;
    return head + 1;
}

void *gc_counted_new(size_t size, gc_destroy *destroy)
{
    return gc_counted_new_with(size, destroy, 0);
}
