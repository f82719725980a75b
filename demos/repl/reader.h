/* Where single lines come from. */
#ifndef REPL_READER_H
#define REPL_READER_H

#include "line.h"

enum reading { READ_LINE, READ_INTERRUPTED, READ_END };

struct reader {
    bool (*begin)(const struct line_settings *settings); /* false: it cannot be used */

    /* Sets *line to the next one, with its line feed, valid until the next call. */
    enum reading (*read)(const char *prompt, const char **line);
    void (*end)(void);
};

/* NULL: there is none. */
extern const struct reader *const editing_reader;

/* Whether Ctrl-C was pressed since the last call. */
bool line_was_interrupted(void);

#endif
