/* Publishing a thread's roots: a stack of the library's is told from the program's, and
 * the alternate signal stack from the thread's own. */
#include "world/publish.h"

#include <pthread.h>

#include "base/specific.h"
#include "world/systemstack.h"

/* Publishes the thread-specific values, where the C library's own place for them is not known. */
static void publish_values(struct mutator *m)
{
    m->value_count = 0;
    for (pthread_key_t key = 0; key < PTHREAD_KEYS_MAX; key++) {
        void *value = pthread_getspecific(key);
        if (value)
            m->values[m->value_count++] = value;
    }
}

/* Whether `sp` lies on the stack.  The system's flags do not tell: a signal's context
 * lacks SS_ONSTACK (seen on Linux 6.18). */
static bool is_on(const stack_t *s, uintptr_t sp)
{
    return !(s->ss_flags & SS_DISABLE) && sp - (uintptr_t)s->ss_sp < s->ss_size;
}

/* Publishes the stack.  On a stack of the library's, and on the way there and back, the
 * alternate stack is as it was published before, and is disarmed; what keeps its memory, too. */
static void publish_stack(struct mutator *m, uintptr_t sp, const stack_t *alternate)
{
    m->sp = m->interrupted = systemstack_holds(m, sp) ? m->system.left : sp;
    if (m->system.low)
        return;
    m->armed = alternate->ss_flags & SS_DISABLE ? NULL : alternate->ss_sp;
    if (!is_on(alternate, sp))
        alternate = &m->disarmed;
    m->alternate.low = m->alternate.high = 0;
    if (is_on(alternate, sp)) {
        m->alternate.low = (uintptr_t)alternate->ss_sp;
        m->alternate.high = (uintptr_t)alternate->ss_sp + alternate->ss_size;
    }
}

void publish(struct mutator *m, uintptr_t sp, const stack_t *alternate)
{
    publish_stack(m, sp, alternate);
    if (!specific_is_known())
        publish_values(m);
}

void world_publish(struct mutator *m, uintptr_t sp)
{
    stack_t alternate = {0};
    sigaltstack(NULL, &alternate);
    publish(m, sp, &alternate);
}
