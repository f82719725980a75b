/* Where the debugging information of a program or library lies, if not in its own file: found
 * among the files of this machine, never by the network. */
#ifndef GCALLOC_REPORT_DEBUGFILE_H
#define GCALLOC_REPORT_DEBUGFILE_H

#include <stdbool.h>
#include <stddef.h>

/* Opens the file for a module with this path (NULL: not known), build-id and debug link (NULL:
 * it has none).  `fits` says whether a descriptor is of the right file.  -1: there is none. */
int debugfile_open(const char *module, const unsigned char *id, size_t id_bytes,
                   const char *link, bool (*fits)(int file, void *argument),
                   void *argument);

#endif
