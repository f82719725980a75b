/* Having the dynamic loader preload the library that is a program's malloc. */
#ifndef GCALLOC_TOOLS_PRELOAD_H
#define GCALLOC_TOOLS_PRELOAD_H

/* The library's path, in memory that is the caller's: what GCALLOC_MALLOC says, or as it lies to this
 * command, where that was built or where it was installed.  NULL: it is said that it is missing. */
char *preload_find(void);

/* Sets LD_PRELOAD and GCALLOC_OPTIONS for the program.  What they hold stays: the library comes before
 * others, and these options after those, so that the command line decides.  DONE, or it is said what is
 * wrong. */
int preload_set(const char *library, const char *options);

#endif
