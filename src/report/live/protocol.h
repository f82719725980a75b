/* What the command gcalloc and a process that it asks say to each other, which the two have in common.
 *
 * The socket has the process's number in its name, and when the process began, as the system gives numbers out
 * again.  One who connects sends a line, a request with its arguments between blanks.  What comes back begins with a
 * line of LIVE_ANSWER: whether the request was answered ("ok") or refused ("no"), and how many bytes follow; with
 * fewer the process has ended meanwhile.  Then the socket is closed. */
#ifndef GCALLOC_REPORT_LIVE_PROTOCOL_H
#define GCALLOC_REPORT_LIVE_PROTOCOL_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define LIVE_NAME "gcalloc.%d.%llu"
#define LIVE_ANSWER "gcalloc 1 %s %zu\n"

enum {
    LIVE_NAME_MOST = 64,
    LIVE_REQUEST_MOST = 128, /* bytes, with the end of the line */
};

/* The name for a process of which /proc has this in the file `stat`: the 22nd field says when it began.
 * false: it has not. */
static inline bool live_name(char name[LIVE_NAME_MOST], int process, const char *stat)
{
    const char *at = strrchr(stat, ')');
    for (int field = 2; at && field < 22; field++) {
        at = strchr(at, ' ');
        at += at != NULL;
    }
    unsigned long long began;
    if (!at || sscanf(at, "%llu", &began) != 1)
        return false;
    snprintf(name, LIVE_NAME_MOST, LIVE_NAME, process, began);
    return true;
}

#endif
