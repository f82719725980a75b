/* The file of a module that is not loaded any more.  Nothing is read of it but what tells
 * whether it is the module's.  No file that was changed since is taken for it. */
#ifndef GCALLOC_REPORT_UNLOADED_H
#define GCALLOC_REPORT_UNLOADED_H

#include <stddef.h>

#include "trace/modules.h"

/* Opens the file at the path.  -1: there is none, or it is not what was loaded. */
int unloaded_open(const struct module *m, const char *path);

#endif
