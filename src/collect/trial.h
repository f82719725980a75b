/* A trial: between two full cycles a sample of pages is protected, to learn how many of its old pages the program
 * writes to, before all of them are.  What young cycles would cost it in faults is known then at a
 * part of that cost. */
#ifndef GCALLOC_COLLECT_TRIAL_H
#define GCALLOC_COLLECT_TRIAL_H

#include "base/os.h"
#include "heap/types.h"

/* The sample is taken in few regions, of a huge page each, as a huge page of which a part is protected is one no
 * more; and in clusters, each of which costs a call or two. */
enum { TRIAL_REGIONS = 8, TRIAL_EACH = 16, TRIAL_CLUSTER = 4 };

struct trial {
    bool on;
    uint32_t count; /* of the clusters */
    struct os_part clusters[TRIAL_REGIONS * TRIAL_EACH];
    size_t pages; /* of blocks with pointers in all, by how many were met with */
};

/* Protects about so many pages of blocks with pointers that nobody allocates from.  The kernel is ready to note
 * writes to the heap.  Returns false, and there is no trial, if they cannot be protected.  The world is
 * stopped. */
bool trial_begin(struct trial *t, const struct heap *h, size_t pages);

/* What a trial has found: how many pages the program has written to, of the sample and, by that, of all. */
struct trial_result {
    bool known;
    size_t sample, written, all_written;
};

/* Ends the trial.  The world is stopped. */
struct trial_result trial_end(struct trial *t);

#endif
