/* Loads libraries that reports need and the program need not have. */
#ifndef GCALLOC_REPORT_GUEST_H
#define GCALLOC_REPORT_GUEST_H

/* The library, which stays loaded; NULL: it is not there, or must not be loaded.  Under the lock of reports. */
void *guest_open(const char *name);

/* As dlopen, if the program has loaded the library; else NULL. */
void *guest_find(const char *name);

#endif
