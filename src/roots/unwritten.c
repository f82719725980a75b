/* The ranges that are tracked, and asking what was written there. */
#include "roots/unwritten.h"

#include <string.h>

#include "base/bits.h"
#include "base/lock.h"
#include "base/maps.h"
#include "base/meta.h"
#include "base/os.h"
#include "base/track_writes.h"

enum {
    /* Smaller ranges are scanned each time: 64 KiB take as long as it takes to ask of them, and to fault for some
     * of their pages. */
    PAGES_LEAST = 16,
    /* A page that was written before so many cycles in a row is not protected again until the next full one: a
     * fault costs at least twice what it costs to scan a page. */
    OFTEN = 2,
    PARTS_MOST = 64,
};

/* Under the world lock.  A process has one heap with young cycles; another one would begin anew. */
static struct {
    const struct heap *heap;
    struct range_list tracked, found; /* both sorted */
    uint8_t *often; /* of each page of the tracked ranges, in order: OFTEN at most */
    size_t often_bytes;
} notes PRIVATE_DATA;

void unwritten_forget(void)
{
    lock_check_held(RANK_WORLD);
    for (size_t i = 0; i < notes.tracked.count; i++)
        track_writes_give_up(notes.tracked.ranges[i].low, notes.tracked.ranges[i].high);
    notes.heap = NULL;
    range_list_clear(&notes.tracked);
}

/* ---- Which ranges ------------------------------------------------------------------------ */

/* Lists the whole pages of large segments. */
static void find(const struct range_list *segments)
{
    struct range_cover sorted;
    size_t page = os_page_bytes();
    range_list_clear(&notes.found);
    for (size_t i = 0; i < segments->count; i++) {
        struct range r = segments->ranges[i];
        r = (struct range){align_up(r.low, page), align_down(r.high, page)};
        if (r.low < r.high && r.high - r.low >= PAGES_LEAST * page)
            range_list_add(&notes.found, r.low, r.high);
    }
    range_cover_begin(&sorted, &notes.found);
}

/* Whether the range is in the list, which is sorted; *at says how far it was looked through. */
static bool is_among(const struct range_list *l, size_t *at, struct range r)
{
    while (*at < l->count && l->ranges[*at].low < r.low)
        ++*at;
    return *at < l->count && l->ranges[*at].low == r.low && l->ranges[*at].high == r.high;
}

/* Of ranges that are not loaded any more nothing is known when others come to lie there. */
static void leave_unloaded(void)
{
    size_t kept = 0, at = 0;
    for (size_t i = 0; i < notes.tracked.count; i++)
        if (is_among(&notes.found, &at, notes.tracked.ranges[i]))
            notes.tracked.ranges[kept++] = notes.tracked.ranges[i];
    if (kept < notes.tracked.count && notes.often)
        memset(notes.often, 0, notes.often_bytes);
    notes.tracked.count = kept;
}

static size_t pages_of(const struct range_list *l)
{
    size_t bytes = 0;
    for (size_t i = 0; i < l->count; i++)
        bytes += l->ranges[i].high - l->ranges[i].low;
    return bytes / os_page_bytes();
}

/* ---- Beginning ----------------------------------------------------------------------------- */

/* A walk over the mappings, beside one over the ranges that were found. */
struct sifting {
    size_t next;
};

static void leave_shared(void *argument, const struct mapping *m)
{
    struct sifting *s = argument;
    struct range_list *l = &notes.found;
    while (s->next < l->count && l->ranges[s->next].high <= m->low)
        s->next++;
    for (size_t i = s->next; m->shared && i < l->count && l->ranges[i].low < m->high; i++)
        l->ranges[i].high = l->ranges[i].low;
}

/* Registers and protects a range, or protects one that is tracked already.  One that has lost its registration is
 * asked for its mappings before it is registered again. */
static bool track(int file, struct range r, bool tracked, bool told)
{
    if (r.low == r.high || !(tracked || told))
        return false;
    return (tracked || track_writes_begin((void *)r.low, r.high - r.low)) &&
           track_writes_protect(file, r.low, r.high);
}

