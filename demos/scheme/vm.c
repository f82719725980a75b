/* The evaluator: runs the instructions of code.h. */
#include "code.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Address space; pages that are never reached cost nothing. */
#define STACK_BYTES ((size_t)256 << 20)

struct vm vm;

#define INTEGRATED_ENTRY(opcode, primitive, arguments) \
    [OP_##opcode] = {primitive, arguments, NULL},

struct integrated integrated[OPCODE_COUNT] = {INTEGRATED(INTEGRATED_ENTRY)};

/* ---- Calls ----------------------------------------------------------------------- */

/* Returns here from vm_apply's procedure. */
static struct closure *halt;

static _Noreturn void fail_arguments(value procedure, int argc, int least, int most)
{
    if (least == most)
        fail("%a: expected %d arguments, got %d", procedure, least, argc);
    if (most < 0)
        fail("%a: expected %d arguments or more, got %d", procedure, least, argc);
    fail("%a: expected %d to %d arguments, got %d", procedure, least, most, argc);
}

void vm_need(const value *from, size_t count)
{
    if (count > (size_t)(vm.limit - from))
        fail("recursion too deep");
    if (vm.top < from + count)
        vm.top = (value *)(uintptr_t)(from + count);
}

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
    if (has_type(callee, TYPE_CASE_LAMBDA))
        return call_clause((const struct case_lambda *)callee, argc);
    if (!has_type(callee, TYPE_PRIMITIVE))
        fail("not a procedure: %v", callee);
    const struct primitive *p = (const struct primitive *)callee;
    if (argc < p->least || (argc > p->most && p->most >= 0))
        fail_arguments(callee, argc, p->least, p->most);
    vm.primitive = p;
    return p->call(argc, args);
}

/* Makes the arguments what the closure wants; returns how many there are then. */
static int adjust_arguments(value callee, int argc, value *args)
{
    const struct code *code = closure_of(callee)->code;
    value rest = NIL;
    if (argc < code->required || (argc > code->required && !code->rest))
        fail_arguments(callee, argc, code->required, code->rest ? -1 : code->required);
    vm_need(args, (size_t)argc + 1);
    while (argc > code->required)
        rest = cons(args[--argc], rest);
    if (code->rest)
        args[argc++] = rest;
    return argc;
}

static value closure_new(struct code *code, int count)
{
    size_t size = sizeof(struct closure) + (size_t)count * sizeof(value);
    struct closure *closure = allocate_object(size, TYPE_CLOSURE);
    closure->code = code;
    return &closure->object;
}

static _Noreturn void fail_undefined(value name)
{
    fail("unbound variable: %v", name);
}

static value check_defined(value v)
{
    if (__builtin_expect(v == UNDEFINED, 0))
        fail("a variable is used before it has a value");
    return v;
}

/* ---- The instruction loop -------------------------------------------------------- */

/* Makes the registers visible to whatever may raise an error. */
#define SAVE() (vm.pc = pc, vm.fp = fp, vm.closure = closure)

#define NEXT goto *labels[*pc++]
#define PUSH(v) (*sp++ = (v))

#define BOTH_FIXNUMS (bits(sp[-1]) & bits(sp[-2]) & 1)

/* A truth value that the next instruction mostly branches on: does that at once. */
#define TEST(operands, condition)        \
    do {                                 \
        bool holds = (condition);        \
        sp -= (operands);                \
        if (*pc == OP_JUMP_IF_FALSE)     \
            pc += holds ? 2 : 2 + pc[1]; \
        else                             \
            PUSH(boolean(holds));        \
        NEXT;                            \
    } while (0)

#define COMPARE(relation)     \
    if (!BOTH_FIXNUMS)        \
        goto call_integrated; \
    TEST(2, (intptr_t)sp[-2] relation(intptr_t) sp[-1])

#define REPLACE(operands, v) \
    do {                     \
        value result = (v);  \
        sp -= (operands);    \
        PUSH(result);        \
        NEXT;                \
    } while (0)

#define INSTRUCTION_LABEL(name) &&do_##name,
#define INTEGRATED_LABEL(name, primitive, arguments) &&do_##name,

