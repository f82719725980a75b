/* What the tests of bad frees share. */
#ifndef TESTS_BADFREE_H
#define TESTS_BADFREE_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>

/* Bits of a loop test's number. */
enum { STACKS = 1, REALLOC = 2, VARIANTS = 4 };

extern struct test {
    bool stacks;
    const char *function; /* under test */
    int captured;         /* descriptor of the log */
} test;

/* The first call of each test, with its number: what can be set at the start only is why each test
 * is a process. */
void begin(int variant);

/* What has been reported since the last call. */
const char *reported(void);

/* Gives the pointer to the function under test, which must leave it alone. */
const char *give(void *p);

/* The heap works: objects keep their contents through collections, which are verified, and no two
 * are at one place. */
void check_heap(void);

/* The report has this line, somewhere; it has not this text, anywhere. */
void assert_line(const char *report, const char *line);
void assert_no(const char *report, const char *text);

/* Gives the pointer: the report begins with this title, and has the line `detail`. */
const char *expect(void *p, const char *what, const char *detail);

/* As a report has it: the requested size is known with the stacks only. */
size_t shown_size(void *p, size_t requested);

/* Gives a pointer so far into the object. */
void expect_interior(char *p, size_t offset, size_t requested);

/* Gives a pointer to an empty slot of 48 bytes. */
const char *expect_freed(void *p);

/* The tests of badpointers.c. */
void add_pointers(TCase *t);

#endif
