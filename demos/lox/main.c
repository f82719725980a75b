/* lox [FILE]: runs the program, or reads lines and runs each.  Exit status: 64 for wrong arguments, 65
 * for a program with errors, 70 for an error while it ran, 74 for a file that cannot be read. */
#include <errno.h>
#include <gcalloc/gcalloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vm.h"

static char *read_all(FILE *file)
{
    size_t length = 0, capacity = 4096;
    char *text = allocate_atomic(capacity);
    for (size_t count;
         (count = fread(text + length, 1, capacity - length - 1, file)) > 0;) {
        length += count;
        if (length == capacity - 1 && !(text = gc_realloc(text, capacity *= 2)))
            return errno = ENOMEM, NULL;
    }
    text[length] = '\0';
    return ferror(file) ? NULL : text;
}

static int run_file(const char *name)
{
    static const int status[] = {
        [RESULT_OK] = 0, [RESULT_COMPILE_ERROR] = 65, [RESULT_RUNTIME_ERROR] = 70};
    FILE *file = fopen(name, "rb");
    char *source = file ? read_all(file) : NULL;
    if (!source) {
        fprintf(stderr, "lox: %s: %s\n", name, strerror(errno));
        return 74;
    }
    fclose(file);
    return status[vm_interpret(source, false)];
}

static int run_lines(void)
{
    char *line = NULL;
    size_t capacity = 0;
    while (fputs("> ", stdout), fflush(stdout), getline(&line, &capacity, stdin) > 0) {
        size_t length = strlen(line);
        char *source =
            allocate_atomic(length + 1); /* what was compiled refers to it no more */
        memcpy(source, line, length + 1);
        vm_interpret(source, true);
    }
    putchar('\n');
    free(line);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 2) {
        fputs("Usage: lox [path]\n", stderr);
        return 64;
    }
    if (!vm_begin()) {
        perror("lox");
        return 70;
    }
    return argc == 2 ? run_file(argv[1]) : run_lines();
}
