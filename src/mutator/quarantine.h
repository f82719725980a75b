/* The quarantine: objects that the program has freed and whose memory nobody gets yet.
 *
 * With option poison their memory has a pattern, which a write after the free spoils: it is looked for
 * when they leave, in full collections, and when the program ends.  With option quarantine they leave when a
 * full cycle has found nothing that points to them; without it, the oldest first, when they are too many.
 * By their states they are RESERVED, in no cache (reserved_apart of the heap); by their sites, SITE_HELD.
 * Objects with a layout are not kept; those without a magazine are, with option poison, in another way
 * (barred.h). */
#ifndef GCALLOC_MUTATOR_QUARANTINE_H
#define GCALLOC_MUTATOR_QUARANTINE_H

#include "heap/observe.h"
#include "mutator/fault.h"

struct cycle;

/* The heap has just been made, with sites: from now on what is freed is kept for a while. */
void quarantine_begin(struct heap *h);

/* Both let those go whose time it is, by a thread that has a cache, in no critical section:
 * quarantine_trim the oldest, if they are too many, where the program frees; quarantine_poll those that nothing
 * points to, if a collection is to look for that, where it allocates. */
void quarantine_trim(struct heap *h);
void quarantine_poll(struct heap *h);

/* All that may go does now: what the last full cycle has found that nothing points to, or without option quarantine
 * everything; quarantine_empty has such a cycle run before. */
void quarantine_let_go(struct heap *h);
void quarantine_empty(struct heap *h);

/* The bytes of what is kept; roughly right while other threads free. */
size_t quarantine_bytes(void);

/* In a pause, in which faults_try may be used: how many there are, and whether one of them was
 * written to; then `f` says what, and the pattern is as it was. */
size_t quarantine_count(void);
bool quarantine_find(const struct heap *h, size_t i, struct fault *f);

/* In the pause of a full cycle, when all is marked: finds which of them something points to, and tells of
 * such pointers in data and in objects if option quarantine says so. */
void quarantine_judge(const struct cycle *c, void (*tell)(const struct fault *f));

/* Checks, in a pause, that what is kept is RESERVED, and that all of it is counted. */
void quarantine_check(const struct heap *h);

#endif
