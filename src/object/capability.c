#include "object/capability.h"

#include "base/critical.h"
#include "heap/block.h"
#include "heap/heap.h"
#include "mutator/hooks.h"
#include "mutator/object.h"
#include "object/counted.h"
#include "world/stop.h"

/* Grows under the world lock, and is read without: what is on it stays. */
static struct capability *capabilities PRIVATE_DATA;

static struct capability *first(void)
{
    return __atomic_load_n(&capabilities, __ATOMIC_ACQUIRE);
}

static void freed(const struct cell *o)
{
    for (const struct capability *c = first(); c; c = c->next)
        if (c->freed)
            c->freed(o);
}

static void moved(const struct cell *from, void *to)
{
    for (const struct capability *c = first(); c; c = c->next)
        if (c->moved)
            c->moved(from, (uintptr_t)to);
}

static void shrinks(const struct cell *o, size_t size)
{
    for (const struct capability *c = first(); c; c = c->next)
        if (c->shrinks)
            c->shrinks(o, size);
}

static void at_exit(void)
{
    for (const struct capability *c = first(); c; c = c->next)
        if (c->at_exit)
            c->at_exit();
}

static void begin(struct capability *c)
{
    object_hooks.freed = freed;
    object_hooks.moved = moved;
    object_hooks.shrinks = shrinks;
    object_hooks.at_exit = at_exit;
    for (unsigned i = 0; i < c->phase_count; i++)
        phase_add(&c->phases[i]);
    if (c->verify.reach)
        verify_rule_add(&c->verify);
    if (c->pairs)
        pairs_source_add(c->pairs);
    c->next = capabilities;
    __atomic_store_n(&capabilities, c, __ATOMIC_RELEASE);
    __atomic_store_n(&c->begun, true, __ATOMIC_RELEASE);
}

void capability_begin(struct capability *c)
{
    if (LIKELY(__atomic_load_n(&c->begun, __ATOMIC_ACQUIRE)))
        return;
    bool taken = world_hold();
    if (!c->begun)
        begin(c);
    world_let_go(taken);
}

static void note(const struct cell *o)
{
    critical_begin();
    block_note(&process_heap,
               unit_head(&process_heap, unit_of(&process_heap, o->address)));
    critical_end();
}

bool capability_note(const void *object, struct cell *o)
{
    if (!object_at(object, o))
        return false;
    note(o);
    return true;
}

bool capability_note_named(const void *object, struct cell *o)
{
    if (!counted_or_object(object, o))
        return false;
    note(o);
    return true;
}
