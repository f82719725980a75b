/* Lines to inputs; and a plain reader of lines. */
#include "line.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reader.h"

static const struct line_settings *settings;
static const struct reader *reader;
static char *input; /* the lines so far */
static size_t input_length, input_capacity;

/* ---- Ctrl-C ---- */

static volatile sig_atomic_t interrupted;
static struct sigaction action_before;

static void on_interrupt(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
    settings->interrupt();
}

bool line_was_interrupted(void)
{
    bool was = interrupted;
    interrupted = 0;
    return was;
}

/* Reading is not to be restarted after the signal. */
static void catch_interrupts(void)
{
    struct sigaction action = {.sa_handler = on_interrupt};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, &action_before);
}

/* ---- The plain reader ---- */

static struct {
    bool prompts;
    char *line;
    size_t capacity;
} plain;

static bool plain_begin(const struct line_settings *s)
{
    (void)s;
    plain.prompts = isatty(STDIN_FILENO);
    return true;
}

static enum reading plain_read(const char *prompt, const char **line)
{
    if (plain.prompts)
        fputs(prompt, stdout);
    fflush(stdout);
    ssize_t length = getline(&plain.line, &plain.capacity, stdin);
    *line = plain.line;
    if (length > 0)
        return READ_LINE;
    bool again = ferror(stdin) && errno == EINTR;
    clearerr(stdin);
    return again ? READ_INTERRUPTED : READ_END;
}

static void plain_end(void)
{
    free(plain.line);
    plain.line = NULL;
}

static const struct reader plain_reader = {plain_begin, plain_read, plain_end};

/* ---- Inputs ---- */

void line_begin(const struct line_settings *s)
{
    settings = s;
    catch_interrupts();
    bool edits = editing_reader && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    reader = edits && editing_reader->begin(s) ? editing_reader : &plain_reader;
    if (reader == &plain_reader)
        plain_begin(s);
}

/* false: there is no memory for it. */
static bool append(const char *line)
{
    size_t length = strlen(line), needed = input_length + length + 1;
    if (needed > input_capacity) {
        char *larger = realloc(input, 2 * needed);
        if (!larger)
            return false;
        input = larger;
        input_capacity = 2 * needed;
    }
    memcpy(input + input_length, line, length + 1);
    input_length += length;
    return true;
}

static void begin_anew(void)
{
    input_length = 0;
    putchar('\n');
}

/* What was begun when the input ends is an input, too. */
const char *line_read(void)
{
    input_length = 0;
    line_was_interrupted();
    for (;;) {
        const char *line;
        enum reading r =
            reader->read(input_length ? settings->more : settings->prompt, &line);
        if (r == READ_INTERRUPTED)
            begin_anew();
        else if (r == READ_END)
            return input_length ? input : NULL;
        else if (!append(line))
            return fputs("no memory for the input\n", stderr), NULL;
        else if (settings->is_complete(input))
            return input;
    }
}

const char *line_skip_quoted(const char *text, char quote)
{
    for (; *text; text++) {
        if (*text == quote)
            return text + 1;
        if (*text == '\\' && text[1])
            text++;
    }
    return NULL;
}

void line_end(void)
{
    reader->end();
    free(input);
    input = NULL;
    input_capacity = 0;
    sigaction(SIGINT, &action_before, NULL);
}
