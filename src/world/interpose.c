/* pthread_create and its like, in front of the C library's: so that threads are known
 * before they run, and what they are given and leave behind is a root. */
#include <dlfcn.h>
#include <errno.h>
#ifdef __GLIBC__
#include <gnu/lib-names.h>
#endif
#include <pthread.h>
#include <stddef.h>
#include <threads.h>
#include <time.h>

#include "base/bits.h"
#include "world/next.h"
#include "world/signals.h"
#include "world/thread.h"

/* In programs that are linked statically the C library's functions have these names too;
 * elsewhere dlsym finds them. */
extern int __pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *),
                            void *) __attribute__((weak));
extern int __pthread_join(pthread_t, void **) __attribute__((weak));
extern int __pthread_detach(pthread_t) __attribute__((weak));
extern void __pthread_exit(void *) __attribute__((weak, noreturn));
extern void *dlsym(void *, const char *) __attribute__((weak));
extern void *dlopen(const char *, int) __attribute__((weak));
extern char *dlerror(void) __attribute__((weak));
extern int dladdr(const void *, Dl_info *) __attribute__((weak));

/* These bring them into such a program. */
__attribute__((used)) static void (*const needed[])(void) = {(void (*)(void))thrd_create,
                                                             (void (*)(void))thrd_join,
                                                             (void (*)(void))thrd_detach,
                                                             (void (*)(void))thrd_exit};

LINKS(masks);
LINKS(dispositions);
LINKS(root);

/* A program that uses the library by way of another one only may have the C library first in
 * the order of search, and nothing follows there.  It is loaded in any case. */
#ifdef __GLIBC__
static void *c_library(void)
{
    static void *known PRIVATE_DATA;
    void *handle = __atomic_load_n(&known, __ATOMIC_RELAXED);
    if (!handle && dlopen) {
        handle = dlopen(LIBC_SO, RTLD_LAZY | RTLD_NOLOAD);
        __atomic_store_n(&known, handle, __ATOMIC_RELAXED);
    }
    return handle;
}
#else
static void *c_library(void)
{
    return RTLD_DEFAULT;
}
#endif

/* The program is not to find, by dlerror, what went wrong here. */
static void forget_error(void)
{
    if (dlerror)
        dlerror();
}

/* The library that contains the function is not unloaded any more: this one, which stays, will
 * call it.  A plugin may bring both. */
static void keep_loaded(void *function)
{
    Dl_info there;
    if (dladdr && dlopen && dladdr(function, &there) &&
        !dlopen(there.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE))
        forget_error();
}

static void *find(const char *name)
{
    void *found = dlsym ? dlsym(RTLD_NEXT, name) : NULL;
    void *library = dlsym ? c_library() : NULL;
    void *last = library ? dlsym(library, name) : NULL;
    if (!found)
        found = last;
    else if (found != last)
        keep_loaded(found);
    if (!last)
        forget_error();
    return found;
}

/* What the loader allocates is its own. */
void *next_find(const char *name)
{
    thread_inside++;
    void *found = find(name);
    thread_inside--;
    return found;
}

/* The library's exit hooks, handlers and threads lead into this code for as long
 * as the process lives: what contains it, a plugin that is linked with the static library too,
 * is never unloaded.  The main program never is. */
__attribute__((constructor)) static void stay(void)
{
    thread_inside++;
    keep_loaded((void *)(uintptr_t)next_find);
    thread_inside--;
}

__typeof__(&pthread_create) next_create(void)
{
    return NEXT(pthread_create, __pthread_create);
}

__typeof__(&pthread_join) next_join(void)
{
    return NEXT(pthread_join, __pthread_join);
}

/* Sought now: dlsym is not to be waited for in a callback of the loader. */
__attribute__((constructor)) static void find_create(void)
{
    next_create();
    next_join();
}

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

int next_run(pthread_t *thread, const pthread_attr_t *attributes, void *(*begin)(void *),
             void *(*start)(void *), void *argument)
{
    __typeof__(&pthread_create) create = next_create();
    struct mutator *m =
        create ? thread_new(start, argument, is_joinable(attributes), thread) : NULL;
    if (!m)
        return EAGAIN;
    pthread_t made;
    uint64_t serial = m->serial;
    int error = create(&made, attributes, begin, m);
    if (error)
        thread_discard(m);
    else
        thread_made(m, serial, made);
    return error;
}

EXPORTED int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                            void *(*start)(void *), void *argument)
{
    return next_run(thread, attributes, run, start, argument);
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
    CLAIMED(thread, NEXT(pthread_detach, __pthread_detach)(thread), thread_detached);
}

EXPORTED void pthread_exit(void *result)
{
    thread_exits(result);
    NEXT(pthread_exit, __pthread_exit)(result);
    __builtin_unreachable();
}
