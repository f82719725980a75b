/* The order of a stop: the mutators, then the foreign threads, and again where one of
 * them waits. */
#include "world/stop.h"

#include <signal.h>

#include "base/check.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/os.h"
#include "world/control.h"
#include "world/defer.h"
#include "world/foreign.h"
#include "world/handshake.h"
#include "world/own.h"
#include "world/signals.h"
#include "world/systemstack.h"
#include "world/timers.h"

enum { MILLISECOND = 1000000 }; /* nanoseconds */

/* The present stop.  The world lock guards it. */
static struct {
    struct saved_mask mask; /* of the thread that stopped the world */
    bool stopped;           /* all registered threads are stopped */
    bool complete;          /* see world_is_complete */
} stop PRIVATE_DATA;

static enum handshake try_to_stop(bool can_tell, uint64_t first)
{
    park_begin_stop();
    enum handshake all = handshake(can_tell, first);
    park_await(NULL);
    return all;
}

bool world_stop(void)
{
    lock_check_held(RANK_WORLD);
    bool can_tell = signals_block(&stop.mask) && signals_are_installed();
    uint64_t first = os_now() / MILLISECOND;
    enum handshake all;
    log_hold();
    while ((all = try_to_stop(can_tell, first)) == SOME_WAIT) {
        park_end_stop();
        world_let_run();
        park_wait_a_little();
    }
    stop.stopped = all == ALL_STOPPED;
    stop.complete = stop.stopped && foreign_stop(can_tell);
    if (stop.stopped)
        lock_check_all(true);
    return stop.stopped;
}

bool world_stands(void)
{
    lock_check_held(RANK_WORLD);
    for (MUTATORS(m))
        if (m != thread_self && thread_lives(m) && m->blocking)
            return false;
    for (const struct foreign *s = world_foreign(); s; s = s->next)
        if (s->pointer == 0)
            return false;
    return stop.stopped && stop.complete;
}

bool world_is_complete(void)
{
    lock_check_held(RANK_WORLD);
    return stop.complete;
}

void world_restart(void)
{
    if (stop.stopped)
        lock_check_all(false);
    stop.stopped = false;
    park_end_stop();
    log_let_go();
    signals_restore(&stop.mask);
}

void world_check(void)
{
    CHECK(world_is_mine() && stop.stopped);
    registry_check();
    park_check();
    systemstack_check();
    defer_check();
    own_check();
    timers_check();
    control_check();
}
