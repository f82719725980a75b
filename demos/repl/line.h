/* Input at a terminal, for read-eval-print loops: prompts, editing, history and completion where libedit is there,
 * input of several lines, and Ctrl-C.  What does not come from a terminal is read without prompts. */
#ifndef REPL_LINE_H
#define REPL_LINE_H

#include <stdbool.h>
#include <stddef.h>

struct line_settings {
    const char *name; /* of the program: history is kept in ~/.NAME_history */
    const char *prompt,
        *more; /* what is shown for the first line, and for those that follow */

    /* Whether the lines so far are all of it; else another one is read. */
    bool (*is_complete)(const char *text);

    /* The words to complete to: the Nth; NULL: there are no more.  They consist of letters, digits, _, and these
     * characters. */
    const char *(*word)(size_t n);
    const char *word_characters;

    /* Called in the signal's handler for Ctrl-C, to have what runs end soon. */
    void (*interrupt)(void);
};

/* From now on SIGINT is handled as `settings` say, which stay where they are. */
void line_begin(const struct line_settings *settings);

/* The next input, of one or more lines, each with its line feed.  Ctrl-C begins anew.  It is valid until the
 * next call.  NULL: there is no more. */
const char *line_read(void);

/* Past what is quoted by the character before, with backslashes as escapes; NULL: it is not closed. */
const char *line_skip_quoted(const char *text, char quote);

/* Saves the history.  SIGINT is as it was. */
void line_end(void);

#endif
