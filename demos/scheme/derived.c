/* The derived forms: conditionals, binding forms and loops, in terms of the basic ones.
 */
#include "syntax.h"

static value memv;

/* ---- Conditionals ---------------------------------------------------------------- */

static struct node *expand_when(value form, struct scope *scope)
{
    form_length(form, 3);
    struct node *test = expand(car(cdr(form)), scope);
    return node_if(test, expand_sequence(cdr(cdr(form)), scope),
                   node_constant(UNSPECIFIED));
}

static struct node *expand_unless(value form, struct scope *scope)
{
    form_length(form, 3);
    struct node *test = expand(car(cdr(form)), scope);
    return node_if(test, node_constant(UNSPECIFIED),
                   expand_sequence(cdr(cdr(form)), scope));
}

/* Joins expressions from the right. */
static struct node *chain(struct node *list,
                          struct node *(*join)(struct node *, struct node *))
{
    check_depth();
    if (!list->next)
        return list;
    struct node *rest = chain(list->next, join);
    return join(list, rest);
}

static struct node *join_and(struct node *a, struct node *b)
{
    return node_if(a, b, node_constant(FALSE));
}

static struct node *join_or(struct node *a, struct node *b)
{
    a->next = b;
    return node_new(NODE_OR, a);
}

static struct node *expand_and(value form, struct scope *scope)
{
    struct node *list = expand_list(cdr(form), scope);
    return list ? chain(list, join_and) : node_constant(TRUE);
}

static struct node *expand_or(value form, struct scope *scope)
{
    struct node *list = expand_list(cdr(form), scope);
    return list ? chain(list, join_or) : node_constant(FALSE);
}

/* A variable that no name refers to. */
static struct variable *temporary(struct node *init, const struct scope *scope)
{
    return variable_new(UNSPECIFIED, scope->lambda, init);
}

/* What a clause does after its test; `=> receiver` calls it with what was tested. */
static struct node *clause_body(value body, struct variable *tested, struct scope *scope)
{
    if (!is_pair(body) || !is_keyword(car(body), "=>", scope))
        return expand_sequence(body, scope);
    form_length(body, 2);
    struct node *receiver = expand(car(cdr(body)), scope);
    receiver->next = node_local(tested, scope);
    return node_new(NODE_CALL, receiver);
}

static struct node *expand_clauses(value clauses, struct scope *scope)
{
    if (clauses == NIL)
        return node_constant(UNSPECIFIED);
    value clause = car(clauses), rest = cdr(clauses);
    form_length(clause, 1);
    locate(clause);
    if (is_keyword(car(clause), "else", scope))
        return expand_sequence(cdr(clause), scope);
    struct node *test = expand(car(clause), scope);
    if (cdr(clause) == NIL)
        return join_or(test, expand_clauses(rest, scope));
    if (is_keyword(car(cdr(clause)), "=>", scope)) {
        struct variable *tested = temporary(test, scope);
        struct node *yes = clause_body(cdr(clause), tested, scope);
        struct node *body =
            node_if(node_local(tested, scope), yes, expand_clauses(rest, scope));
        return node_let(NODE_LET, tested, body);
    }
    struct node *yes = expand_sequence(cdr(clause), scope);
    return node_if(test, yes, expand_clauses(rest, scope));
}

static struct node *expand_cond(value form, struct scope *scope)
{
    return expand_clauses(cdr(form), scope);
}

static struct node *expand_cases(value clauses, struct variable *key, struct scope *scope)
{
    if (clauses == NIL)
        return node_constant(UNSPECIFIED);
    value clause = car(clauses);
    form_length(clause, 2);
    struct node *body = clause_body(cdr(clause), key, scope);
    if (is_keyword(car(clause), "else", scope))
        return body;
    form_length(car(clause), 0);
    struct node *arguments = node_local(key, scope);
    arguments->next = node_constant(original_datum(car(clause)));
    return node_if(node_call(memv, arguments), body,
                   expand_cases(cdr(clauses), key, scope));
}

static struct node *expand_case(value form, struct scope *scope)
{
    form_length(form, 2);
    struct variable *key = temporary(expand(car(cdr(form)), scope), scope);
    return node_let(NODE_LET, key, expand_cases(cdr(cdr(form)), key, scope));
}

/* ---- Binding forms --------------------------------------------------------------- */

/* Checks ((name init) ...), where with `most` 3 a step may follow. */
static void check_bindings(value bindings, int most)
{
    form_length(bindings, 0);
    for (; is_pair(bindings); bindings = cdr(bindings)) {
        value b = car(bindings);
        if (form_length(b, 2) > most || !is_symbol(car(b)))
            fail_syntax("bad binding", b);
    }
}

static value names_of(value bindings)
{
    value names = NIL;
    for (value list = list_reverse(bindings); is_pair(list); list = cdr(list))
        names = cons(car(car(list)), names);
    return names;
}

static value inits_of(value bindings)
{
    value inits = NIL;
    for (value list = list_reverse(bindings); is_pair(list); list = cdr(list))
        inits = cons(car(cdr(car(list))), inits);
    return inits;
}

