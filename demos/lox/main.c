/* lox [OPTION] [FILE]: runs the program, or what is typed.  Exit status: 64 for wrong arguments, 65
 * for a program with errors, 70 for an error while it ran, 74 for a file that cannot be read or output that
 * cannot be written. */
#include <errno.h>
#include <gcalloc/gcalloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../repl/heap.h"
#include "repl.h"
#include "vm.h"

static const char usage[] = "Usage: lox [--gc-stats] [FILE]\n";
static const char help[] =
    "Runs the Lox program in FILE; without one, what is typed.\n"
    "\n"
    "  --gc-stats   at the end, says on stderr what the collector did\n"
    "  --help       prints this\n"
    "\n"
    "Exit status: 64 for wrong arguments, 65 for errors in the program, 70 for one\n"
    "while it ran, 74 for a file that cannot be read.\n";

/* ---- Programs ---- */

/* NULL: errno says why not. */
static char *read_all(FILE *file)
{
    size_t length = 0, capacity = 4096;
    char *text = gc_alloc_atomic(capacity);
    for (size_t count;
         text && (count = fread(text + length, 1, capacity - length - 1, file)) > 0;) {
        length += count;
        if (length == capacity - 1)
            text = gc_realloc(text, capacity *= 2);
    }
    if (!text || ferror(file))
        return NULL;
    text[length] = '\0';
    return text;
}

static int run_file(const char *name)
{
    static const int status[] = {
        [RESULT_OK] = 0, [RESULT_COMPILE_ERROR] = 65, [RESULT_RUNTIME_ERROR] = 70};
    FILE *file = fopen(name, "rb");
    char *source = file ? read_all(file) : NULL;
    if (!source) {
        fprintf(stderr, "lox: cannot read %s: %s\n", name, strerror(errno));
        return 74;
    }
    fclose(file);
    return status[vm_interpret(source, false)];
}

/* ---- Arguments ---- */

struct arguments {
    bool helps, stats;
    const char *file; /* NULL: what is typed */
};

/* false: they are wrong, which was said. */
static bool read_arguments(int argc, char **argv, struct arguments *a)
{
    *a = (struct arguments){0};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0)
            a->helps = true;
        else if (strcmp(argv[i], "--gc-stats") == 0)
            a->stats = true;
        else if (argv[i][0] == '-')
            return fprintf(stderr, "lox: unknown option %s\n%s", argv[i], usage), false;
        else if (a->file)
            return fprintf(stderr, "lox: more than one file: %s\n%s", argv[i], usage),
                   false;
        else
            a->file = argv[i];
    }
    return true;
}

static int run(const char *file)
{
    int status = 0;
    if (file)
        status = run_file(file);
    else
        run_repl();
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "lox: cannot write the output: %s\n", strerror(errno));
        return 74;
    }
    return status;
}

int main(int argc, char **argv)
{
    struct arguments a;
    heap_watch();
    if (!read_arguments(argc, argv, &a))
        return 64;
    if (a.helps)
        return printf("%s%s", usage, help) < 0 ? 74 : 0;
    if (!vm_begin()) {
        perror("lox");
        return 70;
    }
    int status = run(a.file);
    if (a.stats)
        heap_report();
    return status;
}
