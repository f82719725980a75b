/* The kernel's list of mappings is read in the pause, in the order of addresses, beside a sorted list of what
 * is no root. */
#include "roots/mappings.h"

#include <string.h>

#include "base/account.h"
#include "base/bits.h"
#include "base/lock.h"
#include "base/maps.h"
#include "base/options.h"
#include "base/os.h"
#include "roots/segments.h"
#include "world/control.h"
#include "world/foreign.h"
#include "world/registry.h"
#include "world/thread.h"

enum {
    SPARE = 64,      /* ranges for which there is room beside the account's */
    PARTS_MOST = 32, /* of a mapping, asked for at once */
};

struct listing {
    struct range_cover cover;
    struct range_list *code;
    const struct range_list *own;
    size_t next; /* of `own`: those before lie below */
    int pages;   /* the file of os_pages_open */
    bool swaps;
};

/* ---- What is no root -------------------------------------------------------------------------------- */

static void add_own(void *argument, uintptr_t low, uintptr_t high)
{
    range_list_add(argument, low, high);
}

/* The account is locked while it is read, so that there is room in the list before.
 *
 * The C library keeps the stacks of threads that have ended for the next ones, with their thread-local data and what they
 * were used for last.  Where objects are reclaimed these count all the same: of a thread that is ending it cannot be
 * told what it still does; and where one may be the stack of a foreign thread. */
static void list_own(const struct heap *h, struct range_list *own)
{
    range_list_clear(own);
    range_list_reserve(own, account_count() + SPARE);
    account_walk(add_own, own);
    range_list_add(own, h->base + UNIT_BYTES, h->base + h->bytes);
    range_list_add(own, (uintptr_t)h->numbers,
                   (uintptr_t)h->numbers + h->numbers->tables_bytes);
    struct range variables = segments_own();
    range_list_add(own, variables.low, variables.high);
    for (MUTATORS(m))
        if (thread_lives(m))
            range_list_add(own, m->stack_low, m->stack_high);
    if (!options.collect && !foreign_is_anywhere())
        control_each_stack(add_own, own);
}

/* ---- What is one ------------------------------------------------------------------------------------ */

static void add_range(struct listing *l, uintptr_t low, uintptr_t high)
{
    while (low < high) {
        while (l->next < l->own->count && l->own->ranges[l->next].high <= low)
            l->next++;
        struct range hole = {high, high};
        if (l->next < l->own->count && l->own->ranges[l->next].low < high)
            hole = l->own->ranges[l->next];
        range_cover_add(&l->cover, (struct range){low, hole.low});
        low = hole.high;
    }
}

static bool begins(const struct mapping *m, const char *prefix)
{
    return strncmp(m->name, prefix, strlen(prefix)) == 0;
}

/* What no file on a disk has: it is gone with the processes that share it, so that pointers are of use there. */
static bool is_memory(const struct mapping *m)
{
    return begins(m, "/memfd:") || begins(m, "/SYSV") || begins(m, "/dev/zero") ||
           begins(m, "/dev/shm/") || begins(m, "/dev/hugep") || begins(m, "/anon_huge");
}

/* To read what a device has mapped may do something, and takes long. */
static bool is_device(const struct mapping *m)
{
    return !is_memory(m) && (begins(m, "/dev/") || begins(m, "/dmabuf"));
}

/* Code, what the kernel has mapped for itself, and the main thread's stack are none.  Shared memory may have been
 * written by another mapping, which is gone by now. */
static bool is_root(const struct mapping *m)
{
    if (!m->readable || begins(m, "[v") || begins(m, "[stack"))
        return false;
    return m->shared ? !is_device(m) && (m->writable || is_memory(m))
                     : m->writable || !m->file;
}

/* Finds pages that are there.  Of shared memory all are taken to be where some are in swap space, as the kernel does not
 * tell which. */
static size_t find_pages(const struct listing *l, const struct mapping *m, uintptr_t *low,
                         struct os_part *parts, bool all)
{
    if (!m->shared)
        return os_pages_find(l->pages, low, m->high, parts, PARTS_MOST);
    if (!all)
        return os_pages_cached(low, m->high, parts, PARTS_MOST);
    parts[0] = (struct os_part){*low, m->high};
    *low = m->high;
    return 1;
}

static void add_mapping(void *argument, const struct mapping *m)
{
    struct listing *l = argument;
    struct os_part parts[PARTS_MOST];
    if (!is_root(m))
        return;
    bool all = m->shared && is_memory(m) && l->swaps && maps_swapped(m);
    for (uintptr_t low = m->low; low < m->high;) {
        size_t count = find_pages(l, m, &low, parts, all);
        for (size_t i = 0; i < count; i++) {
            add_range(l, parts[i].low, parts[i].high);
            if (m->executable && (m->shared || !m->file))
                range_list_add(l->code, parts[i].low, parts[i].high);
        }
    }
}

void mappings_add(const struct heap *h, struct range_list *l, struct range_list *code)
{
    static struct range_list own PRIVATE_DATA; /* under the world lock */
    lock_check_held(RANK_WORLD);
    struct range_cover sorted;
    struct listing listing = {
        .code = code, .own = &own, .pages = os_pages_open(), .swaps = os_swaps()};
    list_own(h, &own);
    range_cover_begin(&sorted, &own);
    range_cover_begin(&listing.cover, l);
    l->incomplete |=
        !maps_walk(add_mapping, &listing) || own.incomplete || code->incomplete;
    os_pages_close(listing.pages);
}
