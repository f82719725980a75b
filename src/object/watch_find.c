/* A search: answers, a bit for each watch, of the chunk of the table that it has come to. */
#include "object/watch_find.h"

#include "collect/cycle.h"
#include "heap/heap.h"
#include "object/reached.h"

enum {
    AHEAD = 8, /* entries whose state bytes are on their way to the cache */
    /* Watches that are asked before the first is named: so many that the markers have something to
     * share, or so few that they are in the cache when their turn comes. */
    CHUNK_SHARED = 256 * SHARE_PART,
    CHUNK_ALONE = 1024,
    WORD_BITS = 64,
    CHUNK_WORDS = CHUNK_SHARED / WORD_BITS,
};

_Static_assert(CHUNK_SHARED >= CHUNK_ALONE, "room for the bits of either");

/* In a pause, by its thread; each marker has the words of its part.  An index is a watch's number less
 * one. */
static struct {
    struct share share;
    struct marker *marker;
    const struct heap *h;
    watch_question *asks; /* NULL: it is the flags that count */
    unsigned flags;
    uint32_t chunk;     /* indexes in a chunk */
    uint32_t low, high; /* the indexes that there are answers for */
    uint64_t answers[CHUNK_WORDS];
} search PRIVATE_DATA;

static bool answer(uint32_t index)
{
    const struct watch *w = watch_at(index + 1);
    return search.asks ? search.asks(search.h, w) : (w->flags & search.flags) != 0;
}

static void ask_part(struct share *s, struct marker *m, uint32_t first, uint32_t end)
{
    (void)s, (void)m;
    for (uint32_t from = first; from < end; from += WORD_BITS) {
        uint64_t word = 0;
        uint32_t to = (uint32_t)min_size(from + WORD_BITS, end);
        for (uint32_t index = from; index < to; index++) {
            if (search.asks && index + AHEAD < end)
                reached_prefetch(search.h, watch_at(index + 1 + AHEAD)->object);
            word |= (uint64_t)answer(index) << (index - from);
        }
        search.answers[(from - search.low) / WORD_BITS] = word;
    }
}

static void begin(const struct cycle *c, watch_question *asks, unsigned flags)
{
    search.marker = c->marker;
    search.h = c->heap;
    search.asks = asks;
    search.flags = flags;
    search.low = search.high = 0;
    search.chunk =
        marker_would_share(c->marker, watched.watches.count) ? CHUNK_SHARED : CHUNK_ALONE;
}

void watch_search(const struct cycle *c, watch_question *asks)
{
    begin(c, asks, 0);
}

void watch_search_flags(const struct cycle *c, unsigned flags)
{
    begin(c, NULL, flags);
}

/* There are answers for the index. */
static void come_to(uint32_t index)
{
    if (index - search.low < search.high - search.low)
        return;
    search.low = index - index % search.chunk;
    search.high =
        (uint32_t)min_size((size_t)search.low + search.chunk, watched.watches.count);
    search.share = share_of(ask_part, search.low, search.high);
    marker_share(search.marker, &search.share);
}

/* The bits of the word that the index is in, from the lowest one up to it. */
static uint64_t answers_up_to(uint32_t index)
{
    uint32_t bit = (index - search.low) % WORD_BITS;
    return search.answers[(index - search.low) / WORD_BITS] &
           ~UINT64_C(0) >> (WORD_BITS - 1 - bit);
}

uint32_t watch_below(uint32_t number)
{
    for (uint32_t end = number - 1, first; end > 0; end = first) {
        come_to(end - 1);
        uint64_t word = answers_up_to(end - 1);
        first = end - 1 - (end - 1) % WORD_BITS;
        if (word)
            return first + (WORD_BITS - 1 - (uint32_t)__builtin_clzll(word)) + 1;
    }
    return 0;
}

uint32_t watch_above(uint32_t number)
{
    for (uint32_t index = number; index < watched.watches.count;
         index += WORD_BITS - index % WORD_BITS) {
        come_to(index);
        uint64_t word = search.answers[(index - search.low) / WORD_BITS] >>
                        (index - search.low) % WORD_BITS;
        if (word)
            return index + (uint32_t)__builtin_ctzll(word) + 1;
    }
    return 0;
}
