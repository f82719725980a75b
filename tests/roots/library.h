/* What the test libraries keep pointers in: one is linked, the other loaded later. */
#ifndef GCALLOC_TESTS_ROOTS_LIBRARY_H
#define GCALLOC_TESTS_ROOTS_LIBRARY_H

/* Arrays of VICTIMS words. */
struct library_places {
    void **data, **bss, **thread_local_data, **thread_local_bss;
};

struct library_places linked_places(void); /* thread-local ones are initial-exec */
struct library_places later_places(void);  /* thread-local ones are dynamic */

typedef struct library_places (*library_places_fn)(void);

#endif
