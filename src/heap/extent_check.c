/* Whether the extents of free units are what extent.c keeps them as. */
#include "base/check.h"
#include "heap/extent.h"
#include "heap/lookup.h"

uint32_t extent_check(struct heap *h)
{
    uint32_t extents = 0, free_units = 0;
    size_t dirty = 0;
    CHECK(h->words[0] == UNIT_USED);
    for (uint32_t u = 1; u < unit_end(h);) {
        if (word_used(h->words[u])) {
            u++;
            continue;
        }
        uint32_t units = h->units[u].extent.units;
        CHECK(units > 0 && units <= unit_end(h) - u);
        CHECK(h->units[u + units - 1].extent_first == u);
        for (uint32_t v = u; v < u + units; v++) {
            CHECK(h->units[v].holes == 0 && h->units[v].altered == 0 &&
                  h->states[word_states(h->words[v])] == STATE_FREE);
            CHECK((h->words[v] & ~(unit_word)UNIT_DIRTY) ==
                  word_that_remains(h->words[v]));
            dirty += h->words[v] & UNIT_DIRTY ? UNIT_BYTES : 0;
        }
        u += units;
        CHECK(!unit_is_free(h, u));
        extents++;
        free_units += units;
    }
    CHECK(dirty == h->numbers->dirty_bytes);
    CHECK(h->fit->check(h) == extents);
    return free_units;
}
