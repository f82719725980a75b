/* One thread that keeps an object where a test wants it, and one that collects. */
#ifndef TESTS_THREADS_STAGE_H
#define TESTS_THREADS_STAGE_H

#include "threads.h"

enum { COLLECTIONS = 100 };

struct stage {
    uintptr_t hidden; /* the object */
    int kept, told;   /* by the keeper, and by the main thread */

    /* For the keeper: attributes, and what interrupts it when it is told; or NULL. */
    const pthread_attr_t *attributes;
    pthread_t (*begin)(void *(*keeper)(void *)); /* in place of pthread_create; or NULL */
    void (*interrupt)(pthread_t);
};

extern struct stage stage;

/* The keeper: it holds the object now, until it is told otherwise. */
void keep(void);
void await_word(void); /* that, for a keeper that has set `kept` itself */

/* The keeper: it holds it no more. */
void gone(void);

/* A keeper whose stack holds it. */
void *keep_on_stack(void *argument);

void collect(int times);

/* Runs the keeper once for each of several sizes: the object survives COLLECTIONS
 * collections with its contents while it is kept, and is gone after the next one when it is
 * kept no more. */
void check_place(void *(*keeper)(void *));

/* The halves of that, for one size. */
pthread_t begin_place(void *(*keeper)(void *), size_t size);
void check_kept(size_t size);
void check_gone(size_t size);

#endif
