/* Resizing: in place, by moving pages, or by copying.  How much an object may hold is for
 * its size class to say.  When a resize fails, the object is as it was. */
#include <errno.h>
#include <gcalloc/gcalloc.h>
#include <string.h>

#include "base/critical.h"
#include "base/log.h"
#include "base/os.h"
#include "base/track.h"
#include "collect/trigger.h"
#include "heap/altered.h"
#include "heap/block.h"
#include "heap/count.h"
#include "heap/heap.h"
#include "heap/layout.h"
#include "heap/observe.h"
#include "heap/sample.h"
#include "mutator/alloc.h"
#include "mutator/fence.h"
#include "mutator/hooks.h"
#include "mutator/init.h"
#include "mutator/object.h"
#include "mutator/realloc.h"
#include "mutator/site.h"
#include "profile/profile.h"

/* From here on moving pages is cheaper than copying them; each move may leave two more
 * mappings, of which the system allows 65530, so not much earlier. */
enum { MOVE_PAGES_FROM = MIB(4) };

/* Nobody minds what is in the rest of it. */
static bool is_atomic(const struct cell *o)
{
    return !word_has_pointers(o->word);
}

static bool is_large(const struct cell *o)
{
    return word_class(o->word) == CLASS_LARGE;
}

bool realloc_shrink_large(struct heap *h, const struct cell *o, size_t size)
{
    uint32_t head = unit_of(h, o->address);
    critical_begin();
    bool shrunk = block_shrink_large(h, head, size);
    size_t bytes = block_at(h, head)->bytes;
    critical_end();
    if (!shrunk)
        return false;
    if (!is_atomic(o))
        memset((char *)o->address + size, 0, bytes - size);
    heap_credit(h, o->size - bytes);
    count_add(&h->numbers->counters.freed_bytes, o->size - bytes);
    return true;
}

/* The new part is zeroed inside the critical section: until then it holds anything. */
bool realloc_grow_large(struct heap *h, const struct cell *o, size_t size, bool zero)
{
    uint32_t head = unit_of(h, o->address);
    critical_begin();
    bool grown = block_grow_large(h, head, size);
    if (grown) {
        if (zero && !is_atomic(o))
            block_clear_large(h, head, o->size);
        heap_charge(h, block_at(h, head)->bytes - o->size);
        count_add(&h->numbers->counters.allocated_bytes,
                  block_at(h, head)->bytes - o->size);
    }
    critical_end();
    return grown;
}

/* Whether bytes beyond the size are to be zero in scanned objects: no stale pointers, and nothing to do
 * when the object grows again.  malloc's callers are promised nothing, and stale words keep nothing alive
 * where nothing is collected, nor looked for. */
INLINE bool is_cleared(bool zero)
{
    const struct heap *h = &process_heap;
    return zero || h->told || h->hold || RACING(h->numbers->managed);
}

/* A large object gets more or fewer pages where it is. */
static bool resize_large(const struct cell *o, size_t size, bool zero)
{
    if (size > o->size) {
        trigger_poll(&process_collector);
        return realloc_grow_large(&process_heap, o, size, is_cleared(zero));
    }
    if (size <= MEDIUM_MAX)
        return false;
    if (object_is_noted(&process_heap, o))
        object_hooks.shrinks(o, size);
    return realloc_shrink_large(&process_heap, o, size);
}

/* A slot serves as long as the new size fits and uses more than half of it. */
static bool fits_slot(const struct cell *o, size_t size)
{
    return size <= object_usable(o) && (size > o->size / 2 || o->size <= GRANULE);
}

static void clear_rest(const struct cell *o, size_t size)
{
    if (!is_atomic(o) && size < o->size)
        track_clear((char *)o->address + size, o->size - size);
}

static void clear_beyond(const struct cell *o, size_t size)
{
    if (is_large(o) && !is_atomic(o))
        block_clear_large(&process_heap, unit_of(&process_heap, o->address), size);
    else
        clear_rest(o, size);
}

static uint32_t typed_layout(const struct cell *o)
{
    const struct heap *h = &process_heap;
    return typed_bin_layout(&h->typed[unit_type(h, unit_of(h, o->address))]);
}

/* Another object of its kind, or its layout. */
static void *alloc_like(const struct cell *o, size_t size)
{
    return word_typed(o->word) ? alloc_typed(typed_layout(o), size)
                               : alloc_object(size, GRANULE, word_kind(o->word), false);
}

/* The contents are in the new object, and the old one goes.  Of what was copied the program tells nobody
 * (tracking=barrier), and the new one may be old already: collections may have come while it was filled. */
static void *replace(const struct cell *o, void *moved)
{
    gc_write(moved);
    if (object_is_noted(&process_heap, o))
        object_hooks.moved(o, moved);
    gc_free((void *)o->address);
    return moved;
}

