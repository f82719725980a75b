/* Derived forms that are rewritten into other forms, as if by hygienic macros: those that deal with
 * multiple values, exceptions, parameters and promises.
 *
 * Names that a rewritten form inserts are identifiers of the system's scope, so that nothing that the
 * program binds changes what they mean. */
#include "primitive.h"
#include "syntax.h"

/* ---- Building forms ------------------------------------------------------------------------ */

#define LIST(...)                           \
    list_from((const value[]){__VA_ARGS__}, \
              sizeof(const value[]){__VA_ARGS__} / sizeof(value), NIL)

static value list_from(const value *items, size_t count, value tail)
{
    while (count > 0)
        tail = cons(items[--count], tail);
    return tail;
}

/* (lambda formals . body) */
static value make_lambda(value formals, value body)
{
    return cons(system_name("lambda"), cons(formals, body));
}

/* (lambda () . body) */
static value make_thunk(value body)
{
    return make_lambda(NIL, body);
}

/* ---- Multiple values -------------------------------------------------------------------------- */

/* Formals of the same shape with new names; adds (old new) for each to the reversed *pairs. */
static value rename_formals(value formals, value *pairs)
{
    value first = NIL, *link = &first;
    for (; formals != NIL; formals = is_pair(formals) ? cdr(formals) : NIL) {
        value name = is_pair(formals) ? car(formals) : formals;
        if (!is_identifier(name))
            fail_syntax("bad formals", name);
        value new = identifier_new(name, &system_environment.scope);
        *pairs = cons(LIST(name, new), *pairs);
        *link = is_pair(formals) ? cons(new, NIL) : new;
        if (is_pair(formals))
            link = &pair_of(*link)->cdr;
    }
    return first;
}

/* (call-with-values (lambda () expression) (lambda formals . body)) */
static value receive_values(value formals, value expression, value body)
{
    return LIST(system_name("call-with-values"), make_thunk(LIST(expression)),
                make_lambda(formals, body));
}

static void check_values_bindings(value bindings)
{
    form_length(bindings, 0, MANY);
    for (; is_pair(bindings); bindings = cdr(bindings))
        form_length(car(bindings), 2, 2);
}

/* (let-values ((formals expression) ...) . body) */
static value rewrite_let_values(value form, struct scope *scope)
{
    (void)scope;
    form_length(form, 3, MANY);
    value bindings = car(cdr(form)), body = cdr(cdr(form)), pairs = NIL, renamed = NIL;
    check_values_bindings(bindings);
    if (is_pair(bindings) && cdr(bindings) == NIL)
        return receive_values(car(car(bindings)), car(cdr(car(bindings))), body);
    for (value b = bindings; is_pair(b); b = cdr(b))
        renamed =
            cons(LIST(rename_formals(car(car(b)), &pairs), car(cdr(car(b)))), renamed);
    value result = cons(system_name("let"), cons(list_reverse(pairs), body));
    for (; is_pair(renamed); renamed = cdr(renamed))
        result = receive_values(car(car(renamed)), car(cdr(car(renamed))), LIST(result));
    return result;
}

/* (let*-values ((formals expression) ...) . body) */
static value rewrite_let_star_values(value form, struct scope *scope)
{
    (void)scope;
    form_length(form, 3, MANY);
    value body = cdr(cdr(form));
    check_values_bindings(car(cdr(form)));
    value bindings = list_reverse(car(cdr(form)));
    if (bindings == NIL)
        return cons(system_name("let"), cons(NIL, body));
    for (; is_pair(bindings); bindings = cdr(bindings))
        body = LIST(receive_values(car(car(bindings)), car(cdr(car(bindings))), body));
    return car(body);
}

/* (receive formals expression . body) */
static value rewrite_receive(value form, struct scope *scope)
{
    (void)scope;
    form_length(form, 4, MANY);
    return receive_values(car(cdr(form)), car(cdr(cdr(form))), cdr(cdr(cdr(form))));
}

/* (define-values formals expression): the values go through a vector of a hidden name. */
static value rewrite_define_values(value form, struct scope *scope)
{
    (void)scope;
    form_length(form, 3, 3);
    value pairs = NIL, values = system_name("values"), names = NIL;
    value formals = rename_formals(car(cdr(form)), &pairs), definitions = NIL;
    intptr_t i = list_length(pairs);
    for (; is_pair(pairs); pairs = cdr(pairs)) {
        value item = LIST(system_name("vector-ref"), values, fixnum(--i));
        definitions =
            cons(LIST(system_name("define"), car(car(pairs)), item), definitions);
        names = cons(car(cdr(car(pairs))), names);
    }
    value vector = receive_values(formals, car(cdr(cdr(form))),
                                  LIST(cons(system_name("vector"), names)));
    return cons(system_name("begin"),
                cons(LIST(system_name("define"), values, vector), definitions));
}

/* ---- Procedures, promises, parameters ------------------------------------------------------------ */

/* (case-lambda (formals . body) ...) */
static value rewrite_case_lambda(value form, struct scope *scope)
{
    (void)scope;
    value clauses = NIL;
    for (value rest = cdr(form); is_pair(rest); rest = cdr(rest)) {
        form_length(car(rest), 2, MANY);
        value clause = cons(system_name("lambda"), car(rest));
        locate_like(clause, car(rest));
        clauses = cons(clause, clauses);
    }
    return cons(system_name("%case-lambda"), list_reverse(clauses));
}

