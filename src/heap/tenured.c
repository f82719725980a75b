/* Which blocks are tenured, and the protection of their pages. */
#include "heap/tenured.h"

#include "base/os.h"
#include "base/track.h"
#include "base/track_writes.h"
#include "heap/lookup.h"

/* ---- Whether there are any ----------------------------------------------------------- */

/* All of the reservation at once: what is not usable yet is noted when it is. */
static bool track(const struct heap *h)
{
    return h->space->ahead && !h->space->shared && !track_is_watched() &&
           track_writes_begin((void *)unit_address(h, 1),
                              (size_t)(h->numbers->unit_limit - 1) << UNIT_SHIFT);
}

bool tenured_start(struct heap *h)
{
    lock_check_held(RANK_WORLD);
    h->tenures = track(h);
    return h->tenures;
}

void tenured_stop(struct heap *h)
{
    lock_check_held(RANK_WORLD);
    h->tenures = h->remembers = false;
}

/* ---- Tenuring ------------------------------------------------------------------------ */

void tenuring_begin(struct tenuring *t, struct heap *h, bool anew)
{
    *t = (struct tenuring){.heap = h, .file = h->tenures ? os_pages_open() : -1};
    t->failed = t->file < 0 || !(anew || h->remembers);
}

static void protect(struct tenuring *t)
{
    if (t->low < t->high)
        t->failed |= !track_writes_protect(t->file, t->low, t->high);
}

void tenuring_add(struct tenuring *t, uint32_t head, uint32_t units)
{
    struct heap *h = t->heap;
    uintptr_t low = unit_address(h, head);
    t->blocks += !block_has(h, head, BLOCK_TENURED);
    __atomic_fetch_or(&block_at(h, head)->flags, BLOCK_TENURED, __ATOMIC_RELAXED);
    if (!word_has_pointers(h->words[head]))
        return;
    if (low != t->high) {
        protect(t);
        t->low = low;
    }
    t->high = low + ((uintptr_t)units << UNIT_SHIFT);
}

/* Where a page could not be protected, part of the range was mapped anew, or this is the child of a fork: all of
 * it is tracked again from now on, and the next cycle is a full one. */
void tenuring_end(struct tenuring *t)
{
    struct heap *h = t->heap;
    protect(t);
    os_pages_close(t->file);
    h->remembers = h->tenures && !t->failed;
    if (h->tenures && t->failed)
        h->tenures = track(h);
}

void tenured_leave(struct heap *h, uint32_t head, uint32_t units)
{
    __atomic_fetch_and(&block_at(h, head)->flags, (uint8_t)~BLOCK_TENURED,
                       __ATOMIC_RELAXED);
    if (h->tenures && word_has_pointers(word_of(h, head)))
        track_writes_give_up(unit_address(h, head), unit_address(h, head + units));
}
