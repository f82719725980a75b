/* Slabs: a layout of its own for each, and what waits constructed for its next use.
 *
 * A waiting object is RESERVED, so that it is nobody's: a walk does not visit it, and freeing it
 * again is an error.  No pointer leads to it, and the sweep leaves it alone; what it points to
 * is marked from here. */
#include <config.h>
#include <errno.h>
#include <gcalloc/slab.h>
#include <gcalloc/walk.h>

#include "base/check.h"
#include "base/critical.h"
#include "base/log.h"
#include "base/meta.h"
#include "base/options.h"
#include "collect/cycle.h"
#include "heap/altered.h"
#include "heap/block.h"
#include "heap/heap.h"
#include "heap/layout.h"
#include "heap/observe.h"
#include "mutator/hooks.h"
#include "mutator/init.h"
#include "mutator/object.h"
#include "object/capability.h"

enum { WAITING_BYTES = 64 << 10, WAITING_LEAST = 4, WAITING_MOST = 512 };

#define SLAB_MAGIC UINT64_C(0x62616c73a5c3e10f)

struct gc_slab {
    uint64_t magic;
    gc_layout layout;
    size_t size;
    gc_constructor *constructor;
    struct gc_slab *next; /* slabs_lock; in a pause without */
    struct lock lock;     /* for what follows */
    bool destroyed;       /* atomic */
    bool keeps;           /* until it is destroyed */
    uint32_t most;        /* objects that wait, so many at most */
    uint32_t count;
    uint64_t constructed; /* atomic */
    uintptr_t waiting[];  /* the last `count` to come */
};

/* All that keep states. */
static struct gc_slab *slabs PRIVATE_DATA;
static struct lock slabs_lock PRIVATE_DATA;

/* ---- In a cycle ----------------------------------------------------------------------------------- */