/* Runs from the frame at `fp`, which the callee with its arguments occupies. */
static value run(value callee, int argc, value *fp)
{
    static const void *const labels[] = {INSTRUCTIONS(INSTRUCTION_LABEL)
                                             INTEGRATED(INTEGRATED_LABEL)};
    struct closure *closure = halt;
    const int32_t *pc = halt->code->ops;
    const value *constants = NULL;
    value *sp = fp + argc, v;
    intptr_t n;

    goto enter_tail;

do_HALT:
    return sp[-1];

do_CONSTANT:
    PUSH(constants[*pc++]);
    NEXT;
do_LOCAL:
    PUSH(fp[*pc++]);
    NEXT;
do_LOCAL_BOX:
    SAVE();
    PUSH(check_defined(box_of(fp[*pc++])->content));
    NEXT;
do_CAPTURED:
    PUSH(closure->captured[*pc++]);
    NEXT;
do_CAPTURED_BOX:
    SAVE();
    PUSH(check_defined(box_of(closure->captured[*pc++])->content));
    NEXT;
do_GLOBAL:
    v = constants[*pc++];
    PUSH(symbol_of(v)->global);
    if (__builtin_expect(sp[-1] == UNDEFINED, 0)) {
        SAVE();
        fail_undefined(v);
    }
    NEXT;
do_SET_LOCAL:
    fp[*pc++] = *--sp;
    NEXT;
do_SET_LOCAL_BOX:
    box_of(fp[*pc++])->content = *--sp;
    NEXT;
do_SET_CAPTURED_BOX:
    box_of(closure->captured[*pc++])->content = *--sp;
    NEXT;
do_SET_GLOBAL:
    v = constants[*pc++];
    if (symbol_of(v)->global == UNDEFINED) {
        SAVE();
        fail_undefined(v);
    }
    symbol_of(v)->global = *--sp;
    NEXT;
do_DEFINE:
    symbol_keep(symbol_of(constants[*pc]));
    symbol_of(constants[*pc++])->global = *--sp;
    NEXT;
do_BOX:
    sp[-1] = box(sp[-1]);
    NEXT;
do_BOX_LOCAL:
    fp[*pc] = box(fp[*pc]);
    pc++;
    NEXT;
do_POP:
    sp--;
    NEXT;
do_SLIDE:
    v = sp[-1];
    sp -= *pc++;
    sp[-1] = v;
    NEXT;
do_JUMP:
    pc += 1 + *pc;
    NEXT;
do_JUMP_IF_FALSE:
    pc += *--sp == FALSE ? 1 + *pc : 1;
    NEXT;
do_JUMP_IF_TRUE:
    if (sp[-1] == FALSE) {
        sp--;
        pc++;
    } else {
        pc += 1 + *pc;
    }
    NEXT;
do_CLOSURE:
    v = closure_new((struct code *)constants[pc[0]], pc[1]);
    for (int i = 0, count = pc[1]; i < count; i++) {
        int32_t from = pc[2 + i];
        closure_of(v)->captured[i] = from >= 0 ? fp[from] : closure->captured[~from];
    }
    pc += 2 + pc[1];
    PUSH(v);
    NEXT;
do_PATCH:
    closure_of(fp[pc[0]])->captured[pc[1]] = fp[pc[2]];
    pc += 3;
    NEXT;
do_FRAME:
    sp += FRAME_HEADER;
    NEXT;

do_CALL:
    argc = *pc++;
    callee = *--sp;
enter:
    if (has_type(callee, TYPE_CLOSURE)) {
        value *base = sp - argc;
        base[-3] = &closure->object;
        base[-2] = (value)(uintptr_t)pc;
        base[-1] = (value)fp;
        fp = base;
        goto enter_closure;
    }
    SAVE();
    v = call_primitive(callee, argc, sp - argc);
    sp -= argc;
    if (v == TAIL_CALL) {
        callee = vm.callee;
        argc = vm.argc;
        sp += argc;
        goto enter;
    }
    sp -= FRAME_HEADER;
    PUSH(v);
    NEXT;

do_TAIL_CALL:
    argc = *pc++;
    callee = *--sp;
enter_tail:
    if (has_type(callee, TYPE_CLOSURE)) {
        value *from = sp - argc;
        for (int i = 0; i < argc; i++)
            fp[i] = from[i];
        sp = fp + argc;
        goto enter_closure;
    }
    SAVE();
    v = call_primitive(callee, argc, sp - argc);
    if (v == TAIL_CALL) {
        callee = vm.callee;
        sp += vm.argc - argc;
        argc = vm.argc;
        goto enter_tail;
    }
    goto return_value;

enter_closure : {
    const struct code *code = closure_of(callee)->code;
    if (__builtin_expect(argc != code->required || code->rest, 0)) {
        SAVE();
        if ((const int32_t *)fp[-2] == pc)
            vm.fp = (value *)fp[-1]; /* an error here is the caller's */
        sp = fp + adjust_arguments(callee, argc, fp);
    }
    closure = closure_of(callee);
    pc = code->ops;
    constants = code->constants;
    vm.top = fp + code->frame_size;
    if (__builtin_expect(vm.top > vm.limit, 0)) {
        vm.top = sp;
        SAVE();
        fail("recursion too deep");
    }
    NEXT;
}

do_RETURN:
    v = sp[-1];
return_value:
    sp = fp - FRAME_HEADER;
    closure = closure_of(sp[0]);
    pc = (const int32_t *)sp[1];
    fp = (value *)sp[2];
    vm.top = fp + closure->code->frame_size;
    constants = closure->code->constants;
    PUSH(v);
    NEXT;

do_ADD:
    if (!BOTH_FIXNUMS ||
        __builtin_add_overflow((intptr_t)sp[-2], (intptr_t)sp[-1] - 1, &n))
        goto call_integrated;
    REPLACE(2, (value)n);
do_SUBTRACT:
    if (!BOTH_FIXNUMS ||
        __builtin_sub_overflow((intptr_t)sp[-2], (intptr_t)sp[-1] - 1, &n))
        goto call_integrated;
    REPLACE(2, (value)n);
do_MULTIPLY:
    if (!BOTH_FIXNUMS ||
        __builtin_mul_overflow((intptr_t)sp[-2] - 1, fixnum_of(sp[-1]), &n))
        goto call_integrated;
    REPLACE(2, (value)(n + 1));
do_EQUAL:
    COMPARE(==);
do_LESS:
    COMPARE(<);
do_GREATER:
    COMPARE(>);
do_LESS_EQUAL:
    COMPARE(<=);
do_GREATER_EQUAL:
    COMPARE(>=);
do_IS_ZERO:
    if (!is_fixnum(sp[-1]))
        goto call_integrated;
    TEST(1, sp[-1] == fixnum(0));
do_QUOTIENT:
    /* A negative divisor is left to the primitive: FIXNUM_MIN / -1 is no fixnum. */
    if (!BOTH_FIXNUMS || fixnum_of(sp[-1]) <= 0)
        goto call_integrated;
    REPLACE(2, fixnum(fixnum_of(sp[-2]) / fixnum_of(sp[-1])));
do_REMAINDER:
    if (!BOTH_FIXNUMS || fixnum_of(sp[-1]) <= 0)
        goto call_integrated;
    REPLACE(2, fixnum(fixnum_of(sp[-2]) % fixnum_of(sp[-1])));
do_CONS:
    SAVE();
    REPLACE(2, cons(sp[-2], sp[-1]));
do_CAR:
    if (!is_pair(sp[-1]))
        goto call_integrated;
    sp[-1] = car(sp[-1]);
    NEXT;
do_CDR:
    if (!is_pair(sp[-1]))
        goto call_integrated;
    sp[-1] = cdr(sp[-1]);
    NEXT;
do_IS_NULL:
    TEST(1, sp[-1] == NIL);
do_IS_PAIR:
    TEST(1, is_pair(sp[-1]));
do_NOT:
    TEST(1, sp[-1] == FALSE);
do_EQ:
    TEST(2, sp[-2] == sp[-1]);
do_EQV:
    TEST(2, eqv(sp[-2], sp[-1]));
do_CHAR_EQUAL:
    if (!is_char(sp[-1]) || !is_char(sp[-2]))
        goto call_integrated;
    TEST(2, sp[-2] == sp[-1]);
do_STRING_REF:
    if (!has_type(sp[-2], TYPE_STRING) || !is_fixnum(sp[-1]) ||
        (size_t)fixnum_of(sp[-1]) >= string_of(sp[-2])->length)
        goto call_integrated;
    REPLACE(2, character(string_of(sp[-2])->chars[fixnum_of(sp[-1])]));
do_VECTOR_REF:
    if (!has_type(sp[-2], TYPE_VECTOR) || !is_fixnum(sp[-1]) ||
        (size_t)fixnum_of(sp[-1]) >= vector_of(sp[-2])->length)
        goto call_integrated;
    REPLACE(2, vector_of(sp[-2])->items[fixnum_of(sp[-1])]);
do_VECTOR_SET:
    if (!has_type(sp[-3], TYPE_VECTOR) || !is_fixnum(sp[-2]) ||
        (size_t)fixnum_of(sp[-2]) >= vector_of(sp[-3])->length)
        goto call_integrated;
    vector_of(sp[-3])->items[fixnum_of(sp[-2])] = sp[-1];
    REPLACE(3, UNSPECIFIED);

call_integrated : {
    const struct integrated *i = &integrated[pc[-1]];
    SAVE();
    vm.primitive = i->primitive;
    REPLACE(i->arguments, i->primitive->call(i->arguments, sp - i->arguments));
}
}

