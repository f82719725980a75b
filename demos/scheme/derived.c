/* The derived forms that become nodes at once: conditionals, binding forms and loops. */
#include "syntax.h"

/* ---- Conditionals ---------------------------------------------------------------- */

static struct node *expand_when(value form, struct scope *scope)
{
    form_length(form, 3, MANY);
    struct node *test = expand(car(cdr(form)), scope);
    return node_if(test, expand_sequence(cdr(cdr(form)), scope),
                   node_constant(UNSPECIFIED));
}

static struct node *expand_unless(value form, struct scope *scope)
{
    form_length(form, 3, MANY);
    struct node *test = expand(car(cdr(form)), scope);
    return node_if(test, node_constant(UNSPECIFIED),
                   expand_sequence(cdr(cdr(form)), scope));
}

/* Joins expressions from the right. */
static struct node *chain(struct node *list,
                          struct node *(*join)(struct node *, struct node *))
{
    struct node *reversed = NULL;
    while (list) {
        struct node *next = list->next;
        list->next = reversed;
        reversed = list;
        list = next;
    }
    struct node *joined = reversed;
    reversed = joined->next;
    joined->next = NULL;
    while (reversed) {
        struct node *next = reversed->next;
        joined = join(reversed, joined);
        reversed = next;
    }
    return joined;
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
    form_length(body, 2, 2);
    struct node *receiver = expand(car(cdr(body)), scope);
    receiver->next = node_local(tested, scope);
    return node_call(receiver);
}

static void check_else(value clauses)
{
    form_length(car(clauses), 2, MANY);
    if (cdr(clauses) != NIL)
        fail_syntax("a clause after else", car(cdr(clauses)));
}

static struct node *expand_clauses(value clauses, struct scope *scope)
{
    check_depth();
    if (clauses == NIL)
        return node_constant(UNSPECIFIED);
    value clause = car(clauses), rest = cdr(clauses);
    form_length(clause, 1, MANY);
    locate(clause);
    if (is_keyword(car(clause), "else", scope)) {
        check_else(clauses);
        return expand_sequence(cdr(clause), scope);
    }
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
    form_length(form, 2, MANY);
    return expand_clauses(cdr(form), scope);
}

/* ---- case --------------------------------------------------------------------------- */

/* A call of a predicate with the key and a constant. */
static struct node *compare_key(const char *name, struct variable *key, value datum,
                                struct scope *scope)
{
    struct node *arguments = node_local(key, scope);
    arguments->next = node_constant(original_datum(datum));
    return node_call_system(name, arguments);
}

/* Whether the key is one of the data: few are compared one by one. */
static struct node *key_test(value data, struct variable *key, struct scope *scope)
{
    const int few = 4;
    if (form_length(data, 0, MANY) > few)
        return compare_key("memv", key, data, scope);
    struct node *test = NULL;
    for (data = list_reverse(data); is_pair(data); data = cdr(data)) {
        struct node *one = compare_key("eqv?", key, car(data), scope);
        test = test ? node_if(one, node_constant(TRUE), test) : one;
    }
    return test ? test : node_constant(FALSE);
}

static struct node *expand_cases(value clauses, struct variable *key, struct scope *scope)
{
    check_depth();
    if (clauses == NIL)
        return node_constant(UNSPECIFIED);
    value clause = car(clauses);
    form_length(clause, 2, MANY);
    locate(clause);
    if (is_keyword(car(clause), "else", scope)) {
        check_else(clauses);
        return clause_body(cdr(clause), key, scope);
    }
    struct node *test = key_test(car(clause), key, scope);
    struct node *body = clause_body(cdr(clause), key, scope);
    return node_if(test, body, expand_cases(cdr(clauses), key, scope));
}

static struct node *expand_case(value form, struct scope *scope)
{
    form_length(form, 2, MANY);
    struct variable *key = temporary(expand(car(cdr(form)), scope), scope);
    return node_let(NODE_LET, key, expand_cases(cdr(cdr(form)), key, scope));
}

/* ---- Binding forms --------------------------------------------------------------- */

