/* Ways to make a page unreadable; each returns whether the system can. */
#ifndef GCALLOC_TESTS_ROOTS_GUARDS_H
#define GCALLOC_TESTS_ROOTS_GUARDS_H

#include "place.h"

bool by_mprotect(char *page, size_t bytes);
bool by_madvise(char *page, size_t bytes);

/* A file is mapped there, and is empty. */
bool by_truncation(char *page, size_t bytes);

#endif