/* ---- Entering and leaving -------------------------------------------------------- */

value vm_apply(value procedure, int argc, const value *args)
{
    struct vm saved = vm;
    value *base = vm.top;
    check_depth();
    vm_need(base, (size_t)argc + FRAME_HEADER);
    base[0] = &halt->object;
    base[1] = (value)halt->code->ops;
    base[2] = (value)vm.fp;
    for (int i = 0; i < argc; i++)
        base[FRAME_HEADER + i] = args[i];
    value result = run(procedure, argc, base + FRAME_HEADER);
    vm = saved;
    return result;
}

void vm_reset(void)
{
    madvise(vm.stack, STACK_BYTES, MADV_DONTNEED);
    vm.top = vm.stack;
    vm.fp = NULL;
    vm.closure = halt;
    vm.pc = halt->code->ops;
}

const struct position *code_position(const struct code *code, const int32_t *pc)
{
    const struct position *found = NULL;
    for (int i = 0; i < code->where_count; i++) {
        if (code->where[i].offset < pc - code->ops)
            found = &code->where[i];
    }
    return found;
}

/* The stack is a mapping of its own, which the collector does not know; and it should
 * see only the part in use, as what lies above is dead. */
static void mark_stack(void *data)
{
    (void)data;
    gc_mark_range(vm.stack, vm.top);
}

static struct closure *make_halt(void)
{
    struct closure *closure = allocate_object(sizeof *closure, TYPE_CLOSURE);
    closure->code = allocate(sizeof *closure->code);
    closure->code->name = FALSE;
    closure->code->ops = allocate_atomic(sizeof *closure->code->ops);
    closure->code->ops[0] = OP_HALT;
    return closure;
}

void vm_init(void)
{
    vm.stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (vm.stack == MAP_FAILED || gc_root_callback_add(mark_stack, NULL)) {
        perror("gcscheme: no memory for the stack");
        exit(EXIT_FAILURE);
    }
    vm.limit = vm.stack + STACK_BYTES / sizeof *vm.stack;
    vm.top = vm.stack;
    halt = make_halt();
    vm_reset();
    for (int i = 0; i < OPCODE_COUNT; i++) {
        if (integrated[i].name) {
            integrated[i].primitive =
                (struct primitive *)symbol_of(symbol(integrated[i].name))->global;
            integrated[i].primitive->opcode = i;
        }
    }
}
