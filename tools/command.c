#include "command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

static void (*give_back)(void);

void before_messages(void (*f)(void))
{
    give_back = f;
}

int fail(int status, const char *format, ...)
{
    va_list arguments;
    if (give_back)
        give_back();
    va_start(arguments, format);
    fputs("gcalloc: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    return status;
}

int end_output(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return DONE;
    return fail(FAILED, "the output could not be written: %s", strerror(errno));
}

const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

void print_safely(const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    while (*p) {
        unsigned count = utf8_bytes(p);
        bool control = *p < ' ' || *p == 127 || (*p == 0xc2 && p[1] < 0xa0);
        if (count == 0 || control)
            printf("\\x%02x", *p++);
        else
            for (; count; count--)
                putchar(*p++);
    }
}

struct size_text size_text(size_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    struct size_text s;
    double size = (double)bytes;
    unsigned unit = 0;
    for (; size >= 1024 && unit < 4; unit++)
        size /= 1024;
    snprintf(s.text, sizeof s.text, unit ? "%.1f %s" : "%.0f %s", size, units[unit]);
    return s;
}
