/* The last reports, and the exit status that they give a program.
 *
 * Destructors of other libraries have output to write after this library's, and the C library flushes its streams
 * last.  So a program that ends by exit gets another status when all that is done: a function that is registered
 * before any other runs after all others, and calls exit again, which then only ends.  In a program that
 * is linked statically, or that has opened the library, it runs before the report; then the report calls exit. */
#include "report/ending.h"

#include <gcalloc/gcalloc.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/log.h"
#include "base/options.h"
#include "mutator/guard.h"
#include "mutator/hooks.h"
#include "report/fault.h"
#include "world/ending.h"

static bool reported PRIVATE_DATA; /* or about to be.  Atomic */
static size_t leaks PRIVATE_DATA;  /* that were.  Atomic */
static int last_status PRIVATE_DATA;
static bool last_has_run PRIVATE_DATA;

int __cxa_atexit(void (*function)(void *), void *argument, void *library);

/* Whether the report of the end is still to be made: true once. */
static bool is_first(void)
{
    return !__atomic_exchange_n(&reported, true, __ATOMIC_RELAXED);
}

static void report_leaks(void)
{
    if (options.leaks)
        __atomic_store_n(&leaks, gc_leak_check(), __ATOMIC_RELAXED);
}

static bool report(void)
{
    if (!is_first())
        return false;
    guard_at_exit();
    report_leaks();
    fault_end();
    return true;
}

/* What the program ends with that would have ended with this status. */
static int status_for(int status)
{
    bool failed = __atomic_load_n(&leaks, __ATOMIC_RELAXED) > 0 ||
                  (guard_is_wanted() && fault_end() > 0);
    int code = (int)OPTION_NOW(exit_code);
    return failed && code ? code : status;
}

static void take_back(void)
{
    __atomic_store_n(&leaks, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&reported, false, __ATOMIC_RELAXED);
    log_line("leaks: the program was to be replaced by another, and was not: there will "
             "be another report");
}

static const struct ending_hooks hooks = {report, take_back, status_for};

/* The C library tells no function of the status. */
static void at_quick(void)
{
    int none = -1, status;
    if (!ending_is_watched())
        return;
    report();
    status = status_for(none);
    if (status != none)
        _exit(status);
}

void ending_begin(void)
{
    if (!options.leaks && !guard_is_wanted())
        return;
    ending_watch(&hooks);
    at_quick_exit(at_quick);
}

void ending_report(void)
{
    if (is_first())
        report_leaks();
}

void ending_finish(void)
{
    last_status = status_for(0);
    if (last_status == 0 || !last_has_run)
        return;
    cancel_hold_off();
    exit(last_status);
}

static void last(void *unused)
{
    (void)unused;
    last_has_run = true;
    if (last_status)
        exit(last_status);
}

__attribute__((constructor(BEFORE_PROGRAMS))) static void begin(void)
{
    __cxa_atexit(last, NULL, NULL);
}
