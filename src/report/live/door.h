/* The thread that those who ask come to: it lets in who may ask, reads requests, and sends what the desk has
 * answered, so that nobody who is slow or means ill keeps anything but this thread waiting.
 *
 * It has a table of descriptors of its own: the program neither sees the sockets nor can close them, its
 * limit is not touched, and no child gets a copy. */
#ifndef GCALLOC_REPORT_LIVE_DOOR_H
#define GCALLOC_REPORT_LIVE_DOOR_H

#include <stdbool.h>

/* Starts the thread, and waits until somebody can come, or nobody ever can; a second at most.  false: there is no
 * thread to be had.  The desk is there. */
bool door_begin(void);

/* For world/own.h. */
void door_ask_to_end(void);
void door_has_ended(void);
void door_forked(void);

#endif
