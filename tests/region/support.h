/* What the Check programs of this folder have in common: regions and children of a test. */
#ifndef TESTS_REGION_SUPPORT_H
#define TESTS_REGION_SUPPORT_H

#include <sys/types.h>

/* Ends the process with a message if the condition does not hold: for children, in which Check's
 * assertions are not to be used. */
#define ENSURE(condition) \
    ((condition) ? (void)0 : ensure_failed(__FILE__, __LINE__, #condition))
_Noreturn void ensure_failed(const char *file, int line, const char *what);

/* The name of a region for the running test, which does not exist yet. */
const char *fresh_name(void);

/* A child, as fork makes one, whose number may be killed: where there is none to be had the calling process
 * ends, and its test fails. */
pid_t fork_child(void);

/* Runs function(argument) in a child, and returns its status as waitpid does. */
int in_child(void (*function)(void *argument), void *argument);

#endif
