/* What a process inherits: locks of the dead, whose lists and extents it makes anew; and of its parent by fork. */
#include <pthread.h>

#include "heap/extent.h"
#include "heap/rebuild.h"
#include "region/region.h"

/* ---- Locks of the dead ------------------------------------------------------------------------------ */

/* A slot that is nobody's any more holds nothing: who had it is dead. */
static bool holder_is_dead(const struct lock *l, uint32_t holder)
{
    const gc_region *r = opened_around(l);
    if (!r || holder > REGION_THREADS)
        return r != NULL;
    const struct region_thread *t = &r->threads[holder - 1];
    return __atomic_load_n(&t->tid, __ATOMIC_ACQUIRE) == 0 || region_thread_is_dead(t);
}

/* Whether it is the lock of a list of blocks. */
static bool is_list(const struct heap *h, const struct lock *l)
{
    const struct heap_numbers *n = h->numbers;
    size_t in_shards = (uintptr_t)l - (uintptr_t)n->shards;
    size_t in_typed = (uintptr_t)l - (uintptr_t)h->typed;
    return in_shards < sizeof n->shards ||
           in_typed < n->typed_count * sizeof(struct typed_bin);
}

/* Its list, or the extents, may be torn; the rest, until the next collection. */
static void inherited(struct lock *l)
{
    gc_region *r = opened_around(l);
    struct heap_numbers *n = r->heap.numbers;
    __atomic_store_n(&r->header->suspect, 1, __ATOMIC_RELAXED);
    lock_check_all(true); /* the lock is the caller's, and its rank is noted after this */
    if (l == &n->extent_lock)
        extent_rebuild(&r->heap);
    else if (is_list(&r->heap, l))
        heap_rebuild_list(&r->heap, l);
    lock_check_all(false);
}

/* Somebody else may be at it. */
static void recover(gc_region *r)
{
    region_collect(r, CAUSE_REQUEST);
}

/* ---- fork ------------------------------------------------------------------------------------------- */

static void prepare_fork(void)
{
    opening_lock();
    regions_lock();
}

static void fork_in_parent(void)
{
    regions_unlock();
    opening_unlock();
}

static void fork_in_child(void)
{
    for (gc_region *r = regions; r; r = r->next)
        region_forked(r);
    regions_unlock();
    opening_unlock();
}

void region_watch(void)
{
    lock_hooks = (struct lock_hooks){holder_is_dead, inherited};
    region_recover_hook = recover;
    pthread_atfork(prepare_fork, fork_in_parent, fork_in_child);
}