/* Checks ((name init) ...), where with `most` 3 a step may follow. */
static void check_bindings(value bindings, int most)
{
    form_length(bindings, 0, MANY);
    for (; is_pair(bindings); bindings = cdr(bindings)) {
        value b = car(bindings);
        form_length(b, 2, most);
        if (!is_identifier(car(b)))
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
    return node_let(NODE_LETREC, loop, node_call(callee));
}

static struct node *expand_named_let(value form, struct scope *outer)
{
    form_length(form, 4, MANY);
    value name = car(cdr(form)), bindings = car(cdr(cdr(form)));
    check_bindings(bindings, 2);
    struct variable *loop = variable_new(name, outer->lambda, NULL);
    struct scope *scope = scope_new(outer, outer->lambda);
    scope_bind(scope, name, loop);
    loop->init = node_lambda(name, names_of(bindings), cdr(cdr(cdr(form))), scope);
    return node_loop(loop, expand_list(inits_of(bindings), outer), outer);
}

static struct node *expand_let(value form, struct scope *outer)
{
    form_length(form, 3, MANY);
    value bindings = car(cdr(form));
    if (is_identifier(bindings))
        return expand_named_let(form, outer);
    struct scope *scope = scope_new(outer, outer->lambda);
    struct variable *variables = NULL, **link = &variables;
    check_bindings(bindings, 2);
    for (; is_pair(bindings); bindings = cdr(bindings)) {
        value name = car(car(bindings));
        struct node *init = node_named(expand(car(cdr(car(bindings))), outer), name);
        *link = variable_new(name, outer->lambda, init);
        scope_bind(scope, name, *link);
        link = &(*link)->next;
    }
    struct node *body = expand_body(cdr(cdr(form)), scope);
    return variables ? node_let(NODE_LET, variables, body) : body;
}

static struct node *expand_let_star(value form, struct scope *scope)
{
    form_length(form, 3, MANY);
    value bindings = car(cdr(form));
    struct variable *variables = NULL, **link = &variables;
    check_bindings(bindings, 2);
    for (; is_pair(bindings); bindings = cdr(bindings)) {
        value name = car(car(bindings));
        struct node *init = node_named(expand(car(cdr(car(bindings))), scope), name);
        *link = variable_new(name, scope->lambda, init);
        scope = scope_new(scope, scope->lambda);
        scope_bind(scope, name, *link);
        link = &(*link)->next;
    }
    struct node *body = expand_body(cdr(cdr(form)), scope);
    return variables ? node_let(NODE_LET_STAR, variables, body) : body;
}

/* The variables of a letrec or letrec*, bound in the scope. */
static struct variable *letrec_variables(value form, struct scope *scope)
{
    struct variable *variables = NULL, **link = &variables;
    form_length(form, 3, MANY);
    check_bindings(car(cdr(form)), 2);
    for (value n = names_of(car(cdr(form))); is_pair(n); n = cdr(n)) {
        *link = variable_new(car(n), scope->lambda, NULL);
        scope_bind(scope, car(n), *link);
        link = &(*link)->next;
    }
    return variables;
}

static struct node *expand_letrec_form(value form, struct scope *outer)
{
    struct scope *scope = scope_new(outer, outer->lambda);
    struct variable *variables = letrec_variables(form, scope);
    return expand_letrec(variables, inits_of(car(cdr(form))), cdr(cdr(form)), scope);
}

static struct node *expand_letrec_star_form(value form, struct scope *outer)
{
    struct scope *scope = scope_new(outer, outer->lambda);
    struct variable *variables = letrec_variables(form, scope);
    return expand_letrec_star(variables, inits_of(car(cdr(form))), cdr(cdr(form)), scope,
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
    form_length(form, 3, MANY);
    value bindings = car(cdr(form)), exit_clause = car(cdr(cdr(form)));
    value commands = cdr(cdr(cdr(form)));
    check_bindings(bindings, 3);
    form_length(exit_clause, 1, MANY);

    struct node *procedure = node_new(NODE_LAMBDA, NULL);
    struct variable *loop = temporary(procedure, outer);
    struct lambda *lambda = lambda_new(symbol("do"), outer->lambda);
    struct scope *scope = scope_new(outer, lambda);
    procedure->lambda = lambda;
    add_parameters(scope, names_of(bindings));

    struct node *test = expand(car(exit_clause), scope);
    struct node *results = expand_sequence(cdr(exit_clause), scope);
    struct node *round = expand_sequence(commands, scope);
    struct node *callee = node_local(loop, scope);
    callee->next = expand_steps(bindings, scope);
    round->next = node_call(callee);
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
        {"letrec*", expand_letrec_star_form},
        {"do", expand_do},
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        define_special(forms[i].name, forms[i].expand);
}
