/* A queue of freed objects, the oldest first, and how they leave it. */
#include "mutator/quarantine.h"

#include <string.h>

#include "base/check.h"
#include "base/critical.h"
#include "base/options.h"
#include "collect/collector.h"
#include "heap/altered.h"
#include "heap/block.h"
#include "heap/cache.h"
#include "heap/count.h"
#include "heap/heap.h"
#include "mutator/barred.h"
#include "mutator/dangling.h"
#include "mutator/hooks.h"
#include "mutator/pattern.h"
#include "mutator/ring.h"
#include "mutator/site.h"
#include "world/faults.h"
#include "world/self.h"

enum {
    PART_KEPT = 16,   /* of the heap: so much is kept without a mark */
    PART_MARKED = 8,  /* and so much between two marks */
    PART_AT_MOST = 2, /* whatever points to it */
};

#define LEAST_KEPT MIB(1)
#define LEAST_MARKED MIB(4)
#define LEAST_AT_MOST MIB(64)

/* Under the lock, but in a pause; `bytes` and `due` are read without it, too. */
static struct {
    struct lock lock;
    struct ring ring;
    size_t bytes;  /* of their slots */
    size_t judged; /* so many of them, the oldest, a cycle has looked for */
    size_t due; /* with option quarantine: the bytes at which the next one is to look */
} quarantine PRIVATE_DATA;

size_t quarantine_bytes(void)
{
    return __atomic_load_n(&quarantine.bytes, __ATOMIC_RELAXED);
}

/* ---- Coming --------------------------------------------------------------------------- */

/* Of two threads that free one object at a time, one comes too late. */
static bool put(struct heap *h, const struct cell *o)
{
    critical_take(&quarantine.lock, RANK_HELD);
    bool kept = *o->state >= STATE_NEW && ring_make_room(&quarantine.ring, 1);
    if (kept) {
        ring_put(&quarantine.ring, o->address);
        __atomic_store_n(&quarantine.bytes, quarantine.bytes + o->size, __ATOMIC_RELAXED);
        __atomic_fetch_add(&h->numbers->reserved_apart, 1, __ATOMIC_RELAXED);
        site_of(h, o)->note |= SITE_HELD;
        *o->state = STATE_RESERVED;
    }
    critical_release(&quarantine.lock, RANK_HELD);
    return kept;
}

static bool keeps(struct heap *h, const struct cell *o)
{
    if (word_class(o->word) > CLASS_MEDIUM_LAST)
        return options.poison && barred_take(h, o);
    if (word_typed(o->word))
        return false;
    if (options.poison)
        memset((void *)o->address, PATTERN_FREED, o->size);
    return put(h, o);
}

/* ---- Writes after the free --------------------------------------------------------------- */

static struct pattern_look look_at(const struct heap *h, const struct cell *o,
                                   struct fault *f)
{
    const struct site *s = site_of(h, o);
    f->kind = FAULT_WRITE_AFTER_FREE;
    f->address = o->address;
    f->bytes = o->size;
    f->allocated = s->stack;
    f->freed = site_freed_by(s);
    return (struct pattern_look){f, 0, o->size, PATTERN_FREED, false};
}

bool quarantine_find(const struct heap *h, size_t i, struct fault *f)
{
    struct cell o = lookup_cell(h, *ring_entry(&quarantine.ring, i));
    if (!options.poison || altered_block(h, unit_head(h, unit_of(h, o.address))))
        return false;
    struct pattern_look l = look_at(h, &o, f);
    faults_try(pattern_look, &l, o.address, o.address + o.size);
    return l.spoilt;
}

/* ---- Leaving -------------------------------------------------------------------------------- */

/* The oldest object, which is in no list from now on; the lock is held. */
static struct cell take_oldest(const struct heap *h)
{
    lock_check_held(RANK_HELD);
    struct cell o = lookup_cell(h, ring_take(&quarantine.ring));
    quarantine.judged -= quarantine.judged > 0;
    __atomic_store_n(&quarantine.bytes, quarantine.bytes - o.size, __ATOMIC_RELAXED);
    return o;
}

/* Its memory is anybody's.  Where the program has changed what may be done with it, it is new, or stays
 * out of use. */
static void let_go(struct heap *h, const struct cell *o)
{
    struct fault f = {.found = "when its memory was to be used again"};
    struct pattern_look l = look_at(h, o, &f);
    if (UNLIKELY(altered_block(h, unit_head(h, unit_of(h, o->address))))) {
        if (!altered_renew_object(h, o))
            return;
    } else if (options.poison) {
        pattern_look(&l);
    }
    critical_begin();
    site_of(h, o)->note &= ~(uint32_t)(SITE_HELD | SITE_REACHED | SITE_TOLD);
    __atomic_fetch_sub(&h->numbers->reserved_apart, 1, __ATOMIC_RELAXED);
    cache_free(thread_self->cache, word_of(h, unit_of(h, o->address)), (void *)o->address,
               o->state);
    critical_end();
    if (l.spoilt)
        report_hooks.fault(&f);
}

