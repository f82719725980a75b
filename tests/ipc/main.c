/* The tests of queues, maps, locks and events that processes share. */
#include "../suite.h"
#include "ipc.h"

static TCase *(*const cases[])(void) = {
    queue_case, map_case, rwlock_case, event_case, steps_case, storms_case,
};

int main(void)
{
    return run_cases("ipc", cases, sizeof cases / sizeof cases[0], 300);
}
