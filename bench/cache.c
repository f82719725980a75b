/* A cache that is full: at a steady rate an entry at random takes the place of the oldest of its list, which
 * is dropped (a peer that does not collect frees it).  How late is the latest replacement?
 *
 * usage: cache MEBIBYTES RATE SECONDS
 *   RATE: replacements per second, in thousands
 * The cache is a table of lists of four entries of 64 bytes, each with a text of 32.  The time of
 * a replacement counts from when it was due, so that what waits behind a pause counts as well.  The
 * time that is told is that of the latest, the only operation; a line of its own has the histogram of
 * all, and another one the minimum mutator utilisation, from how long each replacement took once it was begun. */
#include "histogram.h"
#include "measure.h"
#include "utilisation.h"

enum { TEXT = 32, EACH = 4 };

static const char usage[] = "MEBIBYTES RATE SECONDS";

struct entry {
    struct entry *next;
    uint64_t key;
    uint64_t *text;
    uint64_t unused[5];
};

static struct entry **volatile table;

static struct entry *entry_new(uint64_t key, struct entry *next)
{
    struct entry *entry = peer_alloc_zeroed(sizeof(*entry));

    peer_store(entry, &entry->next, next);
    entry->key = key;
    peer_store(entry, &entry->text, peer_alloc_atomic(TEXT));
    entry->text[0] = 31 * key;
    return entry;
}

static void entry_drop(struct entry *entry)
{
    if (PEER_COLLECTS)
        return;
    peer_free(entry->text);
    peer_free(entry);
}

/* Returns the sum of the texts' ends that it saw. */
static uint64_t replace(size_t key)
{
    struct entry *entry = entry_new(key, table[key]), *last = entry;
    uint64_t sum = 0;

    for (int i = 1; i < EACH; i++) {
        last = last->next;
        sum += last->text[0];
    }
    entry_drop(last->next);
    last->next = NULL;
    peer_store(table, &table[key], entry);
    return sum;
}

static uint64_t run(size_t lists, uint64_t replacements, uint64_t each_ns,
                    uint64_t *latest)
{
    uint64_t random = 1, sum = 0, start = measure_now_ns(), ended = start;

    for (uint64_t i = 0; i < replacements; i++) {
        uint64_t due = start + i * each_ns, late, began;

        while ((began = measure_now_ns()) < due)
            continue;
        sum += replace(measure_random(&random) % lists);
        ended = measure_now_ns();
        late = ended - due;
        histogram_add(late);
        utilisation_add(began, ended);
        *latest = late > *latest ? late : *latest;
    }
    utilisation_print(start, ended);
    return sum;
}

int main(int argc, char **argv)
{
    uint64_t rate, checksum, latest = 0;
    size_t lists;

    measure_count(argc, argv, 3, usage);
    lists = (size_t)measure_number(argv, 1, 1, 1000000, usage) * 1024 * 1024 /
            (EACH * (sizeof(struct entry) + TEXT));
    rate = 1000 * (uint64_t)measure_number(argv, 2, 1, 10000, usage);

    peer_init();
    table = peer_alloc_zeroed(lists * sizeof(*table));
    for (int i = 0; i < EACH; i++)
        for (size_t key = 0; key < lists; key++)
            peer_store(table, &table[key], entry_new(key, table[key]));
    checksum = run(lists, rate * (uint64_t)measure_number(argv, 3, 1, 1000, usage),
                   1000000000 / rate, &latest);
    histogram_print();
    measure_report(latest, 1, checksum);
    return 0;
}
