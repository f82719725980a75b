#include "world/stop.h"

#include <signal.h>

#include "base/log.h"
#include "base/os.h"
#include "world/foreign.h"
#include "world/handshake.h"
#include "world/signals.h"

enum { MILLISECOND = 1000000 }; /* nanoseconds */

/* Under the world lock. */
static struct {
    sigset_t mask; /* of the thread that stopped the world */
    bool complete; /* see world_is_complete */
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
    bool can_tell = signals_block(&stop.mask) && signals_are_installed();
    uint64_t first = os_now() / MILLISECOND;
    enum handshake all;
    log_hold();
    while ((all = try_to_stop(can_tell, first)) == SOME_WAIT) {
        park_end_stop();
        world_let_run();
        park_wait_a_little();
    }
    stop.complete = all == ALL_STOPPED && foreign_stop(can_tell);
    return all == ALL_STOPPED;
}

bool world_is_complete(void)
{
    return stop.complete;
}

void world_restart(void)
{
    park_end_stop();
    log_let_go();
    signals_restore(&stop.mask);
}
