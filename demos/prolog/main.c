/* gcprolog: the command line. */
#include "machine.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../repl/heap.h"

static const char usage[] =
    "Usage: gcprolog [FILE...] [-g GOAL] [--gc-stats]\n"
    "A Prolog on a garbage-collected heap.\n"
    "\n"
    "  FILE        read these programs\n"
    "  -g GOAL     run the goal, and end: status 1 if it fails, 2 after an error\n"
    "  --gc-stats  at the end, say on stderr what the collector did\n"
    "  --help      this text\n"
    "\n"
    "Without a goal: a top level, which answers queries.\n";

static void print_stats(void)
{
    fflush(stdout);
    heap_report();
}

static void interrupt(int number)
{
    (void)number;
    vm.interrupted = 1;
}

/* Half of the machine's memory, unless GCALLOC_OPTIONS says something else. */
static void limit_heap(void)
{
    char limit[32];
    long long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    snprintf(limit, sizeof limit, "%lld", pages * size / 2);
    gc_option_set("heap_limit", limit);
}

/* Adds the clauses of the part of the system that is written in Prolog. */
static void load(const struct library_file *file)
{
    struct stream stream = {.box = {STREAM},
                            .input = true,
                            .line = 1,
                            .text = file->text,
                            .text_end = file->text + strlen(file->text)};
    struct reader reader = {.stream = &stream};
    for (term t; !is_atom(t = read_term(&reader), atoms.end_of_file);) {
        bool directive = is_structure(t, atoms.neck, 1);
        term goal = directive ? argument(t, 0) : structure(atom_of("$add_clause"), 1, &t);
        if (!run(goal)) {
            fprintf(stderr, "gcprolog: %s:%d: ", file->name, reader.line);
            write_term(standard_error, vm.ball ? vm.ball : t, QUOTED, 1200);
            fputc('\n', stderr);
            exit(EXIT_FAILURE);
        }
    }
}

static void start(void)
{
    limit_heap();
    numbers_init();
    atoms_init();
    define_database();
    machine_init();
    streams_init();
    define_terms();
    define_text();
    define_term_io();
    define_streams();
    define_character_io();
    define_repl();
    for (const struct library_file *file = library; file->name; file++)
        load(file);
    flags.booting = flags.library = false;
    sigaction(SIGINT, &(struct sigaction){.sa_handler = interrupt}, NULL);
}

int main(int argc, char **argv)
{
    term files, goals;
    heap_watch();
    start();
    files = goals = atom(atoms.nil);
    for (int i = argc - 1; i > 0; i--) {
        if (!strcmp(argv[i], "--help")) {
            fputs(usage, stdout);
            return EXIT_SUCCESS;
        }
        if (!strcmp(argv[i], "--gc-stats")) {
            atexit(print_stats);
        } else if (i > 1 && !strcmp(argv[i - 1], "-g")) {
            goals = cons(atom(atom_of(argv[i--])), goals);
        } else if (*argv[i] == '-') {
            fprintf(stderr, "gcprolog: bad option %s\n%s", argv[i], usage);
            return EXIT_FAILURE;
        } else {
            files = cons(atom(atom_of(argv[i])), files);
        }
    }
    if (run(structure(atom_of("$main"), 2, (term[]){files, goals})))
        return EXIT_SUCCESS;
    if (vm.ball) {
        fputs("gcprolog: uncaught: ", stderr);
        write_term(standard_error, vm.ball, QUOTED, 1200);
        fputc('\n', stderr);
    }
    return EXIT_FAILURE;
}
