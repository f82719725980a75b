/* A class that has few objects has a page that is hardly used, free places among them, and as many in its
 * magazine; with eight classes to a doubling programs that allocate a little of everything have most of their
 * memory there.  A larger slot costs its object a third at most, in fours, and a ninth in twos. */
#include "heap/coarse.h"

#include "heap/sizeclass.h"

enum {
    FOURS_RUNS = 2, /* runs that a class takes while it serves four, or two */
    TWOS_RUNS = 3,
    FIRST_CLASS = 17, /* of the doubling that begins with PAD_FROM */
};

static bool is_coarse(unsigned class)
{
    return class >= FIRST_CLASS && class <= CLASS_SMALL_LAST;
}

/* The last class of so many, a power of two, that it is among. */
static unsigned last_of(unsigned class, unsigned together)
{
    return (class + together - 1) / together * together;
}

void coarse_begin(struct cache *c, bool in_fours)
{
    for (size_t g = 0; g <= SMALL_MAX / GRANULE; g++) {
        unsigned class = small_classes[g];
        c->padded_classes[g] =
            (uint8_t)(in_fours && is_coarse(class) ? last_of(class, 4) : class);
    }
}

/* How many classes, 1, 2 or 4, the class serves. */
static unsigned served_by(const struct cache *c, unsigned class)
{
    unsigned together = 1;
    while (together < 4 && class % (2 * together) == 0 &&
           c->padded_classes[geometries[class - together].size / GRANULE] == class)
        together *= 2;
    return together;
}

/* One step towards a class for each: what `class` serves, so many together, is served by two from now on. */
static void split(struct cache *c, unsigned class, unsigned together)
{
    for (size_t g = geometries[class].size / GRANULE; c->padded_classes[g] == class; g--)
        c->padded_classes[g] = (uint8_t)last_of(small_classes[g], together / 2);
}

void coarse_note_run(struct cache *c, unsigned bin)
{
    unsigned class = bin & (GROUP_BINS - 1);
    if (bin >= BIN_COUNT || !is_coarse(class))
        return;
    unsigned together = served_by(c, class);
    if ((together == 4 && c->runs[bin] > FOURS_RUNS) ||
        (together == 2 && c->runs[bin] > TWOS_RUNS))
        split(c, class, together);
}

void coarse_note_block(struct cache *c, unsigned bin)
{
    unsigned class = bin & (GROUP_BINS - 1);
    if (bin >= BIN_COUNT || !is_coarse(class))
        return;
    uint64_t bit = UINT64_C(1) << (class - FIRST_CLASS);
    unsigned together = served_by(c, class);
    if (together > 1 && c->coarse_blocks & bit)
        split(c, class, together);
    c->coarse_blocks |= bit;
}
