/* Reads a file of suppressions, line by line.  What is wrong is named with its line, and left out: a line of
 * LeakSanitizer's by itself, of memcheck's the block that it is in. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/meta.h"
#include "base/sys.h"
#include "report/glob.h"
#include "report/leak_set.h"
#include "report/suppress.h"

enum { LINE_MOST = 8192, SHOWN_MOST = 80 };

/* Where in the file the next line stands. */
enum place {
    OUTSIDE, /* of blocks */
    NAME,
    KIND,
    KINDS_OR_FRAME, /* the first line that may be match-leak-kinds */
    FRAME,
    PASSED_OVER, /* a block that is for something else, or has been found to be wrong */
};

struct reader {
    const char *path;
    int number; /* of the line */
    enum place at;
    struct suppression block; /* that is being read; its frames are the last of all */
    bool has_allocator;       /* a pattern for the function that allocated stood there */
};

/* The pattern that is being made. */
static char glob[LINE_MOST + 2] PRIVATE_DATA;

/* ---- Patterns -------------------------------------------------------------------------------------- */

/* "^a*b" stands for what begins so, "ab" for what has it anywhere. */
static void compile_leak(const char *text)
{
    char *to = glob;
    if (*text == '^')
        text++;
    else
        *to++ = GLOB_TEXT;
    for (; *text && !(text[0] == '$' && !text[1]); text++)
        *to++ = *text == '*' ? (char)GLOB_TEXT : *text;
    if (!*text)
        *to++ = GLOB_TEXT;
    *to = '\0';
}

/* A backslash takes the meaning from what follows it. */
static void compile_frame(const char *text, size_t length)
{
    char *to = glob;
    for (const char *end = text + length; text < end; text++)
        if (*text == '\\' && text + 1 < end)
            *to++ = *++text;
        else
            *to++ = *text == '*'   ? (char)GLOB_TEXT
                    : *text == '?' ? (char)GLOB_CHARACTER
                                   : *text;
    *to = '\0';
}

/* Without memory the frame is missing, and with it what would match. */
static bool add_frame(enum frame_part part, const char *pattern, int line)
{
    struct suppressions *all = &suppressions;
    struct frame_pattern *frames =
        meta_grow(ACCOUNT_REPORTS, all->frames, all->frame_count, &all->frame_capacity,
                  sizeof *frames);
    const char *kept = frames && pattern ? strings_keep(&all->strings, pattern) : NULL;
    if (frames)
        all->frames = frames;
    if (!frames || (pattern && !kept))
        return false;
    frames[all->frame_count++] = (struct frame_pattern){part, line, kept};
    return true;
}

/* Its frames are the last ones. */
static bool add(const struct suppression *s, const char *name)
{
    struct suppressions *all = &suppressions;
    struct suppression *list =
        meta_grow(ACCOUNT_REPORTS, all->list, all->count, &all->capacity, sizeof *list);
    const char *kept = list ? strings_keep(&all->strings, name) : NULL;
    if (list)
        all->list = list;
    if (!kept)
        return false;
    list[all->count] = *s;
    list[all->count++].name = kept;
    return true;
}

/* ---- Lines ----------------------------------------------------------------------------------------- */

static void complain(const struct reader *r, const char *line, const char *what)
{
    log_line("%s:%d: '%.*s' %s; left out", r->path, r->number, SHOWN_MOST, line, what);
}

/* The rest of the block is passed over. */
static void drop_block(struct reader *r)
{
    suppressions.frame_count = r->block.first;
    r->at = PASSED_OVER;
}

static void refuse(struct reader *r, const char *line, const char *what)
{
    complain(r, line, what);
    drop_block(r);
}

static void lack_memory(struct reader *r)
{
    log_line("%s:%d: there is no memory for it; left out", r->path, r->number);
    suppressions.frame_count = r->block.first;
}

