/* Questions about the heap that a collection answers: what is lost, what holds an object. */
#ifndef GCALLOC_COLLECT_QUESTION_H
#define GCALLOC_COLLECT_QUESTION_H

struct cycle;

/* Runs a collection, which calls the function once, with the world stopped and all marked but what
 * only manual objects reach: it is a phase (collect/phase.h) of the rank PHASE_LEAKS.  Where
 * nothing can be collected, it is not called.  One question at a time: reports take turns. */
void question_ask(void (*answer)(struct cycle *c));

#endif
