/* The thread that answers requests.  It has the program's descriptors, and does one request after the other, as any
 * thread of the program that called the library would: it is registered meanwhile, and stopped by collections. */
#ifndef GCALLOC_REPORT_LIVE_DESK_H
#define GCALLOC_REPORT_LIVE_DESK_H

#include <stdbool.h>

#include "report/live/answer.h"

/* Starts the thread; false: there is none to be had. */
bool desk_begin(void);

/* Has the request answered, and waits for that.  It and the answer are the desk's and the caller's in turn: the
 * answer is the caller's from the return until desk_take_back.  Returns false if the thread ends.  *known: there is
 * such a request, and its arguments are right.  One thread calls these. */
bool desk_ask(const char *request, bool *known);
const struct answer_text *desk_answer(void);
void desk_take_back(void);

/* Has the thread say in the log why nobody can ask, and end. */
void desk_complain(const char *why, int error);

/* For world/own.h. */
void desk_ask_to_end(void);
void desk_has_ended(void);
void desk_forked(void);

#endif
