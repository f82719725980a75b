/* What the unit tests share. */
#ifndef GCALLOC_UNIT_SUPPORT_H
#define GCALLOC_UNIT_SUPPORT_H

#include <check.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "heap/block.h"
#include "heap/cache.h"
#include "heap/heap.h"
#include "suites.h"

/* An assertion for loops: unlike those of Check it costs nothing while it holds. */
#define ENSURE(condition) (LIKELY(condition) ? (void)0 : ck_abort_msg("%s", #condition))

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

/* A random number below `sides`.  Each test starts at the same seed. */
uint32_t roll(uint32_t sides);
void shuffle(uint32_t *numbers, uint32_t count);

/* Zeroed memory of the C library's, which collections do not scan, as they do static data in each test: with
 * some 10 MiB of arrays there that took the tests longer than what they are about. */
void *zeroed(size_t count, size_t size);

/* From now on log lines go to a file; logged() returns those since its last call. */
void log_capture(void);
const char *logged(void);

/* Runs body(argument) in a child process, which must abort with `message` in the log. */
void expect_abort(void (*body)(void *), void *argument, const char *message);

/* One way to break a structure, and the condition that its check then names. */
struct damage {
    void (*damage)(void);
    const char *condition;
};

/* In a child process, where start() makes what check() finds sound, that aborts with this condition
 * in the log once the damage is done. */
void expect_caught(const struct damage *d, void (*start)(void), void (*check)(void));

/* Bytes of address space that the process has mapped. */
size_t address_space(void);

/* The process has as much mapped as before, but for what the break leaves.  errno stays. */
void check_address_space(size_t before);

/* How many pages of a range hold memory. */
size_t resident_pages(const void *start, size_t bytes);

/* The backend under test: UNIT_OS=sbrk in the environment, else mmap. */
const struct os_space *tested_space(void);

/* Under sbrk others move the break too: there may be gaps, and not all goes back. */
bool breaks_apart(void);
bool make_heap(struct heap *h, size_t reserve, bool end_pointers);
bool make_arena(struct heap *h, size_t reserve);

/* For blocks that lie where there is room. */
extern struct unit_run no_unit_run;

/* A heap of its own for each test, and a cache in it, or two. */
struct fixture {
    struct heap heap;
    struct cache *cache; /* the one that is used */
    struct cache *other; /* NULL: none.  fixture_destroy sees to it */
};
void fixture_create(struct fixture *f);
void fixture_destroy(struct fixture *f);
void fixture_check(struct fixture *f);

/* What gc_alloc and gc_free do, in that heap. */
void *fixture_alloc(struct fixture *f, enum kind kind, size_t size);
void fixture_free(struct fixture *f, void *object);

/* The object's state byte; NULL: the address is in no slot. */
struct cell object_of(const struct fixture *f, const void *object);
uint8_t *state_of(const struct fixture *f, const void *object);

/* Calls attempt(argument) with its first system call refused, then its second, and so on
 * (`onwards`: and all after that), until it needs no more calls than are granted. Returns
 * how often it was called.  An attempt returns false when it failed. */
unsigned refuse_each_call(bool (*attempt)(void *), void *argument, bool onwards);

bool all_bytes_are(const void *memory, size_t bytes, uint8_t value);

/* For large memory: writes a word to each page, and looks whether each has it. */
void fill_pages(uintptr_t low, uintptr_t high, uint64_t value);
bool pages_hold(uintptr_t low, uintptr_t high, uint64_t value);

#endif
