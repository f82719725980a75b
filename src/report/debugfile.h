/* Where the debugging information of a program or library lies, if not in its own file: found
 * among the files of this machine, never by the network. */
#ifndef GCALLOC_REPORT_DEBUGFILE_H
#define GCALLOC_REPORT_DEBUGFILE_H

#include <stdbool.h>
#include <stddef.h>

struct debugfile {
    const char *module; /* path of the file that needs it; NULL: not known */
    const char *link;   /* the name that this file has for it; NULL: it has none */
    const unsigned char *id;
    size_t id_bytes;                        /* 0: it has no build-id */
    bool (*fits)(int file, void *argument); /* whether this is the right file */
    void *argument;
};

/* Opens the debugging information of a module, and writes the path to `found`, which holds
 * PATH_MAX bytes.  -1: there is none. */
int debugfile_open(const struct debugfile *wanted, char *found);

/* Opens what debugging information of several modules has in common (dwz), which one of their
 * files refers to; the link is a path then.  -1: it is not there. */
int debugfile_open_common(const struct debugfile *wanted);

#endif
