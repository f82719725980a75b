/* Macros: define-macro, syntax-rules and quasiquote.
 *
 * Names that a template of syntax-rules inserts are renamed, so that what the macro
 * binds cannot capture the names of its user.  Other inserted names are looked up where
 * the macro is used.  All macros are global. */
#include "syntax.h"

/* ---- syntax-rules: matching ------------------------------------------------------ */

/* Bindings are a list of (name . datum); under an ellipsis the datum is a box with the
 * list of what each repetition matched. */

static value ellipsis, underscore;

static bool is_literal(value name, value literals)
{
    for (; is_pair(literals); literals = cdr(literals)) {
        if (car(literals) == name)
            return true;
    }
    return false;
}

static bool before_ellipsis(value v)
{
    return is_pair(cdr(v)) && is_symbol(car(cdr(v))) &&
           original_name(car(cdr(v))) == ellipsis;
}

static intptr_t count_pairs(value v)
{
    intptr_t count = 0;
    for (; is_pair(v); v = cdr(v))
        count++;
    return count;
}

static value items_of(value vector)
{
    value list = NIL;
    for (size_t i = vector_of(vector)->length; i > 0; i--)
        list = cons(vector_of(vector)->items[i - 1], list);
    return list;
}

static value vector_from(value list)
{
    value v = vector_new((size_t)count_pairs(list), FALSE);
    for (size_t i = 0; is_pair(list); list = cdr(list))
        vector_of(v)->items[i++] = car(list);
    return v;
}

static value lookup(value name, value bindings)
{
    for (; is_pair(bindings); bindings = cdr(bindings)) {
        if (car(car(bindings)) == name)
            return car(bindings);
    }
    return FALSE;
}

/* Adds the variables of the pattern to a list. */
static value variables_of(value pattern, value literals, value list)
{
    for (; is_pair(pattern); pattern = cdr(pattern))
        list = variables_of(car(pattern), literals, list);
    if (has_type(pattern, TYPE_VECTOR))
        return variables_of(items_of(pattern), literals, list);
    if (!is_symbol(pattern) || pattern == ellipsis || is_literal(pattern, literals))
        return list;
    return cons(pattern, list);
}

static bool match(value pattern, value form, value literals, value *bindings);

/* Matches pattern `...` against the first `count` items of the form. */
static bool match_repeated(value pattern, value form, intptr_t count, value literals,
                           value *bindings)
{
    value repetitions = NIL;
    for (; count > 0; count--, form = cdr(form)) {
        value one = NIL;
        if (!match(pattern, car(form), literals, &one))
            return false;
        repetitions = cons(one, repetitions);
    }
    for (value names = variables_of(pattern, literals, NIL); is_pair(names);
         names = cdr(names)) {
        value matched = NIL;
        for (value r = repetitions; is_pair(r); r = cdr(r)) {
            value binding = lookup(car(names), car(r));
            if (is_pair(binding))
                matched = cons(cdr(binding), matched);
        }
        *bindings = cons(cons(car(names), box(matched)), *bindings);
    }
    return true;
}

static bool match_symbol(value pattern, value form, value literals, value *bindings)
{
    if (is_literal(pattern, literals))
        return is_symbol(form) && original_name(form) == original_name(pattern);
    if (pattern != underscore)
        *bindings = cons(cons(pattern, form), *bindings);
    return true;
}

static bool match(value pattern, value form, value literals, value *bindings)
{
    check_depth();
    for (; is_pair(pattern); pattern = cdr(pattern)) {
        if (before_ellipsis(pattern)) {
            value after = cdr(cdr(pattern));
            intptr_t count = count_pairs(form) - count_pairs(after);
            if (count < 0 ||
                !match_repeated(car(pattern), form, count, literals, bindings))
                return false;
            for (; count > 0; count--)
                form = cdr(form);
            pattern = cdr(pattern);
        } else {
            if (!is_pair(form) || !match(car(pattern), car(form), literals, bindings))
                return false;
            form = cdr(form);
        }
    }
    if (is_symbol(pattern))
        return match_symbol(pattern, form, literals, bindings);
    if (has_type(pattern, TYPE_VECTOR))
        return has_type(form, TYPE_VECTOR) &&
               match(items_of(pattern), items_of(form), literals, bindings);
    return equal(pattern, form);
}

