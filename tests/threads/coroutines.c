/* Stacks that threads switch between. */
#include "threads.h"

TCase *coroutines_case(void)
{
    return tcase_create("coroutines");
}
