/* The file of a module that is not loaded any more. */
#ifndef GCALLOC_REPORT_UNLOADED_H
#define GCALLOC_REPORT_UNLOADED_H

#include <stddef.h>

#include "trace/modules.h"

/* Where it was loaded from.  false: that is not known, or too long. */
bool unloaded_path(const struct module *m, char *path, size_t bytes);

/* Opens that file.  -1: it is not there, or is not what was loaded. */
int unloaded_open(const struct module *m, const char *path);

#endif
