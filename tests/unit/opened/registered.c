#include "roots/registered.c"

#include "opened/opened.h"

void registered_remove_too_often(void)
{
    root_at(registered.ranges.tree.root)->times = 0;
}

/* It is neither in the tree nor unused. */
void registered_forget_a_range(void)
{
    node_table_make(&registered.ranges);
}

void registered_unlink(void)
{
    callback_at(registered.last)->previous = 0;
}

void registered_swap_numbers(void)
{
    struct callback *first = callback_at(registered.first),
                    *last = callback_at(registered.last);
    uint64_t number = first->number;
    first->number = last->number;
    last->number = number;
}

void registered_lose_the_last(void)
{
    registered.last = registered.first;
}

/* It is in the tree, and not in the list. */
void registered_forget_a_callback(void)
{
    callback_at(registered.first)->next = 0;
    registered.last = registered.first;
}
