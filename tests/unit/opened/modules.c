#include "trace/modules.c"

#include "opened/opened.h"

void modules_list_too_many(void)
{
    table.span_count = table.span_capacity + 1;
}

void modules_overlap(void)
{
    table.spans[0].high = table.spans[1].low + 1;
}

void modules_give_no_number(void)
{
    table.spans[0].number = 0;
}

void modules_unload(void)
{
    table.list[table.spans[0].number - 1].loaded = false;
}