static void read_leak(struct reader *r, const char *text)
{
    struct suppression s = {.classes = SUPPRESS_ANY_CLASS,
                            .first = suppressions.frame_count,
                            .count = 1};
    compile_leak(text);
    r->block.first = s.first;
    if (!add_frame(FRAME_ANYTHING, glob, 0) || !add(&s, text))
        lack_memory(r);
}

static void begin_block(struct reader *r)
{
    r->block = (struct suppression){.line = r->number,
                                    .classes = SUPPRESS_ANY_CLASS,
                                    .first = suppressions.frame_count};
    r->has_allocator = false;
    r->at = NAME;
}

static void read_outside(struct reader *r, const char *line)
{
    if (strncmp(line, "leak:", 5) == 0 && line[5])
        read_leak(r, line + 5);
    else if (strcmp(line, "{") == 0)
        begin_block(r);
    else
        complain(r, line, "is neither leak:PATTERN nor a { that begins a block");
}

static void read_name(struct reader *r, const char *line)
{
    if (strcmp(line, "}") == 0) {
        complain(r, line, "stands where the name of the suppression is to be");
        r->at = OUTSIDE;
        return;
    }
    r->block.name = strings_keep(&suppressions.strings, line);
    r->at = KIND;
}

/* Whether one of the tools, which commas separate, is memcheck. */
static bool has_memcheck(const char *tools, size_t length)
{
    static const char name[] = "Memcheck";
    for (const char *end = tools + length; tools < end;) {
        size_t of_tool = strcspn(tools, ",:");
        if (of_tool == sizeof name - 1 && strncmp(tools, name, of_tool) == 0)
            return true;
        tools += of_tool + 1;
    }
    return false;
}

/* What is for other errors, or for other tools, is no fault of the file's. */
static void read_kind(struct reader *r, const char *line)
{
    const char *colon = strchr(line, ':');
    if (!colon)
        refuse(r, line, "is not of the form Memcheck:Leak");
    else if (has_memcheck(line, (size_t)(colon - line)) && strcmp(colon, ":Leak") == 0)
        r->at = KINDS_OR_FRAME;
    else
        drop_block(r);
}

static const struct {
    const char *name;
    int classes;
} kinds[] = {
    {"definite", 1 << LEAK_DEFINITE}, {"indirect", 1 << LEAK_INDIRECT},
    {"possible", 1 << LEAK_POSSIBLE}, {"reachable", SUPPRESS_NO_CLASS},
    {"all", SUPPRESS_ANY_CLASS},      {"none", SUPPRESS_NO_CLASS},
};

static bool add_kind(const char *name, size_t length, int *classes)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strlen(kinds[i].name) == length &&
            strncmp(kinds[i].name, name, length) == 0) {
            *classes |= kinds[i].classes;
            return true;
        }
    return false;
}

static void read_kinds(struct reader *r, const char *text)
{
    int classes = SUPPRESS_NO_CLASS;
    for (text += strspn(text, " \t"); *text;) {
        size_t length = strcspn(text, ", \t");
        if (!add_kind(text, length, &classes)) {
            refuse(r, text,
                   "is no kind of leak: definite, indirect, possible, reachable, all");
            return;
        }
        text += length;
        text += strspn(text, ", \t");
    }
    r->block.classes = classes;
    r->at = FRAME;
}

/* FILE, or FILE:LINE. */
static size_t source_length(const char *text, int *line)
{
    const char *colon = strrchr(text, ':');
    char *end;
    long number = colon ? strtol(colon + 1, &end, 10) : 0;
    if (number <= 0 || number > 1000000000 || *end)
        return strlen(text);
    *line = (int)number;
    return (size_t)(colon - text);
}

static bool read_pattern(struct reader *r, enum frame_part part, const char *text)
{
    int line = 0;
    size_t length = part == FRAME_SOURCE ? source_length(text, &line) : strlen(text);
    compile_frame(text, length);
    const struct frame_pattern p = {part, line, glob};
    if (r->block.count == 0 && !r->has_allocator && suppress_is_allocator(&p))
        return r->has_allocator = true;
    return add_frame(part, glob, line) && ++r->block.count;
}

