/* Names of C++ as programs have them. */
#ifndef GCALLOC_REPORT_DEMANGLE_H
#define GCALLOC_REPORT_DEMANGLE_H

/* What the name is an encoding of, for free(); NULL: it is none, or nobody knows.  NULL of NULL.  Under the lock of
 * reports. */
char *demangle(const char *name);

#endif