static void track_found(bool told)
{
    struct range_list *l = &notes.found;
    size_t kept = 0, at = 0;
    int file = track_writes_open();
    for (size_t i = 0; i < l->count; i++) {
        struct range r = l->ranges[i];
        if (track(file, r, is_among(&notes.tracked, &at, r), told))
            l->ranges[kept++] = r;
    }
    l->count = kept;
    track_writes_close(file);
}

/* Room for what is known of each page, all zero. */
static bool make_room(size_t bytes)
{
    if (notes.often_bytes < bytes) {
        meta_free(notes.often, notes.often_bytes);
        notes.often = meta_alloc(ACCOUNT_ROOTS, bytes);
        notes.often_bytes = notes.often ? bytes : 0;
    } else if (bytes) {
        memset(notes.often, 0, bytes);
    }
    return notes.often_bytes >= bytes;
}

void unwritten_begin(const struct heap *h, const struct range_list *segments)
{
    lock_check_held(RANK_WORLD);
    if (notes.heap != h || track_writes_is_free())
        unwritten_forget();
    if (track_writes_is_free())
        return;
    find(segments);
    leave_unloaded();
    struct sifting s = {0};
    bool told = notes.found.count == notes.tracked.count || maps_walk(leave_shared, &s);
    track_found(told);
    struct range_list had = notes.tracked;
    notes.tracked = notes.found;
    notes.found = had;
    notes.heap = h;
    if (!make_room(pages_of(&notes.tracked)))
        unwritten_forget();
}

/* ---- Asking -------------------------------------------------------------------------------- */

struct asking {
    int file;
    struct range_list *unwritten;
    uint8_t *often; /* of the first page of the range */
    struct range range;
    uintptr_t last; /* the end of the part of the range that was written before */
    size_t faults;
};

static size_t page_of(const struct asking *a, uintptr_t address)
{
    return (address - a->range.low) / os_page_bytes();
}

/* Nothing was written from the last part to here. */
static void note_unwritten(struct asking *a, uintptr_t to)
{
    size_t from = page_of(a, a->last);
    range_list_add(a->unwritten, a->last, to);
    memset(a->often + from, 0, page_of(a, to) - from);
}

/* Pages [low, high) were written.  Those that were not too often are protected again; returns whether they
 * are. */
static bool note_written(struct asking *a, uintptr_t low, uintptr_t high)
{
    size_t page = os_page_bytes();
    uintptr_t from = low;
    bool done = true;
    for (; low < high; low += page) {
        uint8_t *often = &a->often[page_of(a, low)];
        a->faults += *often < OFTEN;
        if (*often < OFTEN && ++*often < OFTEN)
            continue;
        done = track_writes_protect(a->file, from, low) && done;
        from = low + page;
    }
    return track_writes_protect(a->file, from, high) && done;
}

/* Returns whether the range is tracked still. */
static bool ask(struct asking *a)
{
    struct os_part parts[PARTS_MOST];
    bool known = true;
    a->last = a->range.low;
    for (uintptr_t low = a->range.low; low < a->range.high;) {
        size_t count = track_writes_collect(a->file, &low, a->range.high, false, parts,
                                            PARTS_MOST, &known);
        for (size_t i = 0; i < count; i++) {
            note_unwritten(a, parts[i].low);
            known = known && note_written(a, parts[i].low, parts[i].high);
            a->last = parts[i].high;
        }
    }
    note_unwritten(a, a->range.high);
    return known;
}

/* A page that could not be protected again has its whole range scanned until the next full cycle. */
static void ask_all(struct asking *a)
{
    struct range_list *l = &notes.tracked;
    size_t kept = 0, count = l->count;
    a->often = notes.often;
    for (size_t i = 0; i < count; i++) {
        a->range = l->ranges[i];
        if (ask(a))
            l->ranges[kept++] = a->range;
        a->often += page_of(a, a->range.high);
    }
    l->count = kept;
    if (kept < count)
        memset(notes.often, 0, notes.often_bytes);
}

size_t unwritten_list(const struct heap *h, const struct range_list *segments,
                      struct range_list *unwritten)
{
    lock_check_held(RANK_WORLD);
    if (notes.heap != h)
        return 0;
    find(segments);
    leave_unloaded();
    struct asking a = {.file = track_writes_open(), .unwritten = unwritten};
    ask_all(&a);
    track_writes_close(a.file);
    return a.faults;
}
