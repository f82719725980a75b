/* Lambda expressions, definitions, and bodies, of which the definitions are found first, so that all of
 * the body sees them. */
#include "syntax.h"

static struct node *expand_lambda(value form, struct scope *scope);
static struct node *expand_define(value form, struct scope *scope);

/* ---- Definitions ------------------------------------------------------------------------------ */

/* Splits (define (name . parameters) body ...) or (define name expression) into the name
 * and the form of the value.  Nested parameter lists make curried procedures. */
static value definition_parts(value form, value *name)
{
    form_length(form, 2, MANY);
    value target = car(cdr(form)), body = cdr(cdr(form));
    form_length(form, is_pair(target) ? 3 : 2, is_pair(target) ? MANY : 3);
    for (; is_pair(target); target = car(target)) {
        value expression = cons(system_name("lambda"), cons(cdr(target), body));
        locate_like(expression, form);
        body = cons(expression, NIL);
    }
    if (!is_identifier(target))
        fail_syntax("bad syntax", form);
    *name = target;
    return body == NIL ? UNSPECIFIED : car(body);
}

static struct node *expand_define(value form, struct scope *scope)
{
    value name, init = definition_parts(form, &name);
    if (scope->outer)
        fail_syntax("a definition among expressions", form);
    struct symbol *global = environment_define(scope->environment, name);
    if (!global)
        fail_syntax("an imported name cannot be defined", name);
    struct node *node = node_new(NODE_DEFINE, node_named(expand(init, scope), name));
    node->datum = &global->object;
    return node;
}

/* ---- Bodies -------------------------------------------------------------------------------------- */

/* The variables that a body defines, in order, with the forms of their values. */
struct definitions {
    struct variable *first, **link;
    value inits; /* reversed */
};

static void add_definition(struct definitions *definitions, value form,
                           struct scope *scope)
{
    value name, init = definition_parts(form, &name);
    locate_like(init, form);
    definitions->inits = cons(init, definitions->inits);
    struct variable *variable = variable_new(name, scope->lambda, NULL);
    scope_bind(scope, name, variable);
    *definitions->link = variable;
    definitions->link = &variable->next;
}

static value splice(value forms, value rest)
{
    for (value list = list_reverse(forms); is_pair(list); list = cdr(list))
        rest = cons(car(list), rest);
    return rest;
}

/* Carries out the definitions at the head of the forms; returns those that follow. */
static value take_definitions(value forms, struct definitions *definitions,
                              struct scope *scope)
{
    value macro = source.macro;
    for (; is_pair(forms); source.macro = macro) {
        value form = expand_macros(car(forms), scope), keyword = keyword_of(form, scope);
        locate(form);
        if (is_special(keyword, expand_begin)) {
            form_length(form, 1, MANY);
            forms = splice(cdr(form), cdr(forms));
        } else if (is_special(keyword, expand_define)) {
            add_definition(definitions, form, scope);
            forms = cdr(forms);
        } else if (is_special(keyword, expand_define_syntax) ||
                   is_special(keyword, expand_define_macro)) {
            expand(form, scope);
            forms = cdr(forms);
        } else {
            return cons(form, cdr(forms));
        }
    }
    return forms;
}

struct node *expand_body(value forms, struct scope *outer)
{
    struct scope *scope = scope_new(outer, outer->lambda);
    struct definitions definitions = {NULL, &definitions.first, NIL};
    value rest = take_definitions(forms, &definitions, scope);
    if (rest == NIL)
        fail_syntax("a body without an expression", forms);
    if (!definitions.first)
        return expand_sequence(rest, scope);
    return expand_letrec_star(definitions.first, list_reverse(definitions.inits), rest,
                              scope, expand_sequence);
}

/* ---- letrec* and letrec ------------------------------------------------------------------------ */

static void set_early_uses(struct variable *v, int *uses)
{
    for (; v; v = v->next)
        v->early_uses = uses;
}

/* How many of the variables, from the first on, have their values before anything refers to them or to a
 * later one; marks the others as changing when they get their values, except lambda expressions, which
 * get their closures before all else. */