/* ---- syntax-rules: building the expansion ---------------------------------------- */

/* `renamed`: a list of (name . new name) of this expansion. */
static value instantiate(value template, value bindings, value *renamed);

static value instantiate_symbol(value name, value bindings, value *renamed)
{
    value binding = lookup(name, bindings);
    if (is_pair(binding)) {
        if (has_type(cdr(binding), TYPE_BOX))
            fail_syntax("an ellipsis is missing after", name);
        return cdr(binding);
    }
    value pair = lookup(name, *renamed);
    if (!is_pair(pair)) {
        value copy = symbol_new(&symbol_of(name)->name->object);
        symbol_of(copy)->original = name;
        pair = cons(name, copy);
        *renamed = cons(pair, *renamed);
    }
    return cdr(pair);
}

/* Instantiates what stands before an ellipsis once for each repetition; adds the results
 * to the reversed list. */
static value instantiate_repeated(value template, value bindings, value *renamed,
                                  value out)
{
    value sequences = NIL;
    for (value names = variables_of(template, NIL, NIL); is_pair(names);
         names = cdr(names)) {
        value binding = lookup(car(names), bindings);
        if (is_pair(binding) && has_type(cdr(binding), TYPE_BOX))
            sequences = cons(cons(car(names), box_of(cdr(binding))->content), sequences);
    }
    if (sequences == NIL)
        fail_syntax("nothing to repeat before an ellipsis", template);
    for (;;) {
        value inner = bindings;
        for (value s = sequences; is_pair(s); s = cdr(s)) {
            value rest = cdr(car(s));
            if (!is_pair(rest))
                return out;
            inner = cons(cons(car(car(s)), car(rest)), inner);
            pair_of(car(s))->cdr = cdr(rest);
        }
        out = cons(instantiate(template, inner, renamed), out);
    }
}

static value instantiate_list(value template, value bindings, value *renamed)
{
    value reversed = NIL;
    for (; is_pair(template); template = cdr(template)) {
        if (before_ellipsis(template)) {
            reversed = instantiate_repeated(car(template), bindings, renamed, reversed);
            template = cdr(template);
        } else {
            reversed = cons(instantiate(car(template), bindings, renamed), reversed);
        }
    }
    value list = instantiate(template, bindings, renamed);
    for (; is_pair(reversed); reversed = cdr(reversed))
        list = cons(car(reversed), list);
    return list;
}

static value instantiate(value template, value bindings, value *renamed)
{
    check_depth();
    if (is_symbol(template))
        return instantiate_symbol(template, bindings, renamed);
    if (has_type(template, TYPE_VECTOR))
        return vector_from(instantiate_list(items_of(template), bindings, renamed));
    if (!is_pair(template))
        return template;
    if (car(template) == ellipsis && is_pair(cdr(template)))
        return car(cdr(template)); /* (... template) is the template as it stands */
    return instantiate_list(template, bindings, renamed);
}

static value expand_rules(const struct macro *macro, value form)
{
    for (value rules = macro->transformer; is_pair(rules); rules = cdr(rules)) {
        value bindings = NIL, renamed = NIL, rule = car(rules);
        if (match(cdr(car(rule)), cdr(form), macro->literals, &bindings))
            return instantiate(car(cdr(rule)), bindings, &renamed);
    }
    fail_syntax("no rule of the macro fits", original_datum(form));
}

/* ---- Macros ---------------------------------------------------------------------- */

value macro_expand(const struct macro *macro, value form)
{
    if (!is_procedure(macro->transformer))
        return expand_rules(macro, form);
    value arguments = original_datum(cdr(form));
    intptr_t count = form_length(arguments, 0);
    struct vector *vector = vector_of(vector_from(arguments));
    return vm_apply(macro->transformer, (int)count, vector->items);
}

static struct node *define_macro(value name, value transformer, value literals)
{
    struct macro *macro = allocate_object(sizeof *macro, TYPE_MACRO);
    macro->transformer = transformer;
    macro->literals = literals;
    struct symbol *keyword = symbol_of(original_name(name));
    keyword->syntax = &macro->object;
    symbol_keep(keyword);
    return node_constant(UNSPECIFIED);
}

