#include "collect/question.h"

#include <unistd.h>

#include "base/bits.h"
#include "collect/collector.h"
#include "collect/cycle.h"
#include "collect/phase.h"
#include "world/stop.h"

/* The question that waits for its collection.  The world lock guards it. */
static struct {
    void (*answer)(struct cycle *c); /* NULL: there is none */
    pid_t process;                   /* whose it is: a child of fork has a copy */
} asked PRIVATE_DATA;

static void answer(struct cycle *c)
{
    void (*function)(struct cycle * c) = asked.answer;
    if (c->cause != CAUSE_LEAKS || !function || asked.process != getpid())
        return;
    asked.answer = NULL;
    function(c);
}

/* The first question adds the phase, so that other programs have none. */
void question_ask(void (*function)(struct cycle *c))
{
    static struct phase phase PRIVATE_DATA = {.rank = PHASE_LEAKS, .run = answer};
    bool taken = world_hold();
    phase_add(&phase);
    asked.answer = function;
    asked.process = getpid();
    world_let_go(taken);
    collector_run(&process_collector, CAUSE_LEAKS);
    taken = world_hold();
    asked.answer = NULL;
    world_let_go(taken);
}
