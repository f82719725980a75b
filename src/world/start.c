/* The hooks of the folders below, filled in, and the handler of the stop signal installed. */
#include "world/start.h"

#include <signal.h>

#include "base/specific.h"
#include "world/fork.h"
#include "world/frame.h"
#include "world/next.h"
#include "world/park.h"
#include "world/registry.h"
#include "world/signals.h"
#include "world/thread.h"

LINKED(start);

/* The hooks are filled in when the library is loaded, as a signal of the program's may
 * come in a critical section of a thread that is being made, before the heap is. */
__attribute__((constructor)) static void load(void)
{
    frame_begin();
    park_start();
    fork_watch();
    thread_load();
}

bool world_start(void)
{
    specific_learn();
    registry_begin();
    struct saved_mask saved;
    bool started = signals_block(&saved) && signals_install(park_on_signal);
    signals_restore(&saved);
    return started;
}
