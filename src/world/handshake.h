/* The handshake: brings the registered threads to a stop.  Foreign threads, and what a
 * thread does when it is told, are not its business.  A thread counts as stopped only
 * once a stop has claimed it, which needs it to be safe. */
#ifndef GCALLOC_WORLD_HANDSHAKE_H
#define GCALLOC_WORLD_HANDSHAKE_H

#include <stdbool.h>
#include <stdint.h>

enum handshake {
    ALL_STOPPED,
    SOME_WAIT, /* one may wait, with the signal blocked, for a thread that is stopped */
    SOME_RUN,
};

/* Tells each registered thread but the calling one to stop, if that `can_tell` them, and
 * waits for it, as a part of a stop of the world.  A thread that blocks the signal, or
 * that the system holds, is waited for once until a second or so after `first`, in
 * milliseconds (ten seconds where /proc does not tell), which is said in the log; after
 * that, until it stops again, a tenth of a second at most. */
enum handshake handshake(bool can_tell, uint64_t first);

#endif
