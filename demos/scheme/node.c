/* Building the tree that the compiler gets: nodes, variables, and what is known about calls beforehand. */
#include "code.h"
#include "syntax.h"

struct node *node_new(enum node_kind kind, struct node *first)
{
    struct node *node = allocate(sizeof *node);
    node->kind = kind;
    node->line = source.line;
    node->column = source.column;
    node->first = first;
    return node;
}

struct node *node_constant(value datum)
{
    struct node *node = node_new(NODE_CONSTANT, NULL);
    node->datum = datum;
    return node;
}

struct node *node_if(struct node *test, struct node *yes, struct node *no)
{
    yes->next = no->next = NULL;
    if (test->kind == NODE_CONSTANT)
        return test->datum != FALSE ? yes : no;
    test->next = yes;
    yes->next = no;
    return node_new(NODE_IF, test);
}

struct node *node_let(enum node_kind kind, struct variable *variables, struct node *body)
{
    struct node *node = node_new(kind, body);
    node->variable = variables;
    return node;
}

struct node *node_named(struct node *node, value name)
{
    if (node->kind == NODE_LAMBDA && node->lambda->name == FALSE)
        node->lambda->name = original_name(name);
    return node;
}

/* ---- Variables ---------------------------------------------------------------------------- */

struct variable *variable_new(value name, struct lambda *owner, struct node *init)
{
    struct variable *variable = allocate(sizeof *variable);
    variable->name = name;
    variable->owner = owner;
    variable->init = init;
    return variable;
}

struct lambda *lambda_new(value name, struct lambda *outer)
{
    struct lambda *lambda = allocate(sizeof *lambda);
    lambda->name = name;
    lambda->file = source.file;
    lambda->outer = outer;
    return lambda;
}

/* Has the lambda, and those between it and the variable's owner, capture the variable. */
static void capture(struct variable *variable, struct lambda *lambda)
{
    if (variable->early_uses)
        ++*variable->early_uses;
    for (; lambda != variable->owner; lambda = lambda->outer) {
        struct capture **link = &lambda->captures;
        while (*link && (*link)->variable != variable)
            link = &(*link)->next;
        variable->captured = true;
        if (*link)
            return;
        *link = allocate(sizeof **link);
        (*link)->variable = variable;
        lambda->capture_count++;
    }
}

struct node *node_local(struct variable *variable, const struct scope *scope)
{
    struct node *node = node_new(NODE_LOCAL, NULL);
    capture(variable, scope->lambda);
    node->variable = variable;
    return node;
}

struct node *node_global(struct meaning meaning)
{
    struct node *node = node_new(NODE_GLOBAL, NULL);
    node->datum = &environment_refer(meaning.environment, meaning.name)->object;
    return node;
}

struct node *node_set(value name, struct node *content, const struct scope *scope)
{
    struct meaning m = resolve(name, scope);
    if (m.syntax != FALSE)
        fail_syntax("a keyword cannot be assigned", name);
    struct node *node = node_new(m.binding ? NODE_SET_LOCAL : NODE_SET_GLOBAL, content);
    if (m.binding) {
        node->variable = m.binding->variable;
        node->variable->assigned = node->variable->changed = true;
        capture(node->variable, scope->lambda);
        return node;
    }
    if (environment_is_constant(m.environment, m.name))
        fail_syntax("an imported variable cannot be assigned", name);
    struct symbol *global = environment_refer(m.environment, m.name);
    global->origin = NULL;
    node->datum = &global->object;
    return node;
}

/* ---- Calls ---------------------------------------------------------------------------------- */

/* The primitive that a call of the node calls for ever, or NULL: system variables stay as they are, and so
 * do a program's copies until it changes one. */
static struct primitive *primitive_of(const struct node *callee)
{
    value procedure = callee->datum;
    if (callee->kind == NODE_GLOBAL) {
        const struct symbol *global = symbol_of(callee->datum);
        if (global->home && !global->origin)
            return NULL;
        procedure = global->global;
    } else if (callee->kind != NODE_CONSTANT) {
        return NULL;
    }
    return has_type(procedure, TYPE_PRIMITIVE) ? (struct primitive *)procedure : NULL;
}

/* Whether the instruction's result for these arguments, fixnums, is known and cannot be an error. */
static bool is_foldable(int opcode)
{
    switch (opcode) {
    case OP_ADD:
    case OP_SUBTRACT:
    case OP_MULTIPLY:
    case OP_EQUAL:
    case OP_LESS:
    case OP_GREATER:
    case OP_LESS_EQUAL:
    case OP_GREATER_EQUAL:
    case OP_IS_ZERO:
    case OP_NOT:
    case OP_EQ:
    case OP_EQV:
        return true;
    default:
        return false;
    }
}

/* The constant that the call comes to, or NULL. */
static struct node *fold(const struct primitive *primitive, const struct node *arguments)
{
    value values[2];
    int count = 0;
    if (!is_foldable(primitive->opcode))
        return NULL;
    for (; arguments; arguments = arguments->next) {
        if (count == 2 || arguments->kind != NODE_CONSTANT ||
            !is_fixnum(arguments->datum))
            return NULL;
        values[count++] = arguments->datum;
    }
    if (count != integrated[primitive->opcode].arguments)
        return NULL;
    return node_constant(primitive->call(count, values));
}

struct node *node_call(struct node *first)
{
    const struct primitive *primitive = primitive_of(first);
    if (!primitive || !primitive->opcode)
        return node_new(NODE_CALL, first);
    struct node *folded = fold(primitive, first->next);
    if (folded)
        return folded;
    struct node *callee = node_constant((value)(uintptr_t)primitive);
    callee->line = first->line;
    callee->column = first->column;
    callee->next = first->next;
    return node_new(NODE_CALL, callee);
}

struct node *node_call_system(const char *name, struct node *arguments)
{
    struct node *callee = node_global(resolve(symbol(name), &system_environment.scope));
    callee->next = arguments;
    return node_call(callee);
}
