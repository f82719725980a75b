/* The suites of the program. */
#ifndef TESTS_FIT_SUITES_H
#define TESTS_FIT_SUITES_H

#include <check.h>

TCase *traces_case(void);
TCase *adaptive_case(void);

#endif
