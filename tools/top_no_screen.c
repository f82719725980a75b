/* Where gcalloc was built without ncurses, `gcalloc top` writes lines. */
#include "top.h"

bool top_has_screen(void)
{
    return false;
}

int top_screen(struct top *t)
{
    return top_look(t);
}
