/* What the Check programs of this folder have for a main: cases whose tests run in processes of their own. */
#ifndef TESTS_SUITE_H
#define TESTS_SUITE_H

#include <check.h>
#include <stdlib.h>

/* Runs so many cases, of whose tests each may take so many seconds, which is against hanging only.  Returns
 * what main does. */
static inline int run_cases(const char *name, TCase *(*const *cases)(void), size_t count,
                            int seconds)
{
    Suite *suite = suite_create(name);
    for (size_t i = 0; i < count; i++) {
        TCase *tc = cases[i]();
        tcase_set_timeout(tc, seconds);
        suite_add_tcase(suite, tc);
    }
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_FORK); /* a heap or region of its own for each */
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
