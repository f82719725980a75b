/* Errors: building the message, finding the place, unwinding, reporting. */
#include "port.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static jmp_buf handler;
static const char *message;

/* The place that the error names itself; line 0: the evaluator's position counts. */
static const char *error_file;
static int error_line, error_column;

static char *format_message(const char *format, va_list arguments)
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
    port_put(out, 0);
    return out->data;
}

static _Noreturn void raise_error(const char *text, const char *file, int line,
                                  int column)
{
    message = text;
    error_file = file;
    error_line = line;
    error_column = column;
    longjmp(handler, 1);
}

void fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    raise_error(format_message(format, arguments), NULL, 0, 0);
}

void fail_at(const char *file, int line, int column, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    raise_error(format_message(format, arguments), file, line, column);
}

void fail_memory(void)
{
    raise_error("out of memory", NULL, 0, 0);
}

void fail_type(const char *expected, value got)
{
    fail("%s: expected %s, got %v", vm.primitive ? vm.primitive->name : "?", expected,
         got);
}

/* ---- Reporting ------------------------------------------------------------------- */

#define BACKTRACE_LINES 8

/* The activations, innermost first. */
struct frame {
    const struct closure *closure;
    const int32_t *pc;
    value *fp;
};

static bool frame_next(struct frame *frame)
{
    if (!frame->fp)
        return false;
    const value *saved = frame->fp - 3;
    frame->closure = (const struct closure *)saved[0];
    frame->pc = (const int32_t *)saved[1];
    frame->fp = (value *)saved[2];
    return frame->fp != NULL;
}

/* The first position among this activation and its callers: the interpreter's own
 * procedures have none, so an error in them is shown where the program called them. */
static const struct position *frame_position(struct frame frame, const char **file)
{
    if (!frame.fp)
        return NULL;
    do {
        const struct position *p = code_position(frame.closure->code, frame.pc);
        if (p && frame.closure->code->file) {
            *file = frame.closure->code->file;
            return p;
        }
    } while (frame_next(&frame));
    return NULL;
}

static void backtrace(struct frame frame)
{
    int shown = 0, more = 0;
    for (bool any = frame.fp != NULL; any; any = frame_next(&frame)) {
        const struct code *code = frame.closure->code;
        const struct position *p = code_position(code, frame.pc);
        if (code->name == FALSE || !code->file || !p)
            continue;
        if (shown == BACKTRACE_LINES) {
            more++;
            continue;
        }
        shown++;
        fprintf(stderr, "    in %s (%s:%d:%d)\n",
                string_utf8(&symbol_of(code->name)->name->object), code->file, p->line,
                p->column);
    }
    if (more)
        fprintf(stderr, "    ... and %d more\n", more);
}

static void report(void)
{
    struct frame frame = {vm.closure, vm.pc, vm.fp};
    if (!error_line) {
        const struct position *p = frame_position(frame, &error_file);
        error_line = p ? p->line : 0;
        error_column = p ? p->column : 0;
    }
    if (error_line)
        fprintf(stderr, "%s:%d:%d: ", error_file, error_line, error_column);
    fprintf(stderr, "error: %s\n", message);
    backtrace(frame);
}

bool protect(void (*body)(void *data), void *data)
{
    if (!setjmp(handler)) {
        body(data);
        return true;
    }
    port_flush(standard_output);
    report();
    vm_reset();
    return false;
}
