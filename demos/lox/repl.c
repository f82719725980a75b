/* Inputs are programs of their own on the same global variables; those that begin with a comma are commands to
 * the machine. */
#include "repl.h"

#include <stdio.h>
#include <string.h>

#include "../repl/heap.h"
#include "../repl/line.h"
#include "scanner.h"
#include "vm.h"

/* ---- Commands ---- */

static void show_commands(void);

static const struct {
    const char *name, *meaning;
    void (*run)(void);
} commands[] = {
    {"gc", "collect, and say what went", heap_collect},
    {"heap", "how large the heap is", heap_show},
    {"help", "these lines", show_commands},
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

static void show_commands(void)
{
    for (size_t i = 0; i < COMMANDS; i++)
        printf(",%-6s %s\n", commands[i].name, commands[i].meaning);
}

static void run_command(const char *text)
{
    size_t length = strcspn(text, " \t\r\n");
    for (size_t i = 0; i < COMMANDS; i++)
        if (strlen(commands[i].name) == length &&
            strncmp(commands[i].name, text, length) == 0) {
            commands[i].run();
            return;
        }
    printf("There is no command ,%.*s; ,help lists them.\n", (int)length, text);
}

/* ---- Inputs ---- */

/* A string may have several lines; what else is open is counted.  What closes too much is an error, which the
 * compiler names. */
static bool is_complete(const char *text)
{
    struct scanner s;
    int open = 0;
    if (*text == ',')
        return true;
    scanner_begin(&s, text);
    for (;;) {
        switch (scanner_next(&s).type) {
        case TOKEN_LEFT_PAREN:
        case TOKEN_LEFT_BRACE:
            open++;
            break;
        case TOKEN_RIGHT_PAREN:
        case TOKEN_RIGHT_BRACE:
            if (--open < 0)
                return true;
            break;
        case TOKEN_ERROR:
            if (*s.start == '"')
                return false;
            break;
        case TOKEN_END:
            return open == 0;
        default:
            break;
        }
    }
}

static const char *word(size_t n)
{
    const char *keyword = keyword_name(n);
    return keyword ? keyword : global_name(n - KEYWORDS);
}

static void run_input(const char *text)
{
    if (*text == ',')
        run_command(text + 1);
    else
        vm_interpret(text, true);
    fflush(stdout);
}

void run_repl(void)
{
    static const struct line_settings settings = {
        .name = "lox",
        .prompt = "> ",
        .more = "| ",
        .is_complete = is_complete,
        .word = word,
        .interrupt = vm_interrupt,
    };
    line_begin(&settings);
    for (const char *text; (text = line_read());)
        run_input(text);
    line_end();
}
