/* The fast paths alone, for counting their instructions (bench/instructions).
 *
 *   fastpath empty|fresh|pair COUNT
 *
 * empty: the loop; fresh: new objects of 32 bytes, never freed; pair: an object of 32
 * bytes and its free, again and again, so that each comes from what was freed last. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peer.h"

static void *volatile sink;

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s empty|fresh|pair COUNT\n", argv[0]);
        return 2;
    }
    long count = atol(argv[2]);
    peer_init();
    if (strcmp(argv[1], "empty") == 0)
        for (long i = 0; i < count; i++)
            sink = NULL;
    else if (strcmp(argv[1], "fresh") == 0)
        for (long i = 0; i < count; i++)
            sink = peer_alloc(32);
    else
        for (long i = 0; i < count; i++) {
            sink = peer_alloc(32);
            peer_free(sink);
        }
    return 0;
}
