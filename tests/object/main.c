/* The object tests: finalizers, guardians, and whatever else is registered for objects. */
#include <stdlib.h>

#include "object.h"

static TCase *(*const cases[])(void) = {
    counted_case, keyed_case,      memory_case,     hosted_case,
    mixed_case,   ephemerons_case, finalizers_case, order_case,
    weak_case,    guardians_case,  running_case,    hooks_case,
    apart_case,   graphs_case,     weakmaps_case,   storm_case,
};

int main(void)
{
    Suite *suite = suite_create("object");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        TCase *tc = cases[i]();
        tcase_set_timeout(tc, 300); /* against hanging only */
        suite_add_tcase(suite, tc);
    }
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_FORK); /* a heap of its own for each test */
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
