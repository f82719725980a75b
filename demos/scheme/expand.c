/* The expander: from a form to the tree of syntax.h.  It finds out what the head of each form means, and
 * has special forms, macros and calls expanded accordingly. */
#include "syntax.h"

/* ---- Keywords ------------------------------------------------------------------------------ */

value keyword_of(value form, const struct scope *scope)
{
    if (!is_pair(form) || !is_identifier(car(form)))
        return FALSE;
    return resolve(car(form), scope).syntax;
}

bool is_special(value keyword, expander expand_form)
{
    return has_type(keyword, TYPE_SPECIAL) &&
           ((struct special *)keyword)->expand == expand_form;
}

static void define_keyword(const char *name, expander expand_form, rewriter rewrite)
{
    struct special *special = allocate_object(sizeof *special, TYPE_SPECIAL);
    special->expand = expand_form;
    special->rewrite = rewrite;
    struct symbol *keyword = symbol_of(symbol(name));
    keyword->syntax = &special->object;
    symbol_keep(keyword);
}

void define_special(const char *name, expander expand_form)
{
    define_keyword(name, expand_form, NULL);
}

void define_rewriter(const char *name, rewriter rewrite)
{
    define_keyword(name, NULL, rewrite);
}

/* What the form's macro makes of it, or NULL if its keyword is none. */
static value expand_once(value form, value keyword, struct scope *scope)
{
    value result = NULL;
    if (has_type(keyword, TYPE_MACRO)) {
        locate(form);
        source.macro = car(form);
        result = macro_expand((const struct macro *)keyword, form, scope);
    } else if (has_type(keyword, TYPE_SPECIAL) && ((struct special *)keyword)->rewrite) {
        locate(form);
        form_length(form, 1, MANY);
        result = ((struct special *)keyword)->rewrite(form, scope);
    }
    if (result)
        locate_like(result, form);
    return result;
}

value expand_macros(value form, struct scope *scope)
{
    for (;;) {
        value result = expand_once(form, keyword_of(form, scope), scope);
        if (!result)
            return form;
        form = result;
    }
}

/* ---- Expressions ---------------------------------------------------------------------------- */

static struct node *expand_name(value name, const struct scope *scope)
{
    struct meaning m = resolve(name, scope);
    if (m.syntax != FALSE)
        fail_syntax("a keyword is not an expression", name);
    return m.binding ? node_local(m.binding->variable, scope) : node_global(m);
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
    form = expand_macros(form, scope);
    if (!is_pair(form))
        return expand(form, scope);
    value keyword = keyword_of(form, scope);
    locate(form);
    form_length(form, 1, MANY);
    if (keyword != FALSE)
        return ((struct special *)keyword)->expand(form, scope);
    return node_call(expand_list(form, scope));
}

struct node *expand(value form, struct scope *scope)
{
    check_depth();
    if (is_identifier(form))
        return expand_name(form, scope);
    if (form == NIL)
        fail_syntax("an empty list is not an expression", form);
    if (!is_pair(form))
        return node_constant(original_datum(form));
    struct source saved = source;
    locate(form);
    struct node *node = expand_pair(form, scope);
    source.file = saved.file;
    source.line = saved.line;
    source.column = saved.column;
    source.macro = saved.macro;
    return node;
}

struct node *expand_sequence(value forms, struct scope *scope)
{
    if (forms == NIL)
        return node_constant(UNSPECIFIED);
    struct node *first = expand_list(forms, scope);
    return first->next ? node_new(NODE_SEQUENCE, first) : first;
}

/* ---- The basic forms -------------------------------------------------------------------------- */

struct node *expand_begin(value form, struct scope *scope)
{
    return expand_sequence(cdr(form), scope);
}

static struct node *expand_set(value form, struct scope *scope)
{
    form_length(form, 3, 3);
    value name = car(cdr(form));
    if (!is_identifier(name))
        fail_syntax("bad syntax", form);
    return node_set(name, expand(car(cdr(cdr(form))), scope), scope);
}

static struct node *expand_quote(value form, struct scope *scope)
{
    (void)scope;
    form_length(form, 2, 2);
    return node_constant(original_datum(car(cdr(form))));
}

static struct node *expand_if(value form, struct scope *scope)
{
    form_length(form, 3, 4);
    struct node *test = expand_list(cdr(form), scope), *yes = test->next;
    return node_if(test, yes, yes->next ? yes->next : node_constant(UNSPECIFIED));
}

struct node *expand_misplaced(value form, struct scope *scope)
{
    (void)scope;
    fail_syntax("a keyword in a place where it means nothing", form);
}

void define_basic(void)
{
    static const struct {
        const char *name;
        expander expand;
    } forms[] = {
        {"quote", expand_quote},
        {"set!", expand_set},
        {"if", expand_if},
        {"begin", expand_begin},
        {"else", expand_misplaced},
        {"=>", expand_misplaced},
        {"...", expand_misplaced},
        {"_", expand_misplaced},
        {"unquote", expand_misplaced},
        {"unquote-splicing", expand_misplaced},
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        define_special(forms[i].name, forms[i].expand);
}
