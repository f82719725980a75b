/* What programs ask of the system: the command line, the environment, time, the end. */
#include "primitive.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- The end --------------------------------------------------------------------- */

/* The first thread that comes here ends the program. */
PRIMITIVE(p_emergency_exit)
{
    static pthread_mutex_t ending = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&ending);
    if (argc == 0 || args[0] == TRUE)
        exit(EXIT_SUCCESS);
    exit(is_fixnum(args[0]) ? (int)(fixnum_of(args[0]) & 0xFF) : EXIT_FAILURE);
}

/* ---- The environment ------------------------------------------------------------- */

value command_line;

SIMPLE(p_command_line, command_line)

static value text(const char *s)
{
    return string_from_utf8(s, strlen(s));
}

PRIMITIVE(p_variable)
{
    const char *content = getenv(string_utf8(want(args[0], TYPE_STRING)));
    return content ? text(content) : FALSE;
}

/* ((name . content) ...) */
PRIMITIVE(p_variables)
{
    value list = NIL;
    for (char **v = environ; *v; v++) {
        const char *equals = strchr(*v, '=');
        if (equals) {
            value name = string_from_utf8(*v, (size_t)(equals - *v));
            list = cons(cons(name, text(equals + 1)), list);
        }
    }
    return list_reverse(list);
}

PRIMITIVE(p_features)
{
    static const char *const names[] = {"r7rs", "full-unicode", "linux", "unix",
                                        "gcscheme"};
    value list = NIL;
    for (size_t i = sizeof names / sizeof *names; i > 0; i--)
        list = cons(symbol(names[i - 1]), list);
    return list;
}

/* ---- Time ------------------------------------------------------------------------ */

static double seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

#define JIFFIES_PER_SECOND 1000000

/* Since some point in the past. */
PRIMITIVE(p_jiffy)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return fixnum(now.tv_sec * JIFFIES_PER_SECOND +
                  now.tv_nsec / (1000000000 / JIFFIES_PER_SECOND));
}

SIMPLE(p_jiffies_per_second, fixnum(JIFFIES_PER_SECOND))
SIMPLE(p_current_second, flonum(seconds(CLOCK_REALTIME)))
SIMPLE(p_current_time, flonum(seconds(CLOCK_MONOTONIC)))

/* ---- The collector --------------------------------------------------------------- */

PRIMITIVE(p_collect)
{
    gc_collect();
    return UNSPECIFIED;
}

PRIMITIVE(p_collections)
{
    struct gc_stats stats = {.size = sizeof stats};
    gc_stats_get(&stats);
    return fixnum((intptr_t)stats.collections);
}

static const struct definition definitions[] = {
    {"emergency-exit", p_emergency_exit, 0, 1},
    {"command-line", p_command_line, 0, 0},
    {"get-environment-variable", p_variable, 1, 1},
    {"get-environment-variables", p_variables, 0, 0},
    {"features", p_features, 0, 0},
    {"current-second", p_current_second, 0, 0},
    {"current-jiffy", p_jiffy, 0, 0},
    {"jiffies-per-second", p_jiffies_per_second, 0, 0},
    {"current-time", p_current_time, 0, 0},
    {"gc-collect", p_collect, 0, 0},
    {"gc-collections", p_collections, 0, 0},
};

void define_system(void)
{
    DEFINE_PRIMITIVES(definitions);
}
