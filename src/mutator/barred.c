/* A queue, the oldest first. */
#include "mutator/barred.h"

#include <sys/mman.h>

#include "base/critical.h"
#include "base/os.h"
#include "base/sys.h"
#include "heap/altered.h"
#include "heap/block.h"
#include "mutator/free.h"
#include "mutator/site.h"

enum {
    BARRED_MOST = 256
}; /* each may be two mappings more, of which the system allows 65530 */

/* Of address space: it counts as the heap's, though it has no memory. */
#define BYTES_MOST MIB(256)

static struct {
    struct lock lock;
    uintptr_t queue[BARRED_MOST]; /* addresses */
    size_t first, count;
    size_t bytes; /* read without the lock, too */
} barred PRIVATE_DATA;

/* Of two threads that free one object at a time, one comes too late. */
static bool reserve(struct heap *h, const struct cell *o)
{
    critical_take(&barred.lock, RANK_HELD);
    bool mine = *o->state >= STATE_NEW;
    if (mine) {
        __atomic_fetch_add(&h->numbers->reserved_apart, 1, __ATOMIC_RELAXED);
        site_of(h, o)->note |= SITE_HELD;
        *o->state = STATE_RESERVED;
    }
    critical_release(&barred.lock, RANK_HELD);
    return mine;
}

static void let_go(struct heap *h, const struct cell *o)
{
    critical_begin();
    __atomic_fetch_sub(&h->numbers->reserved_apart, 1, __ATOMIC_RELAXED);
    site_of(h, o)->note &= ~SITE_HELD;
    free_reserved(h, o);
    critical_end();
}

/* The lock is held. */
static void add_bytes(size_t more)
{
    __atomic_store_n(&barred.bytes, barred.bytes + more, __ATOMIC_RELAXED);
}

size_t barred_bytes(void)
{
    return __atomic_load_n(&barred.bytes, __ATOMIC_RELAXED);
}

/* Whole pages. */
static void *pages_of(const struct cell *o, size_t *bytes)
{
    uintptr_t low = align_up(o->address, os_page_bytes());
    uintptr_t high = align_down(o->address + o->size, os_page_bytes());
    *bytes = high > low ? high - low : 0;
    return (void *)low;
}

static bool take_oldest(const struct heap *h, size_t count_most, size_t bytes_most,
                        struct cell *o)
{
    critical_take(&barred.lock, RANK_HELD);
    bool some =
        barred.count > count_most || (barred.count > 0 && barred.bytes > bytes_most);
    if (some) {
        *o = lookup_cell(h, barred.queue[barred.first]);
        barred.first = (barred.first + 1) % BARRED_MOST;
        barred.count--;
        add_bytes((size_t)0 - o->size);
    }
    critical_release(&barred.lock, RANK_HELD);
    return some;
}

/* The oldest go as long as there are more.  One whose pages the system does not open again stays out of use. */
static void let_oldest_go(struct heap *h, size_t count_most, size_t bytes_most)
{
    struct cell o;
    size_t bytes;
    while (take_oldest(h, count_most, bytes_most, &o)) {
        void *pages = pages_of(&o, &bytes);
        if (bytes == 0 || sys_protect(pages, bytes, PROT_READ | PROT_WRITE) == 0)
            let_go(h, &o);
    }
}

static bool put(const struct cell *o)
{
    critical_take(&barred.lock, RANK_HELD);
    bool room = barred.count < BARRED_MOST;
    if (room) {
        barred.queue[(barred.first + barred.count++) % BARRED_MOST] = o->address;
        add_bytes(o->size);
    }
    critical_release(&barred.lock, RANK_HELD);
    return room;
}

bool barred_take(struct heap *h, const struct cell *o)
{
    size_t bytes;
    void *pages = pages_of(o, &bytes);
    if (word_typed(o->word) || bytes == 0 || o->size > BYTES_MOST / 2 ||
        altered_block(h, unit_head(h, unit_of(h, o->address))))
        return false;
    let_oldest_go(h, BARRED_MOST / 2, BYTES_MOST - o->size);
    if (!reserve(h, o))
        return false;
    os_decommit(pages, bytes);
    bool done = sys_protect(pages, bytes, PROT_NONE) == 0;
    if (done && put(o))
        return true;
    if (!done || sys_protect(pages, bytes, PROT_READ | PROT_WRITE) == 0)
        let_go(h, o);
    return true;
}

bool barred_find(const struct heap *h, uintptr_t address, struct cell *o)
{
    *o = lookup_cell(h, address);
    return o->state && *o->state == STATE_RESERVED && h->sites &&
           word_class(o->word) > CLASS_MEDIUM_LAST && site_of(h, o)->note & SITE_HELD;
}

void barred_end(struct heap *h)
{
    let_oldest_go(h, 0, 0);
}