static int expand_inits(struct variable *variables, value inits, struct scope *scope)
{
    int early = 0, uses = 0;
    set_early_uses(variables, &uses);
    for (struct variable *v = variables; v; v = v->next, inits = cdr(inits)) {
        v->init = node_named(expand(car(inits), scope), v->name);
        if (v->init->kind == NODE_LAMBDA)
            uses++;
        else if (uses > 0)
            v->assigned = true;
        if (uses == 0) {
            v->early_uses = NULL;
            early++;
        }
    }
    set_early_uses(variables, NULL);
    return early;
}

/* Cuts the list after `count` variables; returns the others. */
static struct variable *cut(struct variable **list, int count)
{
    while (count-- > 0)
        list = &(*list)->next;
    struct variable *others = *list;
    *list = NULL;
    return others;
}

/* The early variables are those of a let around the rest. */
struct node *expand_letrec_star(struct variable *variables, value inits, value body,
                                struct scope *scope, expander expand_rest)
{
    int early = expand_inits(variables, inits, scope);
    struct node *node = expand_rest(body, scope);
    struct variable *others = cut(&variables, early);
    if (others)
        node = node_let(NODE_LETREC_STAR, others, node);
    return variables ? node_let(NODE_LET_STAR, variables, node) : node;
}

/* Has the variable live in a box, which is empty until all inits have been evaluated. */
static void make_late(struct variable *variable)
{
    variable->assigned = variable->changed = true;
}

/* An init that is no lambda expression was expanded: it must not see the variables that it refers to, which
 * have been counted. */
static void make_uses_late(struct variable *variables)
{
    for (struct variable *v = variables; v; v = v->next) {
        if (*v->early_uses > 0)
            make_late(v);
    }
}

struct node *expand_letrec(struct variable *variables, value inits, value body,
                           struct scope *scope)
{
    for (struct variable *v = variables; v; v = v->next) {
        v->early_uses = allocate_atomic(sizeof *v->early_uses);
        *v->early_uses = 0;
    }
    for (struct variable *v = variables; v; v = v->next, inits = cdr(inits)) {
        v->init = node_named(expand(car(inits), scope), v->name);
        if (v->init->kind != NODE_LAMBDA) {
            make_late(v);
            make_uses_late(variables);
        }
        for (struct variable *used = variables; used; used = used->next)
            *used->early_uses = 0;
    }
    set_early_uses(variables, NULL);
    struct node *node = expand_body(body, scope);
    return variables ? node_let(NODE_LETREC, variables, node) : node;
}

/* ---- Lambda ------------------------------------------------------------------------------------------ */

void add_parameters(struct scope *scope, value parameters)
{
    struct lambda *lambda = scope->lambda;
    struct variable **link = &lambda->parameters;
    for (value p = parameters; p != NIL; p = is_pair(p) ? cdr(p) : NIL) {
        value name = is_pair(p) ? car(p) : p;
        if (!is_identifier(name))
            fail_syntax("bad parameters", parameters);
        *link = variable_new(name, lambda, NULL);
        scope_bind(scope, name, *link);
        link = &(*link)->next;
        if (is_pair(p))
            lambda->required++;
        else
            lambda->rest = true;
    }
}

struct node *node_lambda(value name, value parameters, value body, struct scope *outer)
{
    struct node *node = node_new(NODE_LAMBDA, NULL);
    node->lambda = lambda_new(name == FALSE ? FALSE : original_name(name), outer->lambda);
    struct scope *scope = scope_new(outer, node->lambda);
    add_parameters(scope, parameters);
    node->lambda->body = expand_body(body, scope);
    return node;
}

static struct node *expand_lambda(value form, struct scope *scope)
{
    form_length(form, 3, MANY);
    return node_lambda(FALSE, car(cdr(form)), cdr(cdr(form)), scope);
}

void define_bodies(void)
{
    define_special("lambda", expand_lambda);
    define_special("define", expand_define);
}
