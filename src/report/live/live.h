/* Option control: while the program runs, `gcalloc stat` and its like ask it by a socket, which the same user
 * may open.  Two threads of the library's own serve that; no system call of the program is ended by them but where
 * what is asked takes a stop.  A child of fork has a socket of its own, from when it takes memory for objects. */
#ifndef GCALLOC_REPORT_LIVE_LIVE_H
#define GCALLOC_REPORT_LIVE_LIVE_H

/* Starts to serve, if the option asks for it, and it is not done already.  Called where there is a heap, in no
 * critical section; the slow paths do.  Changes errno. */
void live_start(void);

#endif
