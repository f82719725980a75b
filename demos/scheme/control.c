/* Defining primitives, checking their arguments, and the primitives that concern
 * procedures, errors, time and the collector. */
#include "port.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

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
        [TYPE_BYTEVECTOR] = "a bytevector",
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

/* (apply procedure argument ... list) */
PRIMITIVE(p_apply)
{
    value list = args[argc - 1];
    intptr_t length = list_length(list);
    int given = argc - 2;
    vm.callee = want_procedure(args[0]);
    if (length < 0)
        fail_type("a list", list);
    vm_need(args, (size_t)given + (size_t)length);
    memmove(args, args + 1, (size_t)given * sizeof *args);
    for (value *to = args + given; is_pair(list); list = cdr(list))
        *to++ = car(list);
    vm.argc = given + (int)length;
    return TAIL_CALL;
}

SIMPLE(p_eval, evaluate(args[0], NULL, NULL))

/* (error message irritant ...) */
PRIMITIVE(p_error)
{
    struct port *out = port_new(-1, true);
    for (int i = 0; i < argc; i++) {
        if (i > 0)
            port_put(out, ' ');
        print(out, args[i], i > 0 || !has_type(args[i], TYPE_STRING));
    }
    port_put(out, 0);
    fail("%s", out->data);
}

PRIMITIVE(p_exit)
{
    if (argc == 0 || args[0] == TRUE)
        exit(EXIT_SUCCESS);
    exit(is_fixnum(args[0]) ? (int)(fixnum_of(args[0]) & 0xFF) : EXIT_FAILURE);
}

value command_line;

SIMPLE(p_command_line, command_line)

/* Seconds, from some point in the past. */
PRIMITIVE(p_current_time)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return flonum((double)now.tv_sec + (double)now.tv_nsec / 1e9);
}

PRIMITIVE(p_collect)
{
    gc_collect();
    return UNSPECIFIED;
}

PRIMITIVE(p_collections)
{
    struct gc_stats stats = {.size = sizeof stats};
    gc_stats_get(&stats);
    return fixnum((intptr_t)stats.collections);
}

static const struct definition definitions[] = {
    {"procedure?", p_is_procedure, 1, 1},
    {"apply", p_apply, 2, MANY},
    {"eval", p_eval, 1, 1},
    {"error", p_error, 1, MANY},
    {"exit", p_exit, 0, 1},
    {"command-line", p_command_line, 0, 0},
    {"current-time", p_current_time, 0, 0},
    {"gc-collect", p_collect, 0, 0},
    {"gc-collections", p_collections, 0, 0},
};

void define_control(void)
{
    DEFINE_PRIMITIVES(definitions);
}
