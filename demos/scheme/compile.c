/* The compiler: from the tree of syntax.h to the instructions of code.h. */
#include "code.h"
#include "syntax.h"

#include <string.h>

/* What becomes of the value of an expression. */
enum context {
    PUSH,   /* it goes onto the stack */
    TAIL,   /* the procedure returns it */
    EFFECT, /* nobody wants it */
};

/* The code object under construction. */
struct assembler {
    struct lambda *lambda;
    const char *file;
    int32_t *ops;
    int op_count, op_capacity;
    value *constants;
    int constant_count, constant_capacity;
    struct position *where;
    int where_count, where_capacity;
    int depth, depth_max; /* of the stack, from fp */
};

static void compile_node(struct assembler *a, const struct node *node,
                         enum context context);

/* ---- Emitting -------------------------------------------------------------------- */

/* Doubles an array that has `count` items when it is full. */
static void *grow(void *items, int count, int *capacity, size_t size, bool atomic)
{
    if (count < *capacity)
        return items;
    *capacity = *capacity ? *capacity * 2 : 8;
    size_t bytes = (size_t)*capacity * size;
    void *new = atomic ? allocate_atomic(bytes) : allocate(bytes);
    if (count)
        memcpy(new, items, (size_t)count * size);
    return new;
}

static void emit(struct assembler *a, int32_t word)
{
    a->ops = grow(a->ops, a->op_count, &a->op_capacity, sizeof *a->ops, true);
    a->ops[a->op_count++] = word;
}

static void emit_with(struct assembler *a, enum opcode opcode, int32_t operand)
{
    emit(a, (int32_t)opcode);
    emit(a, operand);
}

static void push(struct assembler *a, int n)
{
    a->depth += n;
    if (a->depth > a->depth_max)
        a->depth_max = a->depth;
}

static void pop(struct assembler *a, int n)
{
    a->depth -= n;
}

static int constant(struct assembler *a, value v)
{
    for (int i = 0; i < a->constant_count; i++) {
        if (a->constants[i] == v)
            return i;
    }
    a->constants = grow(a->constants, a->constant_count, &a->constant_capacity,
                        sizeof *a->constants, false);
    a->constants[a->constant_count] = v;
    return a->constant_count++;
}

static void emit_constant(struct assembler *a, value v)
{
    emit_with(a, OP_CONSTANT, constant(a, v));
    push(a, 1);
}

/* What is emitted from here on belongs to the node's place in the source. */
static void mark_position(struct assembler *a, const struct node *node)
{
    const struct position *last = a->where_count ? &a->where[a->where_count - 1] : NULL;
    if (!node->line || (last && last->line == node->line && last->column == node->column))
        return;
    a->where = grow(a->where, a->where_count, &a->where_capacity, sizeof *a->where, true);
    struct position position = {a->op_count, node->line, node->column};
    a->where[a->where_count++] = position;
}

/* Emits a jump, and returns where jump_here finds it. */
static int emit_jump(struct assembler *a, enum opcode opcode)
{
    emit_with(a, opcode, 0);
    return a->op_count;
}

static void jump_here(struct assembler *a, int jump)
{
    a->ops[jump - 1] = a->op_count - jump;
}

/* The value is on the stack: does with it what the context says. */
static void finish(struct assembler *a, enum context context)
{
    if (context == PUSH)
        return;
    emit(a, context == TAIL ? OP_RETURN : OP_POP);
    pop(a, 1);
}

/* ---- Variables ------------------------------------------------------------------- */

static bool is_boxed(const struct variable *v)
{
    return v->changed || (v->captured && v->assigned);
}

static int capture_index(const struct lambda *lambda, const struct variable *variable)
{
    int i = 0;
    for (const struct capture *c = lambda->captures; c->variable != variable; c = c->next)
        i++;
    return i;
}

static void compile_local(struct assembler *a, const struct variable *v)
{
    if (v->owner == a->lambda)
        emit_with(a, is_boxed(v) ? OP_LOCAL_BOX : OP_LOCAL, v->slot);
    else
        emit_with(a, is_boxed(v) ? OP_CAPTURED_BOX : OP_CAPTURED,
                  capture_index(a->lambda, v));
    push(a, 1);
}

/* Pops the value into the variable. */
static void assign(struct assembler *a, const struct variable *v)
{
    if (v->owner != a->lambda)
        emit_with(a, OP_SET_CAPTURED_BOX, capture_index(a->lambda, v));
    else
        emit_with(a, is_boxed(v) ? OP_SET_LOCAL_BOX : OP_SET_LOCAL, v->slot);
    pop(a, 1);
}

