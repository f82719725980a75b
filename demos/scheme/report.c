/* Errors that nothing handles: the message with its place, the backtrace, and the way out. */
#include "report.h"
#include "control.h"
#include "hold.h"
#include "port.h"

#include <stdio.h>

#define BACKTRACE_LINES 8

struct protection {
    struct protection *outer;
    struct hold *holds; /* when it began */
    bool quiet;
    value raised;
    jmp_buf escape;
};

/* ---- Places ---------------------------------------------------------------------- */

/* The source position of the instruction before `pc`, or NULL. */
static const struct position *code_position(const struct code *code, const int32_t *pc)
{
    /* Where nothing has been done yet, what comes first. */
    bool begins = pc == code->ops && code->where_count;
    const struct position *found = begins ? code->where : NULL;
    for (int i = 0; i < code->where_count; i++) {
        if (code->where[i].offset < pc - code->ops)
            found = &code->where[i];
    }
    return found;
}

const struct position *current_position(const char **file)
{
    struct frame frame;
    for (bool any = frame_first(&frame); any; any = frame_next(&frame)) {
        const struct position *p = code_position(frame.closure->code, frame.pc);
        if (p && frame.closure->code->file) {
            *file = frame.closure->code->file;
            return p;
        }
    }
    return NULL;
}

static void backtrace(void)
{
    struct frame frame;
    int shown = 0, more = 0;
    for (bool any = frame_first(&frame); any; any = frame_next(&frame)) {
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

/* ---- Reports --------------------------------------------------------------------- */

/* Without a position: where the machine is. */
static void report_place(const char *file, const struct position *position)
{
    if (!position)
        position = current_position(&file);
    if (position)
        fprintf(stderr, "%s:%d:%d: ", file, position->line, position->column);
}

static void report_condition(struct port *out, const struct condition *c)
{
    struct position p = {.line = c->line, .column = c->column};
    report_place(c->file, c->line ? &p : NULL);
    condition_print(out, c);
}

static void report_value(struct port *out, value v)
{
    report_place(NULL, NULL);
    port_puts(out, "raised: ");
    print(out, v, true);
}

static void report(value v)
{
    struct port *out = port_new(-1, true);
    if (has_type(v, TYPE_CONDITION))
        report_condition(out, (struct condition *)v);
    else
        report_value(out, v);
    port_put(out, 0);
    fprintf(stderr, "error: %s\n", out->data);
    backtrace();
}

void leave_protection(value raised)
{
    hold_end_to(vm.protection->holds);
    vm.protection->raised = raised;
    longjmp(vm.protection->escape, 1);
}

void raise_uncaught(value v)
{
    bool again = vm.reporting;
    hold_end_to(vm.protection->holds);
    if (vm.protection->quiet)
        leave_protection(v);
    vm.reporting = true;
    if (again) {
        fputs("error: there was another error while one was being reported\n", stderr);
    } else {
        port_flush_shared(standard_output);
        report(v);
    }
    vm.reporting = false;
    leave_protection(v);
}

static bool protect_by(struct protection *protection, void (*body)(void *data),
                       void *data)
{
    protection->outer = vm.protection;
    protection->holds = vm.holds;
    bool whole = !setjmp(protection->escape);
    vm.protection = protection;
    if (whole)
        body(data);
    else
        vm_reset();
    vm.protection = protection->outer;
    return whole;
}

bool protect(void (*body)(void *data), void *data)
{
    struct protection protection = {.quiet = false};
    return protect_by(&protection, body, data);
}

bool protect_quietly(void (*body)(void *data), void *data, value *raised)
{
    struct protection protection = {.quiet = true};
    bool whole = protect_by(&protection, body, data);
    *raised = protection.raised;
    return whole;
}
