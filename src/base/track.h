/* What the tools that watch memory must be told: valgrind, when its header is there at
 * build time.  The requests are a few no-ops when the program does not run under it.  A
 * conservative scan branches on words that may never have been written: between
 * track_scan_begin and track_scan_end that is no error. */
#ifndef GCALLOC_BASE_TRACK_H
#define GCALLOC_BASE_TRACK_H

#include <config.h>
#include <stdbool.h>

#if HAVE_VALGRIND_MEMCHECK_H
#include <valgrind/memcheck.h>
#define track_is_watched() (RUNNING_ON_VALGRIND != 0)
#define track_scan_begin() VALGRIND_DISABLE_ERROR_REPORTING
#define track_scan_end() VALGRIND_ENABLE_ERROR_REPORTING
#else
#define track_is_watched() false
#define track_scan_begin() ((void)0)
#define track_scan_end() ((void)0)
#endif

#endif
