/* The tests of regions.  KILLS=N in the environment has processes killed more often. */
#include <stdlib.h>

#include "region.h"

static TCase *(*const cases[])(void) = {use_case, points_case, kills_case};

int main(void)
{
    Suite *suite = suite_create("region");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        TCase *tc = cases[i]();
        tcase_set_timeout(tc, getenv("KILLS") ? 7200 : 600); /* against hanging only */
        suite_add_tcase(suite, tc);
    }
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_FORK);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
