/* Mutexes and condition variables, as SRFI 18 has them. */
#include "primitive.h"
#include "thread.h"

struct mutex {
    struct object object;
    value name, specific;
    bool locked, abandoned;
    struct thread *owner;       /* when it is locked; NULL: nobody */
    struct mutex *next, **link; /* of those that the owner has */
    struct queue waiting;
};

struct condition_variable {
    struct object object;
    value name, specific;
    struct queue waiting;
};

static struct mutex *want_mutex(value v)
{
    return (struct mutex *)want(v, TYPE_MUTEX);
}

static struct condition_variable *want_variable(value v)
{
    return (struct condition_variable *)want(v, TYPE_CONDITION_VARIABLE);
}

/* ---- Under the lock of threads --------------------------------------------------------------- */

static void make_unlocked(struct mutex *mutex, bool abandoned)
{
    if (mutex->owner) {
        *mutex->link = mutex->next;
        if (mutex->next)
            mutex->next->link = mutex->link;
    }
    mutex->owner = NULL;
    mutex->next = NULL;
    mutex->link = NULL;
    mutex->locked = false;
    mutex->abandoned = abandoned;
    queue_wake(&mutex->waiting);
}

/* A thread that has ended cannot own it. */
static void make_locked(struct mutex *mutex, struct thread *owner)
{
    mutex->locked = true;
    mutex->abandoned = false;
    if (!owner)
        return;
    mutex->owner = owner;
    mutex->next = owner->owned;
    mutex->link = &owner->owned;
    if (mutex->next)
        mutex->next->link = &mutex->next;
    owner->owned = mutex;
    if (thread_has_ended(owner))
        make_unlocked(mutex, true);
}

void mutexes_abandon(struct thread *owner)
{
    while (owner->owned)
        make_unlocked(owner->owned, true);
}

/* ---- Mutexes ---------------------------------------------------------------------------------- */

PRIMITIVE(p_make_mutex)
{
    struct mutex *mutex = allocate_object(sizeof *mutex, TYPE_MUTEX);
    mutex->name = argc > 0 ? args[0] : FALSE;
    mutex->specific = UNSPECIFIED;
    return &mutex->object;
}

/* (mutex-lock! mutex [time-out [owner]]) */
PRIMITIVE(p_lock)
{
    struct mutex *mutex = want_mutex(args[0]);
    struct deadline deadline = want_deadline(argc, args, 1);
    struct thread *owner = vm.thread;
    bool in_time = true;
    if (argc > 2)
        owner = args[2] == FALSE ? NULL : (struct thread *)want(args[2], TYPE_THREAD);
    threads_lock();
    while (mutex->locked && in_time)
        in_time = queue_wait(&mutex->waiting, &deadline);
    if (mutex->locked) {
        threads_unlock();
        return FALSE;
    }
    bool abandoned = mutex->abandoned;
    make_locked(mutex, owner);
    threads_unlock();
    if (abandoned)
        fail_thread(ERROR_ABANDONED,
                    "mutex-lock!: the mutex was abandoned by a thread that ended", NIL);
    return TRUE;
}

/* (mutex-unlock! mutex [condition-variable [time-out]]) */
PRIMITIVE(p_unlock)
{
    struct mutex *mutex = want_mutex(args[0]);
    struct condition_variable *variable = argc > 1 ? want_variable(args[1]) : NULL;
    struct deadline deadline = want_deadline(argc, args, 2);
    bool signalled = true;
    threads_lock();
    make_unlocked(mutex, false);
    if (variable)
        signalled = queue_wait(&variable->waiting, &deadline);
    threads_unlock();
    return boolean(signalled);
}

PRIMITIVE(p_state)
{
    const struct mutex *mutex = want_mutex(args[0]);
    threads_lock();
    struct thread *owner = mutex->owner;
    bool locked = mutex->locked, abandoned = mutex->abandoned;
    threads_unlock();
    if (owner)
        return &owner->object;
    return symbol(locked ? "not-owned" : abandoned ? "abandoned" : "not-abandoned");
}

PRIMITIVE(p_set_mutex_specific)
{
    want_mutex(args[0])->specific = args[1];
    return UNSPECIFIED;
}

SIMPLE(p_is_mutex, boolean(has_type(args[0], TYPE_MUTEX)))
SIMPLE(p_mutex_name, want_mutex(args[0])->name)
SIMPLE(p_mutex_specific, want_mutex(args[0])->specific)

/* ---- Condition variables ------------------------------------------------------------------------ */

PRIMITIVE(p_make_variable)
{
    struct condition_variable *variable =
        allocate_object(sizeof *variable, TYPE_CONDITION_VARIABLE);
    variable->name = argc > 0 ? args[0] : FALSE;
    variable->specific = UNSPECIFIED;
    return &variable->object;
}

static value wake(value v, void (*wake_some)(struct queue *queue))
{
    struct condition_variable *variable = want_variable(v);
    threads_lock();
    wake_some(&variable->waiting);
    threads_unlock();
    return UNSPECIFIED;
}

PRIMITIVE(p_set_variable_specific)
{
    want_variable(args[0])->specific = args[1];
    return UNSPECIFIED;
}

SIMPLE(p_signal, wake(args[0], queue_wake))
SIMPLE(p_broadcast, wake(args[0], queue_wake_all))
SIMPLE(p_is_variable, boolean(has_type(args[0], TYPE_CONDITION_VARIABLE)))
SIMPLE(p_variable_name, want_variable(args[0])->name)
SIMPLE(p_variable_specific, want_variable(args[0])->specific)

static const struct definition definitions[] = {
    {"make-mutex", p_make_mutex, 0, 1},
    {"mutex?", p_is_mutex, 1, 1},
    {"mutex-name", p_mutex_name, 1, 1},
    {"mutex-specific", p_mutex_specific, 1, 1},
    {"mutex-specific-set!", p_set_mutex_specific, 2, 2},
    {"mutex-state", p_state, 1, 1},
    {"mutex-lock!", p_lock, 1, 3},
    {"mutex-unlock!", p_unlock, 1, 3},
    {"make-condition-variable", p_make_variable, 0, 1},
    {"condition-variable?", p_is_variable, 1, 1},
    {"condition-variable-name", p_variable_name, 1, 1},
    {"condition-variable-specific", p_variable_specific, 1, 1},
    {"condition-variable-specific-set!", p_set_variable_specific, 2, 2},
    {"condition-variable-signal!", p_signal, 1, 1},
    {"condition-variable-broadcast!", p_broadcast, 1, 1},
};

void define_mutexes(void)
{
    DEFINE_PRIMITIVES(definitions);
}
