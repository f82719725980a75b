/* execve and its like, in front of the C library's.  A signal that waits for a thread when it
 * calls exec waits for the new program, which knows nothing of the stop signal and would end of
 * it.  So before the call the thread is as between gc_blocking_begin and gc_blocking_end, where
 * no stop sends it the signal, and one that was sent is taken.
 *
 * A child of fork has one thread, and one of vfork is not the process whose threads are known
 * here: it uses the caller's memory, and leaves the locks there alone. */
#include <errno.h>
#include <fcntl.h>
#include <gcalloc/gcalloc.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/critical.h"
#include "world/ending.h"
#include "world/executable.h"
#include "world/lock.h"
#include "world/next.h"
#include "world/registry.h"
#include "world/self.h"
#include "world/signals.h"
#include "world/thread.h"

LINKED(exec);

/* In programs that are linked statically the C library's functions have these names, too. */
extern int __execve(const char *, char *const[], char *const[]) __attribute__((weak));
extern int __execvpe(const char *, char *const[], char *const[]) __attribute__((weak));

/* Older C libraries do not declare it. */
int execveat(int directory, const char *path, char *const arguments[],
             char *const environment[], int flags);

#ifndef PIC /* libtool's: for the static library */
/* A reference that brings them into such a program. */
__attribute__((used)) static void (*const needed)(void) = (void (*)(void))posix_spawnp;
#endif

static __typeof__(&execve) next_execve(void)
{
    return NEXT(execve, __execve);
}

static __typeof__(&execvpe) next_execvpe(void)
{
    return NEXT(execvpe, __execvpe);
}

static __typeof__(&execveat) next_execveat(void)
{
    return NEXT(execveat, NO_FALLBACK(execveat));
}

static __typeof__(&fexecve) next_fexecve(void)
{
    return NEXT(fexecve, NO_FALLBACK(fexecve));
}

/* ---- Before and after -------------------------------------------------------------- */

/* Whether stops may tell the calling thread, which is registered from here on. */
static bool may_be_told(void)
{
    if (!signals_are_installed() || !registry_is_here() || critical.depth > 0)
        return false;
    if (!thread_self && !thread_past_end) {
        cancel_hold_off();
        thread_attach();
        cancel_let_in();
    }
    return thread_self && thread_self->tid == gettid();
}

/* A call of exec. */
struct attempt {
    bool ends; /* the end of this program was told */
    bool safe; /* no stop tells the thread */
};

/* Who has the world lock while the thread is safe knows that no stop will tell it.  A signal
 * from before that is taken at the end of the next system call. */
static struct attempt begin(bool possible)
{
    struct attempt a = {.ends = possible && ending_tell()};
    if (!may_be_told())
        return a;
    gc_blocking_begin();
    signals_share(false);
    world_lock();
    world_unlock();
    signals_open();
    a.safe = true;
    return a;
}

/* It has failed. */
static int end(struct attempt a, int result)
{
    int error = errno;
    if (a.safe) {
        signals_share(true);
        gc_blocking_end();
    }
    if (a.ends)
        ending_take_back();
    errno = error;
    return result;
}

/* ---- With a vector of arguments ---------------------------------------------------- */

EXPORTED int execve(const char *path, char *const arguments[], char *const environment[])
{
    __typeof__(&execve) next = next_execve();
    struct attempt a = begin(ending_is_watched() && executable_at(AT_FDCWD, path, 0));
    return end(a, next ? next(path, arguments, environment)
                       : (int)syscall(SYS_execve, path, arguments, environment));
}

EXPORTED int execv(const char *path, char *const arguments[])
{
    return execve(path, arguments, environ);
}

EXPORTED int execvpe(const char *file, char *const arguments[], char *const environment[])
{
    __typeof__(&execvpe) next = next_execvpe();
    if (!next)
        return errno = ENOSYS, -1;
    struct attempt a = begin(ending_is_watched() && executable_in_path(file));
    return end(a, next(file, arguments, environment));
}

EXPORTED int execvp(const char *file, char *const arguments[])
{
    return execvpe(file, arguments, environ);
}

EXPORTED int execveat(int directory, const char *path, char *const arguments[],
                      char *const environment[], int flags)
{
    __typeof__(&execveat) next = next_execveat();
    struct attempt a =
        begin(ending_is_watched() && executable_at(directory, path, flags));
    return end(a, next ? next(directory, path, arguments, environment, flags)
                       : (int)syscall(SYS_execveat, directory, path, arguments,
                                      environment, flags));
}

EXPORTED int fexecve(int file, char *const arguments[], char *const environment[])
{
    __typeof__(&fexecve) next = next_fexecve();
    struct attempt a =
        begin(ending_is_watched() && executable_at(file, "", AT_EMPTY_PATH));
    return end(a, next ? next(file, arguments, environment)
                       : (int)syscall(SYS_execveat, file, "", arguments, environment,
                                      AT_EMPTY_PATH));
}

/* ---- With arguments one by one ----------------------------------------------------- */

/* The number of arguments, the null pointer at their end included. */
static size_t count_of(const char *first, va_list rest)
{
    size_t count = 1;
    for (const char *s = first; s; s = va_arg(rest, const char *))
        count++;
    return count;
}

static void collect(char **vector, size_t count, const char *first, va_list rest)
{
    vector[0] = (char *)(uintptr_t)first;
    for (size_t i = 1; i < count; i++)
        vector[i] = va_arg(rest, char *);
}

/* The arguments as a vector, in the frame of the function that has them. */
#define VECTOR(vector, first)             \
    va_list rest;                         \
    va_start(rest, first);                \
    size_t count = count_of(first, rest); \
    va_end(rest);                         \
    char *vector[count];                  \
    va_start(rest, first);                \
    collect(vector, count, first, rest)

EXPORTED int execl(const char *path, const char *first, ...)
{
    VECTOR(arguments, first);
    va_end(rest);
    return execv(path, arguments);
}

EXPORTED int execlp(const char *file, const char *first, ...)
{
    VECTOR(arguments, first);
    va_end(rest);
    return execvp(file, arguments);
}

EXPORTED int execle(const char *path, const char *first, ...)
{
    VECTOR(arguments, first);
    char *const *environment = va_arg(rest, char *const *);
    va_end(rest);
    return execve(path, arguments, environment);
}
