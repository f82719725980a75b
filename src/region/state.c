/* What a region has and whether it is sound. */
#include <errno.h>
#include <sys/mman.h>

#include "base/sys.h"
#include "heap/arena.h"
#include "heap/block.h"
#include "heap/rebuild.h"
#include "region/region.h"

int gc_region_stats(gc_region *r, struct gc_region_stats *s)
{
    if (!region_is_open(r) || !region_is_given(s, "gc_region_stats: stats") ||
        !region_is_whole(r))
        return -1;
    const struct heap_numbers *n = r->heap.numbers;
    *s = (struct gc_region_stats){
        .limit = ((size_t)n->unit_limit - 1) << UNIT_SHIFT,
        .bytes = __atomic_load_n(&n->bytes, __ATOMIC_RELAXED) - UNIT_BYTES,
        .used_bytes = __atomic_load_n(&n->used_bytes, __ATOMIC_RELAXED),
        .live_bytes = __atomic_load_n(&n->live_bytes, __ATOMIC_RELAXED),
        .live_objects = __atomic_load_n(&n->live_objects, __ATOMIC_RELAXED),
        .collections = __atomic_load_n(&r->header->collections, __ATOMIC_RELAXED),
        .recoveries = __atomic_load_n(&r->header->recoveries, __ATOMIC_RELAXED),
        .processes = region_count_members(r),
        .threads = region_count_threads(r, NO_MEMBER),
        .roots = region_count_roots(r),
        .holds = region_count_holds(r, NO_MEMBER),
    };
    return 0;
}

/* Visits the living objects of a block that is whole; words and states may change meanwhile. */
static int walk_block(const struct heap *h, uint32_t head,
                      int (*visit)(const struct gc_region_object *o, void *data),
                      void *data)
{
    uint32_t count = word_geometry(word_of(h, head))->count;
    for (uint32_t i = 0; i < count; i++) {
        struct cell o = block_cell(h, head, i);
        if (__atomic_load_n(o.state, __ATOMIC_RELAXED) < STATE_NEW)
            continue;
        struct gc_region_object object = {(void *)o.address, o.size,
                                          !word_has_pointers(o.word)};
        int result = visit(&object, data);
        if (result)
            return result;
    }
    return 0;
}

int gc_region_walk(gc_region *r,
                   int (*visit)(const struct gc_region_object *o, void *data), void *data)
{
    if (!region_may_look(r) || !region_is_given(visit, "gc_region_walk: visit") ||
        !region_is_whole(r))
        return -1;
    if (r->read_only)
        arena_look(&r->heap); /* there is no bracket that would have */
    for (uint32_t u = 1, units; u < unit_end(&r->heap); u += units ? units : 1) {
        units = heap_whole_block(&r->heap, u);
        int result = units ? walk_block(&r->heap, u, visit, data) : 0;
        if (result)
            return result;
    }
    return 0;
}

/* The gate is closed, or nobody uses the region. */
static int check(gc_region *r)
{
    struct rebuild_fault fault;
    arena_look(&r->heap);
    if (!heap_is_plausible(&r->heap, &fault))
        return region_fail(EBADMSG, "%s: %s, in unit %u", r->name, fault.what,
                           fault.unit);
    if (!region_types_are_sound(r))
        return region_fail(EBADMSG, "%s: what it says of types is damaged", r->name);
    if (!region_roots_are_sound(r))
        return region_fail(EBADMSG, "%s: a root leads to no object", r->name);
    if (!region_holds_are_sound(r))
        return region_fail(EBADMSG, "%s: what is held is no object", r->name);
    if (__atomic_load_n(&r->header->stage, __ATOMIC_RELAXED) == REGION_DAMAGED)
        return region_fail(EBADMSG, "%s: whoever recovered it last found damage",
                           r->name);
    return 0;
}

int gc_region_check(gc_region *r)
{
    if (region_is_open(r) && r->read_only && !region_is_whole(r))
        return -1;
    if (region_is_open(r) && r->read_only)
        return region_is_used(r)
                   ? region_fail(EBUSY,
                                 "%s: processes use it, and it is open for reading "
                                 "only: nobody can be kept waiting",
                                 r->name)
                   : check(r);
    struct region_use *u = region_is_open(r) ? region_use(r) : NULL;
    if (!u || !region_quiesce(r, u))
        return -1;
    int result = check(r);
    region_open_gate(r);
    return result;
}

int gc_region_sync(gc_region *r)
{
    struct region_use *u = region_is_open(r) ? region_use(r) : NULL;
    if (!u)
        return -1;
    if (!r->constant.file)
        return region_fail(EINVAL, "%s is no file", r->name);
    if (u->depth)
        return region_fail(EPERM, "%s: gc_region_sync inside of a bracket", r->name);
    if (!region_quiesce(r, u))
        return -1;
    int error = syscall(SYS_msync, r->header, r->constant.bytes, MS_SYNC) ? errno : 0;
    region_open_gate(r);
    return error ? region_fail(error, "%s: it cannot be written to the disk", r->name)
                 : 0;
}
