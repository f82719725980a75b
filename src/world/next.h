/* The C library's functions behind those of the same name here.  This is how the library itself
 * calls them, past what stands in front of them; the functions in front are in interpose.c and its
 * like.  Nothing here knows of threads' records or of stops. */
#ifndef GCALLOC_WORLD_NEXT_H
#define GCALLOC_WORLD_NEXT_H

#include <pthread.h>
#include <signal.h>

#include "base/bits.h"

#define EXPORTED __attribute__((visibility("default")))

/* A linker takes a file of the static library for a name that is missing so far.  None of
 * the names that a file stands in front of may be that: a sanitizer's library, which
 * comes before, has functions of the same names, and a program may use those of the C
 * library by way of other shared libraries only.  So what is in every program refers to a
 * name of the file that nobody else has. */
#define LINKED(file)                 \
    extern const char linked_##file; \
    const char linked_##file = 0

#define LINKS(file)                  \
    extern const char linked_##file; \
    __attribute__((used)) static const char *const links_##file = &linked_##file

/* Finds the definition behind the library's own; where the C library precedes it in the
 * order of search, the C library's.  Returns NULL if there is none, as in a program that
 * is linked statically. */
void *next_find(const char *name);

struct next_function;

/* Finds the function, and notes it.  Returns NULL if there is none. */
void *next_seek(const struct next_function *f);

/* ThreadSanitizer must see the threads and signals of the program: this is its function
 * of that name, where it has one, which calls the C library's. */
#if GC_TSAN
#define DECLARE_WATCHED(name)                                              \
    extern __typeof__(name) watched_##name __asm__("__interceptor_" #name) \
        __attribute__((weak))
#define WATCHED(name) ((void *)&watched_##name)
#else
#define DECLARE_WATCHED(name) _Static_assert(1, #name)
#define WATCHED(name) NULL
#endif

/* A function that is sought when the library is loaded.  Later a look for it would do away with
 * what the program is about to ask dlerror for, and free its text in the midst of whatever the
 * library does. */
struct next_function {
    const char *name;
    void **known; /* atomic; NULL: not sought yet, or not found */
    /* Each NULL, or taken before what is found by the name. */
    void *watched, *fallback;
};

/* The next definition of a function, sought once.  `fallback`, if it is not NULL, is the
 * name that it has in programs that are linked statically, declared weak. */
#define NEXT(name, fallback)                                                       \
    ({                                                                             \
        DECLARE_WATCHED(name);                                                     \
        static void *next_known PRIVATE_DATA;                                      \
        static const struct next_function next_function                            \
            __attribute__((section("gcalloc_next"), used)) = {#name, &next_known,  \
                                                              WATCHED(name),       \
                                                              (void *)(fallback)}; \
        __typeof__(&name) next_found;                                              \
        *(void **)&next_found = __atomic_load_n(&next_known, __ATOMIC_RELAXED);    \
        if (UNLIKELY(!next_found))                                                 \
            *(void **)&next_found = next_seek(&next_function);                     \
        next_found;                                                                \
    })

/* The functions of the C library that the library calls for itself, which no wrapper sees. */
__typeof__(&pthread_create) next_create(void);
__typeof__(&pthread_join) next_join(void);
__typeof__(&pthread_detach) next_detach(void);
int next_sigaction(int number, const struct sigaction *action, struct sigaction *old);

/* sigaction for the stop signal: its handler is called at once, whoever else watches signals. */
int next_sigaction_stop(int number, const struct sigaction *action);

#define NO_FALLBACK(name) ((__typeof__(&name))NULL)

#endif