/* (define-macro (name . parameters) body ...) or (define-macro name procedure) */
struct node *expand_define_macro(value form, struct scope *scope)
{
    form_length(form, 3);
    (void)scope;
    value target = car(cdr(form)), expression = car(cdr(cdr(form)));
    if (is_pair(target)) {
        expression = cons(symbol("lambda"), cons(cdr(target), cdr(cdr(form))));
        target = car(target);
    }
    if (!is_symbol(target))
        fail_syntax("bad syntax", form);
    value transformer = evaluate_now(expression);
    if (!is_procedure(transformer))
        fail_syntax("not a procedure", form);
    return define_macro(target, transformer, NIL);
}

/* (define-syntax name (syntax-rules (literal ...) (pattern template) ...)) */
struct node *expand_define_syntax(value form, struct scope *scope)
{
    if (form_length(form, 3) != 3 || !is_symbol(car(cdr(form))))
        fail_syntax("bad syntax", form);
    value rules = car(cdr(cdr(form)));
    if (form_length(rules, 2) < 2 || !is_keyword(car(rules), "syntax-rules", scope))
        fail_syntax("expected syntax-rules", form);
    value literals = car(cdr(rules));
    form_length(literals, 0);
    rules = cdr(cdr(rules));
    for (value r = rules; is_pair(r); r = cdr(r)) {
        if (form_length(car(r), 2) != 2 || !is_pair(car(car(r))))
            fail_syntax("bad rule", car(r));
    }
    return define_macro(car(cdr(form)), rules, literals);
}

/* ---- quasiquote ------------------------------------------------------------------ */

static value cons_procedure, append_procedure, list_to_vector_procedure;

static struct node *quasi(value form, int depth, struct scope *scope);

static struct node *call2(value procedure, struct node *a, struct node *b)
{
    a->next = b;
    return node_call(procedure, a);
}

/* Whether the form is a list (name x). */
static bool is_tagged(value form, const char *name, const struct scope *scope)
{
    return is_pair(form) && is_keyword(car(form), name, scope) && is_pair(cdr(form)) &&
           cdr(cdr(form)) == NIL;
}

static struct node *quasi_tagged(value form, int depth, struct scope *scope)
{
    return call2(cons_procedure, node_constant(original_name(car(form))),
                 quasi(cdr(form), depth, scope));
}

static struct node *quasi_pair(value form, int depth, struct scope *scope)
{
    if (is_tagged(form, "unquote", scope))
        return depth == 1 ? expand(car(cdr(form)), scope)
                          : quasi_tagged(form, depth - 1, scope);
    if (is_tagged(form, "unquote-splicing", scope))
        return quasi_tagged(form, depth - 1, scope);
    if (is_tagged(form, "quasiquote", scope))
        return quasi_tagged(form, depth + 1, scope);
    if (depth == 1 && is_tagged(car(form), "unquote-splicing", scope)) {
        struct node *spliced = expand(car(cdr(car(form))), scope);
        return call2(append_procedure, spliced, quasi(cdr(form), depth, scope));
    }
    struct node *first = quasi(car(form), depth, scope);
    struct node *rest = quasi(cdr(form), depth, scope);
    if (first->kind == NODE_CONSTANT && rest->kind == NODE_CONSTANT)
        return node_constant(cons(first->datum, rest->datum));
    return call2(cons_procedure, first, rest);
}

static struct node *quasi(value form, int depth, struct scope *scope)
{
    check_depth();
    if (is_pair(form))
        return quasi_pair(form, depth, scope);
    if (!has_type(form, TYPE_VECTOR))
        return node_constant(original_datum(form));
    return node_call(list_to_vector_procedure, quasi(items_of(form), depth, scope));
}

static struct node *expand_quasiquote(value form, struct scope *scope)
{
    if (form_length(form, 2) != 2)
        fail_syntax("bad syntax", form);
    return quasi(car(cdr(form)), 1, scope);
}

void define_macros(void)
{
    ellipsis = symbol("...");
    underscore = symbol("_");
    cons_procedure = symbol_of(symbol("cons"))->global;
    append_procedure = symbol_of(symbol("append"))->global;
    list_to_vector_procedure = symbol_of(symbol("list->vector"))->global;
    define_special("define-macro", expand_define_macro);
    define_special("define-syntax", expand_define_syntax);
    define_special("quasiquote", expand_quasiquote);
}
