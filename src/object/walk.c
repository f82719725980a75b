/* What is in the heap: every object, and how many of each type.  The world goes on meanwhile:
 * the states of one block at a time are copied under its lock, so that the block is what its
 * words say; what becomes of its objects afterwards is not known here. */
#include <errno.h>
#include <gcalloc/walk.h>
#include <pthread.h>
#include <string.h>

#include "base/critical.h"
#include "base/meta.h"
#include "collect/collector.h"
#include "heap/block.h"
#include "heap/heap.h"
#include "heap/layout.h"
#include "heap/sweep_later.h"
#include "mutator/init.h"
#include "mutator/object.h"
#include "mutator/site.h"
#include "trace/depot.h"
#include "world/stop.h"

enum { SLOTS_MOST = 1 << STATE_SHIFT_MOST };

/* A block as it was at one instant. */
struct copied_block {
    uint32_t head;
    uint32_t count; /* of slots */
    unit_word word;
    size_t size; /* of one */
    uint32_t layout;
    uint8_t states[SLOTS_MOST];
};

READS_RACING static void copy_states(const struct heap *h, struct copied_block *b)
{
    const uint8_t *states = h->states + word_states(b->word);
    for (uint32_t i = 0; i < b->count; i++)
        b->states[i] = RACING(states[i]);
}

READS_RACING static size_t bytes_of_large(const struct heap *h, uint32_t head)
{
    return __atomic_load_n(&block_at(h, head)->bytes, __ATOMIC_SEQ_CST);
}

static size_t slot_bytes(const struct heap *h, const struct copied_block *b)
{
    return word_class(b->word) == CLASS_LARGE ? bytes_of_large(h, b->head)
                                              : word_geometry(b->word)->size;
}

/* false: it has changed meanwhile, as whoever frees or resizes a large object does so without the lock. */
READS_RACING static bool read_block(const struct heap *h, uint32_t unit,
                                    struct copied_block *b)
{
    b->head = unit;
    b->word = word_of(h, unit);
    b->count = word_geometry(b->word)->count;
    b->size = slot_bytes(h, b);
    b->layout = word_typed(b->word) ? typed_bin_layout(&h->typed[unit_type(h, unit)]) : 0;
    copy_states(h, b);
    return b->size == slot_bytes(h, b) && b->word == word_of(h, unit);
}

/* The block that begins at the unit.  false: none does. */
static bool copy_block(struct heap *h, uint32_t unit, struct copied_block *b)
{
    bool found;
    if (!unit_is_head(h, unit))
        return false;
    critical_begin();
    struct lock *lock = block_lock(h, unit);
    while ((found = unit_is_head(h, unit)) && !read_block(h, unit, b))
        continue;
    lock_release(lock, RANK_BIN);
    critical_end();
    return found;
}

/* What is dead since the last cycle is not to be seen. */
static void sweep_rest(struct heap *h)
{
    bool taken = world_hold();
    sweep_later(h, UINT32_MAX);
    world_let_go(taken);
}

/* Also where the visitor has ended the thread. */
static void end_walk(void *block)
{
    gc_enable();
    meta_free(block, sizeof(struct copied_block));
    mutator_leave();
}

/* Calls visit(b, argument) for each block that there is when its turn comes.  0, or -1 with
 * errno. */
static int each_block(void (*visit)(const struct copied_block *b, void *argument),
                      void *argument)
{
    struct heap *h = &process_heap;
    int saved_errno = errno;
    if (!mutator_enter())
        return -1;
    struct copied_block *b = meta_alloc(ACCOUNT_OTHER, sizeof *b);
    if (!b)
        return mutator_leave(), -1;
    gc_disable();
    pthread_cleanup_push(end_walk, b);
    collector_end_begun(&process_collector);
    sweep_rest(h);
    uint32_t end = (uint32_t)(RACING(h->bytes) >>
                              UNIT_SHIFT); /* a visitor may allocate without end */
    for (uint32_t unit = 1; unit < end; unit++)
        if (copy_block(h, unit, b))
            visit(b, argument);
    pthread_cleanup_pop(true);
    errno = saved_errno;
    return 0;
}

/* ---- Objects ------------------------------------------------------------------------------------ */

struct walk {
    void (*visit)(const struct gc_walk_object *object, void *data);
    void *data;
};

static void visit_object(const struct walk *w, const struct copied_block *b,
                         uint32_t index)
{
    struct heap *h = &process_heap;
    struct cell o = {unit_address(h, b->head) + index * b->size, b->size, b->word,
                     h->states + word_states(b->word) + index};
    struct gc_walk_object seen = {
        .address = (void *)o.address,
        .size = object_usable(&o),
        .requested = site_requested(&o),
        .flags = (word_has_pointers(b->word) ? 0 : GC_ATOMIC) |
                 (word_kind(b->word) & KIND_MANUAL ? GC_MANUAL : 0),
        .layout = b->layout,
        .name = b->layout ? layout_name(h, b->layout) : NULL,
    };
    seen.frame_count = depot_get(site_stack(&o), &seen.frames);
    w->visit(&seen, w->data);
}

static void visit_objects(const struct copied_block *b, void *argument)
{
    for (uint32_t i = 0; i < b->count; i++)
        if (b->states[i] >= STATE_NEW)
            visit_object(argument, b, i);
}

int gc_heap_walk(void (*visit)(const struct gc_walk_object *object, void *data),
                 void *data)
{
    struct walk w = {visit, data};
    if (!visit)
        return errno = EINVAL, -1;
    return each_block(visit_objects, &w);
}

bool gc_is_managed(const void *address)
{
    return lookup_owns(&process_heap, (uintptr_t)address);
}

/* ---- Types -------------------------------------------------------------------------------------- */

/* By layout; of those that are added meanwhile nothing is said. */
struct counts {
    struct {
        size_t objects, bytes;
    } * of;
    size_t count;
};

static void count_objects(const struct copied_block *b, void *argument)
{
    struct counts *c = argument;
    if (b->layout >= c->count)
        return;
    for (uint32_t i = 0; i < b->count; i++) {
        bool lives = b->states[i] >= STATE_NEW;
        c->of[b->layout].objects += lives;
        c->of[b->layout].bytes += lives ? b->size : 0;
    }
}

int gc_stats_types(void (*visit)(const struct gc_type_count *count, void *data),
                   void *data)
{
    if (!visit)
        return errno = EINVAL, -1;
    struct heap *h = &process_heap;
    struct counts c = {.count = max_size(layout_count(h), 1)};
    size_t bytes = c.count * sizeof *c.of;
    c.of = meta_alloc(ACCOUNT_OTHER, bytes);
    int result = c.of ? each_block(count_objects, &c) : -1;
    for (uint32_t layout = 0; result == 0 && layout < c.count; layout++) {
        struct gc_type_count count = {
            .layout = layout,
            .name = layout ? layout_name(h, layout) : NULL,
            .objects = c.of[layout].objects,
            .bytes = c.of[layout].bytes,
        };
        if (count.objects)
            visit(&count, data);
    }
    meta_free(c.of, bytes);
    return result;
}
