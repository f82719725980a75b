/* The machine: runs the instructions of code.h.  Each is an inline function over the registers,
 * and vm_run is nothing but all of them, with jumps from the end of one to the next. */
#include "control.h"
#include "integrated.h"
#include "registers.h"

_Thread_local struct machine vm;

/* ---- Calls ----------------------------------------------------------------------- */

/* Has the clause called that takes so many arguments. */
static value call_clause(const struct case_lambda *procedure, int argc)
{
    for (int i = 0; i < procedure->count; i++) {
        const struct code *code = closure_of(procedure->clauses[i])->code;
        if (argc == code->required || (argc > code->required && code->rest)) {
            vm.callee = procedure->clauses[i];
            vm.argc = argc;
            return TAIL_CALL;
        }
    }
    fail("case-lambda: no clause takes %d arguments", argc);
}

static value call_primitive(value callee, int argc, value *args)
{
    const struct primitive *p = (const struct primitive *)callee;
    if (argc < p->least || (argc > p->most && p->most >= 0))
        fail_arguments(callee, argc, p->least, p->most);
    vm.primitive = p;
    return p->call(argc, args);
}

/* Makes the arguments what the closure wants; returns how many there are then. */
static int adjust_arguments(const struct closure *callee, int argc, value *args)
{
    const struct code *code = callee->code;
    value rest = NIL;
    if (argc < code->required || (argc > code->required && !code->rest))
        fail_arguments((value)(uintptr_t)callee, argc, code->required,
                       code->rest ? -1 : code->required);
    while (argc > code->required)
        rest = cons(args[--argc], rest);
    if (code->rest)
        args[argc++] = rest;
    return argc;
}

/* Whether what calls it makes a frame first. */
INLINE bool wants_frame(value callee)
{
    return !has_type(callee, TYPE_PRIMITIVE) || ((struct primitive *)callee)->control;
}

static void check_procedure(value v)
{
    if (!is_procedure(v))
        fail("not a procedure: %v", v);
}

/* Runs a procedure that is no closure in the frame at vm.now.fp, and what it asks for.  Returns a
 * value for the frame's header; or TAIL_CALL, when the closure vm.callee is to be run there. */
static value call_in_frame(value callee, int argc)
{
    for (;;) {
        if (has_type(callee, TYPE_CLOSURE)) {
            vm.callee = callee;
            vm.argc = argc;
            return TAIL_CALL;
        }
        value v;
        vm.now.closure = halt;
        vm.now.pc = halt->code->ops;
        check_procedure(callee);
        if (has_type(callee, TYPE_PRIMITIVE))
            v = call_primitive(callee, argc, vm.now.fp);
        else if (has_type(callee, TYPE_CASE_LAMBDA))
            v = call_clause((const struct case_lambda *)callee, argc);
        else
            v = continuation_call((struct continuation *)callee, argc);
        if (v != TAIL_CALL)
            return v;
        callee = vm.callee;
        argc = vm.argc;
    }
}

/* Returns from the frame. */
INLINE void return_value(struct registers *r, value v)
{
    r->sp = r->fp - FRAME_HEADER;
    r->fp = frame_caller(r->fp);
    r->closure = closure_of(r->sp[0]);
    r->pc = (const int32_t *)r->sp[1];
    vm.now.top = r->fp + r->closure->code->frame_size;
    r->constants = r->closure->code->constants;
    push(r, v);
}

/* Runs the closure in the frame at r->fp. */
INLINE void enter(struct registers *r, value callee, int argc)
{
    const struct code *code = closure_of(callee)->code;
    if (UNLIKELY(argc != code->required || code->rest)) {
        save(r);
        if ((const int32_t *)r->fp[-2] == r->pc)
            vm.now.fp = frame_caller(r->fp); /* an error here is the caller's */
        argc = adjust_arguments(closure_of(callee), argc, r->fp);
    }
    r->closure = closure_of(callee);
    r->pc = code->ops;
    r->constants = code->constants;
    r->sp = r->fp + argc;
    vm.now.top = r->fp + code->frame_size;
    if (UNLIKELY(vm.now.top > vm.now.limit)) {
        save(r);
        stack_need((size_t)argc, (size_t)code->frame_size);
        r->fp = vm.now.fp;
        r->sp = r->fp + argc;
        vm.now.top = r->fp + code->frame_size;
    }
}

/* Runs any procedure in the frame at r->fp. */
INLINE void enter_any(struct registers *r, value callee, int argc)
{
    vm.now.fp = r->fp;
    value v = call_in_frame(callee, argc);
    r->fp = vm.now.fp;
    if (v == TAIL_CALL) {
        r->closure = halt;
        r->pc = halt->code->ops;
        enter(r, vm.callee, vm.argc);
    } else {
        return_value(r, v);
    }
}

/* ---- Variables and constants ------------------------------------------------------ */

