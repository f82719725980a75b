/* What a process can be asked. */
#ifndef GCALLOC_REPORT_LIVE_REQUESTS_H
#define GCALLOC_REPORT_LIVE_REQUESTS_H

#include <stdbool.h>

#include "report/live/answer.h"

/* Answers a request.  Returns false if there is none like it, or it is refused; the answer says why. */
bool requests_answer(const char *request, struct answer_text *a);

#endif
