#include "support.h"

#include <gcalloc/region.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

_Noreturn void ensure_failed(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: process %d: %s (%s)\n", file, line, (int)getpid(), what,
            gc_region_error());
    _exit(2);
}

const char *fresh_name(void)
{
    static char name[40];
    snprintf(name, sizeof name, "/gcalloc-test-%d", (int)getpid());
    gc_region_unlink(name, 0);
    return name;
}

pid_t fork_child(void)
{
    pid_t child = fork();
    ENSURE(child >= 0);
    return child;
}

int in_child(void (*function)(void *argument), void *argument)
{
    int status = -1;
    pid_t child = fork_child();
    if (child == 0) {
        function(argument);
        _exit(0);
    }
    ENSURE(waitpid(child, &status, 0) == child);
    return status;
}
