/* What the system lets a group of processes have.  Nothing is watched: an answer is of
 * the moment of the question.  What cannot be found out is never taken for a limit. */
#ifndef GCALLOC_BASE_CGROUP_H
#define GCALLOC_BASE_CGROUP_H

#include <stddef.h>

/* The least memory limit of the control groups that this process is in, of either
 * version; SIZE_MAX if there is none, or it cannot be found out.  `root` comes before
 * every path: "" stands for the system's own. */
size_t cgroup_limit(const char *root);

#endif
