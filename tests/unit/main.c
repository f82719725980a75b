/* Runs the unit tests of every module; CK_VERBOSITY, CK_RUN_CASE and the other variables
 * of Check apply. */
#include <check.h>
#include <stdlib.h>

#include "suites.h"

/* Seconds.  The tests are quick: this ends one that hangs, on the slowest of machines and
 * under a sanitizer too. */
enum { HANGS_AFTER = 300 };

int main(void)
{
    Suite *suite = suite_create("gcalloc, unit by unit");
    TCase *cases[] = {
#define MODULE_TESTS(module) module##_tests(),
        MODULES(MODULE_TESTS)
#undef MODULE_TESTS
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tcase_set_timeout(cases[i], HANGS_AFTER);
        suite_add_tcase(suite, cases[i]);
    }
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
