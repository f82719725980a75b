/* What the dynamic loader has loaded: the program, its libraries, and those in name spaces of
 * their own (dlmopen). */
#ifndef GCALLOC_TRACE_OBJECTS_H
#define GCALLOC_TRACE_OBJECTS_H

#include <link.h>
#include <stdbool.h>
#include <stdint.h>

/* How many objects were ever loaded, and how many of them are gone.  Where the C library does
 * not count, as musl, which unloads nothing, the second is 0. */
struct objects_counts {
    uint64_t added, removed;
};

/* `begin` is called first, and says whether to go on; then `visit` for each object, and after
 * the last one `end`.  `begin` and `end` may be missing.  The loader's lock is held all the
 * time, so that nothing comes or goes. */
struct objects_visitor {
    bool (*begin)(void *argument, struct objects_counts counts);
    void (*visit)(void *argument, const struct dl_phdr_info *object);
    void (*end)(void *argument);
    void *argument;
};

/* Not in a pause or a critical section. */
void objects_visit(const struct objects_visitor *visitor);

/* A number that stands for the set of loaded objects.  Two sets have different ones, unless an
 * object was replaced by one whose record and whose dynamic section are where its own were.
 * For `begin`. */
uint64_t objects_number(void);

/* Whether a number that objects_number returned is the present one, and nothing is about
 * to be unloaded.  For the stopped world: takes no lock. */
bool objects_unchanged(uint64_t number);

/* Whether nothing is being loaded or unloaded just now, as the loader tells debuggers.  Takes no lock. */
bool objects_are_settled(void);

#endif
