#include "report/live/live.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/auxv.h>

#include "base/bits.h"
#include "base/log.h"
#include "base/options.h"
#include "collect/trigger.h"
#include "mutator/hooks.h"
#include "report/live/desk.h"
#include "report/live/door.h"
#include "world/next.h"
#include "world/own.h"
#include "world/registry.h"

LINKED(live);

static bool started PRIVATE_DATA; /* atomic */

static void set_hook(void (*hook)(void))
{
    __atomic_store_n(&trigger_hook, hook, __ATOMIC_RELEASE);
}

/* Who is not the user of the environment and of the socket alike is not to be asked. */
static bool has_privileges(void)
{
    return getauxval(AT_SECURE) != 0;
}

static void begin(void)
{
    if (has_privileges())
        log_line("control: a program with privileges cannot be asked");
    else if (!desk_begin())
        log_line("control: there is no thread to be had; nobody can ask this process");
    else if (!door_begin())
        desk_complain("there is no thread to be had", EAGAIN);
}

void live_start(void)
{
    if (!options.control)
        return set_hook(NULL);
    if (!own_can_start() || !registry_is_here() ||
        __atomic_exchange_n(&started, true, __ATOMIC_SEQ_CST))
        return;
    set_hook(NULL);
    begin();
}

static void ask_to_end(void)
{
    desk_ask_to_end();
    door_ask_to_end();
}

static void have_ended(void)
{
    desk_has_ended();
    door_has_ended();
}

static void forked(void)
{
    desk_forked();
    door_forked();
    __atomic_store_n(&started, false, __ATOMIC_SEQ_CST);
    if (options.control)
        set_hook(live_start);
}

__attribute__((constructor(BEFORE_PROGRAMS))) static void add(void)
{
    static struct own_kind kind PRIVATE_DATA;
    kind = (struct own_kind){.ask = ask_to_end, .over = have_ended, .forked = forked};
    own_kind_add(&kind);
    set_hook(live_start);
}
