/* Vectors. */
#include "primitive.h"

#include <string.h>

static struct vector *want_vector(value v)
{
    return vector_of(want(v, TYPE_VECTOR));
}

SIMPLE(p_is_vector, boolean(has_type(args[0], TYPE_VECTOR)))

PRIMITIVE(p_make_vector)
{
    return vector_new(want_index(args[0], 0, SIZE_MAX >> 4), argc > 1 ? args[1] : FALSE);
}

static value vector_from(const value *items, size_t length)
{
    value v = vector_new(length, FALSE);
    memcpy(vector_of(v)->items, items, length * sizeof *items);
    return v;
}

SIMPLE(p_vector, vector_from(args, (size_t)argc))
SIMPLE(p_vector_length, fixnum((intptr_t)want_vector(args[0])->length))

static value *element(value *args)
{
    struct vector *v = want_vector(args[0]);
    if (v->length == 0)
        fail("%s: the vector is empty", vm.primitive->name);
    return &v->items[want_index(args[1], 0, v->length - 1)];
}

SIMPLE(p_vector_ref, *element(args))

PRIMITIVE(p_vector_set)
{
    *element(args) = args[2];
    return UNSPECIFIED;
}

PRIMITIVE(p_vector_fill)
{
    size_t start, end;
    struct vector *v = want_vector(args[0]);
    want_range(argc, args, 2, v->length, &start, &end);
    for (size_t i = start; i < end; i++)
        v->items[i] = args[1];
    return UNSPECIFIED;
}

PRIMITIVE(p_vector_copy)
{
    size_t start, end;
    const struct vector *v = want_vector(args[0]);
    want_range(argc, args, 1, v->length, &start, &end);
    return vector_from(v->items + start, end - start);
}

/* (vector-copy! to at from [start [end]]) */
PRIMITIVE(p_vector_copy_to)
{
    size_t start, end;
    struct vector *to = want_vector(args[0]), *from = want_vector(args[2]);
    want_range(argc, args, 3, from->length, &start, &end);
    size_t at = want_place(args[1], to->length, end - start);
    memmove(to->items + at, from->items + start, (end - start) * sizeof *to->items);
    return UNSPECIFIED;
}

PRIMITIVE(p_vector_append)
{
    size_t length = 0;
    for (int i = 0; i < argc; i++)
        length += want_vector(args[i])->length;
    value result = vector_new(length, FALSE);
    value *to = vector_of(result)->items;
    for (int i = 0; i < argc; i++) {
        const struct vector *v = vector_of(args[i]);
        memcpy(to, v->items, v->length * sizeof *to);
        to += v->length;
    }
    return result;
}

/* ---- Vectors and other sequences ------------------------------------------------- */

PRIMITIVE(p_vector_to_list)
{
    size_t start, end;
    const struct vector *v = want_vector(args[0]);
    value list = NIL;
    want_range(argc, args, 1, v->length, &start, &end);
    while (end-- > start)
        list = cons(v->items[end], list);
    return list;
}

PRIMITIVE(p_list_to_vector)
{
    intptr_t length = list_length(args[0]);
    size_t i = 0;
    if (length < 0)
        fail_type("a list", args[0]);
    value v = vector_new((size_t)length, FALSE);
    for (value list = args[0]; is_pair(list) && i < (size_t)length; list = cdr(list))
        vector_of(v)->items[i++] = car(list);
    return v;
}

PRIMITIVE(p_vector_to_string)
{
    size_t start, end;
    const struct vector *v = want_vector(args[0]);
    want_range(argc, args, 1, v->length, &start, &end);
    value s = string_new(end - start);
    for (size_t i = start; i < end; i++)
        string_of(s)->chars[i - start] = want_char(v->items[i]);
    return s;
}

PRIMITIVE(p_string_to_vector)
{
    size_t start, end;
    const struct string *s = string_of(want(args[0], TYPE_STRING));
    want_range(argc, args, 1, s->length, &start, &end);
    value v = vector_new(end - start, FALSE);
    for (size_t i = start; i < end; i++)
        vector_of(v)->items[i - start] = character(s->chars[i]);
    return v;
}

static const struct definition definitions[] = {
    {"vector?", p_is_vector, 1, 1},
    {"make-vector", p_make_vector, 1, 2},
    {"vector", p_vector, 0, MANY},
    {"vector-length", p_vector_length, 1, 1},
    {"vector-ref", p_vector_ref, 2, 2},
    {"vector-set!", p_vector_set, 3, 3},
    {"vector-fill!", p_vector_fill, 2, 4},
    {"vector-copy", p_vector_copy, 1, 3},
    {"vector-copy!", p_vector_copy_to, 3, 5},
    {"vector-append", p_vector_append, 0, MANY},
    {"vector->list", p_vector_to_list, 1, 3},
    {"list->vector", p_list_to_vector, 1, 1},
    {"vector->string", p_vector_to_string, 1, 3},
    {"string->vector", p_string_to_vector, 1, 3},
};

void define_vectors(void)
{
    DEFINE_PRIMITIVES(definitions);
}
