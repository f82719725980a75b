/* Keeps a library from being loaded, whatever asks for it by its name.  No file and no
 * environment of the program's is changed for that. */
#ifndef GCALLOC_REPORT_OFFLINE_H
#define GCALLOC_REPORT_OFFLINE_H

/* Loads a library without any content that is called `name`: dlopen of this name returns it
 * until dlclose.  NULL: that cannot be done, or not be known to work. */
void *offline_take_name(const char *name);

#endif
