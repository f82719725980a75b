/* The fast paths alone, for counting their instructions (bench/instructions).
 *
 *   fastpath fresh|atomic|pair|resize COUNT
 *
 * fresh: new objects of 32 bytes, never freed; atomic: the same without pointers; pair: an
 * object of 32 bytes and its free, again and again, so that each comes from what was freed
 * last; resize: an object without pointers gets 24 bytes and 32 in turn, for which nothing
 * is zeroed or moved. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peer.h"

static void *volatile sink;

/* A function of its own, in which the instructions of an inlined allocation are counted:
 * with its return, and without the call. */
__attribute__((noinline)) void *fastpath_alloc(void);
void *fastpath_alloc(void)
{
    return PEER_ALLOC(32);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s fresh|atomic|pair|resize COUNT\n", argv[0]);
        return 2;
    }
    long count = atol(argv[2]);
    peer_init();
    if (strcmp(argv[1], "fresh") == 0) {
        for (long i = 0; i < count; i++)
            sink = fastpath_alloc();
    } else if (strcmp(argv[1], "atomic") == 0) {
        for (long i = 0; i < count; i++)
            sink = peer_alloc_atomic(32);
    } else if (strcmp(argv[1], "resize") == 0) {
        sink = peer_alloc_atomic(32);
        for (long i = 0; i < count; i++)
            sink = peer_realloc(sink, i % 2 ? 32 : 24);
    } else {
        for (long i = 0; i < count; i++) {
            sink = peer_alloc(32);
            peer_free(sink);
        }
    }
    return 0;
}
