/* What the top level asks of the terminal: queries over several lines, Ctrl-C, and single keys.  Lines are edited,
 * remembered and completed by ../repl. */
#include "machine.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "../repl/line.h"

/* ---- Whether a query is complete ----------------------------------------------------- */

/* Past a comment, a quoted item, a character code or another character; NULL: it is not closed. */
static const char *skip_item(const char *text)
{
    if (*text == '%')
        return text + strcspn(text, "\n");
    if (!strncmp(text, "/*", 2)) {
        const char *end = strstr(text + 2, "*/");
        return end ? end + 2 : NULL;
    }
    if (!strncmp(text, "0'", 2) && text[2])
        return text + (text[2] == '\\' || !strncmp(text + 2, "''", 2) ? 4 : 3);
    if (strchr("'\"`", *text))
        return line_skip_quoted(text + 1, *text);
    return text + 1;
}

/* A query ends at a full stop, and so does nothing but layout. */
static bool is_complete(const char *text)
{
    bool blank = true, ended = false;
    char before = ' ';
    while (text && *text) {
        if (!isspace((unsigned char)*text) && *text != '%') {
            bool stop = *text == '.' && !is_symbol_char((unsigned char)before);
            ended =
                stop && (!text[1] || isspace((unsigned char)text[1]) || text[1] == '%');
            blank = false;
        }
        before = *text;
        text = skip_item(text);
    }
    return text && (blank || ended);
}

/* ---- Completion ------------------------------------------------------------------------ */

/* The names of predicates, but for the system's own. */
static const char *predicate_name(size_t n)
{
    for (const struct predicate *p = predicates; p; p = p->next) {
        const char *name = p->functor->name->text;
        if (*name != '$' && n-- == 0)
            return name;
    }
    return NULL;
}

/* ---- Built-in predicates ----------------------------------------------------------------- */

static void interrupt(void)
{
    vm.interrupted = 1;
}

/* $begin_lines: from now on Ctrl-C is for the top level. */
static bool builtin_begin_lines(term *a)
{
    static const struct line_settings settings = {
        .name = "gcprolog",
        .prompt = "?- ",
        .more = "|    ",
        .is_complete = is_complete,
        .word = predicate_name,
        .interrupt = interrupt,
    };
    (void)a;
    line_begin(&settings);
    return atexit(line_end) == 0;
}

/* $query(Text): what the user types, up to a full stop; fails at the end of the input. */
static bool builtin_query(term *a)
{
    const char *text = line_read();
    vm.interrupted = 0;
    return text && unify(a[0], atom(atom_of(text)));
}

/* $key(Code): a key of the terminal, without waiting for the end of the line; of other input, the first
 * character of a line. */
static bool builtin_key(term *a)
{
    struct termios old, raw;
    if (tcgetattr(STDIN_FILENO, &old) != 0) {
        int c = getchar();
        for (int rest = c; rest != '\n' && rest != EOF;)
            rest = getchar();
        return unify(a[0], integer(c));
    }
    raw = old;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    char key;
    ssize_t count = read(STDIN_FILENO, &key, 1);
    tcsetattr(STDIN_FILENO, TCSANOW, &old);
    return unify(a[0], integer(count == 1 ? (unsigned char)key : -1));
}

void define_repl(void)
{
    define("$begin_lines", 0, builtin_begin_lines);
    define("$query", 1, builtin_query);
    define("$key", 1, builtin_key);
}
