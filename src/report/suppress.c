/* The patterns of a file of suppressions, each as a glob for fnmatch too.  Which leaks
 * are matched with them, leak.c decides.  The list only grows, under the lock of
 * reports. */
#include "report/suppress.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "base/check.h"
#include "base/log.h"
#include "base/meta.h"
#include "base/sys.h"
#include "report/symbolize.h"

struct suppressions suppressions PRIVATE_DATA;

/* "^a*b" means the glob "a*b*", "ab" the glob "*ab*". */
static void make_glob(const char *text, char *glob)
{
    if (*text == '^')
        text++;
    else
        *glob++ = '*';
    for (; *text && !(text[0] == '$' && !text[1]); text++) {
        if (strchr("?[\\", *text))
            *glob++ = '\\';
        *glob++ = *text;
    }
    if (!*text)
        *glob++ = '*';
    *glob = '\0';
}

static void add(const char *text)
{
    struct pattern *p =
        meta_grow(ACCOUNT_REPORTS, suppressions.patterns, suppressions.count,
                  &suppressions.capacity, sizeof *suppressions.patterns);
    if (!p)
        return;
    suppressions.patterns = p;
    p += suppressions.count++;
    *p = (struct pattern){0};
    strncpy(p->text, text, sizeof p->text - 1);
    make_glob(p->text, p->glob);
}

static void read_line(const char *path, int number, char *line)
{
    line[strcspn(line, "\r\n")] = '\0';
    line += strspn(line, " \t");
    if (*line == '\0' || *line == '#')
        return;
    if (strncmp(line, "leak:", 5) == 0 && line[5])
        add(line + 5);
    else
        log_line("%s:%d: '%.80s' is not of the form leak:PATTERN; left out", path, number,
                 line);
}

/* A FIFO that nobody writes to reads as empty. */
void suppress_load(const char *path)
{
    char line[256];
    int descriptor = sys_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "r");
    if (!file) {
        log_line("suppressions: '%s' cannot be read: %s", path, strerror(errno));
        return;
    }
    for (int number = 1; fgets(line, sizeof line, file); number++)
        read_line(path, number, line);
    fclose(file);
}

static bool matches(const struct pattern *p, const char *name)
{
    return name && fnmatch(p->glob, name, 0) == 0;
}

static void match_symbol(void *argument, const struct symbol *s)
{
    size_t *hit = argument;
    for (size_t i = 0; i < suppressions.count && *hit == SUPPRESS_NONE; i++) {
        const struct pattern *p = &suppressions.patterns[i];
        if (matches(p, s->function) || matches(p, s->file) || matches(p, s->module))
            *hit = i;
    }
}

size_t suppress_stack(uint32_t stack)
{
    size_t hit = SUPPRESS_NONE;
    if (suppressions.count)
        symbolize_recorded(stack, match_symbol, &hit);
    return hit;
}

void suppress_count(size_t pattern, size_t bytes)
{
    suppressions.patterns[pattern].objects++;
    suppressions.patterns[pattern].bytes += bytes;
}

void suppress_each(void (*visit)(void *argument, const char *pattern, size_t objects,
                                 size_t bytes),
                   void *argument)
{
    for (size_t i = 0; i < suppressions.count; i++)
        visit(argument, suppressions.patterns[i].text, suppressions.patterns[i].objects,
              suppressions.patterns[i].bytes);
}

void suppress_check(void)
{
    char glob[sizeof suppressions.patterns->glob];
    CHECK(suppressions.count <= suppressions.capacity);
    for (size_t i = 0; i < suppressions.count; i++) {
        const struct pattern *p = &suppressions.patterns[i];
        CHECK(memchr(p->text, 0, sizeof p->text) && p->text[0]);
        make_glob(p->text, glob);
        CHECK(strcmp(p->glob, glob) == 0);
        CHECK(p->objects > 0 || p->bytes == 0);
    }
}
