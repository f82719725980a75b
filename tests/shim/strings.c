/* What strings that grow leave behind in memory: three that are alive go through all sizes to 64 KiB, as a shell's
 * variables do, and the memory that the program has come to is compared with what they are. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../check/resident.h"

enum { STRINGS = 3, STEP = 100, FROM = 8 << 10, LONGEST = (64 << 10) - 2 };

/* Each of the three sizes of slots of 8 to 64 KiB has two places at hand, and three that are in use at a time: five of
 * 16, 32 and 64 KiB are 560.  The rest is the library's: pages of tables, and of code's data, for what was first
 * used meanwhile. */
enum { MOST = (560 + 240) << 10 };

static char *strings[STRINGS];

/* As a shell does: the new one is there before the old one goes. */
static void lengthen(int i, size_t size)
{
    char *longer = malloc(size);
    if (!longer)
        exit(2);
    memset(longer, 'x', size);
    free(strings[i]);
    strings[i] = longer;
}

int main(void)
{
    lengthen(0, FROM);
    size_t before = anonymous_bytes();
    for (size_t size = FROM, i = 0; size < LONGEST; size += STEP, i++)
        lengthen((int)(i % STRINGS), size);
    size_t grown = anonymous_bytes() - before;
    fprintf(stderr, "%zu KiB more\n", grown >> 10);
    return before == 0 || grown > MOST;
}
