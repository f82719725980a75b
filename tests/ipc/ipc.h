/* What the tests of <gcalloc/ipc.h> have in common. */
#ifndef TESTS_IPC_IPC_H
#define TESTS_IPC_IPC_H

#include <check.h>
#include <errno.h>
#include <gcalloc/ipc.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

TCase *queue_case(void);
TCase *map_case(void);
TCase *rwlock_case(void);
TCase *event_case(void);
TCase *steps_case(void);
TCase *storms_case(void);

/* A case whose tests have a region of their own, in a process of their own. */
TCase *case_with_region(const char *name);
extern gc_region *region;

/* A process that runs body(data) and ends with what that returns; it has no use for Check. */
pid_t spawn(int (*body)(void *data), void *data);

/* Waits for its end, and returns what it ended with; more than 255: a signal. */
int status_of(pid_t process);
#define REQUIRE_ENDS(process) ck_assert_int_eq(status_of(process), 0)

/* Zeroed memory that the test shares with its processes, outside of the region. */
void *share(size_t bytes);

/* In a process that is not to use Check: what has to hold. */
void require(bool holds, const char *what);
#define REQUIRE(holds) require(holds, #holds)

/* An object of 16 bytes with a number in it, and the number. */
void *number_new(uint64_t number);
uint64_t number_of(const void *object);

/* In the test: a bracket. */
void begin(void);
void end(void);

/* For a short time others run. */
void pause_for(unsigned microseconds);

#endif
