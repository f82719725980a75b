/* The stop signal and the program's own. */
#include <signal.h>

#include "threads.h"

TCase *signals_case(void)
{
    return tcase_create("signals");
}
