/* The test cases of young collections, one per file, and what they have in common. */
#ifndef GCALLOC_TESTS_YOUNG_YOUNG_H
#define GCALLOC_TESTS_YOUNG_YOUNG_H

#include "../check/notes_writes.h"
#include "../roots/place.h"

TCase *barrier_case(void);
TCase *writing_case(void);
TCase *unwritten_case(void);
TCase *lives_case(void);
TCase *process_case(void);
TCase *storm_case(void);
TCase *beside_case(void);
TCase *midst_case(void);
TCase *later_case(void);

/* Options for young collections: so many bytes between two of them, and each verified or not. */
void go_young(const char *bytes, bool verified);

void collect_young(unsigned times);

uint64_t young_collections(void);

/* An object with VICTIMS words for victims, where cells[i] is the i-th, and its only pointer. */
struct container {
    void **cells[VICTIMS];
    void *object;
};

/* Makes a container of that sort, and collects until it is old. */
enum { SORTS = 18 };
void container_make(struct container *c, int sort);

/* What else is to be done with an old container of that sort before it is written to. */
void container_alter(struct container *c, int sort);

/* A way to write to an old container, and the place that it makes: what is put there. */
typedef void write_way(void **cell, void *p);
struct writing {
    struct container *container;
    write_way *way;
};
struct place writing_place(struct writing *w);

/* Fills the place while young collections come: what is there lives, and is gone once it is cleared. */
void live_once(struct place place);

/* Makes a container of that sort, and fills it in each way in turn, each second time verified.  Sorts take turns at
 * which way is the first.  Returns how many young collections there were. */
uint64_t container_write(struct container *c, int sort, write_way *const *ways,
                         int way_count);

#endif
