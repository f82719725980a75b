/* A mismatch goes back to the last wildcard for any text only: it takes one character more. */
#include "report/glob.h"

#include <stddef.h>

bool glob_matches(const char *glob, const char *text)
{
    const char *behind = NULL; /* the last GLOB_TEXT */
    const char *taken = NULL;  /* the end of what it stands for */
    for (;;) {
        if (*glob == GLOB_TEXT) {
            behind = ++glob;
            taken = text;
        } else if (!*text && !*glob) {
            return true;
        } else if (*text && (*glob == *text || *glob == GLOB_CHARACTER)) {
            glob++;
            text++;
        } else if (behind && *taken) {
            glob = behind;
            text = ++taken;
        } else {
            return false;
        }
    }
}