static value check_defined(value v)
{
    if (UNLIKELY(v == UNDEFINED))
        fail("a variable is used before it has a value");
    return v;
}

INLINE void do_CONSTANT(struct registers *r)
{
    push(r, r->constants[*r->pc++]);
}

INLINE void do_LOCAL(struct registers *r)
{
    push(r, r->fp[*r->pc++]);
}

INLINE void do_LOCAL_BOX(struct registers *r)
{
    save(r);
    push(r, check_defined(box_of(r->fp[*r->pc++])->content));
}

INLINE void do_CAPTURED(struct registers *r)
{
    push(r, r->closure->captured[*r->pc++]);
}

INLINE void do_CAPTURED_BOX(struct registers *r)
{
    save(r);
    push(r, check_defined(box_of(r->closure->captured[*r->pc++])->content));
}

/* The global variable that the instruction names. */
INLINE value global(struct registers *r)
{
    value name = r->constants[*r->pc++], content = symbol_of(name)->global;
    if (UNLIKELY(content == UNDEFINED)) {
        save(r);
        fail_undefined(name);
    }
    return content;
}

INLINE void do_GLOBAL(struct registers *r)
{
    push(r, global(r));
}

INLINE void do_SET_LOCAL(struct registers *r)
{
    r->fp[*r->pc++] = *--r->sp;
}

INLINE void do_SET_LOCAL_BOX(struct registers *r)
{
    box_of(r->fp[*r->pc++])->content = *--r->sp;
}

INLINE void do_SET_CAPTURED_BOX(struct registers *r)
{
    box_of(r->closure->captured[*r->pc++])->content = *--r->sp;
}

INLINE void do_SET_GLOBAL(struct registers *r)
{
    value name = r->constants[*r->pc++];
    if (symbol_of(name)->global == UNDEFINED) {
        save(r);
        fail_undefined(name);
    }
    symbol_of(name)->global = *--r->sp;
}

static void define_global(struct symbol *name, value content)
{
    symbol_keep(name);
    name->global = content;
    if (has_type(content, TYPE_CLOSURE) && closure_of(content)->code->nameless) {
        closure_of(content)->code->name = &name->object;
        closure_of(content)->code->nameless = false;
    }
}

INLINE void do_DEFINE(struct registers *r)
{
    define_global(symbol_of(r->constants[*r->pc++]), *--r->sp);
}

INLINE void do_BOX(struct registers *r)
{
    save(r);
    r->sp[-1] = box(r->sp[-1]);
}

INLINE void do_BOX_LOCAL(struct registers *r)
{
    value *slot = &r->fp[*r->pc++];
    save(r);
    *slot = box(*slot);
}

/* ---- The stack and jumps ---------------------------------------------------------- */

INLINE void do_POP(struct registers *r)
{
    r->sp--;
}

INLINE void do_SLIDE(struct registers *r)
{
    replace(r, *r->pc++ + 1, r->sp[-1]);
}

INLINE void do_JUMP(struct registers *r)
{
    r->pc += 1 + *r->pc;
}

INLINE void do_JUMP_IF_FALSE(struct registers *r)
{
    r->pc += *--r->sp == FALSE ? 1 + *r->pc : 1;
}

INLINE void do_JUMP_IF_TRUE(struct registers *r)
{
    if (r->sp[-1] == FALSE) {
        r->sp--;
        r->pc++;
    } else {
        r->pc += 1 + *r->pc;
    }
}

/* ---- Procedures ------------------------------------------------------------------- */

INLINE void do_CLOSURE(struct registers *r)
{
    const int32_t *operands = r->pc;
    int count = operands[1];
    save(r);
    struct closure *new = closure_new((struct code *)r->constants[operands[0]], count);
    for (int i = 0; i < count; i++) {
        int32_t from = operands[2 + i];
        new->captured[i] = from >= 0 ? r->fp[from] : r->closure->captured[~from];
    }
    r->pc += 2 + count;
    push(r, &new->object);
}

INLINE void do_PATCH(struct registers *r)
{
    closure_of(r->fp[r->pc[0]])->captured[r->pc[1]] = r->fp[r->pc[2]];
    r->pc += 3;
}

INLINE void do_FRAME(struct registers *r)
{
    r->sp += FRAME_HEADER;
}

/* Puts a frame onto the arguments on the stack. */
INLINE void push_frame(struct registers *r, value *base)
{
    frame_header(base, r->closure, r->pc, r->fp);
    r->fp = base;
}

INLINE void call(struct registers *r, value callee, int argc)
{
    value *base = r->sp - argc;
    if (LIKELY(has_type(callee, TYPE_CLOSURE))) {
        push_frame(r, base);
        enter(r, callee, argc);
        return;
    }
    if (!wants_frame(callee)) {
        save(r);
        value v = call_primitive(callee, argc, base);
        if (LIKELY(v != TAIL_CALL)) {
            r->sp = base - FRAME_HEADER;
            push(r, v);
            return;
        }
        callee = vm.callee;
        argc = vm.argc;
    }
    push_frame(r, base);
    enter_any(r, callee, argc);
}

