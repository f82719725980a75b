/* Lines that the user types, where there is no libedit. */
#include "prolog.h"

#include <string.h>

char *line_read(const char *prompt)
{
    size_t length = 0, capacity = 128;
    char *line = allocate_atomic(capacity);
    int c;
    fputs(prompt, stdout);
    fflush(stdout);
    while ((c = getchar()) != EOF && c != '\n') {
        if (length + 1 == capacity)
            line = check_memory(gc_realloc(line, capacity *= 2));
        line[length++] = (char)c;
    }
    line[length] = '\0';
    return c == EOF && length == 0 ? NULL : line;
}
