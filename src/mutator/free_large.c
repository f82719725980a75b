/* Freeing large objects, and wide ones, by hand: they pass by the caches. */
#include "base/crash.h"
#include "base/critical.h"
#include "heap/block.h"
#include "heap/count.h"
#include "heap/heap.h"
#include "mutator/free.h"

/* The lock of the block is held. */
static void end(struct heap *h, uint32_t head, const struct cell *o)
{
    size_t large = block_at(h, head)->bytes, bytes = large ? large : o->size;
    heap_credit(h, bytes);
    count_add(&h->numbers->counters.freed_bytes, bytes);
    *o->state = STATE_FREE;
    CRASH_POINT("free at once: free");
    block_free_slots(h, head, 1);
}

bool free_at_once(struct heap *h, const struct cell *o)
{
    uint32_t head = unit_head(h, unit_of(h, o->address));
    critical_begin();
    struct lock *lock = block_lock(h, head);
    bool lives = *o->state >= STATE_NEW;
    if (lives)
        end(h, head, o);
    lock_release(lock, RANK_BIN);
    critical_end();
    return lives;
}

void free_reserved(struct heap *h, const struct cell *o)
{
    uint32_t head = unit_head(h, unit_of(h, o->address));
    critical_begin();
    struct lock *lock = block_lock(h, head);
    end(h, head, o);
    lock_release(lock, RANK_BIN);
    critical_end();
}
