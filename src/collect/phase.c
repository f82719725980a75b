#include "collect/phase.h"

#include "base/bits.h"

static struct phase *phases[PHASE_RANKS] PRIVATE_DATA;

void phase_add(struct phase *p)
{
    struct phase **place = &phases[p->rank];
    while (*place && *place != p)
        place = &(*place)->next;
    *place = p;
}

void phases_run(struct cycle *c)
{
    for (unsigned rank = 0; rank < PHASE_RANKS; rank++)
        for (struct phase *p = phases[rank]; p; p = p->next)
            p->run(c);
}
