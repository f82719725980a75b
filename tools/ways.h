/* What holds the objects that are alive at the end of a program: as recordings have it of some of them. */
#ifndef GCALLOC_TOOLS_WAYS_H
#define GCALLOC_TOOLS_WAYS_H

#include "report.h"

/* What the root is.  The text is the caller's to free. */
char *way_root(const struct reading *r, const struct way *w);

/* The place in the program that allocated the step's object; NULL: it is not known.  `shown` is used. */
const struct symbol *step_site(const struct reading *r, const struct step *s,
                               struct shown_stack *shown);

void print_ways(const struct reading *r); /* as text, of the heaviest */
void write_ways(const struct reading *r); /* as JSON, all */

#endif
