/* What there is in a clause: the kinds of its goals, where its variables occur and live. */
#include "compile.h"

#include <string.h>

static const struct inlined inlined[] = {
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

const struct inlined *inlined_goal(term goal)
{
    return inlined_of(functor_of_term(goal));
}

bool is_control(enum kind kind)
{
    return kind >= DISJUNCTION && kind <= NEGATION;
}

static bool is_condition(enum kind kind)
{
    return kind == IF_THEN || kind == SOFT_IF_THEN;
}

bool is_test(term goal)
{
    const struct inlined *i = inlined_goal(goal);
    if (i->kind == CONJUNCTION)
        return is_test(arguments(goal)[0]) && is_test(arguments(goal)[1]);
    return i->kind == COMPARISON || i->kind == TYPE_TEST || i->kind == TRUE;
}

size_t arity_of_goal(term goal)
{
    return functor_of_term(goal)->arity;
}

void deeper(struct compiler *c)
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

void each_variable(struct compiler *c, term t, visitor *visit)
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

size_t note_level(struct compiler *c)
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

size_t parts_of(term goal, term parts[3])
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

int environment_needed(const struct compiler *c, int goal)
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

void look_at_clause(struct compiler *c, const struct clause *clause)
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
