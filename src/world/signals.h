/* The signal that stops threads. */
#ifndef GCALLOC_WORLD_SIGNALS_H
#define GCALLOC_WORLD_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

/* Its number. */
int signals_stop(void);

/* Unblocks it for the calling thread. */
void signals_open(void);

/* Installs the handler; option `signal` says for which signal. */
bool signals_install(void);

/* Sends it.  false: there is no such thread. */
bool signals_send(pid_t tid);

/* Blocks every signal but those that tell of a fault in the code that runs, for the
 * calling thread, and takes that back. */
void signals_block(sigset_t *saved);

/* The same, but the stop signal still comes: no handler of the program runs. */
void signals_block_handlers(sigset_t *saved);

void signals_restore(const sigset_t *saved);

#endif