static void compile_assignment(struct assembler *a, const struct node *node)
{
    compile_node(a, node->first, PUSH);
    mark_position(a, node);
    if (node->kind == NODE_SET_LOCAL) {
        assign(a, node->variable);
    } else {
        emit_with(a, node->kind == NODE_DEFINE ? OP_DEFINE : OP_SET_GLOBAL,
                  constant(a, node->datum));
        pop(a, 1);
    }
}

static void compile_lambda(struct assembler *a, struct lambda *lambda)
{
    struct code *code = compile(lambda, lambda->file);
    emit_with(a, OP_CLOSURE, constant(a, (value)code));
    emit(a, lambda->capture_count);
    for (const struct capture *c = lambda->captures; c; c = c->next)
        emit(a, c->variable->owner == a->lambda ? c->variable->slot
                                                : ~capture_index(a->lambda, c->variable));
    push(a, 1);
}

/* ---- let and letrec -------------------------------------------------------------- */

/* The body of a form that has put `count` variables onto the stack. */
static void compile_scope(struct assembler *a, const struct node *body, int count,
                          enum context context)
{
    compile_node(a, body, context);
    if (context == PUSH) {
        emit_with(a, OP_SLIDE, count);
    } else if (context == EFFECT) {
        for (int i = 0; i < count; i++)
            emit(a, OP_POP);
    }
    pop(a, count);
}

static void compile_let(struct assembler *a, const struct node *node,
                        enum context context)
{
    int count = 0;
    for (struct variable *v = node->variable; v; v = v->next, count++) {
        compile_node(a, v->init, PUSH);
        v->slot = a->depth - 1;
        if (is_boxed(v) && node->kind == NODE_LET_STAR)
            emit(a, OP_BOX);
    }
    for (struct variable *v = node->variable; v; v = v->next) {
        if (is_boxed(v) && node->kind == NODE_LET)
            emit_with(a, OP_BOX_LOCAL, v->slot);
    }
    compile_scope(a, node->first, count, context);
}

/* The closure of `v` was made before the variables of its letrec from `v` on had their
 * slots filled: gives it those that it captures. */
static void patch_closure(struct assembler *a, struct variable *v)
{
    int i = 0;
    for (struct capture *c = v->init->lambda->captures; c; c = c->next, i++) {
        for (struct variable *late = v; late; late = late->next) {
            if (late != c->variable)
                continue;
            emit_with(a, OP_PATCH, v->slot);
            emit(a, i);
            emit(a, late->slot);
        }
    }
}

static void assign_in_turn(struct assembler *a, const struct variable *v)
{
    for (; v; v = v->next) {
        if (v->assigned) {
            compile_node(a, v->init, PUSH);
            assign(a, v);
        }
    }
}

static void assign_together(struct assembler *a, const struct variable *v)
{
    check_depth();
    while (v && !v->assigned)
        v = v->next;
    if (v) {
        compile_node(a, v->init, PUSH);
        assign_together(a, v->next);
        assign(a, v);
    }
}

static void compile_letrec(struct assembler *a, const struct node *node,
                           enum context context)
{
    int count = 0;
    for (struct variable *v = node->variable; v; v = v->next)
        v->slot = a->depth + count++;
    for (struct variable *v = node->variable; v; v = v->next) {
        if (!v->assigned) {
            compile_lambda(a, v->init->lambda);
            continue;
        }
        emit_constant(a, UNDEFINED);
        if (is_boxed(v))
            emit(a, OP_BOX);
    }
    for (struct variable *v = node->variable; v; v = v->next) {
        if (!v->assigned)
            patch_closure(a, v);
    }
    if (node->kind == NODE_LETREC)
        assign_together(a, node->variable);
    else
        assign_in_turn(a, node->variable);
    compile_scope(a, node->first, count, context);
}

/* ---- Control --------------------------------------------------------------------- */

/* Both arms leave the stack as the context says: pushed by one or as before. */
static void compile_if(struct assembler *a, const struct node *node, enum context context)
{
    const struct node *test = node->first, *yes = test->next, *no = yes->next;
    compile_node(a, test, PUSH);
    int to_no = emit_jump(a, OP_JUMP_IF_FALSE);
    pop(a, 1);
    int depth = a->depth;
    compile_node(a, yes, context);
    int to_end = context == TAIL ? 0 : emit_jump(a, OP_JUMP);
    jump_here(a, to_no);
    a->depth = depth;
    compile_node(a, no, context);
    if (to_end)
        jump_here(a, to_end);
}

static void compile_or(struct assembler *a, const struct node *node, enum context context)
{
    compile_node(a, node->first, PUSH);
    int to_end = emit_jump(a, OP_JUMP_IF_TRUE);
    pop(a, 1);
    compile_node(a, node->first->next, context == TAIL ? TAIL : PUSH);
    jump_here(a, to_end);
    if (context == TAIL)
        push(a, 1);
    finish(a, context);
}