/* for (WAITING(s, i)) visits what waits in all slabs. */
#define WAITING(s, i)          \
    struct gc_slab *s = slabs; \
    s; s = s->next)          \
        for (uint32_t i = 0; i < s->count; i++

static void mark_waiting(struct cycle *c)
{
    for (WAITING(s, i)) {
        struct cell o = lookup_cell(c->heap, s->waiting[i]);
        marker_scan_object(c->marker, &o);
    }
    marker_drain(c->marker);
}

static void verify_waiting(struct naive *n)
{
    struct found f;
    struct copied words;
    for (WAITING(s, i)) {
        naive_find(n, s->waiting[i], &f);
        for (size_t at = 0; naive_has_words(&f) && naive_words(n, &f, &at, &words);)
            for (size_t k = 0; k < words.count; k++)
                naive_reach(n, words.words[k]);
    }
}

static void check_waiting(struct cycle *c)
{
    if (!GC_CHECKING)
        return;
    for (WAITING(s, i)) {
        struct cell o = lookup_cell(c->heap, s->waiting[i]);
        CHECK(o.state && *o.state == STATE_RESERVED && o.address == s->waiting[i]);
        CHECK(word_typed(o.word));
        CHECK(unit_type(c->heap, unit_of(c->heap, o.address)) == s->layout);
        CHECK(s->keeps && s->count <= s->most);
    }
}

static struct phase phases[] PRIVATE_DATA = {
    {.rank = PHASE_ROOTS, .run = mark_waiting},
    {.rank = PHASE_CHECK, .run = check_waiting},
};

static struct capability waiting_slabs PRIVATE_DATA = {
    .phases = phases,
    .phase_count = sizeof phases / sizeof phases[0],
    .verify = {.reach = verify_waiting},
};

/* ---- Creating and destroying ---------------------------------------------------------------------- */

static gc_slab *refuse(const char *why)
{
    log_line("gc_slab_create: no slab was made, as %s", why);
    return errno = EINVAL, NULL;
}

static const char *what_is_wrong(const char *name, size_t size, gc_layout layout,
                                 gc_constructor *constructor, unsigned flags)
{
    if (!name)
        return "it has no name";
    if (size < 1 || size > LAYOUT_SIZE_MOST)
        return "the size is not from 1 byte to 1 GiB";
    if (flags & ~GC_SLAB_KEEP)
        return "there is an unknown flag";
    if ((flags & GC_SLAB_KEEP) && !constructor)
        return "there is no constructor whose state could be kept";
    if (layout && !(layout_exists(&process_heap, layout) &&
                    layout_at(&process_heap, layout)->size_given &&
                    layout_at(&process_heap, layout)->size == size))
        return "the layout is none for objects of that size";
    return NULL;
}

/* A layout that nothing else has.  0 with errno. */
static gc_layout own_layout(const char *name, size_t size, gc_layout like)
{
    struct heap *h = &process_heap;
    struct layout l = {.shape = LAYOUT_WHOLE, .size = (uint32_t)size, .size_given = true};
    if (like) {
        l = *layout_at(h, like);
        l.sized = false;
    }
    unsigned kind = (like ? KIND_ATOMIC : KIND_SCANNED) |
                    (options.leaks == LEAKS_ALL ? KIND_MANUAL : 0u);
    gc_layout layout = layout_add(h, &l, (enum kind)kind, layout_class(h, size));
    return layout && layout_set_name(h, layout, name) ? layout : 0;
}

static size_t slab_bytes(uint32_t most)
{
    return sizeof(struct gc_slab) + most * sizeof(uintptr_t);
}

static void enlist(gc_slab *s)
{
    capability_begin(&waiting_slabs);
    critical_take(&slabs_lock, RANK_OBJECT);
    s->next = slabs;
    slabs = s;
    critical_release(&slabs_lock, RANK_OBJECT);
}

static gc_slab *create(const char *name, const struct gc_slab *as)
{
    gc_slab *s = meta_alloc(ACCOUNT_LAYOUTS, slab_bytes(as->most));
    if (!s)
        return NULL;
    gc_layout layout = own_layout(name, as->size, as->layout);
    if (!layout) {
        meta_free(s, slab_bytes(as->most));
        return NULL;
    }
    *s = *as;
    s->layout = layout;
    if (s->keeps)
        enlist(s);
    return s;
}

gc_slab *gc_slab_create(const char *name, size_t size, gc_layout layout,
                        gc_constructor *constructor, unsigned flags)
{
    int saved_errno = errno;
    const char *wrong = what_is_wrong(name, size, layout, constructor, flags);
    if (wrong)
        return refuse(wrong);
    if (!mutator_enter())
        return NULL;
    struct gc_slab as = {.magic = SLAB_MAGIC,
                         .layout = layout,
                         .size = size,
                         .constructor = constructor,
                         .keeps = flags & GC_SLAB_KEEP};
    if (as.keeps)
        as.most = (uint32_t)min_size(max_size(WAITING_BYTES / size, WAITING_LEAST),
                                     WAITING_MOST);
    gc_slab *s = create(name, &as);
    if (s)
        errno = saved_errno;
    mutator_leave();
    return s;
}

/* The lock is held, but whether any wait, or may, is asked without it. */
static void set_count(gc_slab *s, uint32_t count)
{
    lock_check_held(RANK_OBJECT);
    __atomic_store_n(&s->count, count, __ATOMIC_RELAXED);
}

static bool keeps_state(const gc_slab *s)
{
    return __atomic_load_n(&s->keeps, __ATOMIC_RELAXED);
}

/* One that waits is the program's again; NULL: none does. */
static void *take_waiting(gc_slab *s)
{
    struct heap *h = &process_heap;
    void *object = NULL;
    critical_take(&s->lock, RANK_OBJECT);
    if (s->count) {
        set_count(s, s->count - 1);
        object = hold_object((void *)s->waiting[s->count]);
        struct cell o = lookup_cell(h, (uintptr_t)object);
        __atomic_fetch_sub(&h->numbers->reserved_apart, 1, __ATOMIC_RELAXED);
        *o.state = STATE_NEW;
    }
    critical_release(&s->lock, RANK_OBJECT);
    return hold_object(object);
}

static void tell_allocated(const gc_slab *s, const struct cell *o, struct call call)
{
    struct heap *h = &process_heap;
    uint32_t stack = observe_stack(h, call);
    critical_begin();
    observe_allocated(h, o, s->size, stack);
    critical_end();
}

/* One that is ready for use.  NULL: none is. */
static void *alloc_waiting(gc_slab *s)
{
    if (!mutator_enter())
        return NULL;
    void *object = take_waiting(s);
    struct cell o;
    if (object && is_observed(&process_heap) && object_at(object, &o))
        tell_allocated(s, &o, CAPTURE_CALL());
    mutator_leave();
    return object;
}

static bool is_slab(const gc_slab *s)
{
    return s && s->magic == SLAB_MAGIC;
}

static bool is_destroyed(const gc_slab *s)
{
    return __atomic_load_n(&s->destroyed, __ATOMIC_RELAXED);
}

int gc_slab_destroy(gc_slab *slab)
{
    if (!is_slab(slab) || is_destroyed(slab))
        return errno = EINVAL, -1;
    if (!mutator_enter())
        return -1;
    critical_take(&slab->lock, RANK_OBJECT);
    __atomic_store_n(&slab->destroyed, true, __ATOMIC_RELAXED);
    __atomic_store_n(&slab->keeps, false, __ATOMIC_RELAXED);
    critical_release(&slab->lock, RANK_OBJECT);
    /* Observers have been told that what waits is freed, and are told so once for each object. */
    for (void *object; (object = alloc_waiting(slab));)
        gc_free(object);
    mutator_leave();
    return 0;
}

/* ---- Objects -------------------------------------------------------------------------------------- */

void *gc_slab_alloc(gc_slab *slab)
{
    void *object = NULL;
    if (!is_slab(slab) || is_destroyed(slab)) {
        log_line("gc_slab_alloc: %p is no slab, or has been destroyed", (void *)slab);
        return errno = EINVAL, NULL;
    }
    if (keeps_state(slab) && __atomic_load_n(&slab->count, __ATOMIC_RELAXED))
        object = alloc_waiting(slab);
    if (object)
        return object;
    object = gc_alloc_layout(slab->layout);
    if (object && slab->constructor) {
        __atomic_fetch_add(&slab->constructed, 1, __ATOMIC_RELAXED);
        slab->constructor(object);
    }
    return object;
}

/* The object waits from now on.  false: enough do.  Whatever may be registered for it is
 * forgotten before. */
static bool wait_constructed(gc_slab *s, const struct cell *o)
{
    struct heap *h = &process_heap;
    if (object_is_noted(h, o))
        object_hooks.freed(o);
    if (is_observed(h))
        observe_freed(h, o, CAPTURE_CALL());
    critical_take(&s->lock, RANK_OBJECT);
    bool waits = s->keeps && s->count < s->most && *o->state >= STATE_NEW;
    if (waits) {
        s->waiting[s->count] = o->address;
        set_count(s, s->count + 1);
        __atomic_fetch_add(&h->numbers->reserved_apart, 1, __ATOMIC_RELAXED);
        *o->state = STATE_RESERVED;
    }
    critical_release(&s->lock, RANK_OBJECT);
    if (!waits && is_observed(h) && *o->state >= STATE_NEW)
        tell_allocated(
            s, o, CAPTURE_CALL()); /* what follows tells once more that it is freed */
    return waits;
}

/* It has room, and the object's memory is as the program had it from the heap. */
static bool can_wait(const gc_slab *s, const struct cell *o)
{
    const struct heap *h = &process_heap;
    return keeps_state(s) && __atomic_load_n(&s->count, __ATOMIC_RELAXED) < s->most &&
           !altered_block(h, unit_head(h, unit_of(h, o->address)));
}

void gc_slab_free(gc_slab *slab, void *object)
{
    struct cell o;
    int saved_errno = errno;
    if (!is_slab(slab))
        log_line("gc_slab_free: %p is no slab: nothing was freed", (void *)slab);
    if (!object || !is_slab(slab) || !mutator_enter()) {
        errno = saved_errno;
        return;
    }
    struct heap *h = &process_heap;
    bool own = object_at(object, &o) && word_typed(o.word) &&
               unit_type(h, unit_of(h, o.address)) == slab->layout;
    if (!own)
        report_hooks.bad_pointer("gc_slab_free", object);
    else if (!can_wait(slab, &o) || !wait_constructed(slab, &o))
        gc_free(object);
    mutator_leave();
    errno = saved_errno;
}

/* ---- Statistics ----------------------------------------------------------------------------------- */

static void note_count(const struct gc_type_count *count, void *data)
{
    struct gc_slab_stats *stats = data;
    if (count->layout != stats->layout)
        return;
    stats->objects = count->objects;
    stats->bytes = count->bytes;
}

int gc_slab_stats(gc_slab *slab, struct gc_slab_stats *stats)
{
    if (!is_slab(slab) || !stats)
        return errno = EINVAL, -1;
    *stats = (struct gc_slab_stats){
        .name = layout_name(&process_heap, slab->layout),
        .layout = slab->layout,
        .size = slab->size,
        .waiting = __atomic_load_n(&slab->count, __ATOMIC_RELAXED),
        .constructed = __atomic_load_n(&slab->constructed, __ATOMIC_RELAXED),
    };
    return gc_stats_types(note_count, stats);
}
