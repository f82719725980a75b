/* Lines that the user types, edited, remembered and completed by libedit. */
#include "prolog.h"

#include <stdlib.h>
#include <string.h>

#include <editline/readline.h>

/* The names of predicates that begin with `text`, one after the other, and then NULL. */
static char *next_completion(const char *text, int state)
{
    static const struct predicate *next;
    if (state == 0)
        next = predicates;
    while (next) {
        const char *name = next->functor->name->text;
        next = next->next;
        if (*name != '$' && !strncmp(name, text, strlen(text)))
            return strdup(name);
    }
    return NULL;
}

char *line_read(const char *prompt)
{
    rl_readline_name = "gcprolog";
    rl_completion_append_character = 0;
    rl_completion_entry_function = next_completion;
    rl_basic_word_break_characters = " \t\n()[]{},;|'\"`";
    char *typed = readline(prompt);
    if (!typed)
        return NULL;
    char *line = check_memory(gc_strdup(typed));
    if (*typed)
        add_history(typed);
    free(typed);
    return line;
}
