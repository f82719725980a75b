/* The expander: from data to the tree of syntax.h. */
#include "port.h"
#include "syntax.h"

/* Where the form comes from that is being expanded. */
static struct {
    const char *file;
    struct table *positions;
    int line, column;
} source;

void locate(value form)
{
    if (!source.positions)
        return;
    value packed = table_get(source.positions, form, FALSE);
    if (packed != FALSE) {
        source.line = (int)(fixnum_of(packed) >> 32);
        source.column = (int)(fixnum_of(packed) & 0x7FFFFFFF);
    }
}

void fail_syntax(const char *what, value form)
{
    locate(form);
    fail_at(source.file, source.line, source.column, "%s: %v", what, form);
}

intptr_t form_length(value form, int least)
{
    intptr_t length = list_length(form);
    if (length < least)
        fail_syntax("bad syntax", form);
    return length;
}

/* ---- Nodes ----------------------------------------------------------------------- */

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

struct node *node_call(value procedure, struct node *arguments)
{
    struct node *callee = node_constant(procedure);
    callee->next = arguments;
    return node_new(NODE_CALL, callee);
}

struct node *node_if(struct node *test, struct node *yes, struct node *no)
{
    test->next = yes;
    yes->next = no;
    return node_new(NODE_IF, test);
}

/* ---- Variables and scopes -------------------------------------------------------- */

struct variable *variable_new(value name, struct lambda *owner, struct node *init)
{
    struct variable *variable = allocate(sizeof *variable);
    variable->name = name;
    variable->owner = owner;
    variable->init = init;
    return variable;
}

static struct variable *find_exact(value name, const struct scope *scope)
{
    for (; scope; scope = scope->outer) {
        for (struct variable *v = scope->variables; v; v = v->next) {
            if (v->name == name)
                return v;
        }
    }
    return NULL;
}

/* A name that a macro inserted refers to the binding that the macro inserted too; if it
 * inserted none, to what the original name means. */
struct variable *scope_find(value name, const struct scope *scope)
{
    struct variable *variable = NULL;
    for (; name && !variable; name = symbol_of(name)->original)
        variable = find_exact(name, scope);
    return variable;
}

value original_name(value name)
{
    while (symbol_of(name)->original)
        name = symbol_of(name)->original;
    return name;
}

value original_datum(value datum)
{
    check_depth();
    if (is_symbol(datum))
        return original_name(datum);
    if (has_type(datum, TYPE_VECTOR)) {
        const struct vector *from = vector_of(datum);
        value copy = vector_new(from->length, FALSE);
        for (size_t i = 0; i < from->length; i++)
            vector_of(copy)->items[i] = original_datum(from->items[i]);
        return copy;
    }
    value reversed = NIL, result;
    for (; is_pair(datum); datum = cdr(datum))
        reversed = cons(original_datum(car(datum)), reversed);
    for (result = is_symbol(datum) ? original_name(datum) : datum; is_pair(reversed);
         reversed = cdr(reversed))
        result = cons(car(reversed), result);
    return result;
}

static bool is_top_level(const struct scope *scope)
{
    return !scope->outer && !scope->lambda->outer;
}

