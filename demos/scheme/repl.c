/* The read-eval-print loop: input over several lines, commands, and Ctrl-C. */
#include "repl.h"

#include "../repl/heap.h"
#include "../repl/line.h"
#include "port.h"
#include "primitive.h"
#include "syntax.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Values ---------------------------------------------------------------------- */

/* What is shown of an expression's values. */
PRIMITIVE(p_show)
{
    for (int i = 0; i < argc; i++) {
        if (args[i] == UNSPECIFIED)
            continue;
        print(standard_output, args[i], true);
        port_put(standard_output, '\n');
    }
    return UNSPECIFIED;
}

struct input {
    const char *text, *name;
};

static void show_all(void *data)
{
    const struct input *input = data;
    struct port *port = port_on_bytes(input->text, strlen(input->text));
    value call_with_values = symbol_of(symbol("%call-with-values"))->global;
    value show = symbol_of(symbol("%show"))->global;
    for (;;) {
        struct table *positions = table_new(false);
        value form = read_datum(port, input->name, positions);
        if (form == END_OF_FILE)
            return;
        value args[] = {compile_form(form, input->name, positions), show};
        vm_apply(call_with_values, 2, args);
    }
}

bool show_forms(const char *text, const char *name)
{
    struct input input = {text, name};
    return protect(show_all, &input);
}

/* ---- Ctrl-C ---------------------------------------------------------------------- */

static struct machine *user;

static void interrupt(void)
{
    vm_interrupt(user);
}

/* ---- Whether an expression is complete --------------------------------------------- */

/* Past a comment that nests, of which the beginning has been seen; or NULL. */
static const char *skip_comment(const char *text)
{
    for (int depth = 1; *text; text++) {
        if (!strncmp(text, "|#", 2) && --depth == 0)
            return text + 2;
        if (!strncmp(text, "#|", 2))
            depth++;
        if (!strncmp(text, "|#", 2) || !strncmp(text, "#|", 2))
            text++;
    }
    return NULL;
}

/* Past one thing that has no lists in it; or NULL. */
static const char *skip_item(const char *text)
{
    if (*text == '"' || *text == '|')
        return line_skip_quoted(text + 1, *text);
    if (!strncmp(text, "#|", 2))
        return skip_comment(text + 2);
    if (!strncmp(text, "#\\", 2) && text[2])
        return text + 3;
    if (*text == ';')
        return text + strcspn(text, "\n");
    return text + 1;
}

/* Whether a list, text or comment is not closed. */
static bool is_open(const char *text)
{
    int depth = 0;
    while (text && *text) {
        if (*text == '(')
            depth++;
        else if (*text == ')')
            depth--;
        text = skip_item(text);
    }
    return !text || depth > 0;
}

/* ---- Commands -------------------------------------------------------------------- */

static void command_help(void);

static void command_quit(void)
{
    exit(EXIT_SUCCESS);
}

static const struct command {
    const char *name;
    void (*run)(void);
    const char *help;
} commands[] = {
    {",gc", heap_collect, "collects garbage, and says what went"},
    {",heap", heap_show, "says how large the heap is"},
    {",help", command_help, "this list"},
    {",quit", command_quit, "ends the session, as the end of the input does"},
};

#define COMMAND_COUNT (sizeof commands / sizeof *commands)

static void command_help(void)
{
    puts("Expressions are evaluated; Ctrl-C ends an evaluation.  Commands:");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        printf("  %-6s %s\n", commands[i].name, commands[i].help);
}

/* Runs the command that the line is, if it is one. */
static bool run_command(const char *line)
{
    size_t length = strcspn(line, " \t\n");
    if (line[0] != ',' || length < 2 || line[1] < 'a' || line[1] > 'z')
        return false;
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strlen(commands[i].name) == length &&
            !strncmp(commands[i].name, line, length)) {
            commands[i].run();
            fflush(stdout);
            return true;
        }
    }
    printf("no command %.*s; ,help lists them\n", (int)length, line);
    fflush(stdout);
    return true;
}

/* ---- The loop -------------------------------------------------------------------- */

static bool is_complete(const char *text)
{
    return !is_open(text);
}

/* What completion offers: the names of global variables, as they were when it asked for the first. */
static struct {
    const char **items;
    size_t count;
} names;

static void add_name(const struct symbol *symbol, void *unused)
{
    (void)unused;
    if (symbol->name->chars[0] == '%')
        return;
    names.items = gc_realloc(names.items, (names.count + 1) * sizeof *names.items);
    if (!names.items)
        fail_memory();
    names.items[names.count++] = string_utf8(&symbol->name->object);
}

static const char *name(size_t n)
{
    if (n == 0) {
        names.count = 0;
        names_visit(add_name, NULL);
    }
    return n < names.count ? names.items[n] : NULL;
}

int repl(void)
{
    static const struct line_settings settings = {
        .name = "gcscheme",
        .prompt = "> ",
        .more = "  ",
        .is_complete = is_complete,
        .word = name,
        .word_characters = "!$%&*/:<=>?^~+-.@",
        .interrupt = interrupt,
    };
    user = &vm;
    line_begin(&settings);
    atexit(line_end); /* programs may call exit */
    for (const char *text; (text = line_read());) {
        vm.interrupted = false;
        if (!run_command(text))
            show_forms(text, "<terminal>");
        port_flush_shared(standard_output);
    }
    return EXIT_SUCCESS;
}

void define_repl(void)
{
    static const struct definition definitions[] = {{"%show", p_show, 0, MANY}};
    DEFINE_PRIMITIVES(definitions);
}
