/* Streams: files, and memory as a file. A stream that a program drops without closing it is
 * closed by its finalizer. */
#include "prolog.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
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
    if (s->peeked_twice != NOTHING)
        return s->peeked_twice;
    if (s->peeked == NOTHING)
        s->peeked = next_character(s);
    return s->peeked;
}

int stream_get(struct stream *s)
{
    int c = stream_peek(s);
    if (s->peeked_twice != NOTHING)
        s->peeked_twice = NOTHING;
    else
        s->peeked = NOTHING;
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

void stream_puts(struct stream *s, const char *text)
{
    while (*text)
        stream_put(s, utf8_decode(&text));
}

/* A key of the terminal, without waiting for the end of the line. */
int key_read(void)
{
    struct termios old, raw;
    bool terminal = tcgetattr(STDIN_FILENO, &old) == 0;
    if (terminal) {
        raw = old;
        raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
        tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    }
    int c = getchar();
    for (int rest = c; !terminal && rest != '\n' && rest != EOF;)
        rest = getchar();
    if (terminal)
        tcsetattr(STDIN_FILENO, TCSANOW, &old);
    return c;
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
                         .peeked = NOTHING,
                         .peeked_twice = NOTHING,
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

/* $alias(Stream, Alias) */
static bool builtin_alias(term *a)
{
    struct atom *alias = want_atom(a[1]);
    for (struct list *l = aliases; l; l = l->next) {
        if (l->stream->alias == alias)
            permission_error("open", "source_sink",
                             structure(atom_of("alias"), 1, (term[]){atom(alias)}));
    }
    stream_name(find_stream(a[0]), alias);
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

static bool builtin_current_input(term *a)
{
    return unify(a[0], stream_term(current_input));
}

static bool builtin_current_output(term *a)
{
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
    s->file = check_memory(text->length ? fmemopen(text->text, text->length, "r")
                                        : fopen("/dev/null", "re"));
    return unify(a[1], stream_term(s));
}

/* $stream_properties(Stream, alias, file name, mode, type, line, end, eof action); [] where
 * there is none */
static bool builtin_properties(term *a)
{
    struct stream *s = find_stream(a[0]);
    const char *end = !s->input          ? "no"
                      : s->past_end      ? "past"
                      : s->peeked == EOF ? "at"
                                         : "not";
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

static struct stream *want_input(term t, bool binary)
{
    struct stream *s = want_stream(t, true);
    if (s->binary != binary)
        permission_error("input", s->binary ? "binary_stream" : "text_stream", deref(t));
    if (s->past_end && s->eof_action == 'e')
        permission_error("input", "past_end_of_stream", deref(t));
    if (s == standard_input)
        fflush(stdout);
    return s;
}

static int get_from(term stream, bool binary)
{
    struct stream *s = want_input(stream, binary);
    int c = stream_get(s);
    s->past_end = c == EOF;
    return c;
}

static term character_term(int c)
{
    char bytes[5];
    if (c == EOF)
        return atom(atoms.end_of_file);
    return atom(atom_of_bytes(bytes, (size_t)(utf8_encode(c, bytes) - bytes)));
}

static bool builtin_get_char(term *a)
{
    return unify(a[1], character_term(get_from(a[0], false)));
}

static bool builtin_peek_char(term *a)
{
    return unify(a[1], character_term(stream_peek(want_input(a[0], false))));
}

static bool builtin_get_code(term *a)
{
    return unify(a[1], integer(get_from(a[0], false)));
}

static bool builtin_peek_code(term *a)
{
    return unify(a[1], integer(stream_peek(want_input(a[0], false))));
}

static bool builtin_get_byte(term *a)
{
    return unify(a[1], integer(get_from(a[0], true)));
}

static bool builtin_peek_byte(term *a)
{
    return unify(a[1], integer(stream_peek(want_input(a[0], true))));
}

static bool put_to(term stream, int64_t c, bool binary)
{
    struct stream *s = want_stream(stream, false);
    if (s->binary != binary)
        permission_error("output", s->binary ? "binary_stream" : "text_stream",
                         deref(stream));
    stream_put(s, (int)c);
    return true;
}

/* $put_code(Stream, Code) and $put_byte: of a code that was checked */
static bool builtin_put_code(term *a)
{
    return put_to(a[0], want_integer(a[1]), false);
}

static bool builtin_put_byte(term *a)
{
    return put_to(a[0], want_integer(a[1]), true);
}

static bool builtin_column(term *a)
{
    return unify(a[1], integer(find_stream(a[0])->column));
}

void define_streams(void)
{
    define("$open", 5, builtin_open);
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
    define("$get_char", 2, builtin_get_char);
    define("$peek_char", 2, builtin_peek_char);
    define("$get_code", 2, builtin_get_code);
    define("$peek_code", 2, builtin_peek_code);
    define("$get_byte", 2, builtin_get_byte);
    define("$peek_byte", 2, builtin_peek_byte);
    define("$put_code", 2, builtin_put_code);
    define("$put_byte", 2, builtin_put_byte);
    define("$column", 2, builtin_column);
}
