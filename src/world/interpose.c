/* pthread_create and its like, in front of the C library's, so that threads are known
 * before they run, and what they are given and leave behind is a root. */
#include "world/interpose.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <threads.h>
#include <time.h>

#include "world/next.h"

/* In programs that are linked statically the C library's functions have these names too. */
extern void __pthread_exit(void *) __attribute__((weak, noreturn));

/* References that bring the functions of C11 into a program that is linked statically. */
__attribute__((used)) static void (*const needed[])(void) = {(void (*)(void))thrd_create,
                                                             (void (*)(void))thrd_join,
                                                             (void (*)(void))thrd_detach,
                                                             (void (*)(void))thrd_exit};

LINKED(interpose);

/* Threads that are known need these files, too, in every program. */
LINKS(dispositions);
LINKS(ending);
LINKS(exec);
LINKS(root);
LINKS(masks);
LINKS(sigaction);
LINKS(start);

static void *run(void *record)
{
    struct mutator *m = record;
    void *(*start)(void *) = m->start;
    thread_begin(m);
    void *argument = m->argument;
    m->argument = NULL;
    void *result = start(argument);
    thread_exits(result);
    return result;
}

static bool is_joinable(const pthread_attr_t *attributes)
{
    int state;
    return !attributes || pthread_attr_getdetachstate(attributes, &state) != 0 ||
           state == PTHREAD_CREATE_JOINABLE;
}

/* Without a stack the end of an empty one at 0 is where it begins. */
static bool has_stack(const pthread_attr_t *attributes)
{
    void *low;
    size_t bytes;
    return attributes && pthread_attr_getstack(attributes, &low, &bytes) == 0 &&
           (uintptr_t)low + bytes != 0;
}

int interpose_run(pthread_t *thread, const pthread_attr_t *attributes,
                  void *(*begin)(void *), void *(*start)(void *), void *argument)
{
    __typeof__(&pthread_create) create = next_create();
    struct mutator *m =
        create ? thread_new(start, argument, is_joinable(attributes), thread) : NULL;
    if (!m)
        return EAGAIN;
    pthread_t made;
    uint64_t serial = m->serial;
    m->given = has_stack(attributes);
    int error = create(&made, attributes, begin, m);
    if (error)
        thread_discard(m);
    else
        thread_made(m, serial, made);
    return error;
}

void interpose_unclaim(void *claim)
{
    struct claim *c = claim;
    if (c->record)
        thread_unclaim(c->record, c->thread);
}

EXPORTED int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                            void *(*start)(void *), void *argument)
{
    return interpose_run(thread, attributes, run, start, argument);
}

EXPORTED int pthread_join(pthread_t thread, void **result)
{
    JOIN(thread, next_join()(thread, result));
}

#ifdef __GLIBC__
EXPORTED int pthread_tryjoin_np(pthread_t thread, void **result)
{
    JOIN(thread,
         NEXT(pthread_tryjoin_np, NO_FALLBACK(pthread_tryjoin_np))(thread, result));
}

EXPORTED int pthread_clockjoin_np(pthread_t thread, void **result, clockid_t clock,
                                  const struct timespec *until)
{
    JOIN(thread, NEXT(pthread_clockjoin_np,
                      NO_FALLBACK(pthread_clockjoin_np))(thread, result, clock, until));
}

EXPORTED int pthread_timedjoin_np(pthread_t thread, void **result,
                                  const struct timespec *until)
{
    JOIN(thread, NEXT(pthread_timedjoin_np,
                      NO_FALLBACK(pthread_timedjoin_np))(thread, result, until));
}
#endif

EXPORTED int pthread_detach(pthread_t thread)
{
    CLAIMED(thread, next_detach()(thread), thread_detached);
}

EXPORTED void pthread_exit(void *result)
{
    thread_exits(result);
    NEXT(pthread_exit, __pthread_exit)(result);
    __builtin_unreachable();
}
