/* Taking a sample of pages, and asking for it. */
#include "collect/trial.h"

#include "base/random.h"
#include "base/track_writes.h"
#include "heap/block.h"

enum {
    REGION_UNITS = MIB(2) >> UNIT_SHIFT,
    CLUSTER_BYTES = TRIAL_CLUSTER * OS_PAGE,
    UNIT_CLUSTERS = UNIT_BYTES / CLUSTER_BYTES,
    PARTS_MOST = TRIAL_CLUSTER, /* of a cluster */
};

_Static_assert((int)TRIAL_EACH <= (int)REGION_UNITS,
               "each cluster of a region lies in another unit");

/* ---- Beginning ----------------------------------------------------------------------------- */

/* Whether the unit is of a block that a full cycle might tenure. */
static bool is_fit(const struct heap *h, uint32_t unit)
{
    unit_word word = h->words[unit];
    if (!word_used(word) || word_class(word) == CLASS_NONE || !word_has_pointers(word))
        return false;
    return !block_at(h, unit_head(h, unit))->taken;
}

/* A sample that is being taken. */
struct sampling {
    struct trial *trial;
    const struct heap *heap;
    int file;
    uint64_t random;
    uint32_t looked, met; /* units */
};

static bool add_cluster(struct sampling *s, uint32_t unit)
{
    uintptr_t low = unit_address(s->heap, unit) +
                    random_next(&s->random) % UNIT_CLUSTERS * CLUSTER_BYTES;
    s->trial->clusters[s->trial->count++] = (struct os_part){low, low + CLUSTER_BYTES};
    return track_writes_protect(s->file, low, low + CLUSTER_BYTES);
}

/* Takes `each` clusters, or as many as there are, of the region. */
static bool add_region(struct sampling *s, uint32_t region, uint32_t each)
{
    uint32_t step = REGION_UNITS / each;
    uint32_t first = region * REGION_UNITS + (uint32_t)(random_next(&s->random) % step);
    bool done = true;
    for (uint32_t i = 0; i < each; i++) {
        uint32_t unit = first + i * step;
        if (unit == 0 || unit >= unit_end(s->heap))
            continue;
        s->looked++;
        if (!is_fit(s->heap, unit))
            continue;
        s->met++;
        done = done && add_cluster(s, unit);
    }
    return done;
}

bool trial_begin(struct trial *t, const struct heap *h, size_t pages)
{
    struct sampling s = {.trial = t, .heap = h, .file = track_writes_open()};
    uint32_t regions = (unit_end(h) + REGION_UNITS - 1) / REGION_UNITS;
    uint32_t taken = (uint32_t)min_size(regions, TRIAL_REGIONS);
    size_t clusters = pages / TRIAL_CLUSTER / max_size(taken, 1);
    uint32_t each = (uint32_t)max_size(min_size(clusters, TRIAL_EACH), 1);
    s.random = os_now();
    uint32_t offset = (uint32_t)(random_next(&s.random) % max_size(regions, 1));
    *t = (struct trial){.on = true};
    for (uint32_t i = 0; i < taken; i++)
        t->on = t->on && add_region(&s, (offset + i * regions / taken) % regions, each);
    track_writes_close(s.file);
    t->pages =
        (size_t)unit_end(h) * (UNIT_BYTES / OS_PAGE) * s.met / max_size(s.looked, 1);
    return t->on;
}

/* ---- Ending ------------------------------------------------------------------------------ */

static size_t written_in(int file, struct os_part cluster, bool *known)
{
    struct os_part parts[PARTS_MOST];
    size_t bytes = 0;
    while (cluster.low < cluster.high) {
        size_t count = track_writes_collect(file, &cluster.low, cluster.high, false,
                                            parts, PARTS_MOST, known);
        for (size_t i = 0; i < count; i++)
            bytes += parts[i].high - parts[i].low;
    }
    return bytes / OS_PAGE;
}

struct trial_result trial_end(struct trial *t)
{
    struct trial_result r = {.known = true};
    int file = track_writes_open();
    for (uint32_t i = 0; i < t->count; i++)
        r.written += written_in(file, t->clusters[i], &r.known);
    track_writes_close(file);
    r.sample = (size_t)t->count * TRIAL_CLUSTER;
    r.all_written =
        (size_t)((unsigned __int128)t->pages * r.written / max_size(r.sample, 1));
    t->on = false;
    return r;
}
