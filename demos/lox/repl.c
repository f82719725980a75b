/* Inputs are programs of their own on the same global variables; those that begin with a comma are commands to
 * the machine. */
#include "repl.h"

#include <gcalloc/gcalloc.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../repl/line.h"
#include "scanner.h"
#include "vm.h"

/* ---- Commands ---- */

static struct gc_stats stats_now(void)
{
    struct gc_stats s = {.size = sizeof s};
    gc_stats_get(&s);
    return s;
}

static void collect(void)
{
    struct gc_stats before = stats_now();
    gc_collect();
    struct gc_stats after = stats_now();
    printf("%" PRIu64 " objects of %" PRIu64 " bytes went; %" PRIu64 " of %" PRIu64
           " bytes live\n",
           after.reclaimed_objects - before.reclaimed_objects,
           after.reclaimed_bytes - before.reclaimed_bytes, after.live_objects,
           after.live_bytes);
}

static void show_heap(void)
{
    struct gc_stats s = stats_now();
    printf("%" PRIu64 " bytes in use, of a heap of %" PRIu64 "\n",
           s.allocated_bytes - s.freed_bytes, s.heap_bytes);
    printf("%" PRIu64 " collections, %" PRIu64 " objects of %" PRIu64
           " bytes lived through the last\n",
           s.collections, s.live_objects, s.live_bytes);
}

static void show_commands(void);

static const struct {
    const char *name, *meaning;
    void (*run)(void);
} commands[] = {
    {"gc", "collect, and say what went", collect},
    {"heap", "how large the heap is", show_heap},
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
