/* The test cases of typed objects, one per file, and the ways in which each test runs. */
#ifndef GCALLOC_TESTS_TYPED_TYPED_H
#define GCALLOC_TESTS_TYPED_TYPED_H

#include "../roots/place.h"

TCase *layouts_case(void);
TCase *refused_case(void);
TCase *together_case(void);
TCase *walks_case(void);
TCase *slabs_case(void);

/* Each test runs in WAYS ways: with the collector as it is, with every collection verified, with one marker, with
 * a collection at every few refills. */
enum { WAYS = 4 };

/* To be called first, with the number of the way. */
void in_way(int way);

/* The program's only pointers to what is to live. */
enum { KEPT = 64 };
extern void *kept[KEPT];

/* Overwrites what calls left on the stack, and collects. */
void collect_deeply(void);

/* From now on the log goes to a file; the lines since the last call. */
void log_begin(void);
const char *log_lines(void);

#endif
