/* The printer's parts. */
#ifndef SCHEME_PRINT_H
#define SCHEME_PRINT_H

#include "port.h"

/* What has parts that are printed with it. */
static inline bool is_structure(value v)
{
    return is_pair(v) || has_type(v, TYPE_VECTOR);
}

/* label.c: a table of those that need a label, each with FALSE; NULL if there are none. */
struct table *labels_find(value v, enum labels which);

/* print-atom.c: of what is no structure. */
void print_atom(struct port *port, value v, bool write);

#endif