/* The contents go to a new object, and the old one is freed. */
static void *move(const struct cell *o, size_t size, bool zero)
{
    struct cell to;
    void *moved = alloc_like(o, size);
    if (!moved)
        return NULL;
    size_t kept = min_size(o->size, size);
    if (!object_at(moved, &to)) /* the out-of-memory handler's */
        to = (struct cell){.address = (uintptr_t)moved, .size = kept};
    if (is_large(o) && is_large(&to) && o->size >= MOVE_PAGES_FROM &&
        o->size <= to.size &&
        !altered_block(&process_heap, unit_of(&process_heap, o->address)) &&
        os_move(moved, (void *)o->address, o->size)) {
        memset((char *)moved + kept, 0, o->size - kept); /* of the last page */
        kept = o->size;
    } else {
        memcpy(moved, (void *)o->address, kept);
    }
    if (is_cleared(zero))
        clear_beyond(&to, kept);
    return replace(o, moved);
}

/* In a heap with spare bytes: what lies behind the requested sizes, of which the old one is
 * `requested`, is the observers'. */
static void *move_spared(const struct cell *o, size_t requested, size_t size)
{
    size_t kept = min_size(requested, size);
    char *moved = alloc_like(o, size);
    if (!moved)
        return NULL;
    memcpy(moved, (void *)o->address, kept);
    if (!is_atomic(o))
        memset(moved + kept, 0, size - kept);
    return replace(o, moved);
}

/* What the object has gained reads as zero if it is scanned. */
static bool resize_spared(const struct cell *o, size_t requested, size_t size)
{
    size_t whole;
    if (__builtin_add_overflow(size, process_heap.spare, &whole) ||
        !(is_large(o) ? resize_large(o, whole, true) : fits_slot(o, whole)))
        return false;
    size_t end = min_size(size, o->size); /* what is behind that is new */
    if (!is_atomic(o) && requested < end)
        memset((char *)o->address + requested, 0, end - requested);
    return true;
}

INLINE bool resize_in_place(const struct cell *o, size_t size, bool zero)
{
    if (is_large(o))
        return resize_large(o, size, zero);
    if (!fits_slot(o, size))
        return false;
    if (is_cleared(zero))
        clear_rest(o, size);
    return true;
}

/* A large one may have another size now. */
NOINLINE static void tell_resized(uintptr_t address, bool resized, size_t size)
{
    struct heap *h = &process_heap;
    struct cell now;
    if (!object_at((void *)address, &now))
        return;
    critical_begin();
    observe_resized(h, &now, size);
    critical_end();
    if (is_sampled(h) && resized && may_be_sample(&now))
        profile_resized(now.address, size);
}

/* In a heap with observers, which are told what becomes of it in any case, or with samples. */
NOINLINE static void *resize_told(const struct cell *o, size_t size)
{
    struct heap *h = &process_heap;
    size_t requested = site_requested(o);
    bool spared = h->spare;
    track_scan_begin();
    observe_resizing(h, o, CAPTURE_CALL());
    bool resized =
        spared ? resize_spared(o, requested, size) : resize_in_place(o, size, true);
    void *moved = resized  ? NULL
                  : spared ? move_spared(o, requested, size)
                           : move(o, size, true);
    track_scan_end();
    if (moved)
        return moved;
    tell_resized(o->address, resized, resized ? size : requested);
    return resized ? (void *)o->address : NULL;
}

/* In place where that is possible. */
INLINE void *resize(const struct cell *o, size_t size, bool zero)
{
    if (UNLIKELY(process_heap.told))
        return resize_told(o, size);
    return resize_in_place(o, size, zero) ? (void *)o->address : move(o, size, zero);
}

/* Objects of most layouts have one size, and keep it: *result is what gc_realloc returns.
 * false: they are of any size. */
NOINLINE static bool keeps_size(const struct cell *o, size_t size, void **result)
{
    uint32_t layout = typed_layout(o);
    const struct layout *l = layout_at(&process_heap, layout);
    if (l->sized)
        return false;
    *result = (void *)o->address;
    if (size == l->size)
        return true;
    const char *name = layout_name(&process_heap, layout);
    log_line(
        "gc_realloc: not done, as objects of layout %u (%s) have %u bytes, and not %zu: "
        "gc_layout_new_array is for objects that grow",
        layout, name ? name : "without a name", l->size, size);
    *result = NULL;
    errno = EINVAL;
    return true;
}

/* It goes to where it is its turn to go. */
NOINLINE static void *move_fenced(void *object, size_t size, bool zero)
{
    int saved_errno = errno;
    void *moved = alloc_object(size, GRANULE, KIND_MANUAL, zero);
    if (moved) {
        memcpy(moved, object, min_size(fence_size(object), size));
        gc_free(object);
        errno = saved_errno;
    }
    mutator_leave();
    return moved;
}

INLINE void *realloc_object(void *object, size_t size, bool zero)
{
    struct cell o;
    if (!mutator_enter())
        return NULL;
    if (!object_at(object, &o)) {
        if (fence_size(object) > 0)
            return move_fenced(object, size, zero);
        report_hooks.bad_pointer(call_names.realloc, object);
        mutator_leave();
        return errno = EINVAL, NULL;
    }
    int saved_errno = errno;
    void *resized;
    if (LIKELY(!word_typed(o.word)) || !keeps_size(&o, size, &resized))
        resized = resize(&o, size, zero);
    if (resized)
        errno = saved_errno;
    mutator_leave();
    return resized;
}

void *gc_realloc(void *object, size_t size)
{
    return object ? realloc_object(object, size, true) : gc_alloc(size);
}

void *realloc_for_malloc(void *object, size_t size)
{
    return realloc_object(object, size, false);
}
