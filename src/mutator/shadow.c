/* One pass, which reads memory in order: living objects that lie side by side are read as one range. */
#include "mutator/shadow.h"

#include "base/critical.h"
#include "base/meta.h"
#include "base/os.h"
#include "collect/filter.h"
#include "heap/altered.h"
#include "heap/block.h"
#include "world/faults.h"

enum {
    BITS = 64,
    FEW_WORDS = 16, /* for fewer the vectors do not pay */
    /* As marking has them (collect/mark.c). */
    SPARSE_FROM = 1 << 20,
    SPARSE_WITHIN = 4 << 20,
};

static size_t map_bytes(const struct shadow *s)
{
    return align_up(s->bytes / GRANULE / 8 + 1, sizeof *s->bits);
}

INLINE void set(struct shadow *s, uintptr_t word)
{
    size_t granule = (word - s->base) / GRANULE;
    s->bits[granule / BITS] |= UINT64_C(1) << granule % BITS;
}

READS_ANYTHING static void scan_few(struct shadow *s, const uintptr_t *words,
                                    size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uintptr_t word = words[i];
        if (word - s->base < s->bytes)
            set(s, word);
    }
}

READS_ANYTHING static void scan_many(struct shadow *s, const uintptr_t *words,
                                     size_t count)
{
    static uintptr_t found[FILTER_WORDS + 8]; /* one thread at a time stops the world */
    filter_function *filter = filter_best() ? filter_best() : filter_scalar;
    for (size_t n; count > 0; words += n, count -= n) {
        n = min_size(count, FILTER_WORDS);
        size_t some = filter(words, n, s->base, s->bytes, found);
        for (size_t i = 0; i < some; i++)
            set(s, found[i]);
    }
}

static void scan(struct shadow *s, uintptr_t low, uintptr_t high)
{
    size_t count = (high - low) / sizeof(uintptr_t);
    if (count < FEW_WORDS)
        scan_few(s, (const uintptr_t *)low, count);
    else
        scan_many(s, (const uintptr_t *)low, count);
}

struct stretch {
    struct shadow *shadow;
    uintptr_t low, high;
};

static void scan_stretch(void *argument)
{
    const struct stretch *r = argument;
    scan(r->shadow, r->low, r->high);
}

/* Of which parts may not be readable. */
static void scan_range(struct shadow *s, uintptr_t low, uintptr_t high)
{
    struct stretch whole = {s, align_up(low, sizeof(uintptr_t)), high};
    if (whole.low >= high || faults_try(scan_stretch, &whole, whole.low, high))
        return;
    for (uintptr_t from = whole.low, to; from < high; from = to) {
        to = min_size(align_down(from, OS_PAGE) + OS_PAGE, high);
        struct stretch page = {s, from, to};
        faults_try(scan_stretch, &page, from, to);
    }
}

static void scan_ranges(struct shadow *s, const struct range_list *l)
{
    for (size_t i = 0; i < l->count; i++)
        scan_range(s, l->ranges[i].low, l->ranges[i].high);
}

/* ---- Objects ------------------------------------------------------------------------- */

/* A block's objects. */
struct objects {
    struct shadow *shadow;
    const uint8_t *states;
    uintptr_t address;
    size_t count, size;
    void (*scan)(struct shadow *s, uintptr_t low, uintptr_t high);
};

/* Calls scan for each stretch of living ones. */
static void scan_living(void *argument)
{
    const struct objects *o = argument;
    for (size_t i = 0, first; i < o->count;) {
        while (i < o->count && o->states[i] < STATE_NEW)
            i++;
        for (first = i; i < o->count && o->states[i] >= STATE_NEW;)
            i++;
        if (i > first)
            o->scan(o->shadow, o->address + first * o->size, o->address + i * o->size);
    }
}

/* A large object, without the pages that were never touched.  Where the program has mapped something else over a
 * part of it, a page that is not there yet may hold anything. */
static void scan_sparse(struct shadow *s, uintptr_t low, uintptr_t high, bool altered)
{
    static struct os_part parts[PARTS]; /* one thread at a time stops the world */
    int file = altered ? -1 : os_pages_open();
    while (low < high) {
        uintptr_t from = low;
        size_t count = os_pages_find(file, &low, high, parts, PARTS);
        if (count == PARTS && low - from < SPARSE_WITHIN) {
            scan_range(s, from, low);
            continue;
        }
        for (size_t i = 0; i < count; i++)
            scan_range(s, parts[i].low, parts[i].high);
    }
    os_pages_close(file);
}

static void scan_large(struct shadow *s, const struct heap *h, uint32_t head)
{
    uintptr_t low = unit_address(h, head);
    if (*block_states(h, head) >= STATE_NEW)
        scan_sparse(s, low, low + block_slot_bytes(h, head), altered_block(h, head));
}

static void scan_block(struct shadow *s, const struct heap *h, uint32_t head)
{
    if (word_class(h->words[head]) == CLASS_LARGE &&
        block_slot_bytes(h, head) >= SPARSE_FROM)
        return scan_large(s, h, head);
    struct objects o = {
        .shadow = s,
        .states = block_states(h, head),
        .address = unit_address(h, head),
        .count = word_geometry(h->words[head])->count,
        .size = block_slot_bytes(h, head),
        .scan = scan,
    };
    if (faults_try(scan_living, &o, o.address, o.address + o.count * o.size))
        return;
    o.scan = scan_range;
    scan_living(&o);
}

bool shadow_make(struct shadow *s, struct cycle *c)
{
    const struct heap *h = c->heap;
    *s = (struct shadow){NULL, h->base, h->bytes};
    s->bits = meta_alloc(ACCOUNT_OTHER, map_bytes(s));
    if (!s->bits)
        return false;
    scan_ranges(s, &c->roots.stacks);
    scan_ranges(s, &c->roots.data);
    cycle_roots_name(&c->roots);
    scan_ranges(s, &c->roots.named);
    for (BLOCKS(h, head))
        if (word_has_pointers(h->words[head]))
            scan_block(s, h, head);
    return true;
}

/* In the child of a fork, which does not come in between, they are either there or not. */
void shadow_free(struct shadow *s)
{
    critical_begin();
    uint64_t *bits = s->bits;
    s->bits = NULL;
    meta_free(bits, map_bytes(s));
    critical_end();
}

bool shadow_has(const struct shadow *s, uintptr_t address, size_t bytes)
{
    size_t first = (address - s->base) / GRANULE;
    size_t last = (address + bytes - 1 - s->base) / GRANULE;
    size_t low = first / BITS, high = last / BITS;
    uint64_t head = UINT64_MAX << first % BITS,
             tail = UINT64_MAX >> (BITS - 1 - last % BITS);
    if (low == high)
        return s->bits[low] & head & tail;
    uint64_t some = (s->bits[low] & head) | (s->bits[high] & tail);
    for (size_t i = low + 1; i < high; i++)
        some |= s->bits[i];
    return some;
}
