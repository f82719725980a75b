/* The object tests: finalizers, guardians, and whatever else is registered for objects. */
#include "../suite.h"
#include "object.h"

static TCase *(*const cases[])(void) = {
    counted_case,     keyed_case,      memory_case, hosted_case, mixed_case,
    ephemerons_case,  finalizers_case, order_case,  weak_case,   guardians_case,
    running_case,     hooks_case,      apart_case,  graphs_case, weakmaps_case,
    weakmap_use_case, shared_case,     storm_case,  values_case,
};

int main(void)
{
    return run_cases("object", cases, sizeof cases / sizeof cases[0], 300);
}
