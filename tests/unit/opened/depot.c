#include "trace/depot.c"

#include "opened/opened.h"

static size_t first_slot(void)
{
    size_t slot = 0;
    while (!depot.table[slot])
        slot++;
    return slot;
}

void depot_change_frame(void)
{
    depot.store[depot.table[first_slot()] + HEADER]++;
}

/* Behind an empty slot. */
void depot_move(void)
{
    size_t from = first_slot();
    size_t to = (from + depot.slots / 2) & (depot.slots - 1);
    depot.table[to] = depot.table[from];
    depot.table[from] = 0;
}

void depot_cut_off(void)
{
    depot.used = depot.table[first_slot()];
}

void depot_count_one_more(void)
{
    depot.count++;
}
