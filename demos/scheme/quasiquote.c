/* quasiquote: a template becomes calls that build the list or vector, where it is not constant. */
#include "syntax.h"

static struct node *quasi(value form, int depth, struct scope *scope);

/* Whether the form is a list (name x). */
static bool is_tagged(value form, const char *name, const struct scope *scope)
{
    return is_pair(form) && is_pair(cdr(form)) && cdr(cdr(form)) == NIL &&
           is_keyword(car(form), name, scope);
}

/* ---- Lists -------------------------------------------------------------------------------- */

/* A list under construction: pieces that append is called with, of which the last is open. */
struct pieces {
    struct node *first, **link;
    struct node *items, **item_link; /* of the open piece */
    bool constant;                   /* all items of it are */
};

static void open_piece(struct pieces *p)
{
    p->items = NULL;
    p->item_link = &p->items;
    p->constant = true;
}

static void add_piece(struct pieces *p, struct node *piece)
{
    *p->link = piece;
    p->link = &piece->next;
}

static void add_item(struct pieces *p, struct node *item)
{
    p->constant = p->constant && item->kind == NODE_CONSTANT;
    *p->item_link = item;
    p->item_link = &item->next;
}

static value constant_list(const struct node *items, value tail)
{
    value reversed = NIL;
    for (; items; items = items->next)
        reversed = cons(items->datum, reversed);
    for (; is_pair(reversed); reversed = cdr(reversed))
        tail = cons(car(reversed), tail);
    return tail;
}

static void close_piece(struct pieces *p)
{
    if (!p->items)
        return;
    add_piece(p, p->constant ? node_constant(constant_list(p->items, NIL))
                             : node_call_system("list", p->items));
    open_piece(p);
}

static bool is_nil(const struct node *node)
{
    return node->kind == NODE_CONSTANT && node->datum == NIL;
}

/* The whole list, of which `tail` is the end. */
static struct node *join(struct pieces *p, struct node *tail)
{
    if (!p->first && p->constant && tail->kind == NODE_CONSTANT)
        return node_constant(constant_list(p->items, tail->datum));
    if (!p->first && is_nil(tail))
        return node_call_system("list", p->items);
    if (!p->first && !p->items->next) {
        p->items->next = tail;
        return node_call_system("cons", p->items);
    }
    close_piece(p);
    if (!is_nil(tail)) /* else what was spliced in last is the end, as it is */
        add_piece(p, tail);
    return node_call_system("append", p->first);
}

static struct node *quasi_item(value form, int depth, struct pieces *p,
                               struct scope *scope)
{
    if (depth != 1 || !is_tagged(form, "unquote-splicing", scope))
        return quasi(form, depth, scope);
    close_piece(p);
    add_piece(p, expand(car(cdr(form)), scope));
    return NULL;
}

/* A list, up to a tail that is an unquotation or the like. */
static struct node *quasi_list(value form, int depth, struct scope *scope)
{
    struct pieces p = {.link = &p.first};
    open_piece(&p);
    bool first = true;
    for (; is_pair(form); form = cdr(form), first = false) {
        if (!first && (is_tagged(form, "unquote", scope) ||
                       is_tagged(form, "unquote-splicing", scope) ||
                       is_tagged(form, "quasiquote", scope)))
            break;
        struct node *item = quasi_item(car(form), depth, &p, scope);
        if (item)
            add_item(&p, item);
    }
    return join(&p, quasi(form, depth, scope));
}

/* ---- Templates ------------------------------------------------------------------------------ */

static struct node *quasi_tagged(value form, int depth, struct scope *scope)
{
    struct node *name = node_constant(original_name(car(form)));
    struct node *rest = quasi(cdr(form), depth, scope);
    if (rest->kind == NODE_CONSTANT)
        return node_constant(cons(name->datum, rest->datum));
    name->next = rest;
    return node_call_system("cons", name);
}

static struct node *quasi_pair(value form, int depth, struct scope *scope)
{
    if (is_tagged(form, "unquote", scope))
        return depth == 1 ? expand(car(cdr(form)), scope)
                          : quasi_tagged(form, depth - 1, scope);
    if (is_tagged(form, "unquote-splicing", scope)) {
        if (depth == 1)
            fail_syntax("unquote-splicing where there is no list to splice into", form);
        return quasi_tagged(form, depth - 1, scope);
    }
    if (is_tagged(form, "quasiquote", scope))
        return quasi_tagged(form, depth + 1, scope);
    return quasi_list(form, depth, scope);
}

static struct node *quasi_vector(value vector, int depth, struct scope *scope)
{
    value list = vector_items(vector);
    struct node *items =
        is_pair(list) ? quasi_list(list, depth, scope) : node_constant(NIL);
    if (items->kind == NODE_CONSTANT)
        return node_constant(list_to_vector(items->datum));
    return node_call_system("list->vector", items);
}

static struct node *quasi(value form, int depth, struct scope *scope)
{
    check_depth();
    if (is_pair(form))
        return quasi_pair(form, depth, scope);
    if (has_type(form, TYPE_VECTOR))
        return quasi_vector(form, depth, scope);
    return node_constant(original_datum(form));
}

static struct node *expand_quasiquote(value form, struct scope *scope)
{
    form_length(form, 2, 2);
    return quasi(car(cdr(form)), 1, scope);
}

void define_quasiquote(void)
{
    define_special("quasiquote", expand_quasiquote);
}
