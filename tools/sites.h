/* Where memory is allocated: stacks as they are shown, and their figures by the place in the program. */
#ifndef GCALLOC_TOOLS_SITES_H
#define GCALLOC_TOOLS_SITES_H

#include "replay.h"
#include "symbols.h"

/* The functions of a stack, innermost first, as far as main. */
struct shown_stack {
    const struct symbol **list;
    size_t count, room;
};

/* Fills in the stack, whose memory is used again. */
void show_stack(struct shown_stack *shown, struct symbolizer *s,
                const struct recording *r, size_t stack);

/* The innermost function that is not the C++ library's: the place in the program that allocates.
 * NULL: the stack is not known. */
const struct symbol *stack_site(const struct shown_stack *shown);

struct site {
    const char *function, *file; /* NULL: not known */
    int line;
    struct use use, before; /* `before`: in the recording that is compared with */
    size_t heaviest;        /* of its stacks, by the measure that sites are sorted by */
    double weight;          /* of that stack */
};

struct sites {
    struct site *list;
    size_t count, room;
    enum measure by;
};

/* Whether both are at one place. */
bool site_is_same(const struct site *a, const struct site *b);

/* Adds the figures of a recording; with `before` of the one that is compared with. */
void sites_add(struct sites *sites, const struct replay *p, struct symbolizer *s,
               bool before);

/* Most bytes of the measure first; where recordings are compared, the largest change. */
void sites_sort(struct sites *sites);
void sites_free(struct sites *sites);

#endif
