/* The library that some programs load: it allocates by the function that it is given, and
 * can keep a pointer in its own data. */
#ifndef GCALLOC_TESTS_LEAKS_KEEPER_H
#define GCALLOC_TESTS_LEAKS_KEEPER_H

struct keeper {
    void *(*allocate)(void *(*allocate)(unsigned long size), unsigned long size);
    void (*keep)(void *p);
};

#endif
