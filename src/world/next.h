/* The C library's functions behind those of the same name here. */
#ifndef GCALLOC_WORLD_NEXT_H
#define GCALLOC_WORLD_NEXT_H

#include <pthread.h>

#include "base/bits.h"

#define EXPORTED __attribute__((visibility("default")))

/* A linker takes a file of the static library for a name that is missing so far.  None of a file's
 * may be: a sanitizer's library, which comes before, has functions of the same names, and a program
 * may use those of the C library by way of other shared libraries only.  So what is in every
 * program refers to a name of the file that nobody else has. */
#define LINKED(file)                 \
    extern const char linked_##file; \
    const char linked_##file = 0

#define LINKS(file)                  \
    extern const char linked_##file; \
    __attribute__((used)) static const char *const links_##file = &linked_##file

/* The definition behind the library's own; where the C library precedes it in the order of
 * search, the C library's.  NULL: there is none, as in a program that is linked statically. */
void *next_find(const char *name);

/* ThreadSanitizer must see the threads and signals of the program: its function, where it has
 * one, which calls the C library's. */
#if GC_TSAN
#define WATCHED(name)                                                          \
    ({                                                                         \
        extern __typeof__(name) watched_##name __asm__("__interceptor_" #name) \
            __attribute__((weak));                                             \
        (__typeof__(&name))&watched_##name;                                    \
    })
#else
#define WATCHED(name) ((__typeof__(&name))NULL)
#endif

/* The next definition of a function, sought once.  `fallback`, if it is not NULL, is the
 * name that it has in programs that are linked statically, declared weak. */
#define NEXT(name, fallback)                                                           \
    ({                                                                                 \
        static __typeof__(&name) next_known PRIVATE_DATA;                              \
        __typeof__(&name) next_found = __atomic_load_n(&next_known, __ATOMIC_RELAXED); \
        if (UNLIKELY(!next_found)) {                                                   \
            next_found = WATCHED(name);                                                \
            if (!next_found)                                                           \
                next_found = (fallback);                                               \
            if (!next_found)                                                           \
                *(void **)&next_found = next_find(#name);                              \
            __atomic_store_n(&next_known, next_found, __ATOMIC_RELAXED);               \
        }                                                                              \
        next_found;                                                                    \
    })

/* Theirs, which no wrapper sees. */
__typeof__(&pthread_create) next_create(void);
__typeof__(&pthread_join) next_join(void);

/* pthread_create, for a thread that begins with run(record): the record, from world/thread.h, has
 * `start` and `argument`. */
int next_run(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
             void *(*start)(void *), void *argument);

/* In front of a call that joins or detaches a thread, whose result it returns; 0: done.  The record
 * (world/thread.h) is claimed before: afterwards the pthread_t may be another thread's. */
#define CLAIMED(thread, call, done)               \
    do {                                          \
        struct mutator *m = thread_claim(thread); \
        int error = (call);                       \
        if (m && error)                           \
            thread_unclaim(m, thread);            \
        else if (m)                               \
            done(m);                              \
        return error;                             \
    } while (0)

#define JOIN(thread, call) CLAIMED(thread, call, thread_joined)

#define NO_FALLBACK(name) ((__typeof__(&name))NULL)

#endif
