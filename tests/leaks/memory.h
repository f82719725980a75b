/* The programs' memory: of gcalloc, manual or under leaks=all, or of malloc for the other
 * leak detectors. */
#ifndef GCALLOC_TESTS_LEAKS_MEMORY_H
#define GCALLOC_TESTS_LEAKS_MEMORY_H

#if defined WITH_MALLOC
#include <stdlib.h>
#define NEW(size) calloc(1, size)
#define NEW_DATA(size) malloc(size)
#define RESIZE(p, size) realloc(p, size)
#define DELETE(p) free(p)
#elif defined WITH_MANAGED
#include <gcalloc/gcalloc.h>
#define NEW(size) gc_alloc(size)
#define NEW_DATA(size) gc_alloc_atomic(size)
#define RESIZE(p, size) gc_realloc(p, size)
#define DELETE(p) gc_free(p)
#else
#include <gcalloc/gcalloc.h>
#define NEW(size) gc_alloc_manual(size)
#define NEW_DATA(size) gc_alloc_manual_atomic(size)
#define RESIZE(p, size) gc_realloc(p, size)
#define DELETE(p) gc_free(p)
#endif

#endif
