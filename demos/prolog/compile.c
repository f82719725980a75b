/* The compiler: a clause to instructions, when it is called for the first time.
 *
 * A chunk is a part of a clause that ends with a call. Variables that occur in one chunk only
 * live in registers, the others in the environment, ordered by their last use, so that a
 * call needs no more of the environment than what is used after it. */
#include "machine.h"

#include <string.h>

struct variable {
    int chunk;      /* where it occurs; NOWHERE */
    bool permanent; /* it occurs in several */
    bool seen;      /* it has a value by now */
    int place;      /* a register, or, negative, in the environment */
    int first_goal, last_goal;
    int occurrences;
    int here; /* in the goal that is being looked at */
};

enum { NOWHERE = -1, DEPTH_MAX = 5000 };

struct compiler {
    word *code;
    size_t length, capacity;
    struct variable *variables;
    size_t count,
        named;    /* of them, those that are not the compiler's own: choice points */
    size_t level; /* the choice point of the next control construct */
    int goal, chunk;
    int next_register, released[REGISTERS], released_count;
    int arity_max;
    bool environment, called; /* so far */
    int cut_target;           /* which variable a cut cuts to, or NOWHERE: to the neck */
    int depth;
};

/* ---- What goals are ---------------------------------------------------------------- */

enum kind {
    CONJUNCTION,
    DISJUNCTION,
    IF_THEN,
    SOFT_IF_THEN,
    NEGATION,
    CUT,
    TRUE,
    UNIFY,
    IS,
    COMPARISON,
    TYPE_TEST,
    BUILTIN_CALL,
    USER_CALL
};

static const struct inlined {
    const char *name;
    size_t arity;
    enum kind kind;
    int operation, swapped; /* instruction, and whether its operands are */
} inlined[] = {
    {",", 2, CONJUNCTION, 0, 0},
    {";", 2, DISJUNCTION, 0, 0},
    {"->", 2, IF_THEN, 0, 0},
    {"*->", 2, SOFT_IF_THEN, 0, 0},
    {"\\+", 1, NEGATION, 0, 0},
    {"!", 0, CUT, 0, 0},
    {"true", 0, TRUE, 0, 0},
    {"=", 2, UNIFY, 0, 0},
    {"is", 2, IS, 0, 0},
    {"<", 2, COMPARISON, OP_LESS, 0},
    {">", 2, COMPARISON, OP_LESS, 1},
    {"=<", 2, COMPARISON, OP_NOT_GREATER, 0},
    {">=", 2, COMPARISON, OP_NOT_GREATER, 1},
    {"=:=", 2, COMPARISON, OP_SAME_NUMBER, 0},
    {"=\\=", 2, COMPARISON, OP_OTHER_NUMBER, 0},
    {"==", 2, COMPARISON, OP_IDENTICAL, 0},
    {"\\==", 2, COMPARISON, OP_DIFFERENT, 0},
    {"var", 1, TYPE_TEST, TEST_VAR, 0},
    {"nonvar", 1, TYPE_TEST, TEST_NONVAR, 0},
    {"atom", 1, TYPE_TEST, TEST_ATOM, 0},
    {"integer", 1, TYPE_TEST, TEST_INTEGER, 0},
    {"float", 1, TYPE_TEST, TEST_FLOAT, 0},
    {"number", 1, TYPE_TEST, TEST_NUMBER, 0},
    {"atomic", 1, TYPE_TEST, TEST_ATOMIC, 0},
    {"compound", 1, TYPE_TEST, TEST_COMPOUND, 0},
    {"callable", 1, TYPE_TEST, TEST_CALLABLE, 0},
};

static const struct inlined *inlined_of(const struct functor *f)
{
    static const struct inlined builtin_call = {.kind = BUILTIN_CALL},
                                user_call = {.kind = USER_CALL};
    if (f->arity <= 2) {
        for (size_t i = 0; i < sizeof inlined / sizeof *inlined; i++) {
            if (inlined[i].arity == f->arity && !strcmp(inlined[i].name, f->name->text))
                return &inlined[i];
        }
    }
    return f->predicate && f->predicate->builtin ? &builtin_call : &user_call;
}

static const struct inlined *inlined_goal(term goal)
{
    return inlined_of(functor_of_term(goal));
}

static bool is_control(enum kind kind)
{
    return kind >= DISJUNCTION && kind <= NEGATION;
}

static bool is_condition(enum kind kind)
{
    return kind == IF_THEN || kind == SOFT_IF_THEN;
}

