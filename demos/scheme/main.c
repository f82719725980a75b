/* gcscheme: the command line, scripts and statistics. */
#include "machine.h"
#include "../repl/heap.h"
#include "control.h"
#include "number.h"
#include "port.h"
#include "repl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static const char usage[] =
    "Usage: gcscheme [OPTION...] [FILE [ARGUMENT...]]\n"
    "A small Scheme on a garbage-collected heap.\n"
    "\n"
    "  FILE           run this program; (command-line) gives it the arguments\n"
    "  -e EXPRESSION  evaluate the expression and write its values\n"
    "  -I DIR         look for libraries in this directory, too\n"
    "  --stats        at the end, say on stderr what the collector did\n"
    "  --gc-stats     the same\n"
    "  --stack MIB    calls may nest until they take so much memory\n"
    "                 (by default a 32nd of the machine's)\n"
    "  --help         this text\n"
    "\n"
    "Without a file: evaluates what a terminal's user types, or all of standard input.\n";

/* ---- Statistics ------------------------------------------------------------------ */

static void flush_output(void)
{
    port_flush_shared(standard_output);
}

static void print_stats(void)
{
    flush_output();
    heap_report();
}

/* ---- Ways to run ----------------------------------------------------------------- */

struct program {
    struct port *port;
    const char *name;
};

static void run_program(void *data)
{
    const struct program *program = data;
    value args[] = {&program->port->object,
                    string_from_utf8(program->name, strlen(program->name))};
    vm_apply(symbol_of(symbol("%run-program"))->global, 2, args);
}

static int run_port(struct port *port, const char *name)
{
    struct program program = {port, name};
    return protect(run_program, &program) ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int run_file(const char *name)
{
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd >= 0)
        return run_port(port_new(fd, false), name);
    fprintf(stderr, "gcscheme: %s: %s\n", name, strerror(errno));
    return EXIT_FAILURE;
}

static int run_input(void)
{
    return isatty(STDIN_FILENO) ? repl() : run_port(standard_input, "<stdin>");
}

/* ---- Starting -------------------------------------------------------------------- */

static void load_libraries(void *unused)
{
    (void)unused;
    const char *const texts[] = {control_library, prelude, prelude_data};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        evaluate_port(port_on_bytes(texts[i], strlen(texts[i])), NULL);
}

/* What the system lets the first thread's stack have, within reason. */
static size_t c_stack_size(void)
{
    const size_t most = (size_t)64 << 20;
    struct rlimit limit;
    if (getrlimit(RLIMIT_STACK, &limit))
        return (size_t)8 << 20;
    return limit.rlim_cur < most ? (size_t)limit.rlim_cur : most;
}

static void start(void)
{
    const size_t reserve = (size_t)1 << 20;
    heap_watch();
    integers_init();
    symbols_init();
    vm_begin(c_stack_size(), reserve);
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
    define_control();
    define_continuations();
    define_parameters();
    define_records();
    define_system();
    define_threads();
    define_repl();
    define_front_end();
    vm_init();
    define_errors();
    if (!protect(load_libraries, NULL))
        exit(EXIT_FAILURE);
    start_interaction();
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

static void set_stack_size(const char *text)
{
    char *end;
    unsigned long mebibytes = strtoul(text, &end, 10);
    if (*end || mebibytes < 1 || mebibytes > SIZE_MAX >> 20) {
        fprintf(stderr, "gcscheme: --stack: %s is no number of MiB\n", text);
        exit(EXIT_FAILURE);
    }
    depth_most = (mebibytes << 20) / sizeof(value);
}

/* Handles the options, which may evaluate expressions; returns where the rest begins.  An error
 * ends the program. */
static int handle_options(int argc, char **argv, bool *evaluated)
{
    int i = 1;
    for (; i < argc && argv[i][0] == '-'; i++) {
        if (!strcmp(argv[i], "--stats") || !strcmp(argv[i], "--gc-stats")) {
            atexit(print_stats);
        } else if (!strcmp(argv[i], "--help")) {
            fputs(usage, stdout);
            exit(EXIT_SUCCESS);
        } else if (!strcmp(argv[i], "--stack") && i + 1 < argc) {
            set_stack_size(argv[++i]);
        } else if (!strcmp(argv[i], "-I") && i + 1 < argc) {
            library_path_add(argv[++i]);
        } else if (!strcmp(argv[i], "-e") && i + 1 < argc) {
            *evaluated = true;
            if (!show_forms(argv[++i], "<expression>"))
                exit(EXIT_FAILURE);
        } else {
            fprintf(stderr, "gcscheme: bad option %s\n%s", argv[i], usage);
            exit(EXIT_FAILURE);
        }
    }
    return i;
}

int main(int argc, char **argv)
{
    bool evaluated = false;
    start();
    int i = handle_options(argc, argv, &evaluated);
    set_command_line(argc - i, argv + i);
    if (i < argc)
        return run_file(argv[i]);
    return evaluated ? EXIT_SUCCESS : run_input();
}
