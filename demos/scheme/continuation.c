/* Continuations, multiple values, and the dynamic state: the procedures that work on frames. */
#include "control.h"
#include "primitive.h"

#include <string.h>

void define_control_primitives(const struct definition *definitions, size_t count)
{
    define_primitives(definitions, count);
    for (size_t i = 0; i < count; i++) {
        value name = symbol(definitions[i].name);
        ((struct primitive *)symbol_of(name)->global)->control = true;
    }
}

/* ---- Calls ----------------------------------------------------------------------- */

static value call(value procedure, int argc)
{
    vm.callee = want_procedure(procedure);
    vm.argc = argc;
    return TAIL_CALL;
}

/* Puts another frame onto this one, of which `used` words stay, for a call whose value goes to
 * the closure. */
static void push_frame(int used, struct closure *next)
{
    value *fp = vm.now.fp + used + FRAME_HEADER;
    frame_header(fp, next, next->code->ops, vm.now.fp);
    vm.now.fp = vm.now.top = fp;
}

/* (apply procedure argument ... list) */
PRIMITIVE(p_apply)
{
    value procedure = want_procedure(args[0]), list = args[argc - 1];
    intptr_t length = list_length(list);
    int given = argc - 2;
    if (length < 0)
        fail_type("a list", list);
    stack_need((size_t)argc, (size_t)argc + (size_t)length);
    args = vm.now.fp;
    vm.now.top = args + argc + length;
    memmove(args, args + 1, (size_t)given * sizeof *args);
    value *to = args + given, *end = to + length;
    for (; to < end && is_pair(list); list = cdr(list))
        *to++ = car(list);
    vm.now.top = to;
    return call(procedure, (int)(to - args));
}

/* ---- Multiple values ------------------------------------------------------------- */

/* Gives the frame below the frame that waits for values these that are in this one. */
static void drop_frame(int argc)
{
    value *fp = frame_caller(vm.now.fp);
    memmove(fp, vm.now.fp, (size_t)argc * sizeof *fp);
    vm.now.fp = fp;
    vm.now.top = fp + argc;
}

/* Returns the values in this frame.  One goes to whatever waits; others only to what can take
 * them, which is told by the instruction that comes next. */
static value return_values(int argc)
{
    while (argc != 1) {
        if (vm.now.fp == stack_bottom())
            stack_refill((size_t)argc);
        value *waiting = frame_caller(vm.now.fp);
        switch (*(const int32_t *)vm.now.fp[-2]) {
        case OP_RECEIVE: {
            value consumer = waiting[1];
            drop_frame(argc);
            return call(consumer, argc);
        }
        case OP_RESTORE:
            vm.handlers = waiting[0];
            vm.parameters = waiting[1];
            drop_frame(argc);
            break;
        case OP_POP:
            return UNSPECIFIED;
        default:
            fail("expected one value, got %d", argc);
        }
    }
    return vm.now.fp[0];
}

SIMPLE(p_values, return_values(argc))

value scheme_values(int n, const value *v)
{
    stack_need(0, (size_t)n);
    vm.now.top = vm.now.fp + n;
    memcpy(vm.now.fp, v, (size_t)n * sizeof *v);
    return return_values(n);
}

/* (call-with-values producer consumer) */
PRIMITIVE(p_call_with_values)
{
    value producer = args[0];
    want_procedure(args[1]);
    push_frame(2, receive);
    return call(producer, 0);
}

/* ---- Continuations --------------------------------------------------------------- */

PRIMITIVE(p_call_cc)
{
    value receiver = want_procedure(args[0]);
    stack_move((size_t)argc);
    struct continuation *k = allocate_object(sizeof *k, TYPE_CONTINUATION);
    k->rest = vm.now.rest;
    k->handlers = vm.handlers;
    k->parameters = vm.parameters;
    k->winders = vm.winders;
    k->serial = vm.run->serial;
    k->thread = vm.thread;
    vm.now.fp[0] = &k->object;
    return call(receiver, 1);
}

static value list_of(int count, const value *items)
{
    value list = NIL;
    while (count > 0)
        list = cons(items[--count], list);
    return list;
}

/* Returns the values in the frame to the continuation. */
static value reinstate(const struct continuation *k, int argc)
{
    value *bottom = stack_bottom();
    memmove(bottom, vm.now.fp, (size_t)argc * sizeof *bottom);
    vm.now.fp = bottom;
    vm.now.top = bottom + argc;
    vm.now.rest = k->rest;
    vm.handlers = k->handlers;
    vm.parameters = k->parameters;
    vm.winders = k->winders;
    stack_reserve();
    return return_values(argc);
}