static bool is_test(term goal)
{
    const struct inlined *i = inlined_goal(goal);
    if (i->kind == CONJUNCTION)
        return is_test(arguments(goal)[0]) && is_test(arguments(goal)[1]);
    return i->kind == COMPARISON || i->kind == TYPE_TEST || i->kind == TRUE;
}

static size_t arity_of_goal(term goal)
{
    return functor_of_term(goal)->arity;
}

static void deeper(struct compiler *c)
{
    if (++c->depth > DEPTH_MAX)
        resource_error("depth_of_clause");
}

/* ---- Looking at the clause --------------------------------------------------------- */

static void note_variable(struct compiler *c, size_t n)
{
    struct variable *v = &c->variables[n];
    if (v->chunk == NOWHERE)
        v->first_goal = c->goal;
    else if (v->chunk != c->chunk)
        v->permanent = true;
    v->chunk = c->chunk;
    v->last_goal = c->goal;
    v->occurrences++;
}

typedef void visitor(struct compiler *c, size_t variable);

static void each_variable(struct compiler *c, term t, visitor *visit)
{
    static struct worklist list;
    size_t base = list.count;
    push(&list, t);
    while (list.count > base) {
        t = pop(&list);
        if (tag_of(t) == NUMBERED)
            visit(c, t >> 3);
        for (size_t i = is_compound(t) ? arity_of_goal(t) : 0; i > 0; i--)
            push(&list, arguments(t)[i - 1]);
    }
}

static size_t note_level(struct compiler *c)
{
    size_t n = c->count++;
    c->variables =
        check_memory(gc_realloc(c->variables, c->count * sizeof *c->variables));
    c->variables[n] = (struct variable){.chunk = c->chunk,
                                        .permanent = true,
                                        .seen = true,
                                        .first_goal = c->goal,
                                        .last_goal = c->goal};
    return n;
}

/* The parts of a control construct; an if-then-else has three. */
static size_t parts_of(term goal, term parts[3])
{
    size_t count = 0;
    term first = arguments(goal)[0];
    bool choice = inlined_goal(goal)->kind == DISJUNCTION;
    if (choice && is_condition(inlined_goal(first)->kind)) {
        parts[count++] = arguments(first)[0];
        parts[count++] = arguments(first)[1];
    } else {
        parts[count++] = first;
    }
    if (arity_of_goal(goal) > 1)
        parts[count++] = arguments(goal)[1];
    return count;
}

static void look_at_body(struct compiler *c, term goal, bool last);

/* Each part of a control construct is a chunk of its own. */
static void look_at_control(struct compiler *c, term goal)
{
    term parts[3];
    size_t level = note_level(c), count = parts_of(goal, parts);
    c->environment = c->called = true;
    for (size_t i = 0; i < count; i++) {
        c->chunk++;
        look_at_body(c, parts[i], false);
    }
    c->chunk++;
    c->goal++;
    c->variables[level].last_goal = c->goal;
}

static void look_at_goal(struct compiler *c, term goal, bool last)
{
    enum kind kind = inlined_goal(goal)->kind;
    c->goal++;
    if (kind == CUT && c->called)
        c->cut_target = 0; /* which it is comes out when all is known */
    each_variable(c, goal, note_variable);
    if (kind >= BUILTIN_CALL) {
        int arity = (int)arity_of_goal(goal);
        c->arity_max = arity > c->arity_max ? arity : c->arity_max;
        c->chunk++;
        c->environment |= kind == USER_CALL && !last;
        c->called |= kind == USER_CALL;
    }
}

static void look_at_body(struct compiler *c, term goal, bool last)
{
    deeper(c);
    for (; inlined_goal(goal)->kind == CONJUNCTION; goal = arguments(goal)[1])
        look_at_body(c, arguments(goal)[0], false);
    enum kind kind = inlined_goal(goal)->kind;
    if (is_control(kind))
        look_at_control(c, goal);
    else
        look_at_goal(c, goal, last);
    c->depth--;
}

/* How much of the environment is needed for goals from `goal` on. */
static int environment_needed(const struct compiler *c, int goal)
{
    int size = ENVIRONMENT_HEAD;
    for (size_t i = 0; i < c->count; i++)
        size += c->variables[i].permanent && c->variables[i].last_goal >= goal;
    return size;
}