/* (delay-force expression) */
static value rewrite_delay_force(value form, struct scope *scope)
{
    (void)scope;
    form_length(form, 2, 2);
    return LIST(system_name("%make-lazy-promise"), FALSE, make_thunk(cdr(form)));
}

/* (delay expression) */
static value rewrite_delay(value form, struct scope *scope)
{
    (void)scope;
    form_length(form, 2, 2);
    value promise = cons(system_name("make-promise"), cdr(form));
    return LIST(system_name("%make-lazy-promise"), FALSE, make_thunk(LIST(promise)));
}

/* (parameterize ((parameter value) ...) . body) */
static value rewrite_parameterize(value form, struct scope *scope)
{
    (void)scope;
    form_length(form, 3, MANY);
    value parameters = NIL, values = NIL;
    check_values_bindings(car(cdr(form)));
    for (value b = list_reverse(car(cdr(form))); is_pair(b); b = cdr(b)) {
        parameters = cons(car(car(b)), parameters);
        values = cons(car(cdr(car(b))), values);
    }
    return LIST(system_name("%with-parameters"), cons(system_name("list"), parameters),
                cons(system_name("list"), values), make_thunk(cdr(cdr(form))));
}

/* ---- guard ------------------------------------------------------------------------------------------ */

static bool has_else(value clauses, struct scope *scope)
{
    while (is_pair(clauses) && cdr(clauses) != NIL)
        clauses = cdr(clauses);
    return is_pair(clauses) && is_pair(car(clauses)) &&
           is_keyword(car(car(clauses)), "else", scope);
}

/* (let ((variable condition)) (cond . clauses)) */
static value handler_body(value variable, value condition, value clauses)
{
    return LIST(system_name("let"), LIST(LIST(variable, condition)),
                cons(system_name("cond"), clauses));
}

/* What the handler does: it escapes to the guard's continuation, and has the clauses evaluated there.  If
 * none applies, that goes back to where the handler was called, and raises the condition again. */
static value guard_handler(value escape, value variable, value clauses,
                           struct scope *scope)
{
    value condition = system_name("condition"), back = system_name("back");
    if (has_else(clauses, scope)) {
        value thunk = make_thunk(LIST(handler_body(variable, condition, clauses)));
        return make_lambda(LIST(condition), LIST(LIST(escape, thunk)));
    }
    value again = make_thunk(LIST(LIST(system_name("raise-continuable"), condition)));
    value otherwise = LIST(system_name("else"), LIST(back, again));
    value all = list_reverse(cons(otherwise, list_reverse(clauses)));
    value thunk = make_thunk(LIST(handler_body(variable, condition, all)));
    value call =
        LIST(system_name("call/cc"), make_lambda(LIST(back), LIST(LIST(escape, thunk))));
    return make_lambda(LIST(condition), LIST(LIST(call)));
}

/* (guard (variable clause ...) . body): all ways out of the body hand a thunk to the guard's continuation,
 * which calls it. */
static value rewrite_guard(value form, struct scope *scope)
{
    form_length(form, 3, MANY);
    value specification = car(cdr(form)), escape = system_name("escape"),
          results = system_name("results");
    form_length(specification, 1, MANY);
    if (!is_identifier(car(specification)))
        fail_syntax("guard needs a name for the condition", form);
    value give =
        make_thunk(LIST(LIST(system_name("apply"), system_name("values"), results)));
    value body = make_thunk(LIST(receive_values(
        results, cons(system_name("let"), cons(NIL, cdr(cdr(form)))), LIST(give))));
    value handler = guard_handler(escape, car(specification), cdr(specification), scope);
    value call = LIST(system_name("with-exception-handler"), handler, body);
    return LIST(LIST(system_name("call/cc"), make_lambda(LIST(escape), LIST(call))));
}

/* ---- The table of forms -------------------------------------------------------------------------------- */

/* (%case-lambda procedure ...) */
PRIMITIVE(p_case_lambda)
{
    size_t size = sizeof(struct case_lambda) + (size_t)argc * sizeof(value);
    struct case_lambda *procedure = allocate_object(size, TYPE_CASE_LAMBDA);
    procedure->count = argc;
    for (int i = 0; i < argc; i++)
        procedure->clauses[i] = args[i];
    return &procedure->object;
}

void define_rewritten(void)
{
    static const struct definition definitions[] = {
        {"%case-lambda", p_case_lambda, 0, MANY},
    };
    DEFINE_PRIMITIVES(definitions);
    define_rewriter("let-values", rewrite_let_values);
    define_rewriter("let*-values", rewrite_let_star_values);
    define_rewriter("receive", rewrite_receive);
    define_rewriter("define-values", rewrite_define_values);
    define_rewriter("case-lambda", rewrite_case_lambda);
    define_rewriter("delay", rewrite_delay);
    define_rewriter("delay-force", rewrite_delay_force);
    define_rewriter("parameterize", rewrite_parameterize);
    define_rewriter("guard", rewrite_guard);
}
