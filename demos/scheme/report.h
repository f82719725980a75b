/* What is said of an error that nothing handles. */
#ifndef REPORT_H
#define REPORT_H

#include "scheme.h"

/* Where the machine is: the first place among the activations, or NULL.  The interpreter's own
 * procedures have none, so an error in them is shown where the program called them. */
const struct position *current_position(const char **file);

/* The global variable whose name is most like this one, if one is like it, or FALSE. */
value similar_name(const struct string *name);

#endif
