/* Whether a call of exec will find its program, as far as that can be seen before. */
#ifndef GCALLOC_WORLD_EXECUTABLE_H
#define GCALLOC_WORLD_EXECUTABLE_H

#include <stdbool.h>

/* Arguments as execveat has them.  Changes errno. */
bool executable_at(int directory, const char *path, int flags);

/* The file as execvpe looks for it.  Changes errno. */
bool executable_in_path(const char *file);

#endif
