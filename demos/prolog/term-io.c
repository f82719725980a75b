/* Built-in predicates that read and write terms. */
#include "machine.h"

#include <stdio.h>

/* $read(Stream, Term, [Name = Variable...], Singletons, Line) */
static bool builtin_read(term *a)
{
    struct stream *s = want_text_input(a[0]);
    struct reader reader = {.stream = s};
    term names = atom(atoms.nil), singletons = names;
    term t = read_term(&reader);
    s->past_end = is_atom(t, atoms.end_of_file) && s->ahead_count == 0;
    for (size_t i = reader.count; i > 0; i--) {
        const struct variable_name *n = &reader.names[i - 1];
        term pair = structure(atoms.equal, 2, (term[]){atom(n->name), n->variable});
        names = cons(pair, names);
        if (n->count == 1)
            singletons = cons(pair, singletons);
    }
    return unify(a[1], t) && unify(a[2], names) && unify(a[3], singletons) &&
           unify(a[4], integer(reader.line));
}

/* $write(Stream, Term, Flags, Priority) */
static bool builtin_write(term *a)
{
    struct stream *s = want_stream(a[0], false);
    if (s->binary)
        permission_error("output", "binary_stream", deref(a[0]));
    write_term(s, a[1], (int)want_integer(a[2]), (int)want_integer(a[3]));
    return true;
}

/* $float_format(Directive, Digits, Number, Atom) */
static bool builtin_float_format(term *a)
{
    char format[] = "%.*f";
    int64_t digits = want_integer(a[1]);
    format[3] = (char)want_integer(a[0]);
    char *text = allocate_atomic(400 + (size_t)digits);
    int length =
        snprintf(text, 400 + (size_t)digits, format, (int)digits, real_of(deref(a[2])));
    return unify(a[3], atom(atom_of_bytes(text, (size_t)length)));
}

void define_term_io(void)
{
    define("$read", 5, builtin_read);
    define("$write", 4, builtin_write);
    define("$float_format", 4, builtin_float_format);
}
