/* Every fit policy against a simple model.  FIT_SEED=N in the environment repeats the
 * traces of a run that failed. */
#include <stdlib.h>

#include "suites.h"

int main(void)
{
    Suite *s = suite_create("fit");
    suite_add_tcase(s, traces_case());
    suite_add_tcase(s, adaptive_case());
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
