/* What is ready, and when the next sample is due. */
#include "heap/sample.h"

#include <string.h>

#include "base/check.h"
#include "base/os.h"
#include "base/random.h"
#include "base/track.h"
#include "heap/block.h"
#include "heap/cache.h"
#include "heap/count.h"
#include "heap/observe.h"

/* ---- Distances --------------------------------------------------------------------------- */

/* The natural logarithm of a number above 0, by the series of artanh: the mantissa is between 0.7 and 1.5,
 * and its ten terms are exact to 1e-14.  The mathematical library's is not asked, as many a program has a
 * function `log` of its own, which would be called. */
static double logarithm(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int exponent = (int)(bits >> 52) - 1023;
    bits = (bits & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1023) << 52;
    memcpy(&x, &bits, sizeof x);
    if (x > 1.4142135623730951) {
        x /= 2;
        exponent++;
    }
    double z = (x - 1) / (x + 1), power = z, sum = 0;
    for (int i = 1; i < 20; i += 2, power *= z * z)
        sum += power / i;
    return 2 * sum + exponent * 0.6931471805599453;
}

void sample_begin(struct heap *h, size_t every, uint64_t seed)
{
    h->sampled = !is_observed(h);
    h->told = true;
    h->sample_every = every;
    h->sample_seed = seed ? seed : os_now() ^ (uintptr_t)&every;
}

/* Bytes until the next sample: exponential, of the given mean. */
static double draw(struct cache *c)
{
    struct heap *h = c->heap;
    if (!c->random) {
        uint64_t seed = __atomic_add_fetch(&h->sample_seed, 1, __ATOMIC_RELAXED);
        c->random = random_next(&seed);
    }
    double uniform = (double)((random_next(&c->random) >> 11) + 1) * 0x1p-53;
    return -logarithm(uniform) * (double)h->sample_every;
}

/* ---- Bins -------------------------------------------------------------------------------- */

static uint32_t slot_bytes(const struct heap *h, unsigned bin)
{
    unsigned word_bin =
        bin < TYPED_FIRST ? bin : typed_bin_word_bin(&h->typed[bin - TYPED_FIRST]);
    return geometries[bin_class(word_bin)].size;
}

static void look_ahead(struct cache *c, unsigned bin)
{
    uint32_t *until = sample_until(c, bin);
    if (*until)
        return;
    double slots = draw(c) / slot_bytes(c->heap, bin);
    *until = slots < UINT32_MAX / 2 ? (uint32_t)slots + 1 : UINT32_MAX / 2;
}

/* What is ready and more than may be handed out is not ready yet.  A magazine has no more than that. */
static void grant(struct cache *c, unsigned bin)
{
    struct bin *b = cache_bin_at(c, bin);
    uint32_t *until = sample_until(c, bin), most = *until - 1;
    CHECK(b->count <= most);
    most -= b->count;
    if ((size_t)(b->end - b->cur) > most)
        b->end = b->cur + most;
    *until -= b->count + (uint32_t)(b->end - b->cur);
}

/* A slot of a block that no cache has. */
static void *take_apart(struct heap *h, unsigned bin, bool *clean)
{
    struct taken_slot slot;
    size_t size = geometries[bin_class(bin)].size;
    if (!block_list_slot(h, SHARD_NOTED, bin, &slot) &&
        !block_new_slot(h, bin, SHARD_NOTED, &slot))
        return NULL;
    heap_charge(h, size);
    count_add(&h->numbers->counters.allocated_bytes, size);
    *clean = slot.clean;
    return slot.object;
}

/* Typed blocks are noted in any case; the rest of the run that it comes from is counted. */
static void *take_typed(struct cache *c, unsigned bin)
{
    uint32_t *until = sample_until(c, bin);
    *until = 0;
    look_ahead(c, bin);
    ++*until; /* it is one of those that may be handed out */
    void *object = cache_take(c, bin, true);
    if (object)
        --*until;
    grant(c, bin);
    return object;
}

static void *take_sample(struct cache *c, unsigned bin, bool zero)
{
    bool clean = false;
    if (bin >= TYPED_FIRST)
        return take_typed(c, bin);
    void *object = take_apart(c->heap, bin, &clean);
    if (!object)
        return NULL;
    *sample_until(c, bin) = 0;
    if (zero && !clean)
        track_clear(object, slot_bytes(c->heap, bin));
    return object;
}

void *sample_take(struct cache *c, unsigned bin, bool zero, bool *sampled)
{
    struct bin *b = cache_bin_at(c, bin);
    struct slot taken;
    bool clears = zero && !cache_zeroes(bin);
    c->slow++;
    while (!bin_take(b, zero && !clears, &taken)) {
        look_ahead(c, bin);
        if (*sample_until(c, bin) == 1) {
            void *object = take_sample(c, bin, zero);
            *sampled = object;
            return object;
        }
        if (!cache_take_freed(c, bin, *sample_until(c, bin) - 1) &&
            !cache_advance(c, bin) && !cache_refill(c, bin))
            return NULL;
        grant(c, bin);
    }
    if (clears)
        track_clear(taken.object, b->size);
    return taken.object;
}

bool sample_bytes(struct cache *c, size_t bytes)
{
    c->slow++;
    if (c->bytes_until <= 0)
        c->bytes_until = draw(c);
    c->bytes_until -= (double)bytes;
    return c->bytes_until <= 0;
}

/* ---- Moments ------------------------------------------------------------------------------ */

/* Each slow path counts, and so much that nothing in the bins makes up for one; between two of them what is ready only
 * becomes less. */
uint64_t sample_moment(const struct cache *c)
{
    uint64_t sum = c->slow * UINT64_C(0x9e3779b97f4a7c15);
    for (unsigned group = 0; group < KIND_COUNT; group++) {
        const struct bin *bins = c->bins + group * GROUP_BINS;
        if (!c->magazines[group])
            continue;
        for (const struct bin *b = bins + 1; b <= bins + CLASS_MEDIUM_LAST; b++)
            sum += (uintptr_t)b->cur - b->count;
    }
    return sum;
}
