/* The tests of regions.  KILLS=N in the environment has processes killed more often. */
#include <stdlib.h>

#include "../suite.h"
#include "region.h"

static TCase *(*const cases[])(void) = {use_case, objects_case, points_case, kills_case,
                                        deaths_case};

int main(void)
{
    return run_cases("region", cases, sizeof cases / sizeof cases[0],
                     getenv("KILLS") ? 7200 : 600);
}
