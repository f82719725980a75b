/* The leak report of a program that ends otherwise than by exit. */
#include "report/ending.h"

#include <gcalloc/gcalloc.h>
#include <stdbool.h>

#include "base/log.h"
#include "base/options.h"
#include "world/ending.h"

static bool reported PRIVATE_DATA; /* or about to be.  Atomic */

bool ending_is_first(void)
{
    return !__atomic_exchange_n(&reported, true, __ATOMIC_RELAXED);
}

static bool report(void)
{
    bool first = ending_is_first();
    if (first)
        gc_leak_check();
    return first;
}

static void take_back(void)
{
    __atomic_store_n(&reported, false, __ATOMIC_RELAXED);
    log_line("leaks: the program was to be replaced by another, and was not: there will "
             "be another report");
}

void ending_begin(void)
{
    static const struct ending_hooks hooks = {report, take_back};
    if (options.leaks)
        ending_watch(&hooks);
}