/* Calls the procedure of a loop, which is a letrec of this one variable. */
static struct node *node_loop(struct variable *loop, struct node *arguments,
                              struct scope *scope)
{
    struct node *callee = node_local(loop, scope);
    callee->next = arguments;
    return node_let(NODE_LETREC, loop, node_new(NODE_CALL, callee));
}

static struct node *expand_named_let(value form, struct scope *outer)
{
    form_length(form, 4);
    value name = car(cdr(form)), bindings = car(cdr(cdr(form)));
    check_bindings(bindings, 2);
    struct variable *loop = variable_new(name, outer->lambda, NULL);
    struct scope scope = {outer, outer->lambda, loop};
    loop->init =
        node_lambda(original_name(name), names_of(bindings), cdr(cdr(cdr(form))), &scope);
    return node_loop(loop, expand_list(inits_of(bindings), outer), outer);
}

static struct node *expand_let(value form, struct scope *outer)
{
    form_length(form, 3);
    value bindings = car(cdr(form));
    if (is_symbol(bindings))
        return expand_named_let(form, outer);
    struct scope scope = {outer, outer->lambda, NULL};
    struct variable **link = &scope.variables;
    check_bindings(bindings, 2);
    for (; is_pair(bindings); bindings = cdr(bindings)) {
        value name = car(car(bindings));
        struct node *init = node_named(expand(car(cdr(car(bindings))), outer), name);
        *link = variable_new(name, outer->lambda, init);
        link = &(*link)->next;
    }
    struct node *body = expand_body(cdr(cdr(form)), &scope);
    return scope.variables ? node_let(NODE_LET, scope.variables, body) : body;
}

static struct node *expand_let_rest(value bindings, value body, struct scope *outer)
{
    if (bindings == NIL)
        return expand_body(body, outer);
    value name = car(car(bindings));
    struct node *init = node_named(expand(car(cdr(car(bindings))), outer), name);
    struct scope scope = {outer, outer->lambda, variable_new(name, outer->lambda, init)};
    return node_let(NODE_LET, scope.variables,
                    expand_let_rest(cdr(bindings), body, &scope));
}

static struct node *expand_let_star(value form, struct scope *scope)
{
    form_length(form, 3);
    check_bindings(car(cdr(form)), 2);
    return expand_let_rest(car(cdr(form)), cdr(cdr(form)), scope);
}

static struct node *expand_letrec_form(value form, struct scope *outer)
{
    form_length(form, 3);
    value bindings = car(cdr(form));
    struct scope scope = {outer, outer->lambda, NULL};
    struct variable **link = &scope.variables;
    check_bindings(bindings, 2);
    for (value names = names_of(bindings); is_pair(names); names = cdr(names)) {
        *link = variable_new(car(names), outer->lambda, NULL);
        link = &(*link)->next;
    }
    return expand_letrec(scope.variables, inits_of(bindings), cdr(cdr(form)), &scope,
                         expand_body);
}

/* The variables' values for the next round of a do loop. */
static struct node *expand_steps(value bindings, struct scope *scope)
{
    struct node *first = NULL, **link = &first;
    for (; is_pair(bindings); bindings = cdr(bindings)) {
        value b = car(bindings);
        *link = expand(cdr(cdr(b)) == NIL ? car(b) : car(cdr(cdr(b))), scope);
        link = &(*link)->next;
    }
    return first;
}

/* (do ((name init step) ...) (test result ...) command ...) */
static struct node *expand_do(value form, struct scope *outer)
{
    form_length(form, 3);
    value bindings = car(cdr(form)), exit_clause = car(cdr(cdr(form)));
    value commands = cdr(cdr(cdr(form)));
    check_bindings(bindings, 3);
    form_length(exit_clause, 1);

    struct node *procedure = node_new(NODE_LAMBDA, NULL);
    struct variable *loop = temporary(procedure, outer);
    struct lambda *lambda = lambda_new(symbol("do"), outer->lambda);
    add_parameters(lambda, names_of(bindings));
    procedure->lambda = lambda;
    struct scope scope = {outer, lambda, lambda->parameters};

    struct node *test = expand(car(exit_clause), &scope);
    struct node *results = expand_sequence(cdr(exit_clause), &scope);
    struct node *round = expand_sequence(commands, &scope);
    struct node *callee = node_local(loop, &scope);
    callee->next = expand_steps(bindings, &scope);
    round->next = node_new(NODE_CALL, callee);
    lambda->body = node_if(test, results, node_new(NODE_SEQUENCE, round));
    return node_loop(loop, expand_list(inits_of(bindings), outer), outer);
}

/* ---- The table of forms ---------------------------------------------------------- */

void define_derived(void)
{
    static const struct {
        const char *name;
        expander expand;
    } forms[] = {
        {"when", expand_when},
        {"unless", expand_unless},
        {"and", expand_and},
        {"or", expand_or},
        {"cond", expand_cond},
        {"case", expand_case},
        {"let", expand_let},
        {"let*", expand_let_star},
        {"letrec", expand_letrec_form},
        {"letrec*", expand_letrec_form},
        {"do", expand_do},
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        define_special(forms[i].name, forms[i].expand);
    memv = symbol_of(symbol("memv"))->global;
}