value continuation_call(struct continuation *k, int argc)
{
    if (k->thread != vm.thread)
        fail("the continuation belongs to another thread");
    if (k->winders == vm.winders && k->serial == vm.run->serial)
        return reinstate(k, argc);
    value list = list_of(argc, vm.now.fp);
    vm.now.fp[0] = &k->object;
    vm.now.fp[1] = list;
    vm.now.top = vm.now.fp + 2;
    return call(symbol_of(symbol("%throw"))->global, 2);
}

/* (%reinstate continuation values): when the dynamic-winds are those of the continuation. */
PRIMITIVE(p_reinstate)
{
    const struct continuation *k = (struct continuation *)args[0];
    value list = args[1];
    size_t count = (size_t)list_length(list);
    if (k->serial != vm.run->serial)
        run_throw(k->serial, args[0], list);
    stack_need(2, count);
    vm.now.top = vm.now.fp + count;
    for (value *to = vm.now.fp; is_pair(list); list = cdr(list))
        *to++ = car(list);
    return reinstate(k, (int)count);
}

SIMPLE(p_winders_of, ((struct continuation *)want(args[0], TYPE_CONTINUATION))->winders)

/* ---- The dynamic state ------------------------------------------------------------ */

/* Calls the procedure, in a frame after which handlers and parameters are as now. */
static value call_and_restore(value procedure, int argc, const value *args)
{
    value argument = argc ? args[0] : UNSPECIFIED;
    vm.now.fp[0] = vm.handlers;
    vm.now.fp[1] = vm.parameters;
    push_frame(2, restore);
    vm.now.fp[0] = argument;
    vm.now.top = vm.now.fp + argc;
    return call(procedure, argc);
}

/* (with-exception-handler handler thunk) */
PRIMITIVE(p_with_handler)
{
    value handler = want_procedure(args[0]), thunk = want_procedure(args[1]);
    value handlers = cons(handler, vm.handlers);
    value result = call_and_restore(thunk, 0, NULL);
    vm.handlers = handlers;
    return result;
}

PRIMITIVE(p_raise_continuable)
{
    if (vm.handlers == NIL)
        raise_uncaught(args[0]);
    value handler = car(vm.handlers), outer = cdr(vm.handlers);
    value result = call_and_restore(handler, 1, args);
    vm.handlers = outer;
    return result;
}

/* (%call-with-bindings ((parameter . value) ...) thunk) */
PRIMITIVE(p_call_with_bindings)
{
    value bindings = args[0], thunk = want_procedure(args[1]);
    value result = call_and_restore(thunk, 0, NULL);
    for (; is_pair(bindings); bindings = cdr(bindings))
        vm.parameters = cons(car(bindings), vm.parameters);
    return result;
}

/* A dynamic-wind that is entered: (before after handlers . parameters). */
SIMPLE(p_winder, cons(args[0], cons(args[1], cons(vm.handlers, vm.parameters))))
SIMPLE(p_winders, vm.winders)

PRIMITIVE(p_set_winders)
{
    vm.winders = args[0];
    return UNSPECIFIED;
}

/* (%enter-winder winder): the handlers and parameters that its procedures see. */
PRIMITIVE(p_enter_winder)
{
    value state = cdr(cdr(args[0]));
    vm.handlers = car(state);
    vm.parameters = cdr(state);
    return UNSPECIFIED;
}

static const struct definition control[] = {
    {"apply", p_apply, 2, MANY},
    {"values", p_values, 0, MANY},
    {"call-with-values", p_call_with_values, 2, 2},
    {"call/cc", p_call_cc, 1, 1},
    {"call-with-current-continuation", p_call_cc, 1, 1},
    {"with-exception-handler", p_with_handler, 2, 2},
    {"raise-continuable", p_raise_continuable, 1, 1},
    {"%call-with-values", p_call_with_values, 2, 2},
    {"%reinstate", p_reinstate, 2, 2},
    {"%call-with-bindings", p_call_with_bindings, 2, 2},
};

static const struct definition definitions[] = {
    {"%continuation-winders", p_winders_of, 1, 1},
    {"%winder", p_winder, 2, 2},
    {"%winders", p_winders, 0, 0},
    {"%set-winders!", p_set_winders, 1, 1},
    {"%enter-winder", p_enter_winder, 1, 1},
};

void define_continuations(void)
{
    define_control_primitives(control, sizeof control / sizeof *control);
    DEFINE_PRIMITIVES(definitions);
}