static void compile_sequence(struct assembler *a, const struct node *node,
                             enum context context)
{
    const struct node *item = node->first;
    for (; item->next; item = item->next)
        compile_node(a, item, EFFECT);
    compile_node(a, item, context);
}

/* ---- Calls ----------------------------------------------------------------------- */

/* The instruction that does what the call asks for, or 0. */
static int integrated_opcode(const struct node *callee, int argc)
{
    if (callee->kind != NODE_CONSTANT || !has_type(callee->datum, TYPE_PRIMITIVE))
        return 0;
    int opcode = ((struct primitive *)callee->datum)->opcode;
    return opcode && integrated[opcode].arguments == argc ? opcode : 0;
}

static int compile_arguments(struct assembler *a, const struct node *node)
{
    int argc = 0;
    for (const struct node *item = node->first->next; item; item = item->next, argc++)
        compile_node(a, item, PUSH);
    return argc;
}

static void compile_integrated(struct assembler *a, const struct node *node, int opcode)
{
    int argc = compile_arguments(a, node);
    mark_position(a, node);
    emit(a, opcode);
    pop(a, argc - 1);
}

/* The arguments are on the stack. */
static void emit_call(struct assembler *a, const struct node *node, int argc, bool tail)
{
    const struct node *callee = node->first;
    if (callee->kind == NODE_GLOBAL) {
        mark_position(a, node);
        emit_with(a, tail ? OP_TAIL_CALL_GLOBAL : OP_CALL_GLOBAL,
                  constant(a, callee->datum));
        emit(a, argc);
    } else {
        compile_node(a, callee, PUSH);
        mark_position(a, node);
        emit_with(a, tail ? OP_TAIL_CALL : OP_CALL, argc);
        pop(a, 1);
    }
}

static void compile_call(struct assembler *a, const struct node *node,
                         enum context context)
{
    int argc = 0;
    for (const struct node *item = node->first->next; item; item = item->next)
        argc++;
    int opcode = integrated_opcode(node->first, argc);
    if (opcode) {
        compile_integrated(a, node, opcode);
    } else if (context == TAIL) {
        emit_call(a, node, compile_arguments(a, node), true);
        pop(a, argc);
        return;
    } else {
        emit(a, OP_FRAME);
        push(a, FRAME_HEADER);
        emit_call(a, node, compile_arguments(a, node), false);
        pop(a, FRAME_HEADER + argc - 1);
    }
    finish(a, context);
}

/* ---- Nodes ----------------------------------------------------------------------- */

static void compile_node(struct assembler *a, const struct node *node,
                         enum context context)
{
    check_depth();
    switch (node->kind) {
    case NODE_CONSTANT:
        if (context == EFFECT)
            return;
        emit_constant(a, node->datum);
        break;
    case NODE_LOCAL:
        mark_position(a, node);
        compile_local(a, node->variable);
        break;
    case NODE_GLOBAL:
        mark_position(a, node);
        emit_with(a, OP_GLOBAL, constant(a, node->datum));
        push(a, 1);
        break;
    case NODE_SET_LOCAL:
    case NODE_SET_GLOBAL:
    case NODE_DEFINE:
        compile_assignment(a, node);
        if (context == EFFECT)
            return;
        emit_constant(a, UNSPECIFIED);
        break;
    case NODE_LAMBDA:
        compile_lambda(a, node->lambda);
        break;
    case NODE_IF:
        compile_if(a, node, context);
        return;
    case NODE_OR:
        compile_or(a, node, context);
        return;
    case NODE_SEQUENCE:
        compile_sequence(a, node, context);
        return;
    case NODE_LET:
    case NODE_LET_STAR:
        compile_let(a, node, context);
        return;
    case NODE_LETREC:
    case NODE_LETREC_STAR:
        compile_letrec(a, node, context);
        return;
    case NODE_CALL:
        compile_call(a, node, context);
        return;
    }
    finish(a, context);
}

static void box_parameters(struct assembler *a)
{
    for (struct variable *v = a->lambda->parameters; v; v = v->next) {
        v->slot = a->depth;
        push(a, 1);
        if (is_boxed(v))
            emit_with(a, OP_BOX_LOCAL, v->slot);
    }
}

struct code *compile(struct lambda *lambda, const char *file)
{
    struct assembler a = {.lambda = lambda, .file = file};
    struct code *code = allocate(sizeof *code);
    box_parameters(&a);
    compile_node(&a, lambda->body, TAIL);
    code->name = lambda->name;
    code->required = lambda->required;
    code->rest = lambda->rest;
    code->frame_size = a.depth_max;
    code->ops = a.ops;
    code->constants = a.constants;
    code->file = file;
    code->where = a.where;
    code->where_count = a.where_count;
    return code;
}
