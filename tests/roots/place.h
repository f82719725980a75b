/* Places where a pointer may be, and exact observation of what they keep alive.
 *
 * Victims are objects of many sizes whose addresses the test itself keeps only disguised.
 * A place is filled with pointers to them: all must survive with their contents.  It is
 * cleared: all must be gone after one collection.
 *
 * No tolerance for stale words is needed.  Whatever handles a bare pointer runs by
 * deeply(), in frames so far down that the frames of a collection never lie on their
 * remains, and which are overwritten afterwards for those collections that scan a stack
 * whole.  Callee-saved registers hold what the test's own frames put there, and these
 * never hold a bare pointer. */
#ifndef GCALLOC_TESTS_ROOTS_PLACE_H
#define GCALLOC_TESTS_ROOTS_PLACE_H

#include <check.h>
#include <gcalloc/gcalloc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A function with a frame of its own, and with the arguments that it says. */
#ifdef __clang__
#define NOINLINE __attribute__((noinline))
#else
#define NOINLINE __attribute__((noipa))
#endif

enum {
    VICTIMS = 64,
    COLLECTIONS = 30,
};

/* Runs work(argument) far down the stack and overwrites what it left there. */
NOINLINE void deeply(void (*work)(void *), void *argument);

void collect(unsigned times);

/* An address in a form that the collector does not recognise, and back. */
uintptr_t hide(const void *p);
void *reveal(uintptr_t hidden);

/* How many of the `count` hidden addresses belong to living objects. */
size_t count_living(const uintptr_t *hidden, size_t count);

/* Fills an object with bytes of which no eight look like an address, and looks whether
 * they are there. */
void write_pattern(void *object, size_t size, size_t seed);
bool has_pattern(const void *object, size_t size, size_t seed);

/* ---- Victims ------------------------------------------------------------------- */

struct victims {
    uintptr_t hidden[VICTIMS];
};

/* The structure lies in memory of the C library's malloc, which is never scanned. */
struct victims *victims_create(void);

/* A new object, the i-th victim.  For use under deeply() only. */
void *victim_allocate(struct victims *v, size_t i);

size_t victims_living(const struct victims *v);

/* Fails the test unless all are alive, with their contents. */
void victims_assert_intact(const struct victims *v);

/* Fails the test unless all are gone after one collection. */
void victims_assert_gone(const struct victims *v);

/* ---- Places -------------------------------------------------------------------- */

/* put(where, i, p) has the place keep the i-th victim; p NULL: nothing any more. */
struct place {
    void (*put)(void *where, size_t i, void *p);
    void *where;
};

/* An array of VICTIMS words. */
struct place place_words(void **words);

struct victims *place_fill(struct place place);
void place_clear(struct place place);

/* The whole life: filled, intact after COLLECTIONS collections, cleared, gone. */
void place_check(struct place place);

/* The test cases, one per file. */
TCase *registers_case(void);
TCase *expressions_case(void);
TCase *frames_case(void);
TCase *objects_case(void);
TCase *statics_case(void);
TCase *streams_case(void);
TCase *polled_case(void);
TCase *threads_case(void);
TCase *named_case(void);
TCase *signals_case(void);
TCase *elsewhere_case(void);
TCase *coroutines_case(void);
TCase *ends_case(void);
TCase *guards_case(void);
TCase *deaths_case(void);

#endif
