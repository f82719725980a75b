/* The compiler: a clause to instructions, when it is called for the first time. */
#include "compile.h"

/* ---- Calls ------------------------------------------------------------------------- */

static void count_occurrence(struct compiler *c, size_t n)
{
    c->variables[n].here++;
}

/* Variables in argument registers that the goal's arguments will overwrite, and that it needs
 * elsewhere, move out of the way. */
static void save_arguments(struct compiler *c, term goal, size_t arity)
{
    for (size_t n = 0; n < c->count; n++)
        c->variables[n].here = 0;
    each_variable(c, goal, count_occurrence);
    for (size_t n = 0; n < c->count; n++) {
        struct variable *v = &c->variables[n];
        if (!v->seen || v->permanent || v->place >= (int)arity || v->here == 0)
            continue;
        bool in_place = arguments(goal)[v->place] == (n << 3 | NUMBERED);
        if (in_place && v->here == 1)
            continue;
        int place = register_new(c);
        emit2(c, OP_MOVE, reg(v->place), reg(place));
        v->place = place;
    }
}

static void emit_arguments(struct compiler *c, term goal)
{
    size_t arity = arity_of_goal(goal);
    save_arguments(c, goal, arity);
    for (size_t i = 0; i < arity; i++)
        emit_put(c, arguments(goal)[i], (int)i);
}

static void emit_return(struct compiler *c)
{
    if (c->environment)
        emit(c, OP_DEALLOCATE);
    emit(c, OP_PROCEED);
}

static void emit_call(struct compiler *c, term goal, enum kind kind, bool last)
{
    struct predicate *p = predicate_of(functor_of_term(goal));
    emit_arguments(c, goal);
    if (kind == BUILTIN_CALL) {
        emit1(c, OP_BUILTIN, (word)p);
        registers_reset(c);
        if (last)
            emit_return(c);
    } else if (last) {
        if (c->environment)
            emit(c, OP_DEALLOCATE);
        emit1(c, OP_EXECUTE, (word)p);
    } else {
        emit2(c, OP_CALL, (word)p, (word)environment_needed(c, c->goal + 1));
        registers_reset(c);
    }
}

/* ---- Goals in line ----------------------------------------------------------------- */

/* A term as an operand: itself, or the register where it is. */
static word operand(struct compiler *c, term t)
{
    if (tag_of(t) == NUMBERED && variable_at(c, t)->seen)
        return register_operand(variable_at(c, t)->place);
    if (tag_of(t) == ATOM || tag_of(t) == INTEGER || tag_of(t) == BOX || is_ground(t))
        return t;
    int place = register_new(c);
    emit_put(c, t, place);
    return register_operand(place);
}

/* The value of an arithmetic expression, as an operand. */
static word emit_expression(struct compiler *c, term t)
{
    if (is_number(t))
        return t;
    if (tag_of(t) == NUMBERED)
        return operand(c, t);
    evaluator *function = evaluator_of(functor_of_term(t));
    size_t arity = arity_of_goal(t);
    if (!function || arity == 0 || tag_of(t) == LIST) {
        word unknown = operand(c, t);
        int value = register_new(c);
        emit2(c, OP_VALUE, unknown, reg(value));
        return register_operand(value);
    }
    deeper(c);
    word a = emit_expression(c, arguments(t)[0]);
    word b = arity > 1 ? emit_expression(c, arguments(t)[1]) : 0;
    const char *name = functor_at(t)->name->text;
    word op = arity == 1 || name[1] ? OP_ARITHMETIC
              : *name == '+'        ? OP_ADD
              : *name == '-'        ? OP_SUBTRACT
              : *name == '*'        ? OP_MULTIPLY
                                    : OP_ARITHMETIC;
    emit(c, op);
    if (op == OP_ARITHMETIC)
        emit(c, (word)function);
    emit(c, a);
    emit(c, b);
    int result = register_new(c);
    emit(c, reg(result));
    c->depth--;
    return register_operand(result);
}

static int place_of_operand(struct compiler *c, word operand)
{
    if (!(operand & 7))
        return (int)((intptr_t)operand >> 3);
    int place = register_new(c);
    emit2(c, OP_PUT_CONSTANT, operand, reg(place));
    return place;
}