/* The permanent variables that are used last come first. */
static void place_variables(struct compiler *c)
{
    int place = -ENVIRONMENT_HEAD;
    for (int goal = c->goal; goal >= 0; goal--) {
        for (size_t i = 0; i < c->count; i++) {
            if (c->variables[i].permanent && c->variables[i].last_goal == goal)
                c->variables[i].place = place--;
        }
    }
    c->environment |= place != -ENVIRONMENT_HEAD;
}

/* ---- Writing instructions ---------------------------------------------------------- */

static void emit(struct compiler *c, word w)
{
    if (c->length == c->capacity)
        c->code = check_memory(gc_realloc(c->code, (c->capacity *= 2) * sizeof(word)));
    c->code[c->length++] = w;
}

static void emit1(struct compiler *c, word op, word a)
{
    emit(c, op);
    emit(c, a);
}

static void emit2(struct compiler *c, word op, word a, word b)
{
    emit1(c, op, a);
    emit(c, b);
}

static word reg(int place)
{
    return (word)(intptr_t)place;
}

/* Labels are relative to where they are written; those that wait for their target are a chain. */
static size_t emit_label(struct compiler *c, size_t chain)
{
    emit(c, chain);
    return c->length - 1;
}

static void set_labels(struct compiler *c, size_t chain)
{
    while (chain) {
        size_t next = c->code[chain];
        c->code[chain] = c->length - chain;
        chain = next;
    }
}

static int register_new(struct compiler *c)
{
    if (c->released_count > 0)
        return c->released[--c->released_count];
    if (c->next_register == REGISTERS)
        resource_error("registers_of_clause");
    return c->next_register++;
}

static void register_release(struct compiler *c, int place)
{
    c->released[c->released_count++] = place;
}

/* Where a chunk begins nothing is in registers. */
static void registers_reset(struct compiler *c)
{
    c->next_register = c->arity_max;
    c->released_count = 0;
}

static struct variable *variable_at(struct compiler *c, term t)
{
    return &c->variables[t >> 3];
}

/* The variable gets a place; whoever asks gives it its value. */
static int first_place(struct compiler *c, struct variable *v)
{
    if (!v->permanent)
        v->place = register_new(c);
    v->seen = true;
    return v->place;
}

/* ---- Heads ------------------------------------------------------------------------- */

static bool is_constant(term t)
{
    return tag_of(t) == ATOM || tag_of(t) == INTEGER;
}

static void emit_get_functor(struct compiler *c, term t, int place)
{
    if (tag_of(t) == LIST)
        emit1(c, OP_GET_LIST, reg(place));
    else
        emit2(c, OP_GET_STRUCTURE, (word)functor_at(t), reg(place));
}

/* One argument of a structure; a compound one comes into a register, which is returned. */
static int emit_unify_argument(struct compiler *c, term t)
{
    if (tag_of(t) == NUMBERED) {
        struct variable *v = variable_at(c, t);
        if (v->seen)
            emit1(c, OP_UNIFY_VALUE, reg(v->place));
        else if (v->occurrences == 1)
            emit(c, OP_UNIFY_VOID);
        else
            emit1(c, OP_UNIFY_VARIABLE, reg(first_place(c, v)));
    } else if (is_constant(t)) {
        emit1(c, OP_UNIFY_CONSTANT, t);
    } else if (is_ground(t)) {
        emit1(c, OP_UNIFY_TERM, t);
    } else {
        int place = register_new(c);
        emit1(c, OP_UNIFY_VARIABLE, reg(place));
        return place;
    }
    return NOWHERE;
}

/* Unifies what a register has with a compound term. */
static void emit_get_compound(struct compiler *c, term t, int place)
{
    deeper(c);
    while (t) {
        size_t arity = arity_of_goal(t);
        int *places = allocate_atomic(arity * sizeof *places);
        emit_get_functor(c, t, place);
        for (size_t i = 0; i < arity; i++)
            places[i] = emit_unify_argument(c, arguments(t)[i]);
        for (size_t i = 0; i + 1 < arity; i++) {
            if (places[i] != NOWHERE) {
                emit_get_compound(c, arguments(t)[i], places[i]);
                register_release(c, places[i]);
            }
        }
        place = places[arity - 1];
        t = place == NOWHERE ? 0 : arguments(t)[arity - 1];
        if (t)
            register_release(c, place);
    }
    c->depth--;
}

