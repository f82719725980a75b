/* Streams: files, and memory. A stream that a program drops without closing it is
 * closed by its finalizer. */
#include "prolog.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gcalloc/finalizer.h>

struct stream *standard_input, *standard_output, *standard_error;
struct stream *current_input, *current_output;

static struct list {
    struct stream *stream;
    struct list *next;
} * aliases;

/* ---- Characters -------------------------------------------------------------------- */

int utf8_decode(const char **text)
{
    const unsigned char *p = (const unsigned char *)*text;
    int c = *p++, more = c >= 0xF0 ? 3 : c >= 0xE0 ? 2 : c >= 0xC0 ? 1 : 0;
    if (more)
        c &= 0x3F >> more;
    for (; more > 0 && (*p & 0xC0) == 0x80; more--)
        c = c << 6 | (*p++ & 0x3F);
    *text = (const char *)p;
    return c;
}

char *utf8_encode(int c, char *out)
{
    if (c < 0x80) {
        *out++ = (char)c;
    } else if (c < 0x800) {
        *out++ = (char)(0xC0 | c >> 6);
        *out++ = (char)(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        *out++ = (char)(0xE0 | c >> 12);
        *out++ = (char)(0x80 | (c >> 6 & 0x3F));
        *out++ = (char)(0x80 | (c & 0x3F));
    } else {
        *out++ = (char)(0xF0 | c >> 18);
        *out++ = (char)(0x80 | (c >> 12 & 0x3F));
        *out++ = (char)(0x80 | (c >> 6 & 0x3F));
        *out++ = (char)(0x80 | (c & 0x3F));
    }
    return out;
}

static int next_byte(struct stream *s)
{
    if (!s->file)
        return s->text < s->text_end ? (unsigned char)*s->text++ : EOF;
    int c = getc_unlocked(s->file);
    if (c == EOF && s->eof_action == 'r')
        clearerr(s->file);
    return c;
}

static int next_character(struct stream *s)
{
    char bytes[5] = {0};
    int c = next_byte(s);
    if (c < 0x80 || s->binary)
        return c;
    int count = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
    bytes[0] = (char)c;
    for (int i = 1; i < count; i++)
        bytes[i] = (char)next_byte(s);
    const char *p = bytes;
    return utf8_decode(&p);
}

int stream_peek(struct stream *s)
{
    if (s->ahead_count == 0)
        s->ahead[s->ahead_count++] = next_character(s);
    return s->ahead[s->ahead_count - 1];
}

void stream_unget(struct stream *s, int c)
{
    s->ahead[s->ahead_count++] = c;
    s->column--;
}

int stream_get(struct stream *s)
{
    int c = s->ahead_count > 0 ? s->ahead[--s->ahead_count] : next_character(s);
    s->column++;
    if (c == '\n') {
        s->line++;
        s->column = 0;
    }
    return c;
}

void stream_put(struct stream *s, int c)
{
    char bytes[4];
    if (s->binary) {
        putc_unlocked(c, s->file);
        return;
    }
    for (const char *p = bytes, *end = utf8_encode(c, bytes); p < end; p++)
        putc_unlocked(*p, s->file);
    s->column = c == '\n' ? 0 : s->column + 1;
}

void stream_puts(struct stream *s, const char *text, size_t length)
{
    for (const char *end = text + length; text < end;)
        stream_put(s, utf8_decode(&text));
}

/* ---- Opening and closing ------------------------------------------------------------ */

static void stream_end(void *object, void *data)
{
    struct stream *s = object;
    (void)data;
    if (s->closed)
        return;
    s->closed = true;
    if (s->file)
        fclose(s->file);
    free(s->memory);
}

static struct stream *stream_new(FILE *file, bool input, const char *mode)
{
    struct stream *s = allocate(sizeof *s);
    *s = (struct stream){.box = {STREAM},
                         .file = file,
                         .input = input,
                         .eof_action = 'e',
                         .line = 1,
                         .mode = atom_of(mode)};
    gc_finalizer_set_with(s, stream_end, NULL, GC_UNORDERED);
    return s;
}

static void stream_name(struct stream *s, struct atom *alias)
{
    struct list *l = allocate(sizeof *l);
    s->alias = alias;
    l->stream = s;
    l->next = aliases;
    aliases = l;
}

static void stream_forget(struct stream *s)
{
    for (struct list **l = &aliases; *l; l = &(*l)->next) {
        if ((*l)->stream == s) {
            *l = (*l)->next;
            return;
        }
    }
}

static struct stream *standard(FILE *file, bool input, struct atom *alias)
{
    struct stream *s = stream_new(file, input, input ? "read" : "append");
    s->eof_action = 'r';
    s->interactive = isatty(fileno(file));
    stream_name(s, alias);
    return s;
}

void streams_init(void)
{
    current_input = standard_input = standard(stdin, true, atoms.user_input);
    current_output = standard_output = standard(stdout, false, atoms.user_output);
    standard_error = standard(stderr, false, atoms.user_error);
}

static struct stream *find_stream(term t)
{
    t = deref(t);
    if (tag_of(t) == REFERENCE)
        instantiation_error();
    if (is_box(t, STREAM)) {
        struct stream *s = address(t);
        if (s->closed)
            existence_error("stream", t);
        return s;
    }
    if (tag_of(t) != ATOM)
        domain_error("stream_or_alias", t);
    for (struct list *l = aliases; l; l = l->next) {
        if (l->stream->alias == atom_at(t))
            return l->stream;
    }
    existence_error("stream", t);
}

struct stream *want_stream(term t, bool input)
{
    struct stream *s = find_stream(t);
    if (s->input != input)
        permission_error(input ? "input" : "output", "stream", deref(t));
    return s;
}

static term stream_term(struct stream *s)
{
    return tagged(s, BOX);
}

/* ---- Built-in predicates ----------------------------------------------------------- */

/* $open(Name, Mode, Stream, Type, EofAction) */
static bool builtin_open(term *a)
{
    struct atom *name = want_atom(a[0]), *mode = want_atom(a[1]);
    bool input = mode == atoms.read;
    gc_finalizers_run();
    FILE *file = fopen(name->text, input ? "re" : mode == atoms.append ? "ae" : "we");
    if (!file && errno == ENOENT)
        existence_error("source_sink", atom(name));
    if (!file)
        permission_error("open", "source_sink", atom(name));
    struct stream *s = stream_new(file, input, mode->text);
    s->name = name;
    s->binary = want_atom(a[3])->text[0] == 'b';
    s->eof_action = want_atom(a[4])->text[0];
    return unify(a[2], stream_term(s));
}

/* $check_alias(Alias): throws if a stream has it. */
static bool builtin_check_alias(term *a)
{
    struct atom *alias = want_atom(a[0]);
    for (struct list *l = aliases; l; l = l->next) {
        if (l->stream->alias == alias)
            permission_error("open", "source_sink",
                             structure(atom_of("alias"), 1, (term[]){atom(alias)}));
    }
    return true;
}

/* $alias(Stream, Alias) */
static bool builtin_alias(term *a)
{
    stream_name(find_stream(a[0]), want_atom(a[1]));
    return true;
}

static bool builtin_close(term *a)
{
    struct stream *s = find_stream(a[0]);
    if (s == standard_input || s == standard_output || s == standard_error)
        return true;
    if (s == current_input)
        current_input = standard_input;
    if (s == current_output)
        current_output = standard_output;
    stream_forget(s);
    stream_end(s, NULL);
    return true;
}

static void want_stream_or_variable(term t)
{
    t = deref(t);
    if (tag_of(t) != REFERENCE && !is_box(t, STREAM))
        domain_error("stream", t);
}

static bool builtin_current_input(term *a)
{
    want_stream_or_variable(a[0]);
    return unify(a[0], stream_term(current_input));
}

static bool builtin_current_output(term *a)
{
    want_stream_or_variable(a[0]);
    return unify(a[0], stream_term(current_output));
}

static bool builtin_set_input(term *a)
{
    current_input = want_stream(a[0], true);
    return true;
}

static bool builtin_set_output(term *a)
{
    current_output = want_stream(a[0], false);
    return true;
}

static bool builtin_flush_output(term *a)
{
    fflush(want_stream(a[0], false)->file);
    return true;
}

/* $memory_output(Stream) */
static bool builtin_memory_output(term *a)
{
    struct stream *s = stream_new(NULL, false, "write");
    s->file = check_memory(open_memstream(&s->memory, &s->memory_size));
    return unify(a[0], stream_term(s));
}

/* $memory_text(Stream, Atom): what was written; the stream is closed. */
static bool builtin_memory_text(term *a)
{
    struct stream *s = want_stream(a[0], false);
    fflush(s->file);
    struct atom *text = atom_of_bytes(s->memory, s->memory_size);
    stream_end(s, NULL);
    return unify(a[1], atom(text));
}

/* $memory_input(Atom, Stream): which has the atom for a name, and so keeps its text. */
static bool builtin_memory_input(term *a)
{
    struct atom *text = want_atom(a[0]);
    struct stream *s = stream_new(NULL, true, "read");
    s->name = text;
    s->text = text->text;
    s->text_end = text->text + text->length;
    return unify(a[1], stream_term(s));
}

/* ---- Positions ---- */

/* Where the next character is in the file; -1: it is none that has places. */
static off_t position_of(const struct stream *s)
{
    char bytes[4];
    off_t offset = s->file ? ftello(s->file) : -1;
    for (int i = 0; i < s->ahead_count && offset >= 0; i++)
        if (s->ahead[i] != EOF)
            offset -= s->binary ? 1 : utf8_encode(s->ahead[i], bytes) - bytes;
    return offset;
}

/* $position(Stream, Offset, Line, Column): fails if the stream has no places. */
static bool builtin_position(term *a)
{
    struct stream *s = find_stream(a[0]);
    off_t offset = position_of(s);
    return offset >= 0 && unify(a[1], integer(offset)) && unify(a[2], integer(s->line)) &&
           unify(a[3], integer(s->column));
}

/* $set_position(Stream, Offset, Line, Column): fails if the stream has no places. */
static bool builtin_set_position(term *a)
{
    struct stream *s = find_stream(a[0]);
    if (!s->file || fseeko(s->file, want_integer(a[1]), SEEK_SET) != 0)
        return false;
    s->ahead_count = 0;
    s->past_end = false;
    s->line = (int)want_integer(a[2]);
    s->column = (int)want_integer(a[3]);
    return true;
}

/* $stream_properties(Stream, alias, file name, mode, type, line, end, eof action); [] where
 * there is none */
static bool builtin_properties(term *a)
{
    struct stream *s = find_stream(a[0]);
    bool at_end = s->ahead_count > 0 && s->ahead[s->ahead_count - 1] == EOF;
    const char *end = !s->input ? "no" : s->past_end ? "past" : at_end ? "at" : "not";
    const char *action = s->eof_action == 'e'   ? "error"
                         : s->eof_action == 'r' ? "reset"
                                                : "eof_code";
    term items[] = {s->alias ? atom(s->alias) : atom(atoms.nil),
                    s->name ? atom(s->name) : atom(atoms.nil),
                    atom(s->mode),
                    atom(atom_of(s->binary ? "binary" : "text")),
                    integer(s->line),
                    atom(atom_of(end)),
                    atom(atom_of(action)),
                    atom(atom_of(s->input ? "input" : "output"))};
    return unify(a[1], list_of(items, 8, atom(atoms.nil)));
}

/* $streams(List): those that have an alias */
static bool builtin_streams(term *a)
{
    term list = atom(atoms.nil);
    for (struct list *l = aliases; l; l = l->next)
        list = cons(stream_term(l->stream), list);
    return unify(a[0], list);
}

/* $is_stream(Term): whether it is one, if closed */
static bool builtin_is_stream(term *a)
{
    return is_box(deref(a[0]), STREAM);
}

static bool builtin_column(term *a)
{
    return unify(a[1], integer(find_stream(a[0])->column));
}

void define_streams(void)
{
    define("$open", 5, builtin_open);
    define("$check_alias", 1, builtin_check_alias);
    define("$alias", 2, builtin_alias);
    define("$close", 1, builtin_close);
    define("current_input", 1, builtin_current_input);
    define("current_output", 1, builtin_current_output);
    define("set_input", 1, builtin_set_input);
    define("set_output", 1, builtin_set_output);
    define("flush_output", 1, builtin_flush_output);
    define("$memory_output", 1, builtin_memory_output);
    define("$memory_text", 2, builtin_memory_text);
    define("$memory_input", 2, builtin_memory_input);
    define("$stream_properties", 2, builtin_properties);
    define("$streams", 1, builtin_streams);
    define("$position", 4, builtin_position);
    define("$set_position", 4, builtin_set_position);
    define("$is_stream", 1, builtin_is_stream);
    define("$column", 2, builtin_column);
}
