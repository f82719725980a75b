/* Allocation of objects with a layout.  Fast where the thread has one at hand, in the bin that
 * has the layout's number, or that the layout has for the size; all else is left to alloc.c. */
#include <errno.h>
#include <gcalloc/layout.h>

#include "base/log.h"
#include "heap/cache.h"
#include "heap/heap.h"
#include "heap/layout.h"
#include "mutator/alloc.h"
#include "world/self.h"

/* The number is a layout's, or the log says that it is not. */
static const struct layout *find(const char *function, gc_layout layout)
{
    if (layout_exists(&process_heap, layout))
        return layout_at(&process_heap, layout);
    log_line("%s: %u is no layout", function, layout);
    return errno = EINVAL, NULL;
}

NOINLINE static void *alloc_slow(gc_layout layout)
{
    const struct layout *l = find("gc_alloc_layout", layout);
    if (!l)
        return NULL;
    if (l->size_given)
        return alloc_typed(layout, l->size);
    log_line("gc_alloc_layout: layout %u is of arrays, which need a size: call "
             "gc_alloc_layout_sized",
             layout);
    return errno = EINVAL, NULL;
}

NOINLINE static void *alloc_sized_slow(gc_layout layout, size_t size)
{
    const struct layout *l = find("gc_alloc_layout_sized", layout);
    if (!l)
        return NULL;
    if (l->sized)
        return alloc_typed(layout, size);
    log_line("gc_alloc_layout_sized: objects of layout %u have %u bytes: call "
             "gc_alloc_layout",
             layout, l->size);
    return errno = EINVAL, NULL;
}

/* An object of the typed bin, if the calling thread has one ready. */
INLINE bool take(const struct cache *c, uint32_t t, struct slot *taken)
{
    struct typed_group *g = c->typed[t / TYPED_TOGETHER];
    return LIKELY(g != NULL) &&
           LIKELY(bin_take(&g->bins[t % TYPED_TOGETHER], true, taken));
}

GC_FAST
void *gc_alloc_layout(gc_layout layout)
{
    struct slot taken;
    if (LIKELY(layout < TYPED_MOST) && take(thread_cache, layout, &taken))
        return taken.object;
    return alloc_slow(layout);
}

GC_FAST
void *gc_alloc_layout_sized(gc_layout layout, size_t size)
{
    struct slot taken;
    if (LIKELY(layout < TYPED_MOST) && size <= SMALL_REQUEST_MAX) {
        const struct cache *c = thread_cache;
        const struct layout *l = process_heap.layouts[layout / LAYOUTS_TOGETHER];
        const uint32_t *bins = l ? l[layout % LAYOUTS_TOGETHER].bins : NULL;
        if (bins && take(c, RACING(bins[cache_typed_class(c, size)]), &taken))
            return taken.object;
    }
    return alloc_sized_slow(layout, size);
}