static void emit_is(struct compiler *c, term goal)
{
    term expression = arguments(goal)[1];
    word value = emit_expression(c, expression);
    int place = place_of_operand(c, value);
    if (tag_of(expression) == NUMBERED) {
        int evaluated = register_new(c);
        emit2(c, OP_VALUE, register_operand(place), reg(evaluated));
        place = evaluated;
    }
    struct variable *v = variable_at(c, arguments(goal)[0]);
    if (tag_of(arguments(goal)[0]) != NUMBERED || v->seen || v->permanent) {
        emit_get(c, arguments(goal)[0], place);
    } else {
        v->place = place;
        v->seen = true;
    }
}

static bool occurs_in(struct compiler *c, term variable, term t)
{
    size_t n = variable >> 3;
    int before = c->variables[n].here;
    each_variable(c, t, count_occurrence);
    return c->variables[n].here != before;
}

static void emit_unify(struct compiler *c, term a, term b)
{
    if (tag_of(a) != NUMBERED) {
        term t = a;
        a = b;
        b = t;
    }
    if (tag_of(a) == NUMBERED && !variable_at(c, a)->seen && !occurs_in(c, a, b)) {
        struct variable *v = variable_at(c, a);
        int place = v->permanent ? v->place : register_new(c);
        emit_put(c, b, place);
        v->place = place;
        v->seen = true;
        return;
    }
    int place = place_of_operand(c, operand(c, a));
    emit_get(c, b, place);
}

/* A goal that only looks; returns the chain of labels for when it fails, which `chain` is the
 * rest of; `branching` false: then it backtracks. */
static size_t emit_test(struct compiler *c, term goal, size_t chain, bool branching)
{
    const struct inlined *i = inlined_goal(goal);
    if (i->kind == CONJUNCTION) {
        chain = emit_test(c, arguments(goal)[0], chain, branching);
        return emit_test(c, arguments(goal)[1], chain, branching);
    }
    c->goal++;
    if (i->kind == TRUE)
        return chain;
    if (i->kind == TYPE_TEST) {
        word tested = operand(c, arguments(goal)[0]);
        emit2(c, OP_TEST, (word)i->operation, tested);
        chain = emit_label(c, chain);
        return branching ? chain : 0;
    }
    bool looks = i->operation == OP_IDENTICAL || i->operation == OP_DIFFERENT;
    word a =
        looks ? operand(c, arguments(goal)[0]) : emit_expression(c, arguments(goal)[0]);
    word b =
        looks ? operand(c, arguments(goal)[1]) : emit_expression(c, arguments(goal)[1]);
    emit2(c, (word)i->operation, i->swapped ? b : a, i->swapped ? a : b);
    chain = emit_label(c, chain);
    return branching ? chain : 0;
}

/* ---- Control ----------------------------------------------------------------------- */

static void emit_body(struct compiler *c, term goal, bool last);

static void emit_cut(struct compiler *c)
{
    if (c->cut_target == NOWHERE)
        emit(c, OP_NECK_CUT);
    else
        emit1(c, OP_CUT, reg(c->variables[c->cut_target].place));
}

static size_t emit_try(struct compiler *c)
{
    emit(c, OP_TRY_ELSE);
    size_t chain = emit_label(c, 0);
    emit(c, (word)environment_needed(c, c->goal));
    return chain;
}

static void emit_with_cut(struct compiler *c, term goal, int target)
{
    int outer = c->cut_target;
    c->cut_target = target;
    emit_body(c, goal, false);
    c->cut_target = outer;
}

/* A part of a control construct, which begins with nothing in registers. */
static void emit_part(struct compiler *c, term goal, bool last)
{
    registers_reset(c);
    emit_body(c, goal, last);
}

/* A part and the way to the end of the construct; returns the chain of that label. */
static size_t emit_then(struct compiler *c, term then, bool last)
{
    emit_part(c, then, last);
    if (last)
        return 0;
    emit(c, OP_JUMP);
    return emit_label(c, 0);
}

/* Returns the chain of labels to where it goes on if the condition fails. */
static size_t emit_condition(struct compiler *c, size_t level, term condition, bool soft)
{
    word kept = reg(c->variables[level].place);
    registers_reset(c);
    if (!soft && is_test(condition))
        return emit_test(c, condition, 0, true);
    size_t chain = emit_try(c);
    emit1(c, OP_SAVE_CHOICE, kept);
    emit_with_cut(c, condition, (int)level);
    emit1(c, soft ? OP_SOFT_CUT : OP_CUT_CHOICE, kept);
    return chain;
}

