/* gcscheme: the command line, scripts and the read-eval-print loop. */
#include "port.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char usage[] =
    "Usage: gcscheme [--stats] [-e EXPRESSION] [FILE [ARGUMENT...]]\n"
    "A small Scheme on a garbage-collected heap.\n"
    "\n"
    "  FILE           run this program; (command-line) gives it the arguments\n"
    "  -e EXPRESSION  evaluate the expression and write its value\n"
    "  --stats        at the end, say on stderr what the collector did\n"
    "  --help         this text\n"
    "\n"
    "Without a file: evaluates what a terminal's user types, or all of standard input.\n";

/* ---- Statistics ------------------------------------------------------------------ */

static struct timespec started;

static double milliseconds_since(const struct timespec *start)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - start->tv_sec) * 1e3 +
           (double)(now.tv_nsec - start->tv_nsec) / 1e6;
}

static double mebibytes(uint64_t bytes)
{
    return (double)bytes / (1 << 20);
}

static void flush_output(void)
{
    port_flush(standard_output);
}

static void print_stats(void)
{
    flush_output();

    struct gc_stats stats = {.size = sizeof stats};
    double run = milliseconds_since(&started);
    gc_stats_get(&stats);
    double pauses = (double)stats.pause_ns_total / 1e6;
    fprintf(stderr,
            "collector: %llu collections in %.0f ms of running\n"
            "  time     %.1f ms in all, %.1f %% of the run; the longest pause %.2f ms\n"
            "  memory   %.1f MiB allocated in all, never freed by hand\n"
            "  heap     %.1f MiB now, %.1f MiB at most\n"
            "  live     %.1f MiB in %llu objects after the last collection\n",
            (unsigned long long)stats.collections, run, pauses, 100 * pauses / run,
            (double)stats.pause_ns_max / 1e6, mebibytes(stats.allocated_bytes),
            mebibytes(stats.heap_bytes), mebibytes(stats.heap_bytes_max),
            mebibytes(stats.live_bytes), (unsigned long long)stats.live_objects);
}

/* ---- Ways to run ----------------------------------------------------------------- */

struct program {
    struct port *port;
    const char *name;
};

static void run_program(void *data)
{
    const struct program *program = data;
    evaluate_port(program->port, program->name);
}

static void show(value v)
{
    if (v == UNSPECIFIED)
        return;
    print(standard_output, v, true);
    port_put(standard_output, '\n');
}

static void run_expression(void *data)
{
    const struct program *program = data;
    for (;;) {
        struct table *positions = table_new(false);
        value form = read_datum(program->port, program->name, positions);
        if (form == END_OF_FILE)
            return;
        show(evaluate(form, program->name, positions));
    }
}

static int run_file(const char *name)
{
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        fprintf(stderr, "gcscheme: %s: %s\n", name, strerror(errno));
        return EXIT_FAILURE;
    }
    struct program program = {port_new(fd, false), name};
    return protect(run_program, &program) ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Whether only blanks are left of the line that was typed. */
static bool line_is_used_up(const struct port *port)
{
    for (size_t i = port->start; i < port->end; i++) {
        if (!strchr(" \t\n", port->data[i]))
            return false;
    }
    return true;
}

static void run_typed(void *data)
{
    bool *at_end = data;
    struct table *positions = table_new(false);
    value form = read_datum(standard_input, "<terminal>", positions);
    *at_end = form == END_OF_FILE;
    if (!*at_end)
        show(evaluate(form, "<terminal>", positions));
}

static int run_repl(void)
{
    bool at_end = false;
    while (!at_end) {
        if (line_is_used_up(standard_input))
            port_puts(standard_output, "> ");
        port_flush(standard_output);
        if (!protect(run_typed, &at_end))
            standard_input->start = standard_input->end; /* the rest of the line */
    }
    port_puts(standard_output, "\n");
    return EXIT_SUCCESS;
}

static int run_input(void)
{
    struct program program = {standard_input, "<stdin>"};
    if (isatty(STDIN_FILENO))
        return run_repl();
    return protect(run_program, &program) ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- Starting -------------------------------------------------------------------- */

static void run_prelude(const char *text)
{
    struct program program = {port_on_bytes(text, strlen(text)), NULL};
    if (!protect(run_program, &program))
        exit(EXIT_FAILURE);
}

static void start(void)
{
    clock_gettime(CLOCK_MONOTONIC, &started);
    check_depth_init();
    define_numbers();
    define_lists();
    define_chars();
    define_strings();
    define_string_cases();
    define_vectors();
    define_bytevectors();
    define_tables();
    define_ports();
    define_guardians();
    define_values();
    define_control();
    define_syntax();
    define_derived();
    define_macros();
    vm_init();
    run_prelude(prelude);
    run_prelude(prelude_data);
    atexit(flush_output);
}

static void set_command_line(int argc, char **argv)
{
    command_line = NIL;
    for (int i = argc; i > 0; i--) {
        value argument = string_from_utf8(argv[i - 1], strlen(argv[i - 1]));
        command_line = cons(argument, command_line);
    }
}

int main(int argc, char **argv)
{
    int i = 1, status = EXIT_SUCCESS;
    bool evaluated = false;
    start();
    for (; i < argc && argv[i][0] == '-' && status == EXIT_SUCCESS; i++) {
        if (!strcmp(argv[i], "--stats")) {
            atexit(print_stats);
        } else if (!strcmp(argv[i], "--help")) {
            fputs(usage, stdout);
            return EXIT_SUCCESS;
        } else if (!strcmp(argv[i], "-e") && i + 1 < argc) {
            const char *text = argv[++i];
            struct program program = {port_on_bytes(text, strlen(text)), "<expression>"};
            status = protect(run_expression, &program) ? EXIT_SUCCESS : EXIT_FAILURE;
            evaluated = true;
        } else {
            fprintf(stderr, "gcscheme: bad option %s\n%s", argv[i], usage);
            return EXIT_FAILURE;
        }
    }
    set_command_line(argc - i, argv + i);
    if (status != EXIT_SUCCESS || (evaluated && i == argc))
        return status;
    return i < argc ? run_file(argv[i]) : run_input();
}
