/* The array is read where a thread may have been stopped that changes it: `environ` may point to where
 * it was before, which can be gone, or hold other words without an end. */
#include "roots/environment.h"

#include <unistd.h>

#include "base/debugger.h"
#include "base/lock.h"
#include "world/faults.h"

enum { VARIABLES_MOST = 1 << 16 };

DEBUGGER_TABLE = {DEBUGGER_PLACE("environ", &environ)};

/* What is read up to the null pointer at the end, or as far as anything can be read. */
struct reading {
    char **variables;
    volatile size_t count; /* it is looked at also where the reading was abandoned */
};

static void count(void *argument)
{
    struct reading *r = argument;
    while (r->count < VARIABLES_MOST &&
           __atomic_load_n(&r->variables[r->count], __ATOMIC_RELAXED))
        r->count++;
}

void environment_add(struct range_list *l)
{
    struct reading r = {.variables = __atomic_load_n(&environ, __ATOMIC_RELAXED)};
    uintptr_t low = (uintptr_t)r.variables;
    lock_check_held(RANK_WORLD);
    if (!low || low % sizeof(char *) != 0)
        return;
    (void)faults_try(count, &r, low, low + VARIABLES_MOST * sizeof(char *));
    struct range array = {low, low + r.count * sizeof(char *)};
    if (r.count > 0 && !range_list_has(l, array))
        range_list_add(l, array.low, array.high);
}
