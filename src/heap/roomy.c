/* A string that grows through 26 sizes would leave a block behind in each, with the memory of the two objects
 * or three that were alive at a time.  Slots of 16, 32 and 64 KiB serve it as well: they begin at pages, and a
 * page that no object has reached takes no memory.  Where objects are many, they get slots of their own size, since
 * what shorter-lived larger ones have touched behind them would add up. */
#include "heap/roomy.h"

#include "heap/block.h"
#include "heap/cache.h"

/* The last class of the same doubling. */
static unsigned last_of_doubling(unsigned class)
{
    return class > CLASS_EVEN_LAST ? CLASS_MEDIUM_LAST : (class + 7) / 8 * 8;
}

/* Whether a slot of the bin can be had without a new block, as far as is known without a lock. */
READS_RACING static bool has_slot(const struct cache *c, unsigned bin)
{
    struct heap *h = c->heap;
    const struct bin *b = &c->bins[bin];
    return b->count > 0 || b->cur < b->run_end ||
           (b->block && block_at(h, b->block)->free_count > 0) ||
           block_list_of(h, c->home, bin)->first != 0;
}

unsigned roomy_class(const struct cache *c, enum kind kind, unsigned class)
{
    unsigned roomy = last_of_doubling(class);
    if (class <= CLASS_SMALL_LAST || class > CLASS_MEDIUM_LAST || class == roomy ||
        has_slot(c, bin_of(kind, class)))
        return class;
    unsigned bin = bin_of(kind, roomy);
    return has_slot(c, bin) || c->runs[bin] == 0 ? roomy : class;
}
