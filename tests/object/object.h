/* The test cases of what happens at the end of an object's life, one per file. */
#ifndef GCALLOC_TESTS_OBJECT_OBJECT_H
#define GCALLOC_TESTS_OBJECT_OBJECT_H

#include <check.h>

TCase *counted_case(void);
TCase *mixed_case(void);
TCase *keyed_case(void);
TCase *values_case(void);
TCase *memory_case(void);
TCase *hosted_case(void);
TCase *ephemerons_case(void);
TCase *finalizers_case(void);
TCase *order_case(void);
TCase *weak_case(void);
TCase *guardians_case(void);
TCase *running_case(void);
TCase *hooks_case(void);
TCase *apart_case(void);
TCase *graphs_case(void);
TCase *weakmaps_case(void);
TCase *weakmap_use_case(void);
TCase *shared_case(void);
TCase *storm_case(void);

#endif
