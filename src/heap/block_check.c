/* The checks of blocks and of their lists: what holds of them whenever nobody is at work
 * on them. */
#include "base/check.h"
#include "heap/block.h"
#include "heap/mesh_pages.h"
#include "heap/state.h"
#include "heap/tenured.h"

static void check_typed(const struct heap *h, uint32_t head, unit_word word)
{
    uint32_t t = unit_type(h, head);
    for (uint32_t u = head; u < head + block_units(h, head); u++)
        CHECK(unit_type(h, u) == t);
    CHECK(t > 0 && t < h->numbers->typed_count);
    CHECK(typed_bin_word_bin(&h->typed[t]) == word_bin(word));
    CHECK(word_class(word) == CLASS_LARGE || word_shard(word) >= SHARDS_OWN);
}

uint32_t block_check(const struct heap *h, uint32_t head)
{
    const struct block *b = block_at(h, head);
    const uint8_t *states = block_states(h, head);
    unit_word word = h->words[head];
    unsigned class = word_class(word);
    CHECK(class > CLASS_NONE && class <= CLASS_LARGE);
    CHECK(word_bin(word) < BIN_COUNT);
    CHECK((b->bytes != 0) == (class == CLASS_LARGE) && b->bytes % OS_PAGE == 0);
    uint32_t units = block_units(h, head), count = geometries[class].count;
    CHECK(units <= unit_end(h) - head);
    for (uint32_t u = head; u < head + units; u++) {
        CHECK(word_used(h->words[u]) && word_bin(h->words[u]) == word_bin(word));
        CHECK(word_shard(h->words[u]) == word_shard(word));
        CHECK(word_typed(h->words[u]) == word_typed(word));
        CHECK(unit_head(h, u) == head);
    }
    if (word_typed(word))
        check_typed(h, head, word);
    struct state_counts counts = state_count(states, count);
    CHECK(counts.free == b->free_count);
    CHECK(counts.free < count || b->taken || h->marking ||
          block_has(h, head, BLOCK_MESHED));
    if (h->mesh)
        CHECK(mesh_check_block(h, head) <= counts.reserved);
    CHECK(!block_has(h, head, BLOCK_TENURED) || !b->taken);
    CHECK(!block_has(h, head, BLOCK_UNSWEPT) || (h->unswept > 0 && h->unswept <= head));
    tenured_check(h, head, units);
    CHECK(b->cursor <= count && b->touched <= count);
    uint32_t used_to = class == CLASS_LARGE ? 1 : b->touched;
    uint32_t all = 1u << sizeclass_state_shift(class);
    CHECK(state_find_not_free(states, used_to, all) == all);
    return counts.reserved;
}

uint32_t block_list_check(struct heap *h, unsigned number)
{
    const struct bin_list *list = block_list(h, number);
    unsigned bin = number < TYPED_FIRST ? number % BIN_COUNT : number;
    uint32_t length = 0, previous = 0;
    for (uint32_t head = list->first; head; head = block_at(h, head)->next) {
        const struct block *b = block_at(h, head);
        CHECK(word_used(h->words[head]) && block_bin(h, head) == bin);
        CHECK(!b->taken && block_offers(h, head) && b->previous == previous);
        CHECK(number >= TYPED_FIRST || word_shard(h->words[head]) == number / BIN_COUNT);
        previous = head;
        length++;
    }
    CHECK(list->last == previous);
    return length;
}
