/* Defining primitives, checking their arguments, and evaluation. */
#include "port.h"
#include "primitive.h"

void define_primitives(const struct definition *definitions, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct primitive *p = allocate_object(sizeof *p, TYPE_PRIMITIVE);
        p->call = definitions[i].call;
        p->least = definitions[i].least;
        p->most = definitions[i].most;
        p->name = definitions[i].name;
        struct symbol *name = symbol_of(symbol(p->name));
        name->global = &p->object;
        symbol_keep(name);
    }
}

/* ---- Checks of arguments --------------------------------------------------------- */

value want(value v, enum type type)
{
    static const char *const names[] = {
        [TYPE_STRING] = "a string",
        [TYPE_SYMBOL] = "a symbol",
        [TYPE_VECTOR] = "a vector",
        [TYPE_TABLE] = "a hash table",
        [TYPE_PORT] = "a port",
        [TYPE_GUARDIAN] = "a guardian",
        [TYPE_CONTINUATION] = "a continuation",
        [TYPE_CONDITION] = "an error object",
        [TYPE_PROMISE] = "a promise",
        [TYPE_RECORD_TYPE] = "a record type",
        [TYPE_ENVIRONMENT] = "an environment",
        [TYPE_BYTEVECTOR] = "a bytevector",
        [TYPE_THREAD] = "a thread",
        [TYPE_MUTEX] = "a mutex",
        [TYPE_CONDITION_VARIABLE] = "a condition variable",
        [TYPE_TIME] = "a time",
    };
    if (!has_type(v, type))
        fail_type(names[type], v);
    return v;
}

value want_pair(value v)
{
    if (!is_pair(v))
        fail_type("a pair", v);
    return v;
}

uint32_t want_char(value v)
{
    if (!is_char(v))
        fail_type("a character", v);
    return char_of(v);
}

intptr_t want_fixnum(value v)
{
    if (!is_fixnum(v))
        fail_type("an exact integer", v);
    return fixnum_of(v);
}

size_t want_index(value v, size_t low, size_t high)
{
    intptr_t n = want_fixnum(v);
    if (n < 0 || (size_t)n < low || (size_t)n > high)
        fail("%s: %v is not in the range from %v to %v", vm.primitive->name, v,
             fixnum((intptr_t)low), fixnum((intptr_t)high));
    return (size_t)n;
}

void want_range(int argc, value *args, int i, size_t length, size_t *start, size_t *end)
{
    *end = i + 1 < argc ? want_index(args[i + 1], 0, length) : length;
    *start = i < argc ? want_index(args[i], 0, *end) : 0;
}

size_t want_place(value v, size_t length, size_t count)
{
    size_t place = want_index(v, 0, length);
    if (count > length - place)
        fail("%s: %v elements from %v on do not fit into a length of %v",
             vm.primitive->name, fixnum((intptr_t)count), v, fixnum((intptr_t)length));
    return place;
}

value want_procedure(value v)
{
    if (!is_procedure(v))
        fail_type("a procedure", v);
    return v;
}

/* ---- Primitives ------------------------------------------------------------------ */

SIMPLE(p_is_procedure, boolean(is_procedure(args[0])))

static const struct definition definitions[] = {
    {"procedure?", p_is_procedure, 1, 1},
};

void define_control(void)
{
    DEFINE_PRIMITIVES(definitions);
}
