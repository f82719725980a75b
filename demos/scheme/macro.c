/* Macros: their definitions, global, in bodies and for an expression, and define-macro. */
#include "machine.h"
#include "syntax.h"

value macro_expand(const struct macro *macro, value form, struct scope *scope)
{
    if (!macro->procedure)
        return syntax_rules_expand(macro, form, scope);
    value arguments = original_datum(cdr(form));
    intptr_t count = form_length(arguments, 0, MANY);
    return vm_apply(macro->procedure, (int)count,
                    vector_of(list_to_vector(arguments))->items);
}

/* ---- Transformers --------------------------------------------------------------------------- */

static struct node *expand_syntax_rules(value form, struct scope *scope)
{
    return expand_misplaced(form, scope);
}

/* What (syntax-rules ...), the name of another keyword, or a macro that makes one of these stands for. */
static value transformer(value name, value form, struct scope *scope)
{
    form = expand_macros(form, scope);
    if (is_identifier(form)) {
        struct meaning m = resolve(form, scope);
        if (m.syntax != FALSE)
            return m.syntax;
    }
    if (!is_special(keyword_of(form, scope), expand_syntax_rules))
        fail_syntax("expected syntax-rules", form);
    return syntax_rules_new(name, form, scope);
}

/* Gives the name a new meaning where the scope says. */
static struct node *define_keyword(value name, value syntax, struct scope *scope)
{
    if (scope->outer) {
        scope_bind(scope, name, NULL)->syntax = syntax;
        return node_constant(UNSPECIFIED);
    }
    struct symbol *global = environment_define(scope->environment, name);
    if (!global)
        fail_syntax("an imported name cannot be defined", name);
    global->syntax = syntax;
    return node_constant(UNSPECIFIED);
}

/* A top level's macros outlive the evaluation in which they are defined. */
static struct scope *lasting_scope(struct scope *scope)
{
    return scope->outer ? scope : &scope->environment->scope;
}

/* (define-syntax name transformer) */
struct node *expand_define_syntax(value form, struct scope *scope)
{
    form_length(form, 3, 3);
    value name = car(cdr(form)), rules = car(cdr(cdr(form)));
    if (!is_identifier(name))
        fail_syntax("bad syntax", form);
    return define_keyword(name, transformer(name, rules, lasting_scope(scope)), scope);
}

/* (define-macro (name . parameters) body ...) or (define-macro name procedure) */
struct node *expand_define_macro(value form, struct scope *scope)
{
    form_length(form, 3, MANY);
    value target = car(cdr(form)), expression = car(cdr(cdr(form)));
    if (is_pair(target)) {
        expression = cons(system_name("lambda"), cons(cdr(target), cdr(cdr(form))));
        target = car(target);
    }
    if (!is_identifier(target))
        fail_syntax("bad syntax", form);
    value procedure = evaluate_now(expression, scope->environment);
    if (!is_procedure(procedure))
        fail_syntax("not a procedure", form);
    struct macro *macro = allocate_object(sizeof *macro, TYPE_MACRO);
    macro->name = original_name(target);
    macro->procedure = procedure;
    return define_keyword(target, &macro->object, scope);
}

/* ---- Macros of a body ------------------------------------------------------------------------- */

/* Binds the keywords of ((name transformer) ...), which are looked up in `meanings`. */
static void bind_keywords(value bindings, struct scope *scope, struct scope *meanings)
{
    form_length(bindings, 0, MANY);
    for (; is_pair(bindings); bindings = cdr(bindings)) {
        value b = car(bindings);
        form_length(b, 2, 2);
        if (!is_identifier(car(b)))
            fail_syntax("bad binding", b);
        value syntax = transformer(car(b), car(cdr(b)), meanings);
        scope_bind(scope, car(b), NULL)->syntax = syntax;
    }
}

static struct node *expand_let_syntax(value form, struct scope *outer)
{
    form_length(form, 3, MANY);
    struct scope *scope = scope_new(outer, outer->lambda);
    bind_keywords(car(cdr(form)), scope, outer);
    return expand_body(cdr(cdr(form)), scope);
}

static struct node *expand_letrec_syntax(value form, struct scope *outer)
{
    form_length(form, 3, MANY);
    struct scope *scope = scope_new(outer, outer->lambda);
    bind_keywords(car(cdr(form)), scope, scope);
    return expand_body(cdr(cdr(form)), scope);
}

/* (syntax-error message datum ...) */
static value rewrite_syntax_error(value form, struct scope *scope)
{
    (void)scope;
    form_length(form, 2, MANY);
    value message = car(cdr(form));
    if (!has_type(message, TYPE_STRING))
        fail_syntax("the message of syntax-error should be a string", form);
    fail_syntax(string_utf8(message), cdr(cdr(form)));
}

void define_macros(void)
{
    define_special("define-macro", expand_define_macro);
    define_special("define-syntax", expand_define_syntax);
    define_special("let-syntax", expand_let_syntax);
    define_special("letrec-syntax", expand_letrec_syntax);
    define_special("syntax-rules", expand_syntax_rules);
    define_rewriter("syntax-error", rewrite_syntax_error);
}