static bool read_frame(struct reader *r, const char *line)
{
    static const struct {
        const char *prefix;
        enum frame_part part;
    } parts[] = {{"fun:", FRAME_FUNCTION},
                 {"obj:", FRAME_MODULE},
                 {"src:", FRAME_SOURCE}};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (strncmp(line, parts[i].prefix, 4) == 0 && line[4])
            return read_pattern(r, parts[i].part, line + 4);
    return add_frame(FRAME_SOME, NULL, 0) && ++r->block.count;
}

static bool is_frame(const char *line)
{
    return strcmp(line, "...") == 0 ||
           ((strncmp(line, "fun:", 4) == 0 || strncmp(line, "obj:", 4) == 0 ||
             strncmp(line, "src:", 4) == 0) &&
            line[4]);
}

static void end_block(struct reader *r)
{
    r->at = OUTSIDE;
    if (r->block.count == 0 && !r->has_allocator)
        complain(r, "}", "ends a suppression without frames");
    else if (!add(&r->block, r->block.name ? r->block.name : "?"))
        lack_memory(r);
}

static void read_block(struct reader *r, const char *line)
{
    static const char of_kinds[] = "match-leak-kinds:";
    if (r->at == KINDS_OR_FRAME && strncmp(line, of_kinds, sizeof of_kinds - 1) == 0) {
        read_kinds(r, line + sizeof of_kinds - 1);
    } else if (strcmp(line, "}") == 0) {
        end_block(r);
    } else if (!is_frame(line)) {
        refuse(r, line, "is no frame: fun:NAME, obj:FILE, src:FILE:LINE or ...");
    } else if (read_frame(r, line)) {
        r->at = FRAME;
    } else {
        lack_memory(r);
        drop_block(r);
    }
}

static void read_line(struct reader *r, char *line)
{
    line += strspn(line, " \t");
    for (size_t end = strlen(line); end && strchr(" \t\r", line[end - 1]);)
        line[--end] = '\0';
    if (*line == '\0' || *line == '#')
        return;
    switch (r->at) {
    case OUTSIDE:
        return read_outside(r, line);
    case NAME:
        return read_name(r, line);
    case KIND:
        return read_kind(r, line);
    case PASSED_OVER:
        r->at = strcmp(line, "}") == 0 ? OUTSIDE : PASSED_OVER;
        return;
    default:
        return read_block(r, line);
    }
}

/* ---- The file -------------------------------------------------------------------------------------- */

/* Returns false at the end. */
static bool next_line(struct reader *r, FILE *file, char line[LINE_MOST])
{
    if (!fgets(line, LINE_MOST, file))
        return false;
    r->number++;
    size_t length = strcspn(line, "\n");
    bool cut = length == LINE_MOST - 1 && !line[length];
    for (int c = cut ? getc(file) : EOF; c != EOF && c != '\n';)
        c = getc(file);
    line[length] = '\0';
    if (cut) {
        complain(r, line, "goes on for more than 8190 bytes");
        if (r->at != OUTSIDE)
            drop_block(r);
        line[0] = '\0';
    }
    return true;
}

/* A FIFO that nobody writes to reads as empty. */
void suppress_load(const char *path)
{
    static char line[LINE_MOST] PRIVATE_DATA;
    struct reader r = {.path = path};
    int descriptor = sys_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "r");
    if (!file) {
        log_line("suppressions: '%s' cannot be read: %s", path, strerror(errno));
        return;
    }
    while (next_line(&r, file, line))
        read_line(&r, line);
    fclose(file);
    if (r.at == OUTSIDE)
        return;
    log_line("%s:%d: the block that begins here has no }; left out", path, r.block.line);
    suppressions.frame_count = r.block.first;
}
