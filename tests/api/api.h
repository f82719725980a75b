/* What the test files of the public functions share. */
#ifndef TESTS_API_H
#define TESTS_API_H

#include <check.h>
#include <errno.h>
#include <gcalloc/gcalloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "base/bits.h"

/* ---- The suites: one per file --------------------------------------------------- */

Suite *allocate_suite(void);
Suite *aligned_suite(void);
Suite *zero_suite(void);
Suite *object_suite(void);
Suite *resize_suite(void);
Suite *free_suite(void);
Suite *collect_suite(void);
Suite *roots_suite(void);
Suite *option_suite(void);
Suite *stats_suite(void);
Suite *memory_suite(void);
Suite *process_suite(void);
Suite *pace_suite(void);
Suite *idle_suite(void);
Suite *compact_suite(void);
Suite *nothing_suite(void);

/* Adds a test case of its own name, with the time that a slow machine may need. */
#define ADD(suite, test) add_case(suite, #test, test)
void add_case(Suite *s, const char *name, const TTest *test);
TCase *new_case(Suite *s, const char *name); /* without tests, in the suite */

/* An assertion for loops: Check sends a message for each of its own, also while it holds. */
#define ENSURE(condition) ((condition) ? (void)0 : ck_abort_msg("%s", #condition))

/* ---- Sizes ------------------------------------------------------------------------ */

/* Sizes on both sides of every boundary: granules, classes, units, pages. */
size_t interesting_sizes(const size_t **sizes);

/* A number that the compiler does not know. */
static inline size_t opaque(size_t n)
{
    volatile size_t v = n;
    return v;
}

/* ---- Contents --------------------------------------------------------------------- */

bool is_filled(const void *memory, size_t bytes, int value);

/* A pattern of its own for each seed; none of its words looks like an address. */
void write_pattern(void *memory, size_t bytes, unsigned seed);
bool has_pattern(const void *memory, size_t bytes, unsigned seed);

/* ---- Addresses that the collector does not see --------------------------------------
 */

static inline uintptr_t hide(const void *p)
{
    return ~(uintptr_t)p;
}

static inline void *reveal(uintptr_t hidden)
{
    return (void *)~hidden;
}

/* A function that handles bare addresses in a frame and in registers of its own, also where
 * the linker optimizes all files together: inlined into a test it would leave them in the
 * test's frame, where collections find them. */
#ifdef __clang__
#define APART __attribute__((noinline))
#else
#define APART __attribute__((noipa))
#endif

/* Is there an object that starts at the hidden address? */
APART bool lives(uintptr_t hidden);

/* How many of them there are. */
APART size_t count_living(const uintptr_t *hidden, size_t count);

/* A collection from a stack that holds nothing of what ran before. */
APART void collect_clean(void);

/* Calls `function(argument)` in a deeper frame, and overwrites what it left there. */
APART void run_apart(void (*function)(void *argument), void *argument);

/* ---- The heap's own view -------------------------------------------------------------
 */

/* Every invariant of the heap holds, or the program aborts. */
void check_heap_sound(void);

struct gc_stats stats_now(void);

/* ---- What goes to stderr --------------------------------------------------------------
 */

void capture_begin(void);

/* Ends the capture.  The text stays valid until the next one begins. */
const char *capture_end(void);

/* What the child process, which runs `body` and exits with 0, wrote to stderr. */
const char *output_of_child(void (*body)(void));

/* How often `part` occurs in the text. */
size_t occurrences(const char *text, const char *part);

#endif
