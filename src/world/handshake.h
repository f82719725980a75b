/* Brings the registered threads to a stop. */
#ifndef GCALLOC_WORLD_HANDSHAKE_H
#define GCALLOC_WORLD_HANDSHAKE_H

#include <stdbool.h>
#include <stdint.h>

enum handshake {
    ALL_STOPPED,
    SOME_WAIT, /* one may wait, with the signal blocked, for one that is stopped */
    SOME_RUN,
};

/* Part of a stop of the world: tells each registered thread but the calling one to stop, if
 * that `can_tell` them, and waits for it.  A thread that blocks the signal, or that the system
 * holds, is waited for once until a second or so after `first`, in milliseconds (ten seconds where
 * /proc does not tell), which is said in the log; after that, until it stops again, a tenth of a
 * second at most. */
enum handshake handshake(bool can_tell, uint64_t first);

#endif
