/* What programs can find out about the implementation (cond-expand, features), and include. */
#include "primitive.h"
#include "syntax.h"

static const char *const features[] = {"r7rs",  "ieee-float", "full-unicode", "posix",
                                       "linux", "gnu-linux",  "gcscheme",     NULL};

static bool is_feature(value name)
{
    for (const char *const *f = features; *f; f++) {
        if (name == symbol(*f))
            return true;
    }
    return name == symbol("else");
}

static bool holds(value requirement);

/* Whether all, or any, of the requirements hold. */
static bool hold(value requirements, bool all)
{
    for (; is_pair(requirements); requirements = cdr(requirements)) {
        if (holds(car(requirements)) != all)
            return !all;
    }
    return all;
}

static bool holds(value requirement)
{
    check_depth();
    if (is_symbol(requirement))
        return is_feature(requirement);
    form_length(requirement, 1, MANY);
    value kind = car(requirement);
    if (kind == symbol("and"))
        return hold(cdr(requirement), true);
    if (kind == symbol("or"))
        return hold(cdr(requirement), false);
    form_length(requirement, 2, 2);
    if (kind == symbol("not"))
        return !holds(car(cdr(requirement)));
    if (kind != symbol("library"))
        fail_syntax("bad requirement of cond-expand", requirement);
    return library_exists(car(cdr(requirement)));
}

value cond_expand_forms(value form)
{
    for (value clauses = cdr(form); is_pair(clauses); clauses = cdr(clauses)) {
        form_length(car(clauses), 1, MANY);
        if (holds(original_datum(car(car(clauses)))))
            return cdr(car(clauses));
    }
    return NIL;
}

static value rewrite_cond_expand(value form, struct scope *scope)
{
    (void)scope;
    return cons(system_name("begin"), cond_expand_forms(form));
}

/* ---- include --------------------------------------------------------------------------------- */

static value include(value names, bool fold_case)
{
    value reversed = NIL;
    for (; is_pair(names); names = cdr(names)) {
        for (value f = read_included(car(names), fold_case); is_pair(f); f = cdr(f))
            reversed = cons(car(f), reversed);
    }
    return cons(system_name("begin"), list_reverse(reversed));
}

static value rewrite_include(value form, struct scope *scope)
{
    (void)scope;
    form_length(form, 2, MANY);
    return include(cdr(form), false);
}

static value rewrite_include_ci(value form, struct scope *scope)
{
    (void)scope;
    form_length(form, 2, MANY);
    return include(cdr(form), true);
}

PRIMITIVE(p_features)
{
    value list = NIL;
    for (const char *const *f = features; *f; f++)
        list = cons(symbol(*f), list);
    return list_reverse(list);
}

void define_features(void)
{
    static const struct definition definitions[] = {
        {"features", p_features, 0, 0},
    };
    DEFINE_PRIMITIVES(definitions);
    define_rewriter("cond-expand", rewrite_cond_expand);
    define_rewriter("include", rewrite_include);
    define_rewriter("include-ci", rewrite_include_ci);
}
