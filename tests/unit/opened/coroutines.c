#include "roots/coroutines.c"

#include "opened/opened.h"

void coroutines_overlap(void)
{
    stack_at(stacks.table.tree.root)->range.low = 1;
    stack_at(stacks.table.tree.root)->range.high = UINTPTR_MAX;
}

void coroutines_turn_around(void)
{
    struct range *r = &stack_at(stacks.table.tree.root)->range;
    r->high = r->low;
}

/* It is neither in the tree nor unused. */
void coroutines_forget_one(void)
{
    node_table_make(&stacks.table);
}
