/* Bytevectors. */
#include "port.h"
#include "primitive.h"

#include <string.h>

static struct bytevector *want_bytevector(value v)
{
    return bytevector_of(want(v, TYPE_BYTEVECTOR));
}

value bytevector_new(size_t length)
{
    struct bytevector *b = allocate_atomic(sizeof *b + length);
    b->object.type = TYPE_BYTEVECTOR;
    b->length = length;
    return &b->object;
}

value bytevector_from(const void *bytes, size_t length)
{
    value b = bytevector_new(length);
    memcpy(bytevector_of(b)->bytes, bytes, length);
    return b;
}

unsigned char want_byte(value v)
{
    if (!is_fixnum(v) || fixnum_of(v) < 0 || fixnum_of(v) > 255)
        fail_type("an integer from 0 to 255", v);
    return (unsigned char)fixnum_of(v);
}

SIMPLE(p_is_bytevector, boolean(has_type(args[0], TYPE_BYTEVECTOR)))

PRIMITIVE(p_make_bytevector)
{
    value b = bytevector_new(want_index(args[0], 0, SIZE_MAX >> 4));
    memset(bytevector_of(b)->bytes, argc > 1 ? want_byte(args[1]) : 0,
           bytevector_of(b)->length);
    return b;
}

PRIMITIVE(p_bytevector)
{
    value b = bytevector_new((size_t)argc);
    for (int i = 0; i < argc; i++)
        bytevector_of(b)->bytes[i] = want_byte(args[i]);
    return b;
}

SIMPLE(p_bytevector_length, fixnum((intptr_t)want_bytevector(args[0])->length))

static unsigned char *element(value *args)
{
    struct bytevector *b = want_bytevector(args[0]);
    if (b->length == 0)
        fail("%s: the bytevector is empty", vm.primitive->name);
    return &b->bytes[want_index(args[1], 0, b->length - 1)];
}

SIMPLE(p_bytevector_ref, fixnum(*element(args)))

PRIMITIVE(p_bytevector_set)
{
    *element(args) = want_byte(args[2]);
    return UNSPECIFIED;
}

PRIMITIVE(p_bytevector_copy)
{
    size_t start, end;
    const struct bytevector *b = want_bytevector(args[0]);
    want_range(argc, args, 1, b->length, &start, &end);
    return bytevector_from(b->bytes + start, end - start);
}

/* (bytevector-copy! to at from [start [end]]) */
PRIMITIVE(p_bytevector_copy_to)
{
    size_t start, end;
    struct bytevector *to = want_bytevector(args[0]), *from = want_bytevector(args[2]);
    want_range(argc, args, 3, from->length, &start, &end);
    size_t at = want_place(args[1], to->length, end - start);
    memmove(to->bytes + at, from->bytes + start, end - start);
    return UNSPECIFIED;
}

/* (bytevector-fill! bytevector byte [start [end]]) */
PRIMITIVE(p_bytevector_fill)
{
    size_t start, end;
    struct bytevector *b = want_bytevector(args[0]);
    want_range(argc, args, 2, b->length, &start, &end);
    memset(b->bytes + start, want_byte(args[1]), end - start);
    return UNSPECIFIED;
}

PRIMITIVE(p_bytevector_append)
{
    size_t length = 0;
    for (int i = 0; i < argc; i++)
        length += want_bytevector(args[i])->length;
    value result = bytevector_new(length);
    unsigned char *to = bytevector_of(result)->bytes;
    for (int i = 0; i < argc; i++) {
        const struct bytevector *b = bytevector_of(args[i]);
        memcpy(to, b->bytes, b->length);
        to += b->length;
    }
    return result;
}

/* ---- Text ------------------------------------------------------------------------ */

PRIMITIVE(p_utf8_to_string)
{
    size_t start, end;
    const struct bytevector *b = want_bytevector(args[0]);
    want_range(argc, args, 1, b->length, &start, &end);
    return string_from_utf8((const char *)b->bytes + start, end - start);
}

PRIMITIVE(p_string_to_utf8)
{
    size_t start, end;
    const struct string *s = string_of(want(args[0], TYPE_STRING));
    want_range(argc, args, 1, s->length, &start, &end);
    struct port *out = port_new(-1, true);
    for (size_t i = start; i < end; i++)
        port_put(out, s->chars[i]);
    return bytevector_from(out->data, out->end);
}

static const struct definition definitions[] = {
    {"bytevector?", p_is_bytevector, 1, 1},
    {"make-bytevector", p_make_bytevector, 1, 2},
    {"bytevector", p_bytevector, 0, MANY},
    {"bytevector-length", p_bytevector_length, 1, 1},
    {"bytevector-u8-ref", p_bytevector_ref, 2, 2},
    {"bytevector-u8-set!", p_bytevector_set, 3, 3},
    {"bytevector-copy", p_bytevector_copy, 1, 3},
    {"bytevector-copy!", p_bytevector_copy_to, 3, 5},
    {"bytevector-fill!", p_bytevector_fill, 2, 4},
    {"bytevector-append", p_bytevector_append, 0, MANY},
    {"utf8->string", p_utf8_to_string, 1, 3},
    {"string->utf8", p_string_to_utf8, 1, 3},
};

void define_bytevectors(void)
{
    DEFINE_PRIMITIVES(definitions);
}
