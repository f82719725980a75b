/* The lists of phases, one for each rank. */
#include "collect/phase.h"

#include "base/bits.h"
#include "base/check.h"
#include "base/lock.h"

static struct phase *phases[PHASE_RANKS] PRIVATE_DATA;

void phase_add(struct phase *p)
{
    lock_check_held(RANK_WORLD);
    struct phase **place = &phases[p->rank];
    while (*place && *place != p)
        place = &(*place)->next;
    *place = p;
}

void phases_run(struct cycle *c)
{
    lock_check_held(RANK_WORLD);
    for (unsigned rank = 0; rank < PHASE_RANKS; rank++)
        for (struct phase *p = phases[rank]; p; p = p->next)
            p->run(c);
}

void phases_check(void)
{
    for (unsigned rank = 0; rank < PHASE_RANKS; rank++)
        for (const struct phase *p = phases[rank]; p; p = p->next)
            CHECK(p->rank == rank && p->run);
}
