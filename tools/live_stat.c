/* gcalloc stat: the numbers that a process tells of its heap. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "json.h"
#include "live.h"
#include "live_numbers.h"

static void print_json(pid_t process, const char *text)
{
    struct number n;
    char part[sizeof n.part] = "";
    json_object(NULL);
    json_number("pid", (uint64_t)process);
    while (numbers_next(&text, &n)) {
        if (strcmp(part, n.part) != 0) {
            if (*part)
                json_end_object();
            json_object(strcpy(part, n.part));
        }
        json_number(n.name, n.value);
    }
    if (*part)
        json_end_object();
    json_end_object();
}

static void print_line(const char *name, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void print_line(const char *name, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    printf("%-12s", name);
    vprintf(format, arguments);
    putchar('\n');
    va_end(arguments);
}

static void print_collections(const char *text)
{
    uint64_t count = numbers_get(text, "statistics", "collections");
    double ms = 1e-6;
    if (count == 0)
        return print_line("collections", "none");
    print_line("collections",
               "%" PRIu64 "; pauses %.2f ms the last, %.2f ms at most, %.2f ms in all",
               count, ms * (double)numbers_get(text, "statistics", "pause_ns_last"),
               ms * (double)numbers_get(text, "statistics", "pause_ns_max"),
               ms * (double)numbers_get(text, "statistics", "pause_ns_total"));
}

static void print_text(pid_t process, const char *text)
{
    uint64_t allocated = numbers_get(text, "statistics", "allocated_bytes");
    uint64_t freed = numbers_get(text, "statistics", "freed_bytes");
    uint64_t failed = numbers_get(text, "statistics", "out_of_memory");
    print_line("process", "%d", (int)process);
    print_line("heap", "%s, at most %s",
               size_text(numbers_get(text, "statistics", "heap_bytes")).text,
               size_text(numbers_get(text, "statistics", "heap_bytes_max")).text);
    print_line("objects", "%s", size_text(numbers_difference(allocated, freed)).text);
    print_line("allocated", "%s, of which %s came back", size_text(allocated).text,
               size_text(freed).text);
    print_collections(text);
    print_line("library", "%s with the heap",
               size_text(numbers_get(text, "memory", "total")).text);
    print_line("resident", "%s of %s that are mapped",
               size_text(numbers_get(text, "process", "resident_bytes")).text,
               size_text(numbers_get(text, "process", "mapped_bytes")).text);
    if (failed)
        print_line("refused", "%" PRIu64 " allocations, for want of memory", failed);
}

int live_stat(const struct live_wanted *w)
{
    struct reply r;
    int status = live_ask(w->process, "stat", &r);
    if (status == DONE && w->json)
        print_json(w->process, r.text);
    else if (status == DONE)
        print_text(w->process, r.text);
    free(r.text);
    return status == DONE ? end_output() : status;
}
