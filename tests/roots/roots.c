/* The root tests: every place where a program may hold the only pointer to an object. */
#include "place.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Statics of a test case would be too late: the test of the argument area needs one that
 * spans several pages, so the program starts itself again with that many arguments. */
static void restart_with_arguments(char *name)
{
    enum { ARGUMENTS = 2000 };
    static char *arguments[ARGUMENTS + 1], dash[] = "-";
    arguments[0] = name;
    for (int i = 1; i < ARGUMENTS; i++)
        arguments[i] = dash;
    for (int i = 0; i < VICTIMS; i++) {
        char variable[32];
        snprintf(variable, sizeof variable, "ROOTS_VARIABLE_%d", i);
        setenv(variable, "", 1);
    }
    execv("/proc/self/exe", arguments);
    perror("roots: /proc/self/exe");
    exit(EXIT_FAILURE);
}

int main(int argc, char **argv)
{
    if (argc == 1)
        restart_with_arguments(argv[0]);
    Suite *suite = suite_create("roots");
    TCase *(*const cases[])(void) = {registers_case, expressions_case, frames_case,
                                     objects_case,   statics_case,     threads_case,
                                     named_case,     signals_case,     coroutines_case,
                                     ends_case,      guards_case,      deaths_case};
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
