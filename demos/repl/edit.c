/* Lines that are edited at the terminal, by libedit. */
#include <errno.h>
#include <histedit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "reader.h"

enum { HISTORY_LINES = 1000 };

static const struct line_settings *settings;
static EditLine *editor;
static History *history_lines;
static char *history_file; /* NULL: there is no home */
static const char *current_prompt;

static char *prompt(EditLine *e)
{
    (void)e;
    return (char *)current_prompt;
}

/* libedit's own would go on reading after Ctrl-C.  A sequence of bytes that is no character ends at what can
 * not belong to it. */
static int read_character(EditLine *e, wchar_t *character)
{
    mbstate_t state = {0};
    (void)e;
    for (;;) {
        char byte;
        ssize_t count = read(STDIN_FILENO, &byte, 1);
        if (count == 0)
            return 0;
        if (count < 0 && errno != EINTR)
            return -1;
        if (count < 0 && line_was_interrupted())
            return errno = EINTR, -1;
        size_t length = count < 0 ? (size_t)-2 : mbrtowc(character, &byte, 1, &state);
        if (length == (size_t)-1)
            state = (mbstate_t){0};
        else if (length != (size_t)-2)
            return 1;
    }
}

/* ---- Completion ---- */

static bool is_word_character(char c)
{
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z') || (c & 0x80) ||
           (c && settings->word_characters && strchr(settings->word_characters, c));
}

static size_t word_before(const LineInfo *line)
{
    size_t length = 0;
    while (line->cursor - length > line->buffer &&
           is_word_character(line->cursor[-1 - (ptrdiff_t)length]))
        length++;
    return length;
}

static size_t common_length(const char *a, const char *b)
{
    size_t length = 0;
    while (a[length] && a[length] == b[length])
        length++;
    return length;
}

/* The words that begin so: how many, one of them, and how much they have in common. */
struct matches {
    size_t count, common;
    const char *word;
};

static struct matches find_matches(const char *beginning, size_t length)
{
    struct matches m = {0};
    const char *word;
    for (size_t n = 0; (word = settings->word(n)); n++) {
        if (strncmp(word, beginning, length) != 0)
            continue;
        size_t common = m.count ? common_length(word, m.word) : strlen(word);
        m.common = m.count && m.common < common ? m.common : common;
        m.word = word;
        m.count++;
    }
    return m;
}

static void list_matches(const char *beginning, size_t length)
{
    const char *word;
    for (size_t n = 0; (word = settings->word(n)); n++)
        if (strncmp(word, beginning, length) == 0)
            printf("%s%s", n ? "  " : "", word);
}

static unsigned char complete(EditLine *e, int key)
{
    const LineInfo *line = el_line(e);
    size_t length = word_before(line);
    const char *beginning = line->cursor - length;
    struct matches m = find_matches(beginning, length);
    (void)key;
    if (m.count == 0)
        return CC_ERROR;
    if (m.common > length) {
        char *rest = strndup(m.word + length, m.common - length);
        bool inserted = rest && el_insertstr(e, rest) == 0;
        free(rest);
        return inserted ? CC_REFRESH : CC_ERROR;
    }
    if (m.count == 1)
        return CC_NORM;
    putchar('\n');
    list_matches(beginning, length);
    putchar('\n');
    fflush(stdout);
    return CC_REDISPLAY;
}

/* ---- The reader ---- */

static char *name_of_history(const char *program)
{
    const char *home = getenv("HOME");
    size_t bytes = (home ? strlen(home) : 0) + strlen(program) + sizeof "/._history";
    char *name = home ? malloc(bytes) : NULL;
    if (name)
        snprintf(name, bytes, "%s/.%s_history", home, program);
    return name;
}

static void begin_history(void)
{
    HistEvent event;
    history_lines = history_init();
    if (!history_lines)
        return;
    history(history_lines, &event, H_SETSIZE, HISTORY_LINES);
    history(history_lines, &event, H_SETUNIQUE, 1);
    history_file = name_of_history(settings->name);
    if (history_file)
        history(history_lines, &event, H_LOAD, history_file);
    el_set(editor, EL_HIST, history, history_lines);
}

static bool edit_begin(const struct line_settings *s)
{
    settings = s;
    editor = el_init(s->name, stdin, stdout, stderr);
    if (!editor)
        return false;
    el_set(editor, EL_PROMPT, prompt);
    el_set(editor, EL_EDITOR, "emacs");
    el_set(editor, EL_GETCFN, read_character);
    el_set(editor, EL_ADDFN, "complete-word", "Complete the word", complete);
    el_set(editor, EL_BIND, "^I", "complete-word", NULL);
    el_set(editor, EL_BIND, "^R", "em-inc-search-prev", NULL);
    begin_history();
    el_source(editor, NULL); /* the user's .editrc */
    return true;
}

static enum reading edit_read(const char *shown, const char **line)
{
    int count;
    current_prompt = shown;
    fflush(stdout);
    el_resize(editor);
    *line = el_gets(editor, &count);
    if (!*line || count <= 0)
        return count < 0 && errno == EINTR ? READ_INTERRUPTED : READ_END;
    HistEvent event;
    if (history_lines && strspn(*line, " \t\n") < strlen(*line))
        history(history_lines, &event, H_ENTER, *line);
    return READ_LINE;
}

static void edit_end(void)
{
    HistEvent event;
    if (history_lines && history_file)
        history(history_lines, &event, H_SAVE, history_file);
    if (history_lines)
        history_end(history_lines);
    free(history_file);
    el_end(editor);
}

static const struct reader reader = {edit_begin, edit_read, edit_end};

const struct reader *const editing_reader = &reader;