/* Unifies what a register has with a term. */
static void emit_get(struct compiler *c, term t, int place)
{
    if (tag_of(t) == NUMBERED) {
        struct variable *v = variable_at(c, t);
        if (v->seen)
            emit2(c, OP_GET_VALUE, reg(v->place), reg(place));
        else
            emit2(c, OP_MOVE, reg(place), reg(first_place(c, v)));
    } else if (is_constant(t)) {
        emit2(c, OP_GET_CONSTANT, t, reg(place));
    } else if (is_ground(t)) {
        emit2(c, OP_GET_TERM, t, reg(place));
    } else {
        emit_get_compound(c, t, place);
    }
}

/* A variable that is an argument, and lives in registers, stays where it comes. */
static void emit_head(struct compiler *c, term head)
{
    size_t arity = arity_of_goal(head);
    for (size_t i = 0; i < arity; i++) {
        term t = arguments(head)[i];
        struct variable *v = tag_of(t) == NUMBERED ? variable_at(c, t) : NULL;
        if (v && v->occurrences == 1)
            continue;
        if (v && !v->seen && !v->permanent) {
            v->place = (int)i;
            v->seen = true;
        } else {
            emit_get(c, t, (int)i);
        }
    }
}

/* ---- Building terms ---------------------------------------------------------------- */

static void emit_put(struct compiler *c, term t, int place);

/* A structure whose compound arguments are in registers, or NOWHERE; these are released. */
static void emit_put_structure(struct compiler *c, term t, const int *places, int place)
{
    if (tag_of(t) == LIST)
        emit1(c, OP_PUT_LIST, reg(place));
    else
        emit2(c, OP_PUT_STRUCTURE, (word)functor_at(t), reg(place));
    for (size_t i = 0; i < arity_of_goal(t); i++) {
        if (places[i] == NOWHERE) {
            emit_unify_argument(c, arguments(t)[i]);
        } else {
            emit1(c, OP_UNIFY_VALUE, reg(places[i]));
            register_release(c, places[i]);
        }
    }
}

static int put_nested(struct compiler *c, term t)
{
    if (!is_compound(t) || is_ground(t))
        return NOWHERE;
    int place = register_new(c);
    emit_put(c, t, place);
    return place;
}

/* From the innermost on; a long list's cells are built from its end. */
static void emit_put_compound(struct compiler *c, term t, int place)
{
    size_t count = 0, capacity = 16;
    term *spine = allocate(capacity * sizeof(term));
    for (; is_compound(t) && !is_ground(t); t = arguments(t)[arity_of_goal(t) - 1]) {
        if (count == capacity)
            spine = check_memory(gc_realloc(spine, (capacity *= 2) * sizeof(term)));
        spine[count++] = t;
    }
    int tail = NOWHERE;
    while (count-- > 0) {
        size_t arity = arity_of_goal(spine[count]);
        int *places = allocate_atomic(arity * sizeof *places);
        for (size_t i = 0; i + 1 < arity; i++)
            places[i] = put_nested(c, arguments(spine[count])[i]);
        places[arity - 1] = tail;
        tail = count == 0 ? place : register_new(c);
        emit_put_structure(c, spine[count], places, tail);
    }
}

/* Brings a term into a register. */
static void emit_put(struct compiler *c, term t, int place)
{
    deeper(c);
    if (tag_of(t) == NUMBERED) {
        struct variable *v = variable_at(c, t);
        if (!v->seen && !v->permanent) {
            emit1(c, OP_PUT_VARIABLE, reg(v->place = place));
        } else if (!v->seen) {
            emit1(c, OP_PUT_VARIABLE, reg(v->place));
            emit2(c, OP_MOVE, reg(v->place), reg(place));
        } else if (v->place != place) {
            emit2(c, OP_MOVE, reg(v->place), reg(place));
        }
        v->seen = true;
    } else if (is_ground(t)) {
        emit2(c, OP_PUT_CONSTANT, t, reg(place));
    } else {
        emit_put_compound(c, t, place);
    }
    c->depth--;
}

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

/* ---- Clauses ----------------------------------------------------------------------- */

static void look_at_clause(struct compiler *c, const struct clause *clause)
{
    for (size_t i = 0; i < c->named; i++)
        c->variables[i].chunk = NOWHERE;
    c->cut_target = NOWHERE;
    c->arity_max = (int)arity_of_goal(clause->head);
    each_variable(c, clause->head, note_variable);
    look_at_body(c, clause->body, true);
    if (c->cut_target != NOWHERE) {
        c->cut_target = (int)note_level(c);
        c->environment = true;
    }
    place_variables(c);
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