INLINE void do_CALL(struct registers *r)
{
    value callee = *--r->sp;
    int argc = *r->pc++;
    call(r, callee, argc);
}

INLINE void do_CALL_GLOBAL(struct registers *r)
{
    value callee = global(r);
    int argc = *r->pc++;
    call(r, callee, argc);
}

/* Replaces the frame by that of the callee. */
INLINE void move_arguments(struct registers *r, const value *from, int argc)
{
    for (int i = 0; i < argc; i++)
        r->fp[i] = from[i];
}

INLINE void tail_call(struct registers *r, value callee, int argc)
{
    value *args = r->sp - argc;
    if (LIKELY(has_type(callee, TYPE_CLOSURE))) {
        move_arguments(r, args, argc);
        enter(r, callee, argc);
        return;
    }
    save(r);
    if (!wants_frame(callee)) {
        value v = call_primitive(callee, argc, args);
        if (LIKELY(v != TAIL_CALL)) {
            return_value(r, v);
            return;
        }
        callee = vm.callee;
        argc = vm.argc;
    }
    check_procedure(callee);
    move_arguments(r, args, argc);
    enter_any(r, callee, argc);
}

INLINE void do_TAIL_CALL(struct registers *r)
{
    value callee = *--r->sp;
    int argc = *r->pc++;
    tail_call(r, callee, argc);
}

INLINE void do_TAIL_CALL_GLOBAL(struct registers *r)
{
    value callee = global(r);
    int argc = *r->pc++;
    tail_call(r, callee, argc);
}

INLINE void do_RETURN(struct registers *r)
{
    return_value(r, r->sp[-1]);
}

INLINE void do_UNDERFLOW(struct registers *r)
{
    value v = r->sp[-1];
    vm.now.fp = stack_bottom();
    stack_refill(0);
    r->fp = vm.now.fp;
    return_value(r, v);
}

INLINE void do_RECEIVE(struct registers *r)
{
    value consumer = r->fp[1];
    r->fp[0] = r->sp[-1];
    enter_any(r, consumer, 1);
}

INLINE void do_RESTORE(struct registers *r)
{
    vm.handlers = r->fp[0];
    vm.parameters = r->fp[1];
    return_value(r, r->sp[-1]);
}

INLINE void do_HANDLER_RETURNED(struct registers *r)
{
    save(r);
    fail("a handler returned, though what was raised cannot be continued: %a", r->fp[0]);
}

INLINE void do_PARAMETER(struct registers *r)
{
    push(r, parameter_value(r->closure));
}

/* ---- Records ---------------------------------------------------------------------- */

INLINE void do_RECORD_NEW(struct registers *r)
{
    save(r);
    struct record *record = record_new(r->closure->captured[0]);
    for (int i = 0, count = *r->pc++; i < count; i++)
        record->fields[*r->pc++] = r->fp[i];
    push(r, &record->object);
}

INLINE bool is_record(const struct registers *r, value v)
{
    return has_type(v, TYPE_RECORD) &&
           &((struct record *)v)->type->object == r->closure->captured[0];
}

INLINE void do_RECORD_TEST(struct registers *r)
{
    push(r, boolean(is_record(r, r->fp[0])));
}

/* The field that the instruction names. */
INLINE value *record_field(struct registers *r)
{
    if (UNLIKELY(!is_record(r, r->fp[0]))) {
        save(r);
        fail_record(r->closure, r->fp[0]);
    }
    return &((struct record *)r->fp[0])->fields[*r->pc++];
}

INLINE void do_RECORD_REF(struct registers *r)
{
    push(r, *record_field(r));
}

INLINE void do_RECORD_SET(struct registers *r)
{
    *record_field(r) = r->fp[1];
    push(r, UNSPECIFIED);
}

/* ---- The loop --------------------------------------------------------------------- */

#define LABEL(name) &&label_##name,
#define INTEGRATED_LABEL(name, primitive, arguments) &&label_##name,
#define STEP(name)                \
    label_##name : do_##name(&r); \
    goto *labels[*r.pc++];
#define INTEGRATED_STEP(name, primitive, arguments) STEP(name)

value vm_run(value procedure, int argc)
{
    static const void *const labels[] = {&&label_HALT, INSTRUCTIONS(LABEL)
                                                           INTEGRATED(INTEGRATED_LABEL)};
    struct registers r = {.fp = vm.now.fp};
    enter_any(&r, procedure, argc);
    goto *labels[*r.pc++];
    INSTRUCTIONS(STEP)
    INTEGRATED(INTEGRATED_STEP)
label_HALT:
    return r.sp[-1];
}
