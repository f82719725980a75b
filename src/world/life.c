/* The tables of which state may follow which. */
#include "world/life.h"

#include "base/check.h"

/* Whether a life may go from the state of the row to that of the column. */
static const bool lives[LIVES][LIVES] = {
    [LIFE_NONE] = {[LIFE_STARTING] = true},
    [LIFE_STARTING] =
        {
            [LIFE_NONE] = true,   /* it could not start */
            [LIFE_LIVING] = true, /* by the thread itself, which joins the world */
            /* It was left behind by a fork, or lost before it lived. */
            [LIFE_FINISHED] = true,
        },
    [LIFE_LIVING] = {[LIFE_FINISHED] = true},
    [LIFE_FINISHED] = {[LIFE_NONE] = true}, /* nobody may join it any more */
};

/* Whether a safety may go from the state of the row to that of the column. */
static const bool safeties[SAFETIES][SAFETIES] = {
    [SAFETY_NONE] = {[SAFETY_SAFE] = true}, /* by the thread itself */
    [SAFETY_SAFE] =
        {
            [SAFETY_NONE] = true,    /* by the thread itself, or it is gone */
            [SAFETY_CLAIMED] = true, /* by who stops the world */
        },
    [SAFETY_CLAIMED] =
        {
            [SAFETY_SAFE] = true,    /* the stop is over */
            [SAFETY_AWAITED] = true, /* by the thread itself */
        },
    [SAFETY_AWAITED] = {[SAFETY_SAFE] = true}, /* the stop is over */
};

bool life_follows(enum life from, enum life to)
{
    return from < LIVES && to < LIVES && lives[from][to];
}

bool safety_follows(enum safety from, enum safety to)
{
    return from < SAFETIES && to < SAFETIES && safeties[from][to];
}

void life_change(enum life *life, enum life to)
{
    enum life from = __atomic_exchange_n(life, to, __ATOMIC_SEQ_CST);
    CHECK(life_follows(from, to));
}

bool safety_change(uint32_t *safety, enum safety from, enum safety to)
{
    uint32_t before = from;
    bool changed = __atomic_compare_exchange_n(safety, &before, to, false,
                                               __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    CHECK(!changed || safety_follows(from, to));
    return changed;
}