/* Has the lambda, and those between it and the variable's owner, capture the variable. */
static void capture(struct variable *variable, struct lambda *lambda)
{
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

static struct node *reference(value name, const struct scope *scope)
{
    struct variable *variable = scope_find(name, scope);
    if (variable)
        return node_local(variable, scope);
    struct node *node = node_new(NODE_GLOBAL, NULL);
    node->datum = original_name(name);
    if (symbol_of(node->datum)->syntax != FALSE)
        fail_syntax("a keyword is not an expression", name);
    return node;
}

struct node *node_let(enum node_kind kind, struct variable *variables, struct node *body)
{
    struct node *node = node_new(kind, body);
    node->variable = variables;
    return node;
}

bool is_keyword(value form, const char *name, const struct scope *scope)
{
    return is_symbol(form) && original_name(form) == symbol(name) &&
           !scope_find(form, scope);
}

/* ---- Expressions ----------------------------------------------------------------- */

/* The special form or macro that the form is a use of, or FALSE. */
static value keyword_of(value form, const struct scope *scope)
{
    if (is_pair(form) && has_type(car(form), TYPE_SPECIAL))
        return car(form);
    if (!is_pair(form) || !is_symbol(car(form)) || scope_find(car(form), scope))
        return FALSE;
    return symbol_of(original_name(car(form)))->syntax;
}

struct node *expand_list(value forms, struct scope *scope)
{
    struct node *first = NULL, **link = &first;
    for (; is_pair(forms); forms = cdr(forms)) {
        *link = expand(car(forms), scope);
        link = &(*link)->next;
    }
    return first;
}

static struct node *expand_pair(value form, struct scope *scope)
{
    value keyword = keyword_of(form, scope);
    form_length(form, 1);
    if (has_type(keyword, TYPE_SPECIAL))
        return ((struct special *)keyword)->expand(form, scope);
    if (has_type(keyword, TYPE_MACRO))
        return expand(macro_expand((struct macro *)keyword, form), scope);
    return node_new(NODE_CALL, expand_list(form, scope));
}

struct node *expand(value form, struct scope *scope)
{
    check_depth();
    if (is_symbol(form))
        return reference(form, scope);
    if (form == NIL)
        fail_syntax("an empty list is not an expression", form);
    if (!is_pair(form))
        return node_constant(original_datum(form));
    int line = source.line, column = source.column;
    locate(form);
    struct node *node = expand_pair(form, scope);
    source.line = line;
    source.column = column;
    return node;
}

struct node *expand_sequence(value forms, struct scope *scope)
{
    if (forms == NIL)
        return node_constant(UNSPECIFIED);
    struct node *first = expand_list(forms, scope);
    return first->next ? node_new(NODE_SEQUENCE, first) : first;
}

static struct node *expand_begin(value form, struct scope *scope)
{
    return expand_sequence(cdr(form), scope);
}

/* ---- Bodies, lambda, define ------------------------------------------------------ */

static value lambda_form; /* stands for `lambda`, whatever that name means */

static struct node *expand_define(value form, struct scope *scope);

static bool is_special(value keyword, expander expand_form)
{
    return has_type(keyword, TYPE_SPECIAL) &&
           ((struct special *)keyword)->expand == expand_form;
}

/* Expands macros at the head of the body until a form is none, splices (begin), and
 * carries out definitions of macros. */
static value expand_head(value forms, struct scope *scope)
{
    while (is_pair(forms)) {
        value keyword = keyword_of(car(forms), scope);
        if (has_type(keyword, TYPE_MACRO)) {
            locate(car(forms));
            forms = cons(macro_expand((struct macro *)keyword, car(forms)), cdr(forms));
        } else if (is_special(keyword, expand_begin)) {
            value rest = cdr(forms);
            form_length(car(forms), 1);
            for (value list = list_reverse(cdr(car(forms))); is_pair(list);
                 list = cdr(list))
                rest = cons(car(list), rest);
            forms = rest;
        } else if (is_special(keyword, expand_define_macro) ||
                   is_special(keyword, expand_define_syntax)) {
            expand(car(forms), scope);
            forms = cdr(forms);
        } else {
            break;
        }
    }
    return forms;
}

/* Splits (define (name . parameters) body ...) or (define name expression) into the name
 * and the form of the value.  Nested parameter lists make curried procedures. */
static value definition_parts(value form, value *name)
{
    form_length(form, 2);
    value target = car(cdr(form)), body = cdr(cdr(form));
    if (is_symbol(target)) {
        if (form_length(form, 2) > 3)
            fail_syntax("bad syntax", form);
        *name = target;
        return body == NIL ? UNSPECIFIED : car(body);
    }
    value expression = NIL;
    for (; is_pair(target); target = car(target)) {
        expression = cons(lambda_form, cons(cdr(target), body));
        if (source.positions)
            table_put(source.positions, expression,
                      position_pack(source.line, source.column));
        body = cons(expression, NIL);
    }
    if (!is_symbol(target) || expression == NIL)
        fail_syntax("bad syntax", form);
    *name = target;
    return expression;
}

struct node *node_named(struct node *node, value name)
{
    if (node->kind == NODE_LAMBDA && node->lambda->name == FALSE)
        node->lambda->name = original_name(name);
    return node;
}

/* A lambda that is never assigned gets its closure before all else; other variables
 * change when they get their value. */
struct node *expand_letrec(struct variable *variables, value inits, value body,
                           struct scope *scope, expander expand_rest)
{
    for (struct variable *v = variables; v; v = v->next, inits = cdr(inits)) {
        v->init = node_named(expand(car(inits), scope), v->name);
        if (v->init->kind != NODE_LAMBDA)
            v->assigned = true;
    }
    return node_let(NODE_LETREC, variables, expand_rest(body, scope));
}

/* A body: definitions, then expressions. */
struct node *expand_body(value forms, struct scope *outer)
{
    struct scope scope = {outer, outer->lambda, NULL};
    struct variable **link = &scope.variables;
    value inits = NIL, name;
    for (forms = expand_head(forms, &scope);
         is_pair(forms) && is_special(keyword_of(car(forms), &scope), expand_define);
         forms = expand_head(cdr(forms), &scope)) {
        locate(car(forms));
        inits = cons(definition_parts(car(forms), &name), inits);
        *link = variable_new(name, scope.lambda, NULL);
        link = &(*link)->next;
    }
    if (forms == NIL)
        fail_syntax("a body without an expression", forms);
    if (!scope.variables)
        return expand_sequence(forms, &scope);
    return expand_letrec(scope.variables, list_reverse(inits), forms, &scope,
                         expand_sequence);
}

struct lambda *lambda_new(value name, struct lambda *outer)
{
    struct lambda *lambda = allocate(sizeof *lambda);
    lambda->name = name;
    lambda->outer = outer;
    return lambda;
}

void add_parameters(struct lambda *lambda, value parameters)
{
    struct variable **link = &lambda->parameters;
    for (value p = parameters; p != NIL; p = is_pair(p) ? cdr(p) : NIL) {
        value name = is_pair(p) ? car(p) : p;
        if (!is_symbol(name))
            fail_syntax("bad parameters", parameters);
        for (struct variable *v = lambda->parameters; v; v = v->next) {
            if (v->name == name)
                fail_syntax("a parameter is named twice", parameters);
        }
        *link = variable_new(name, lambda, NULL);
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
    node->lambda = lambda_new(name, outer->lambda);
    add_parameters(node->lambda, parameters);
    struct scope scope = {outer, node->lambda, node->lambda->parameters};
    node->lambda->body = expand_body(body, &scope);
    return node;
}

static struct node *expand_lambda(value form, struct scope *scope)
{
    form_length(form, 3);
    return node_lambda(FALSE, car(cdr(form)), cdr(cdr(form)), scope);
}

static struct node *expand_define(value form, struct scope *scope)
{
    value name, init = definition_parts(form, &name);
    if (!is_top_level(scope))
        fail_syntax("a definition among expressions", form);
    name = original_name(name);
    symbol_of(name)->syntax = FALSE;
    struct node *node = node_new(NODE_DEFINE, node_named(expand(init, scope), name));
    node->datum = name;
    return node;
}

static struct node *expand_set(value form, struct scope *scope)
{
    if (form_length(form, 3) != 3 || !is_symbol(car(cdr(form))))
        fail_syntax("bad syntax", form);
    value name = car(cdr(form));
    struct variable *variable = scope_find(name, scope);
    struct node *content = expand(car(cdr(cdr(form))), scope);
    struct node *node = node_new(variable ? NODE_SET_LOCAL : NODE_SET_GLOBAL, content);
    node->datum = original_name(name);
    node->variable = variable;
    if (variable) {
        capture(variable, scope->lambda);
        variable->assigned = true;
    }
    return node;
}

/* ---- The other basic forms -------------------------------------------------- */

static struct node *expand_quote(value form, struct scope *scope)
{
    (void)scope;
    if (form_length(form, 2) != 2)
        fail_syntax("bad syntax", form);
    return node_constant(original_datum(car(cdr(form))));
}

static struct node *expand_if(value form, struct scope *scope)
{
    if (form_length(form, 3) > 4)
        fail_syntax("bad syntax", form);
    struct node *parts = expand_list(cdr(form), scope);
    struct node *no = parts->next->next;
    return node_if(parts, parts->next, no ? no : node_constant(UNSPECIFIED));
}

/* ---- The top level --------------------------------------------------------------- */

value evaluate_now(value form)
{
    struct lambda *lambda = lambda_new(FALSE, NULL);
    struct scope scope = {NULL, lambda, NULL};
    lambda->body = expand(form, &scope);
    struct closure *closure = allocate_object(sizeof *closure, TYPE_CLOSURE);
    closure->code = compile(lambda, source.file);
    return vm_apply(&closure->object, 0, NULL);
}

value evaluate(value form, const char *file, struct table *positions)
{
    typeof(source) saved = source;
    source.file = file;
    source.positions = positions;
    source.line = source.column = 0;
    value result = evaluate_now(form);
    source = saved;
    return result;
}

void evaluate_port(struct port *port, const char *file)
{
    for (;;) {
        struct table *positions = table_new(false);
        value form = read_datum(port, file, positions);
        if (form == END_OF_FILE)
            return;
        evaluate(form, file, positions);
    }
}

void define_special(const char *name, expander expand_form)
{
    struct special *special = allocate_object(sizeof *special, TYPE_SPECIAL);
    special->expand = expand_form;
    struct symbol *keyword = symbol_of(symbol(name));
    keyword->syntax = &special->object;
    symbol_keep(keyword);
}

void define_syntax(void)
{
    static const struct {
        const char *name;
        expander expand;
    } forms[] = {
        {"quote", expand_quote}, {"lambda", expand_lambda}, {"define", expand_define},
        {"set!", expand_set},    {"if", expand_if},         {"begin", expand_begin},
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        define_special(forms[i].name, forms[i].expand);
    lambda_form = symbol_of(symbol("lambda"))->syntax;
}
