/* What a cache and the blocks that it draws from say of each other. */
#include "base/check.h"
#include "heap/block.h"
#include "heap/cache.h"

/* Checks a bin and returns the number of slots that it holds.  With `own` no other cache
 * draws from the bin's block. */
static uint32_t bin_check(const struct heap *h, const struct bin *b, unsigned bin,
                          bool own)
{
    CHECK(b->cur <= b->end && b->end <= b->run_end && b->fresh <= b->run_end);
    CHECK(b->count <= b->capacity);
    if (b->block && (own || b->cur < b->run_end))
        CHECK(block_bin(h, b->block) == bin);
    CHECK(!b->block || !own || block_at(h, b->block)->taken);
    for (uint8_t *s = b->cur; s < b->run_end; s++) {
        CHECK(*s == STATE_RESERVED);
        struct cell o = lookup_cell(h, (uintptr_t)bin_object(b, s));
        CHECK(o.state == s && o.address == (uintptr_t)bin_object(b, s));
    }
    for (uint32_t i = 0; i < b->count; i++) {
        struct slot slot = b->magazine[i];
        CHECK(*slot.state == STATE_RESERVED);
        struct cell o = lookup_cell(h, (uintptr_t)slot.object);
        CHECK(o.state == slot.state &&
              block_bin(h, unit_head(h, unit_of(h, o.address))) == bin);
    }
    return (uint32_t)(b->run_end - b->cur) + b->count;
}

uint32_t cache_check(const struct cache *c)
{
    uint32_t held = 0;
    for (unsigned i = 0; i < SHARDS * BIN_COUNT; i++)
        if (c->magazines[i / GROUP_BINS])
            held += bin_check(c->heap, &c->bins[i], i % BIN_COUNT,
                              i >= BIN_COUNT || !c->borrows[i]);
    for (TYPED_BINS(c, bin))
        held += bin_check(c->heap, cache_bin_at(c, bin), bin,
                          !cache_group(c, bin)->borrows[bin % TYPED_TOGETHER]);
    return held;
}
