/* Places in source files: where forms come from, errors there, and the files that programs include. */
#include "port.h"
#include "syntax.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <wctype.h>

_Thread_local struct source source = {.macro = FALSE};

/* ---- Positions ------------------------------------------------------------------------ */

void locate(value form)
{
    if (!source.positions)
        return;
    value place = table_get(source.positions, form, FALSE);
    if (place != FALSE) {
        source.file = is_pair(place) ? string_utf8(car(place)) : source.own_file;
        if (is_pair(place))
            place = cdr(place);
        source.line = (int)(fixnum_of(place) >> 32);
        source.column = (int)(fixnum_of(place) & 0x7FFFFFFF);
    }
}

void locate_like(value form, value like)
{
    if (!source.positions || !is_pair(form) ||
        table_get(source.positions, form, FALSE) != FALSE)
        return;
    value place = table_get(source.positions, like, FALSE);
    if (place != FALSE)
        table_put(source.positions, form, place);
}

void fail_syntax(const char *what, value form)
{
    locate(form);
    form = original_datum(form);
    if (source.macro == FALSE)
        fail_at(source.file, source.line, source.column, "%s: %v", what, form);
    fail_at(source.file, source.line, source.column, "%s: %v (in the expansion of %v)",
            what, form, original_name(source.macro));
}

intptr_t form_length(value form, int least, int most)
{
    intptr_t length = list_length(form);
    if (length < least || (most != MANY && length > most))
        fail_syntax("bad syntax", form);
    return length;
}

/* ---- Files ------------------------------------------------------------------------------ */

struct port *source_open(const char *file)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? NULL : port_new(fd, false);
}

const char *path_beside(const char *file, const char *name)
{
    const char *slash = file ? strrchr(file, '/') : NULL;
    if (!slash || name[0] == '/')
        return name;
    size_t length = (size_t)(slash + 1 - file);
    char *path = allocate_atomic(length + strlen(name) + 1);
    memcpy(path, file, length);
    strcpy(path + length, name);
    return path;
}

/* Has the forms' positions name their file, where they are not in the one that is being expanded. */
static void add_positions(const struct table *positions, const char *file)
{
    value name = string_from_utf8(file, strlen(file));
    if (!source.positions)
        source.positions = table_new(false);
    for (value l = table_list(positions); is_pair(l); l = cdr(l))
        table_put(source.positions, car(car(l)), cons(name, cdr(car(l))));
}

/* The symbol with its letters in lower case; lists and vectors are changed in place. */
static value fold_datum(value datum)
{
    check_depth();
    if (is_symbol(datum)) {
        struct text text = {0};
        const struct string *name = symbol_of(datum)->name;
        for (size_t i = 0; i < name->length; i++)
            text_add(&text, towlower(name->chars[i]));
        return intern(string_from(text.chars, text.length));
    }
    for (value rest = datum; is_pair(rest); rest = cdr(rest)) {
        pair_of(rest)->car = fold_datum(car(rest));
        if (!is_pair(cdr(rest)))
            pair_of(rest)->cdr = fold_datum(cdr(rest));
    }
    if (has_type(datum, TYPE_VECTOR)) {
        for (size_t i = 0; i < vector_of(datum)->length; i++)
            vector_of(datum)->items[i] = fold_datum(vector_of(datum)->items[i]);
    }
    return datum;
}

value read_included(value name, bool fold_case)
{
    if (!has_type(name, TYPE_STRING))
        fail_syntax("the name of a file should be a string", name);
    const char *file = path_beside(source.file, string_utf8(name));
    struct port *port = source_open(file);
    struct table *positions = table_new(false);
    value reversed = NIL;
    if (!port)
        fail_syntax(strerror(errno), name);
    for (;;) {
        value form = read_datum(port, file, positions);
        if (form == END_OF_FILE)
            break;
        reversed = cons(fold_case ? fold_datum(form) : form, reversed);
    }
    add_positions(positions, file);
    return list_reverse(reversed);
}
