/* Locks that are let go when an error or a continuation leaves what was done under them. */
#include "hold.h"

bool hold_needed;

static pthread_mutex_t front_end = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

void hold_begin(struct hold *hold, pthread_mutex_t *mutex)
{
    pthread_mutex_lock(mutex);
    *hold = (struct hold){.outer = vm.holds, .mutex = mutex};
    vm.holds = hold;
}

void hold_end(struct hold *hold)
{
    vm.holds = hold->outer;
    pthread_mutex_unlock(hold->mutex);
}

void hold_end_to(struct hold *outer)
{
    while (vm.holds != outer) {
        struct hold *hold = vm.holds;
        vm.holds = hold->outer;
        if (!hold->paused)
            pthread_mutex_unlock(hold->mutex);
    }
}

/* ---- The front end --------------------------------------------------------------- */

void front_end_enter(struct hold *hold)
{
    hold_begin(hold, &front_end);
}

void front_end_pause(struct hold *outer)
{
    for (struct hold *hold = vm.holds; hold != outer; hold = hold->outer) {
        if (hold->mutex == &front_end) {
            hold->paused = true;
            pthread_mutex_unlock(&front_end);
        }
    }
}

void front_end_resume(struct hold *outer)
{
    for (struct hold *hold = vm.holds; hold != outer; hold = hold->outer) {
        if (hold->mutex == &front_end) {
            pthread_mutex_lock(&front_end);
            hold->paused = false;
        }
    }
}
