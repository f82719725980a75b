/* Large objects, a block each: whole pages of memory, which grow and shrink in place, and are zeroed or given
 * back by what that costs. */
#include <errno.h>
#include <string.h>

#include "base/crash.h"
#include "base/os.h"
#include "base/track.h"
#include "heap/block_words.h"
#include "heap/count.h"
#include "heap/extent.h"
#include "heap/tenured.h"

/* Requests from this size on are worth the system calls that tell whether the system would give as
 * much to anybody. */
enum { PROMISE_FROM = MIB(64) };

/* From this size on, memory to be zeroed is first asked for the pages that are there.
 * That takes two microseconds, a third of what filling half a megabyte takes where all of
 * it is there; where none is, filling takes two hundred. */
enum { ZERO_FROM = KIB(512) };

/* From this size on, memory on huge pages is given back rather than filled with zeroes:
 * it costs half of what filling costs if a quarter of it is used then, and twice as much
 * if all of it is.  (On small pages it costs more in any case.)  malloc of the C library
 * gives back from here on, too. */
enum { GIVE_BACK_FROM = MIB(32) };

static size_t large_bytes(size_t bytes)
{
    return align_up(max_size(bytes, 1), OS_PAGE);
}

/* Memory that is shared has its own way of being refused, when it is committed. */
static bool is_promised(const struct heap *h, size_t bytes)
{
    return bytes < PROMISE_FROM || h->space->shared || os_can_promise(bytes);
}

uint32_t block_create_large(struct heap *h, enum kind kind, size_t bytes,
                            size_t alignment)
{
    if (bytes > (size_t)h->numbers->unit_limit << UNIT_SHIFT)
        return errno = ENOMEM, 0;
    if (!is_promised(h, bytes))
        return 0;
    bytes = large_bytes(bytes);
    uint32_t units = block_large_units(bytes);
    uint32_t step = (uint32_t)(max_size(alignment, UNIT_BYTES) >> UNIT_SHIFT);
    uint32_t head = extent_take(h, units, step, bytes);
    if (!head)
        return 0;
    *block_at(h, head) = (struct block){.free_count = 1, .bytes = bytes};
    CRASH_POINT("block create large: size set");
    block_set_words(h, head, head, head + units,
                    block_used_word(h, head, bin_of(kind, CLASS_LARGE), 0));
    if (h->space->shared)
        memset(block_states(h, head), STATE_FREE, (size_t)1 << STATE_SHIFT_LEAST);
    block_note_kind(h, kind);
    tenured_note_block(h, head);
    return head;
}

static void zero(const struct heap *h, uintptr_t low, uintptr_t high)
{
    size_t bytes = high - low;
    track_permit((void *)low, bytes);
    if (bytes >= ZERO_FROM && !h->space->shared)
        os_zero((void *)low, bytes, bytes >= GIVE_BACK_FROM && heap_has_huge_pages(h));
    else
        memset((void *)low, 0, bytes);
}

static bool is_dirty(const struct heap *h, uint32_t head, size_t offset)
{
    return h->words[head + (offset >> UNIT_SHIFT)] & UNIT_DIRTY;
}

/* Adjacent units that have been used are zeroed together. */
void block_clear_large(struct heap *h, uint32_t head, size_t from)
{
    size_t bytes = block_at(h, head)->bytes;
    uintptr_t address = unit_address(h, head);
    while (from < bytes) {
        bool dirty = is_dirty(h, head, from);
        size_t to = align_down(from, UNIT_BYTES) + UNIT_BYTES;
        while (to < bytes && is_dirty(h, head, to) == dirty)
            to += UNIT_BYTES;
        to = min_size(to, bytes);
        if (dirty)
            zero(h, address + from, address + to);
        from = to;
    }
}

bool block_grow_large(struct heap *h, uint32_t head, size_t bytes)
{
    if (bytes > (size_t)h->numbers->unit_limit << UNIT_SHIFT || !is_promised(h, bytes))
        return false;
    struct block *b = block_at(h, head);
    size_t whole = large_bytes(bytes);
    uint32_t end = head + block_large_units(b->bytes),
             new_end = head + block_large_units(whole);
    if (!extent_take_behind(h, end, new_end - end, whole - b->bytes))
        return false;
    block_untenure(h, head);
    unit_word own = UNIT_DIRTY | UNIT_ALTERED;
    block_set_words(h, head, end, new_end, h->words[head] & ~own);
    CRASH_POINT("block grow: words set");
    block_note_gone(h, b, b->bytes - whole);
    __atomic_store_n(&b->bytes, whole, __ATOMIC_RELAXED); /* a marker may be reading it */
    return true;
}

/* Returns pages at the end of a large object's units to the system; the object may grow
 * into them again. */
static void give_pages_back(struct heap *h, void *address, size_t bytes, bool altered)
{
    if (h->space->shared) /* nobody would set it aside again */
        return;
    if (!altered || !os_renew(address, bytes))
        bytes = h->space->decommit(h->space, address, bytes);
    count_add(&h->numbers->counters.returned_bytes, bytes);
}

bool block_shrink_large(struct heap *h, uint32_t head, size_t bytes)
{
    struct block *b = block_at(h, head);
    size_t whole = large_bytes(bytes), old = b->bytes;
    uint32_t end = head + block_large_units(whole),
             old_end = head + block_large_units(old);
    if (h->marking) /* a marker may be at what would be gone */
        return false;
    block_untenure(h, head);
    block_note_gone(h, b, old - whole);
    __atomic_store_n(&b->bytes, whole, __ATOMIC_RELAXED); /* a sweep may be reading it */
    CRASH_POINT("block shrink: size set");
    if (end < old_end) {
        uint32_t touched = head + (uint32_t)(align_up(old, UNIT_BYTES) >> UNIT_SHIFT);
        extent_give(h, end, old_end - end, touched > end ? touched - end : 0,
                    old - whole);
    } else {
        extent_forget(h, old - whole);
    }
    uintptr_t address = unit_address(h, head);
    size_t kept_units = (size_t)(end - head) << UNIT_SHIFT;
    size_t rest = min_size(kept_units, old) - whole;
    /* The last unit counts as dirty, in case the memory does not go back. */
    block_set_word(h, end - 1, h->words[end - 1] | UNIT_DIRTY);
    if (rest)
        give_pages_back(h, (void *)(address + whole), rest,
                        h->words[end - 1] & UNIT_ALTERED);
    return true;
}