static bool take_beyond(const struct heap *h, size_t limit, struct cell *o)
{
    critical_take(&quarantine.lock, RANK_HELD);
    bool some = quarantine.ring.count > 0 && quarantine.bytes > limit;
    if (some)
        *o = take_oldest(h);
    critical_release(&quarantine.lock, RANK_HELD);
    return some;
}

/* The oldest go as long as they are more than so many bytes. */
static void let_oldest_go(struct heap *h, size_t limit)
{
    struct cell o;
    while (take_beyond(h, limit, &o))
        let_go(h, &o);
}

static bool take_judged(const struct heap *h, struct cell *o)
{
    bool found = false;
    critical_take(&quarantine.lock, RANK_HELD);
    while (quarantine.judged > 0 && !found) {
        *o = take_oldest(h);
        struct site *s = site_of(h, o);
        found = !(s->note & SITE_REACHED);
        if (found)
            break;
        s->note &= ~(uint32_t)SITE_REACHED;
        ring_put(&quarantine.ring, o->address);
        __atomic_store_n(&quarantine.bytes, quarantine.bytes + o->size, __ATOMIC_RELAXED);
    }
    critical_release(&quarantine.lock, RANK_HELD);
    return found;
}

/* What something points to stays; the next mark comes when there is as much again. */
static void let_judged_go(struct heap *h)
{
    struct cell o;
    while (take_judged(h, &o))
        let_go(h, &o);
    size_t bytes = quarantine_bytes();
    __atomic_store_n(&quarantine.due, bytes + ring_share(h, 1, PART_MARKED, LEAST_MARKED),
                     __ATOMIC_RELAXED);
}

void quarantine_trim(struct heap *h)
{
    if (LIKELY(quarantine_bytes() < LEAST_KEPT))
        return;
    let_oldest_go(h, options.quarantine ? ring_share(h, 1, PART_AT_MOST, LEAST_AT_MOST)
                                        : ring_share(h, 1, PART_KEPT, LEAST_KEPT));
}

void quarantine_let_go(struct heap *h)
{
    if (quarantine_bytes() == 0)
        return;
    if (options.quarantine)
        let_judged_go(h);
    else
        let_oldest_go(h, 0);
}

void quarantine_empty(struct heap *h)
{
    if (options.quarantine && quarantine_bytes() > 0 &&
        !collector_is_disabled(&process_collector))
        collector_run(&process_collector, CAUSE_QUARANTINE);
    quarantine_let_go(h);
}

void quarantine_poll(struct heap *h)
{
    size_t bytes = quarantine_bytes();
    if (options.quarantine && bytes >= LEAST_MARKED &&
        bytes >= __atomic_load_n(&quarantine.due, __ATOMIC_RELAXED) &&
        !collector_is_disabled(&process_collector)) {
        collector_run(&process_collector, CAUSE_QUARANTINE);
        let_judged_go(h);
    }
}

/* ---- In a pause ------------------------------------------------------------------------------- */

size_t quarantine_count(void)
{
    return quarantine.ring.count;
}

void quarantine_judge(const struct cycle *c, void (*tell)(const struct fault *f))
{
    if (!options.quarantine || !c->roots.keeps_named || quarantine.ring.count == 0)
        return;
    dangling_find(c, options.quarantine == QUARANTINE_REPORT ? tell : NULL);
    quarantine.judged = quarantine.ring.count;
}

void quarantine_check(const struct heap *h)
{
    size_t bytes = 0;
    for (size_t i = 0; i < quarantine.ring.count; i++) {
        struct cell o = lookup_cell(h, *ring_entry(&quarantine.ring, i));
        CHECK(o.state && *o.state == STATE_RESERVED &&
              o.address == *ring_entry(&quarantine.ring, i));
        CHECK(site_freed(site_of(h, &o)) && site_of(h, &o)->note & SITE_HELD);
        bytes += o.size;
    }
    CHECK(bytes == quarantine.bytes && quarantine.judged <= quarantine.ring.count);
    CHECK(quarantine.ring.count <= h->numbers->reserved_apart);
}

void quarantine_begin(struct heap *h)
{
    static const struct observer keeper = {.keeps = keeps};
    quarantine.due = LEAST_MARKED;
    observe(h, &keeper);
}
