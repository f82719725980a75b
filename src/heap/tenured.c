/* Which blocks are tenured, and the protection of their pages. */
#include "heap/tenured.h"

#include <string.h>

#include "base/check.h"
#include "base/meta.h"
#include "base/os.h"
#include "base/track.h"
#include "base/track_writes.h"
#include "heap/lookup.h"

/* ---- Tables ------------------------------------------------------------------------------ */

static size_t table_bytes(const struct heap *h)
{
    return align_up((size_t)h->numbers->unit_limit / 8 + 1, OS_PAGE);
}

static void set_bit(uint64_t *table, uint32_t unit)
{
    __atomic_fetch_or(&table[unit / 64], (uint64_t)1 << unit % 64, __ATOMIC_RELAXED);
}

static void clear_bit(uint64_t *table, uint32_t unit)
{
    __atomic_fetch_and(&table[unit / 64], ~((uint64_t)1 << unit % 64), __ATOMIC_RELAXED);
}

static bool has_bit(const uint64_t *table, uint32_t unit)
{
    return RACING(table[unit / 64]) >> unit % 64 & 1;
}

/* The next unit in [u, end) whose bit is set, or is not, with `flipped` all ones; else `end`. */
static uint32_t next_bit(const uint64_t *table, uint32_t u, uint32_t end,
                         uint64_t flipped)
{
    while (u < end) {
        uint64_t rest = (RACING(table[u / 64]) ^ flipped) >> u % 64;
        if (rest)
            return (uint32_t)min_size(u + (uint32_t)__builtin_ctzll(rest), end);
        u = (u / 64 + 1) * 64;
    }
    return end;
}

/* Who finds the one table finds the other. */
static bool make_tables(struct heap *h)
{
    if (h->untenured)
        return true;
    uint64_t *watched = meta_alloc(ACCOUNT_REMEMBERED, table_bytes(h));
    uint64_t *untenured = watched ? meta_alloc(ACCOUNT_REMEMBERED, table_bytes(h)) : NULL;
    if (!untenured)
        return meta_free(watched, table_bytes(h)), false;
    h->watched = watched;
    __atomic_store_n(&h->untenured, untenured, __ATOMIC_RELEASE);
    return true;
}

void tenured_release(struct heap *h)
{
    if (!h->untenured)
        return;
    meta_free(h->untenured, table_bytes(h));
    meta_free(h->watched, table_bytes(h));
    h->untenured = h->watched = NULL;
}

void tenured_note_block(struct heap *h, uint32_t head)
{
    uint64_t *table = __atomic_load_n(&h->untenured, __ATOMIC_ACQUIRE);
    if (UNLIKELY(table != NULL))
        set_bit(table, head);
}

static uint32_t next_head(const struct heap *h, uint32_t u)
{
    while (u < unit_end(h) && !unit_is_head(h, u))
        u++;
    return u;
}

/* Before blocks are tenured for the first time none is. */
uint32_t tenured_next_other(struct heap *h, uint32_t u)
{
    if (!h->untenured)
        return next_head(h, u);
    while ((u = next_bit(h->untenured, u, unit_end(h), 0)) < unit_end(h)) {
        if (unit_is_head(h, u))
            return u;
        clear_bit(h->untenured, u);
    }
    return u;
}

struct tenured_run tenured_next_run(const struct heap *h, uint32_t u)
{
    struct tenured_run r = {.first = next_bit(h->watched, u, unit_end(h), 0)};
    r.end = next_bit(h->watched, r.first, unit_end(h), UINT64_MAX);
    return r;
}

void tenured_check(const struct heap *h, uint32_t head, uint32_t units)
{
    bool tenured = block_has(h, head, BLOCK_TENURED);
    if (!h->remembers)
        return;
    CHECK(has_bit(h->untenured, head) == !tenured);
    for (uint32_t u = head; u < head + units; u++)
        CHECK(has_bit(h->watched, u) == (tenured && word_has_pointers(word_of(h, head))));
}

/* ---- Whether there are any ----------------------------------------------------------- */

/* All of the reservation at once: what is not usable yet is noted when it is.  The kernel cannot note what is
 * not there yet, and does not under valgrind. */
bool tenured_watch(const struct heap *h)
{
    bool possible = track_writes_is_free() || (h->space->ahead && !track_is_watched());
    return possible && !h->space->shared &&
           track_writes_begin((void *)unit_address(h, 1),
                              (size_t)(h->numbers->unit_limit - 1) << UNIT_SHIFT);
}

bool tenured_start(struct heap *h)
{
    lock_check_held(RANK_WORLD);
    h->tenures = make_tables(h) && tenured_watch(h);
    return h->tenures;
}

/* That costs some ten nanoseconds a page, and the first write to each a hundred times as much. */
void tenured_stop(struct heap *h)
{
    lock_check_held(RANK_WORLD);
    h->tenures = h->remembers = false;
    if (!h->watched)
        return;
    for (struct tenured_run t = tenured_next_run(h, 1); t.first < t.end;
         t = tenured_next_run(h, t.end))
        track_writes_give_up(unit_address(h, t.first), unit_address(h, t.end));
}

/* ---- Tenuring ------------------------------------------------------------------------ */

void tenuring_begin(struct tenuring *t, struct heap *h, bool anew)
{
    *t = (struct tenuring){.heap = h, .file = h->tenures ? track_writes_open() : -1};
    t->failed = t->file < 0 || !(anew || h->remembers);
    if (!anew || !h->untenured)
        return;
    memset(h->untenured, 0, unit_end(h) / 8 + 1);
    memset(h->watched, 0, unit_end(h) / 8 + 1);
}

/* Where there are no young collections, pages are protected when marking beside the program begins, and cost no
 * faults before; until then all of them count as written. */
static void protect(struct tenuring *t)
{
    if (t->low < t->high && t->heap->young)
        t->failed |= !track_writes_protect(t->file, t->low, t->high);
}

void tenuring_add(struct tenuring *t, uint32_t head, uint32_t units)
{
    struct heap *h = t->heap;
    uintptr_t low = unit_address(h, head);
    t->blocks += !block_has(h, head, BLOCK_TENURED);
    __atomic_fetch_or(&block_at(h, head)->flags, BLOCK_TENURED, __ATOMIC_RELAXED);
    clear_bit(h->untenured, head);
    if (!word_has_pointers(h->words[head]))
        return;
    for (uint32_t u = head; u < head + units; u++)
        set_bit(h->watched, u);
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
    track_writes_close(t->file);
    h->remembers = h->tenures && !t->failed;
    if (h->tenures && t->failed)
        h->tenures = tenured_watch(h);
}

void tenured_leave(struct heap *h, uint32_t head, uint32_t units)
{
    __atomic_fetch_and(&block_at(h, head)->flags, (uint8_t)~BLOCK_TENURED,
                       __ATOMIC_RELAXED);
    set_bit(h->untenured, head);
    for (uint32_t u = head; u < head + units; u++)
        clear_bit(h->watched, u);
    if (h->tenures && word_has_pointers(word_of(h, head)))
        track_writes_give_up(unit_address(h, head), unit_address(h, head + units));
}
