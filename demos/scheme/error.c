/* Error objects: making them, raising them, and the primitives that look at them. */
#include "control.h"
#include "hold.h"
#include "port.h"
#include "primitive.h"
#include "report.h"
#include "thread.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- Making ---------------------------------------------------------------------- */

static value format_message(const char *format, va_list arguments)
{
    struct port *out = port_new(-1, true);
    char digits[16];
    for (; *format; format++) {
        if (*format != '%') {
            port_put(out, (unsigned char)*format);
            continue;
        }
        switch (*++format) {
        case 's':
            port_puts(out, va_arg(arguments, const char *));
            break;
        case 'd':
            snprintf(digits, sizeof digits, "%d", va_arg(arguments, int));
            port_puts(out, digits);
            break;
        default:
            print(out, va_arg(arguments, value), *format == 'v');
        }
    }
    return string_from_utf8(out->data, out->end);
}

/* At the place that the machine is at. */
static struct condition *condition_new(enum condition_kind kind, value message,
                                       value irritants)
{
    struct condition *c = allocate_object(sizeof *c, TYPE_CONDITION);
    const struct position *position = current_position(&c->file);
    c->kind = kind;
    c->message = message;
    c->irritants = irritants;
    if (position) {
        c->line = position->line;
        c->column = position->column;
    }
    return c;
}

void condition_print(struct port *port, const struct condition *condition)
{
    print(port, condition->message, !has_type(condition->message, TYPE_STRING));
    for (value list = condition->irritants; is_pair(list); list = cdr(list)) {
        port_put(port, ' ');
        print(port, car(list), true);
    }
}

/* ---- Raising --------------------------------------------------------------------- */

void raise_value(value v)
{
    if (vm.handlers == NIL || !vm.run)
        raise_uncaught(v);
    vm.raised = v;
    hold_end_to(vm.run->holds);
    longjmp(vm.run->escape, ESCAPE_RAISED);
}

void raise_interrupt(void)
{
    thread_check();
    vm.interrupted = false;
    raise_uncaught(&condition_new(ERROR_GENERAL, symbol("interrupted"), NIL)->object);
}

void fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    value message = format_message(format, arguments);
    raise_value(&condition_new(ERROR_GENERAL, message, NIL)->object);
}

void fail_file(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    value message = format_message(format, arguments);
    raise_value(&condition_new(ERROR_FILE, message, NIL)->object);
}

void fail_thread(enum condition_kind kind, const char *message, value irritants)
{
    value text = string_from_utf8(message, strlen(message));
    raise_value(&condition_new(kind, text, irritants)->object);
}

static _Noreturn void fail_in(enum condition_kind kind, const char *file, int line,
                              int column, value message)
{
    struct condition *c = condition_new(kind, message, NIL);
    if (line) {
        c->file = file;
        c->line = line;
        c->column = column;
    }
    raise_value(&c->object);
}

void fail_at(const char *file, int line, int column, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fail_in(ERROR_GENERAL, file, line, column, format_message(format, arguments));
}

void fail_read(const char *file, int line, int column, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fail_in(ERROR_READ, file, line, column, format_message(format, arguments));
}

void fail_type(const char *expected, value got)
{
    fail("%s: expected %s, got %v", vm.primitive ? vm.primitive->name : "?", expected,
         got);
}

void fail_arguments(value procedure, int argc, int least, int most)
{
    if (least == most)
        fail("%a: expected %d argument%s, got %d", procedure, least,
             least == 1 ? "" : "s", argc);
    if (most < 0)
        fail("%a: expected %d arguments or more, got %d", procedure, least, argc);
    fail("%a: expected %d to %d arguments, got %d", procedure, least, most, argc);
}

/* The system's variable of that name, which was not imported, is no suggestion. */
void fail_undefined(value name)
{
    struct string *text = symbol_of(name)->name;
    value similar = similar_name(text);
    if (similar == FALSE || equal(&symbol_of(similar)->name->object, &text->object))
        fail("unbound variable: %v", name);
    fail("unbound variable: %v; did you mean %v?", name, similar);
}

static value out_of_memory; /* the condition */

/* A handler has the reserve; what fails without it is beyond help. */
void fail_memory(void)
{
    if (!vm.reserve)
        raise_uncaught(out_of_memory);
    gc_free(vm.reserve);
    vm.reserve = NULL;
    raise_value(out_of_memory);
}

/* ---- Primitives ------------------------------------------------------------------ */

/* (error message irritant ...) */
PRIMITIVE(p_error)
{
    value irritants = NIL;
    for (int i = argc - 1; i > 0; i--)
        irritants = cons(args[i], irritants);
    raise_value(&condition_new(ERROR_GENERAL, args[0], irritants)->object);
}

PRIMITIVE(p_raise)
{
    raise_value(args[0]);
}

static bool is_condition(value v, enum condition_kind kind)
{
    return has_type(v, TYPE_CONDITION) && ((struct condition *)v)->kind == kind;
}

static const struct condition *want_condition(value v)
{
    return (struct condition *)want(v, TYPE_CONDITION);
}

SIMPLE(p_is_error, boolean(has_type(args[0], TYPE_CONDITION)))
SIMPLE(p_is_join_timeout, boolean(is_condition(args[0], ERROR_JOIN_TIMEOUT)))
SIMPLE(p_is_terminated, boolean(is_condition(args[0], ERROR_TERMINATED)))
SIMPLE(p_is_uncaught, boolean(is_condition(args[0], ERROR_UNCAUGHT)))
SIMPLE(p_is_abandoned, boolean(is_condition(args[0], ERROR_ABANDONED)))
SIMPLE(p_is_read_error, boolean(is_condition(args[0], ERROR_READ)))
SIMPLE(p_is_file_error, boolean(is_condition(args[0], ERROR_FILE)))

/* (uncaught-exception-reason exception): what the thread raised */
PRIMITIVE(p_reason)
{
    if (!is_condition(args[0], ERROR_UNCAUGHT))
        fail_type("an uncaught exception", args[0]);
    return car(want_condition(args[0])->irritants);
}

SIMPLE(p_message, want_condition(args[0])->message)
SIMPLE(p_irritants, want_condition(args[0])->irritants)

static const struct definition definitions[] = {
    {"error", p_error, 1, MANY},
    {"raise", p_raise, 1, 1},
    {"error-object?", p_is_error, 1, 1},
    {"read-error?", p_is_read_error, 1, 1},
    {"file-error?", p_is_file_error, 1, 1},
    {"join-timeout-exception?", p_is_join_timeout, 1, 1},
    {"terminated-thread-exception?", p_is_terminated, 1, 1},
    {"uncaught-exception?", p_is_uncaught, 1, 1},
    {"uncaught-exception-reason", p_reason, 1, 1},
    {"abandoned-mutex-exception?", p_is_abandoned, 1, 1},
    {"error-object-message", p_message, 1, 1},
    {"error-object-irritants", p_irritants, 1, 1},
};

void define_errors(void)
{
    DEFINE_PRIMITIVES(definitions);
    value message = string_from_utf8("out of memory", 13);
    out_of_memory = &condition_new(ERROR_GENERAL, message, NIL)->object;
}
