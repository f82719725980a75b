/* What the slow paths ask before they take memory. */
#include "collect/trigger.h"

#include "base/options.h"
#include "collect/compact.h"
#include "collect/idle.h"
#include "collect/pace.h"
#include "world/stop.h"
#include "world/systemstack.h"

void (*trigger_hook)(void) PRIVATE_DATA;

static void learn_limit(void *heap)
{
    if (!pace_learn_limit(heap))
        return;
    bool taken = world_hold();
    pace_configure(heap);
    world_let_go(taken);
}

/* Looks at what else there is to know of a heap that has come so far: whether the program
 * uses it, and the control group's limit. */
static void look_around(struct collector *c)
{
    void (*hook)(void) = __atomic_load_n(&trigger_hook, __ATOMIC_ACQUIRE);
    idle_note(c);
    if (UNLIKELY(hook != NULL))
        hook();
    if (pace_lacks_limit(c->heap))
        systemstack_run(learn_limit, c->heap);
}

/* The budget is not used up, but marking beside the program is to be done by then. */
static void begin_early(struct collector *c)
{
    if (UNLIKELY(concurrent_is_due(c->heap, &c->concurrent)))
        collector_run(c, CAUSE_BEGIN);
}

/* The budget is used up. */
static void collect_due(struct collector *c)
{
    struct heap *h = c->heap;
    if (__atomic_load_n(&h->numbers->managed, __ATOMIC_RELAXED) || RACING(h->marking))
        collector_run(c, CAUSE_BUDGET);
    else
        pace_without_cycle(h), compact_soon(h, false);
}

void trigger_poll(struct collector *c)
{
    struct heap *h = c->heap;
    look_around(c);
    compact_poll(h);
    if (collector_is_disabled(c) && LIKELY(!RACING(h->marking)))
        return;
    size_t stress = OPTION_NOW(stress);
    if (stress && __atomic_add_fetch(&c->refills, 1, __ATOMIC_RELAXED) >= stress)
        collector_run(c, CAUSE_STRESS);
    else if (!collector_is_due(c))
        begin_early(c);
    else if (!concurrent_assist(c))
        collect_due(c);
    concurrent_go_on(c);
}
