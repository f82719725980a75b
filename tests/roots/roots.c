/* The root tests: every place where a program may hold the only pointer to an object. */
#include "place.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../suite.h"

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
    static TCase *(*const cases[])(void) = {
        registers_case, expressions_case, frames_case,  objects_case, statics_case,
        streams_case,   polled_case,      threads_case, named_case,   signals_case,
        elsewhere_case, coroutines_case,  ends_case,    guards_case,  deaths_case};
    return run_cases("roots", cases, sizeof cases / sizeof cases[0], 300);
}