/* Its parts are the condition, what then, and, of three, what otherwise. */
static void emit_if(struct compiler *c, size_t level, const term *parts, enum kind kind,
                    size_t count, bool last)
{
    bool soft = kind == SOFT_IF_THEN, tried = soft || !is_test(parts[0]);
    size_t chain = emit_condition(c, level, parts[0], soft);
    size_t end = emit_then(c, parts[1], last);
    set_labels(c, chain);
    if (tried)
        emit(c, OP_TRUST);
    if (count == 3)
        emit_part(c, parts[2], last);
    else
        emit(c, OP_FAIL);
    set_labels(c, end);
}

static void emit_negation(struct compiler *c, size_t level, term goal)
{
    bool tried = !is_test(goal);
    size_t chain = emit_condition(c, level, goal, false);
    emit(c, OP_FAIL);
    set_labels(c, chain);
    if (tried)
        emit(c, OP_TRUST);
}

static void emit_disjunction(struct compiler *c, term left, term right, bool last)
{
    size_t chain = emit_try(c);
    size_t end = emit_then(c, left, last);
    set_labels(c, chain);
    emit(c, OP_TRUST);
    emit_part(c, right, last);
    set_labels(c, end);
}

/* Variables that come up in one part only of a control construct may be used elsewhere. */
static void emit_first_values(struct compiler *c, size_t level)
{
    for (size_t i = 0; i < c->named; i++) {
        struct variable *v = &c->variables[i];
        if (v->permanent && !v->seen && v->first_goal <= c->variables[level].last_goal) {
            emit1(c, OP_PUT_VARIABLE, reg(v->place));
            v->seen = true;
        }
    }
}

static void emit_control(struct compiler *c, term goal, bool last)
{
    term parts[3];
    size_t level = c->level++, count = parts_of(goal, parts);
    enum kind kind = inlined_goal(goal)->kind;
    emit_first_values(c, level);
    if (kind == NEGATION)
        emit_negation(c, level, parts[0]);
    else if (kind == DISJUNCTION && count == 2)
        emit_disjunction(c, parts[0], parts[1], last);
    else
        emit_if(c, level, parts,
                kind == DISJUNCTION ? inlined_goal(arguments(goal)[0])->kind : kind,
                count, last);
    c->goal++;
    registers_reset(c);
    if (last && kind == NEGATION)
        emit_return(c);
}

static void emit_goal(struct compiler *c, term goal, bool last)
{
    enum kind kind = inlined_goal(goal)->kind;
    if (kind == COMPARISON || kind == TYPE_TEST) {
        emit_test(c, goal, 0, false);
    } else {
        c->goal++;
        if (kind >= BUILTIN_CALL)
            emit_call(c, goal, kind, last);
        else if (kind == CUT)
            emit_cut(c);
        else if (kind == UNIFY)
            emit_unify(c, arguments(goal)[0], arguments(goal)[1]);
        else if (kind == IS)
            emit_is(c, goal);
    }
    if (last && kind < BUILTIN_CALL)
        emit_return(c);
}

static void emit_body(struct compiler *c, term goal, bool last)
{
    deeper(c);
    for (; inlined_goal(goal)->kind == CONJUNCTION; goal = arguments(goal)[1])
        emit_body(c, arguments(goal)[0], false);
    if (is_control(inlined_goal(goal)->kind))
        emit_control(c, goal, last);
    else
        emit_goal(c, goal, last);
    c->depth--;
}

word *compile(struct clause *clause)
{
    struct compiler *c = allocate(sizeof *c);
    c->count = c->named = c->level = clause->variables;
    c->variables = allocate((c->count + 1) * sizeof *c->variables);
    c->code = allocate((c->capacity = 32) * sizeof(word));
    look_at_clause(c, clause);
    int size = environment_needed(c, 0);
    c->goal = 0;
    registers_reset(c);
    if (c->environment)
        emit1(c, OP_ALLOCATE, (word)size);
    if (c->cut_target != NOWHERE)
        emit1(c, OP_GET_LEVEL, reg(c->variables[c->cut_target].place));
    emit_head(c, clause->head);
    emit_body(c, clause->body, true);
    return clause->code = c->code;
}
