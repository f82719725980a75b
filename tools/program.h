/* The program that is to run with the heap as its malloc. */
#ifndef GCALLOC_TOOLS_PROGRAM_H
#define GCALLOC_TOOLS_PROGRAM_H

/* Finds the program as execvp does.  Returns its path, in memory that is the caller's, or NULL when it is
 * said what is wrong, with *status. */
char *program_find(const char *name, int *status);

/* Looks whether the dynamic loader would preload a library of this command's kind for the program, or for the
 * interpreter of a script.  DONE, or it is said why not. */
int program_check(const char *path);

#endif
