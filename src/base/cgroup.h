/* What the system lets a group of processes have.  Nothing is watched: an answer is of
 * the moment of the question.  What cannot be found out is never taken for a limit. */
#ifndef GCALLOC_BASE_CGROUP_H
#define GCALLOC_BASE_CGROUP_H

#include <stddef.h>

/* The least memory limit of the control groups that this process is in, of either
 * version; SIZE_MAX if there is none, or it cannot be found out.  `root` comes before
 * every path: "" stands for the system's own. */
size_t cgroup_limit(const char *root);

/* Opens what the kernel tells of how long tasks wait for memory (PSI): those of the nearest group that has
 * such a file, which version 2 has, else those of the machine.  Returns a descriptor, or -1. */
int cgroup_open_pressure(const char *root);

#endif
