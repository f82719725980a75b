/* Finding the C library's functions.  A program that is linked statically has them under
 * second names, which are declared weak; elsewhere dlsym finds them.  What is sought here
 * is sought when the library is loaded: later, in a callback of the loader or a critical
 * section, the loader is not to be waited for. */
#include "world/next.h"

#include <dlfcn.h>
#ifdef __GLIBC__
#include <gnu/lib-names.h>
#endif
#include <pthread.h>
#include <stddef.h>

#include "world/self.h"

extern int __pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *),
                            void *) __attribute__((weak));
extern int __pthread_join(pthread_t, void **) __attribute__((weak));
extern int __pthread_detach(pthread_t) __attribute__((weak));
extern int __sigaction(int, const struct sigaction *, struct sigaction *)
    __attribute__((weak));
extern void *dlsym(void *, const char *) __attribute__((weak));
extern void *dlopen(const char *, int) __attribute__((weak));
extern char *dlerror(void) __attribute__((weak));
extern int dladdr(const void *, Dl_info *) __attribute__((weak));

/* What is loaded already.  dlopen of the C library itself, if that follows: a sanitizer's, in front of
 * this library, does not work before the sanitizer has begun, which may be later than this. */
static void *open_loaded(const char *name, int flags)
{
    __typeof__(&dlopen) next = (__typeof__(&dlopen))dlsym(RTLD_NEXT, "dlopen");
    return (next ? next : dlopen)(name, RTLD_LAZY | RTLD_NOLOAD | flags);
}

/* The constructors of the C library have run, as this library depends on it and its own have begun.  Before
 * that dlopen would run them, without the program's arguments and environment, which the whole program would
 * lack then.  Something that begins earlier, as AddressSanitizer does, may call what stands in front of the C
 * library.  Written once, by one thread. */
static bool begun PRIVATE_DATA;

__attribute__((constructor(101))) static void begin(void)
{
    begun = true;
}

/* A program that uses the library by way of another one only may have the C library first
 * in the order of search, and nothing follows there.  The C library is loaded in any case. */
#ifdef __GLIBC__
static void *c_library(void)
{
    static void *known PRIVATE_DATA;
    void *handle = __atomic_load_n(&known, __ATOMIC_RELAXED);
    if (!handle && dlsym && dlopen) {
        handle = open_loaded(LIBC_SO, 0);
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

/* Keeps the library that contains the function from being unloaded: this library, which
 * stays, will call it.  A plugin may bring both. */
static void keep_loaded(void *function)
{
    Dl_info there;
    if (dladdr && dlsym && dlopen && dladdr(function, &there) &&
        !open_loaded(there.dli_fname, RTLD_NODELETE))
        forget_error();
}

/* Where nothing follows this library, what comes first is another one's. */
static void *find_early(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    return found ? found : dlsym(RTLD_DEFAULT, name);
}

static void *find(const char *name)
{
    if (dlsym && !begun)
        return find_early(name);
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

void *next_seek(const struct next_function *f)
{
    void *found = f->watched ? f->watched : f->fallback;
    if (!found)
        found = next_find(f->name);
    __atomic_store_n(f->known, found, __ATOMIC_RELAXED);
    return found;
}

/* The library's exit hooks, handlers and threads lead into this code for as long as the
 * process lives: what contains it, which may be a plugin that is linked with the static
 * library, is never unloaded.  The main program never is. */
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

__typeof__(&pthread_detach) next_detach(void)
{
    return NEXT(pthread_detach, __pthread_detach);
}

int next_sigaction(int number, const struct sigaction *action, struct sigaction *old)
{
    return NEXT(sigaction, __sigaction)(number, action, old);
}

int next_sigaction_stop(int number, const struct sigaction *action)
{
    return (__sigaction ? __sigaction : next_sigaction)(number, action, NULL);
}

__attribute__((constructor)) static void find_all(void)
{
    extern const struct next_function __start_gcalloc_next[], __stop_gcalloc_next[];
    for (const struct next_function *f = __start_gcalloc_next; f < __stop_gcalloc_next;
         f++)
        if (!__atomic_load_n(f->known, __ATOMIC_RELAXED))
            next_seek(f);
}
