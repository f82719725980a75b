/* Thread-local variables of every thread, where glibc keeps them.  What a thread has not
 * used yet is not there, and is not made. */
#ifndef GCALLOC_ROOTS_TLS_H
#define GCALLOC_ROOTS_TLS_H

#include "base/bits.h"
#include "roots/range.h"

/* The loaded objects that have thread-local variables. */
struct tls_modules {
    struct tls_module {
        size_t number; /* the loader's */
        size_t bytes;
    } * list;
    size_t count, capacity;
    bool incomplete; /* memory ran out */
    /* Some object has been unloaded since the program began: a thread may still have its
     * variables, under a number that is another object's by now. */
    bool reused;
};

void tls_modules_clear(struct tls_modules *t);
void tls_modules_add(struct tls_modules *t, size_t number, size_t bytes);

/* Adds the variables of a stopped thread that it has used already, by its thread
 * pointer. */
void tls_add_thread(const struct tls_modules *t, uintptr_t pointer, struct range_list *l);

/* Where the C library has the variables that are found by their distance from the thread pointer, with room for those of
 * libraries that come later.  Empty if it does not tell. */
struct range tls_static(uintptr_t pointer);

/* Adds the pointer to the thread's vector of modules, by its thread pointer: where the heap is
 * the C library's malloc, the vector is an object, and the control block alone points to it.
 * The thread is the calling one or stopped. */
void tls_add_vector(uintptr_t pointer, struct range_list *l);

#endif
