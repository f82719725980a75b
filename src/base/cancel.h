/* Keeps a pending cancellation of the calling thread from acting while it is in the library.
 * The library's own system calls are no cancellation points (base/sys.h); what it calls of
 * other libraries may be: the unwinder's pipe, files of debug information, the loader.  The
 * outermost slow path that leads there holds cancellation off; it stays pending and acts at the
 * program's next cancellation point. */
#ifndef GCALLOC_BASE_CANCEL_H
#define GCALLOC_BASE_CANCEL_H

/* cancel_hold_off and cancel_let_in nest.  Both are called in the same thread, and may be
 * interrupted by handlers that call them, too. */
void cancel_hold_off(void);
void cancel_let_in(void);

#endif
