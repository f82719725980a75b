/* What the dynamic loader says of an address. */
#ifndef GCALLOC_REPORT_LOADED_H
#define GCALLOC_REPORT_LOADED_H

#include <dlfcn.h>
#include <stdbool.h>

/* dladdr, but that the program itself is named by its path.  The loader knows it by its first
 * argument only, which may be no path, and where some write what they are doing.  Returns false if
 * the address is in nothing that was loaded.  The caller holds the lock of reports. */
bool loaded_find(const void *address, Dl_info *info);

#endif
