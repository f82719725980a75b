/* Threads, as SRFI 18 has them: each is one of the system's, with a machine of its own, and all share the heap. */
#include "thread.h"
#include "control.h"
#include "hold.h"
#include "primitive.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#define C_STACK_BYTES ((size_t)8 << 20)
#define RESERVE_BYTES ((size_t)64 << 10)

static struct thread *first_thread;

static struct thread *want_thread(value v)
{
    return (struct thread *)want(v, TYPE_THREAD);
}

bool thread_has_ended(const struct thread *thread)
{
    return thread->state > THREAD_STARTED;
}

/* ---- Ending -------------------------------------------------------------------------------- */

/* The program ends with its first thread. */
void thread_leave(void)
{
    threads_unlock();
    if (vm.thread == first_thread)
        exit(EXIT_FAILURE);
    leave_protection(NULL);
}

void thread_check(void)
{
    threads_lock();
    if (vm.thread->terminating)
        thread_leave();
    threads_unlock();
}

/* Under the lock. */
static void end(struct thread *thread, enum thread_state state, value result)
{
    thread->state = state;
    thread->result = result;
    thread->machine = NULL;
    thread->thunk = thread->parameters = NULL;
    mutexes_abandon(thread);
    queue_wake_all(&thread->joiners);
}

/* ---- Running ------------------------------------------------------------------------------- */

static void call_thunk(void *data)
{
    struct thread *thread = data;
    thread->result = vm_apply(thread->thunk, 0, NULL);
}

static void *run(void *data)
{
    struct thread *self = data;
    value raised = NULL;
    vm.thread = self;
    vm_begin(C_STACK_BYTES, RESERVE_BYTES);
    stack_reserve();
    vm.parameters = self->parameters;
    threads_lock();
    self->machine = &vm;
    if (self->terminating)
        vm_interrupt(&vm);
    threads_unlock();
    bool whole = protect_quietly(call_thunk, self, &raised);
    threads_lock();
    enum thread_state state = whole    ? THREAD_RETURNED
                              : raised ? THREAD_RAISED
                                       : THREAD_TERMINATED;
    end(self, state, whole ? self->result : raised);
    threads_unlock();
    vm_end();
    return NULL;
}

/* Returns 0 or an error number. */
static int start(struct thread *thread)
{
    pthread_t id;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, C_STACK_BYTES);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    int error = pthread_create(&id, &attributes, run, thread);
    pthread_attr_destroy(&attributes);
    return error;
}

/* ---- Primitives ------------------------------------------------------------------------------ */

static struct thread *thread_new(value thunk, value name)
{
    struct thread *thread = allocate_object(sizeof *thread, TYPE_THREAD);
    thread->name = name;
    thread->specific = UNSPECIFIED;
    thread->thunk = thunk;
    thread->parameters = vm.parameters;
    sem_init(&thread->wake, 0, 0);
    return thread;
}

/* (make-thread thunk [name]) */
PRIMITIVE(p_make)
{
    return &thread_new(want_procedure(args[0]), argc > 1 ? args[1] : FALSE)->object;
}

PRIMITIVE(p_start)
{
    struct thread *thread = want_thread(args[0]);
    threads_lock();
    bool new = thread->state == THREAD_NEW;
    if (new)
        thread->state = THREAD_STARTED;
    threads_unlock();
    if (!new)
        fail("thread-start!: the thread was started before, or terminated");
    hold_needed = true;
    int error = start(thread);
    if (error) {
        threads_lock();
        thread->state = THREAD_NEW;
        threads_unlock();
        fail("thread-start!: no thread can be made: %s", strerror(error));
    }
    return args[0];
}

PRIMITIVE(p_yield)
{
    sched_yield();
    return UNSPECIFIED;
}

/* Under the lock: has the thread end when it looks, which it does at calls and while it waits. */
static void interrupt(struct thread *thread)
{
    thread->terminating = true;
    if (thread->machine)
        vm_interrupt(thread->machine);
}

/* Returns when the thread has ended. */
PRIMITIVE(p_terminate)
{
    struct thread *thread = want_thread(args[0]);
    const struct deadline never = {.never = true};
    threads_lock();
    if (thread->state == THREAD_NEW) {
        end(thread, THREAD_TERMINATED, NULL);
    } else if (!thread_has_ended(thread)) {
        interrupt(thread);
        if (thread == vm.thread)
            thread_leave();
        while (!thread_has_ended(thread))
            queue_wait(&thread->joiners, &never);
    }
    threads_unlock();
    return UNSPECIFIED;
}

static value joined(const struct thread *thread)
{
    switch (thread->state) {
    case THREAD_RETURNED:
        return thread->result;
    case THREAD_RAISED:
        fail_thread(ERROR_UNCAUGHT, "thread-join!: the thread ended by an exception:",
                    cons(thread->result, NIL));
    default:
        fail_thread(ERROR_TERMINATED, "thread-join!: the thread was terminated", NIL);
    }
}

/* (thread-join! thread [time-out [value]]) */
PRIMITIVE(p_join)
{
    struct thread *thread = want_thread(args[0]);
    struct deadline deadline = want_deadline(argc, args, 1);
    bool in_time = true;
    threads_lock();
    while (!thread_has_ended(thread) && in_time)
        in_time = queue_wait(&thread->joiners, &deadline);
    bool ended = thread_has_ended(thread);
    threads_unlock();
    if (ended)
        return joined(thread);
    if (argc > 2)
        return args[2];
    fail_thread(ERROR_JOIN_TIMEOUT, "thread-join!: the time is over", NIL);
}

PRIMITIVE(p_set_specific)
{
    want_thread(args[0])->specific = args[1];
    return UNSPECIFIED;
}

SIMPLE(p_current, &vm.thread->object)
SIMPLE(p_is_thread, boolean(has_type(args[0], TYPE_THREAD)))
SIMPLE(p_name, want_thread(args[0])->name)
SIMPLE(p_specific, want_thread(args[0])->specific)

/* ---- The handler of exceptions ----------------------------------------------------------------- */

/* The handler outside of all others. */
PRIMITIVE(p_uncaught)
{
    raise_uncaught(args[0]);
}

PRIMITIVE(p_current_handler)
{
    return vm.handlers == NIL ? symbol_of(symbol("%raise-uncaught"))->global
                              : car(vm.handlers);
}

static const struct definition definitions[] = {
    {"make-thread", p_make, 1, 2},
    {"thread?", p_is_thread, 1, 1},
    {"thread-name", p_name, 1, 1},
    {"thread-specific", p_specific, 1, 1},
    {"thread-specific-set!", p_set_specific, 2, 2},
    {"thread-start!", p_start, 1, 1},
    {"thread-yield!", p_yield, 0, 0},
    {"thread-terminate!", p_terminate, 1, 1},
    {"thread-join!", p_join, 1, 3},
    {"current-thread", p_current, 0, 0},
    {"current-exception-handler", p_current_handler, 0, 0},
    {"%raise-uncaught", p_uncaught, 1, 1},
};

void define_threads(void)
{
    first_thread = thread_new(NULL, symbol("primordial"));
    first_thread->state = THREAD_STARTED;
    first_thread->machine = &vm;
    vm.thread = first_thread;
    DEFINE_PRIMITIVES(definitions);
    define_times();
    define_mutexes();
}
