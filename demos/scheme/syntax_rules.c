/* syntax-rules: its rules are translated into patterns and templates, of which the variables are numbered;
 * a use of the macro is matched against the patterns in turn, and the template of the first that fits is
 * filled in. */
#include "syntax.h"

#include <string.h>

enum part_kind {
    EMPTY,    /* the end of a list */
    DATUM,    /* datum */
    ANY,      /* in patterns: _ */
    LITERAL,  /* in patterns: a name, datum, with this meaning */
    INSERTED, /* in templates: a name, datum, which gets a new identifier; slot: its number among these */
    VARIABLE, /* slot; depth: under how many ellipses its pattern is */
    PAIR,     /* first, rest */
    REPEAT, /* first, repeated, then rest; in templates, rest NULL: the repetitions belong to those of the
               * part that this is the `first` of */
    VECTOR, /* first: its items as a list */
};

/* A part of a pattern or of a template. */
struct part {
    enum part_kind kind;
    value datum;
    int slot, depth;
    int low,
        high; /* patterns, REPEAT: the slots of the variables of `first` are from low up to high */
    int rest_length; /* patterns, REPEAT: the pairs of rest */
    int *driving;    /* templates, REPEAT: the slots of the variables that are repeated */
    int driving_count;
    struct part *first, *rest;
};

struct rule {
    struct part *pattern, *template;
    int slots, inserted; /* how many variables, and names that the template inserts */
    struct rule *next;
};

static struct part *part_new(enum part_kind kind, value datum)
{
    struct part *part = allocate(sizeof *part);
    part->kind = kind;
    part->datum = datum;
    return part;
}

/* ---- Translation ------------------------------------------------------------------------------- */

/* What is known while a rule is translated. */
struct translation {
    value
        ellipsis; /* what stands for the ellipsis, or FALSE: what means `...` in the system */
    value literals;
    struct scope *scope;
    struct table *variables; /* of the pattern: from names to parts */
    struct table *inserted;  /* names that the template inserts: to parts */
    int slots;
    int depth;    /* under how many ellipses */
    bool escaped; /* an ellipsis stands for itself */
};

static bool contains(value list, value name)
{
    while (is_pair(list) && car(list) != name)
        list = cdr(list);
    return is_pair(list);
}

static bool is_ellipsis(value form, const struct translation *t)
{
    if (t->escaped || !is_identifier(form) || contains(t->literals, form))
        return false;
    return t->ellipsis == FALSE ? is_keyword(form, "...", t->scope) : form == t->ellipsis;
}

static bool before_ellipsis(value list, const struct translation *t)
{
    return is_pair(cdr(list)) && is_ellipsis(car(cdr(list)), t);
}

static struct part *translate_pattern(value form, struct translation *t);

static struct part *pattern_name(value name, struct translation *t)
{
    if (contains(t->literals, name))
        return part_new(LITERAL, name);
    if (is_ellipsis(name, t))
        fail_syntax("an ellipsis without a pattern before it", name);
    if (is_keyword(name, "_", t->scope))
        return part_new(ANY, name);
    if (table_get(t->variables, name, FALSE) != FALSE)
        fail_syntax("a pattern has a variable twice", name);
    struct part *part = part_new(VARIABLE, name);
    part->slot = t->slots++;
    part->depth = t->depth;
    table_put(t->variables, name, (value)part);
    return part;
}

/* What stands before an ellipsis; what follows that comes later. */
static struct part *pattern_repeat(value form, value rest, struct translation *t)
{
    struct part *part = part_new(REPEAT, FALSE);
    part->low = t->slots;
    t->depth++;
    part->first = translate_pattern(form, t);
    t->depth--;
    part->high = t->slots;
    for (; is_pair(rest); rest = cdr(rest)) {
        part->rest_length++;
        if (is_ellipsis(car(rest), t))
            fail_syntax("two ellipses in a pattern's list", form);
    }
    return part;
}

static struct part *translate_pattern(value form, struct translation *t)
{
    struct part *first, **link = &first;
    check_depth();
    for (; is_pair(form); form = cdr(form), link = &(*link)->rest) {
        if (before_ellipsis(form, t)) {
            *link = pattern_repeat(car(form), cdr(cdr(form)), t);
            form = cdr(form);
        } else {
            *link = part_new(PAIR, FALSE);
            (*link)->first = translate_pattern(car(form), t);
        }
    }
    if (is_identifier(form)) {
        *link = pattern_name(form, t);
    } else if (has_type(form, TYPE_VECTOR)) {
        *link = part_new(VECTOR, FALSE);
        (*link)->first = translate_pattern(vector_items(form), t);
    } else {
        *link = part_new(form == NIL ? EMPTY : DATUM, form);
    }
    return first;
}

static struct part *translate_template(value form, struct translation *t);

static struct part *template_name(value name, struct translation *t)
{
    value known = table_get(t->variables, name, FALSE);
    if (known != FALSE)
        return (struct part *)known;
    if (is_ellipsis(name, t))
        fail_syntax("an ellipsis without a template before it", name);
    known = table_get(t->inserted, name, FALSE);
    if (known != FALSE)
        return (struct part *)known;
    struct part *part = part_new(INSERTED, name);
    part->slot = (int)table_count(t->inserted);
    table_put(t->inserted, name, (value)part);
    return part;
}

/* Collects the variables in the part that are repeated `levels` ellipses further out. */
static void find_driving(struct part *part, int levels, struct part *repeat)
{
    check_depth();
    for (; part; part = part->rest) {
        if (part->kind == VARIABLE && part->depth >= levels) {
            int *grown =
                allocate_atomic((size_t)(repeat->driving_count + 1) * sizeof *grown);
            if (repeat->driving_count)
                memcpy(grown, repeat->driving,
                       (size_t)repeat->driving_count * sizeof *grown);
            grown[repeat->driving_count++] = part->slot;
            repeat->driving = grown;
        }
        if (part->first)
            find_driving(part->first, levels + (part->kind == REPEAT), repeat);
    }
}

/* What stands before one or more ellipses. */
static struct part *template_repeat(value form, int ellipses, struct translation *t)
{
    struct part *part = part_new(REPEAT, FALSE);
    t->depth++;
    part->first = ellipses > 1 ? template_repeat(form, ellipses - 1, t)
                               : translate_template(form, t);
    t->depth--;
    find_driving(part->first, 1, part);
    if (part->driving_count == 0)
        fail_syntax("nothing to repeat before an ellipsis", form);
    return part;
}

static struct part *translate_escaped(value form, struct translation *t)
{
    t->escaped = true;
    struct part *part = translate_template(form, t);
    t->escaped = false;
    return part;
}

static struct part *translate_template(value form, struct translation *t)
{
    struct part *first, **link = &first;
    check_depth();
    for (; is_pair(form); form = cdr(form), link = &(*link)->rest) {
        if (is_ellipsis(car(form), t) && is_pair(cdr(form)) && cdr(cdr(form)) == NIL) {
            *link = translate_escaped(car(cdr(form)), t);
            return first;
        }
        value item = car(form);
        int ellipses = 0;
        for (; before_ellipsis(form, t); form = cdr(form))
            ellipses++;
        if (ellipses > 0) {
            *link = template_repeat(item, ellipses, t);
        } else {
            *link = part_new(PAIR, FALSE);
            (*link)->first = translate_template(item, t);
        }
    }
    if (is_identifier(form)) {
        *link = template_name(form, t);
        if ((*link)->kind == VARIABLE && (*link)->depth > t->depth)
            fail_syntax("an ellipsis is missing after", form);
    } else if (has_type(form, TYPE_VECTOR)) {
        *link = part_new(VECTOR, FALSE);
        (*link)->first = translate_template(vector_items(form), t);
    } else {
        *link = part_new(form == NIL ? EMPTY : DATUM, form);
    }
    return first;
}

static struct rule *translate_rule(value form, struct translation *t)
{
    form_length(form, 2, 2);
    locate(form);
    if (!is_pair(car(form)))
        fail_syntax("a pattern should be a list that begins with the macro's name", form);
    struct rule *rule = allocate(sizeof *rule);
    t->variables = table_new(false);
    t->inserted = table_new(false);
    t->slots = 0;
    rule->pattern = translate_pattern(cdr(car(form)), t);
    rule->template = translate_template(car(cdr(form)), t);
    rule->slots = t->slots;
    rule->inserted = (int)table_count(t->inserted);
    return rule;
}

/* (syntax-rules [ellipsis] (literal ...) (pattern template) ...) */
value syntax_rules_new(value name, value form, struct scope *scope)
{
    form_length(form, 2, MANY);
    struct translation t = {.ellipsis = FALSE, .scope = scope};
    value rest = cdr(form);
    if (is_identifier(car(rest))) {
        t.ellipsis = car(rest);
        rest = cdr(rest);
        form_length(rest, 1, MANY);
    }
    t.literals = car(rest);
    form_length(t.literals, 0, MANY);
    for (value l = t.literals; is_pair(l); l = cdr(l)) {
        if (!is_identifier(car(l)))
            fail_syntax("a literal should be a name", car(l));
    }
    struct macro *macro = allocate_object(sizeof *macro, TYPE_MACRO);
    struct rule **link = &macro->rules;
    for (rest = cdr(rest); is_pair(rest); rest = cdr(rest), link = &(*link)->next)
        *link = translate_rule(car(rest), &t);
    macro->name = original_name(name);
    macro->scope = scope;
    return &macro->object;
}

/* ---- Matching ------------------------------------------------------------------------------------- */

/* A use of a macro. */
struct use {
    const struct macro *macro;
    struct scope *scope;
    value *slots;    /* what the variables matched; under an ellipsis a list of such */
    value *inserted; /* the new identifiers; NULL: none yet */
};

/* The pairs of the list, or -1 if it is circular. */
static intptr_t count_pairs(value list)
{
    intptr_t count = 0;
    value slow = list;
    for (; is_pair(list); list = cdr(list)) {
        if (++count % 2 == 0) {
            slow = cdr(slow);
            if (slow == cdr(list) && is_pair(slow))
                return -1;
        }
    }
    return count;
}

static bool match(const struct part *part, value form, struct use *use);

static bool match_literal(value literal, value form, const struct use *use)
{
    if (!is_identifier(form))
        return false;
    struct meaning a = resolve(literal, use->macro->scope), b = resolve(form, use->scope);
    return same_meaning(&a, &b);
}

/* Matches the first `count` items of the form, and adds up what each of the variables matched. */
static bool match_items(const struct part *part, value form, intptr_t count,
                        struct use *use)
{
    int variables = part->high - part->low;
    value *lists = allocate((size_t)(variables + 1) * sizeof *lists);
    for (int i = 0; i < variables; i++)
        lists[i] = NIL;
    for (; count > 0; count--, form = cdr(form)) {
        if (!match(part->first, car(form), use))
            return false;
        for (int i = 0; i < variables; i++)
            lists[i] = cons(use->slots[part->low + i], lists[i]);
    }
    for (int i = 0; i < variables; i++)
        use->slots[part->low + i] = list_reverse(lists[i]);
    return true;
}

/* Matches repetitions; sets *form to what follows them. */
static bool match_repeat(const struct part *part, value *form, struct use *use)
{
    intptr_t count = count_pairs(*form) - part->rest_length;
    if (count < 0)
        return false;
    if (part->first->kind == VARIABLE && part->rest->kind == EMPTY) {
        use->slots[part->first->slot] = *form;
        while (is_pair(*form))
            *form = cdr(*form);
        return true;
    }
    if (!match_items(part, *form, count, use))
        return false;
    for (; count > 0; count--)
        *form = cdr(*form);
    return true;
}

static bool match(const struct part *part, value form, struct use *use)
{
    check_depth();
    for (;; part = part->rest) {
        switch (part->kind) {
        case PAIR:
            if (!is_pair(form) || !match(part->first, car(form), use))
                return false;
            form = cdr(form);
            continue;
        case REPEAT:
            if (!match_repeat(part, &form, use))
                return false;
            continue;
        case VARIABLE:
            use->slots[part->slot] = form;
            return true;
        case LITERAL:
            return match_literal(part->datum, form, use);
        case VECTOR:
            return has_type(form, TYPE_VECTOR) &&
                   match(part->first, vector_items(form), use);
        case EMPTY:
            return form == NIL;
        case DATUM:
            return equal(part->datum, form);
        case ANY:
        case INSERTED:
            return true;
        }
    }
}

/* ---- Filling in -------------------------------------------------------------------------------------- */

static value fill(const struct part *part, struct use *use);

static value fill_name(const struct part *part, struct use *use)
{
    if (!use->inserted[part->slot])
        use->inserted[part->slot] = identifier_new(part->datum, use->macro->scope);
    return use->inserted[part->slot];
}

/* Moves the variables that drive the repetition on to their next items; false: there is none. */
static bool next_repetition(const struct part *part, value *lists, struct use *use)
{
    int ended = 0;
    for (int i = 0; i < part->driving_count; i++) {
        if (!is_pair(lists[i])) {
            ended++;
            continue;
        }
        use->slots[part->driving[i]] = car(lists[i]);
        lists[i] = cdr(lists[i]);
    }
    if (ended > 0 && ended < part->driving_count)
        fail_syntax("what an ellipsis repeats differs in length", use->macro->name);
    return ended == 0;
}

/* Adds the repetitions at the end of a list, of which *link is the end; returns the new end. */
static value *fill_repeat(const struct part *part, value *link, struct use *use)
{
    size_t count = (size_t)part->driving_count;
    value *lists = allocate(count * 2 * sizeof *lists), *saved = lists + count;
    check_depth();
    for (size_t i = 0; i < count; i++)
        lists[i] = saved[i] = use->slots[part->driving[i]];
    while (next_repetition(part, lists, use)) {
        if (part->first->kind == REPEAT && !part->first->rest) {
            link = fill_repeat(part->first, link, use);
        } else {
            *link = cons(fill(part->first, use), NIL);
            link = &pair_of(*link)->cdr;
        }
    }
    for (size_t i = 0; i < count; i++)
        use->slots[part->driving[i]] = saved[i];
    return link;
}

/* What stands at the end of a list, or alone. */
static value fill_end(const struct part *part, struct use *use)
{
    switch (part->kind) {
    case VARIABLE:
        return use->slots[part->slot];
    case INSERTED:
        return fill_name(part, use);
    case VECTOR:
        return list_to_vector(fill(part->first, use));
    default:
        return part->datum;
    }
}

static value fill(const struct part *part, struct use *use)
{
    value first = NIL, *link = &first;
    check_depth();
    for (; part->kind == PAIR || part->kind == REPEAT; part = part->rest) {
        if (part->kind == PAIR) {
            *link = cons(fill(part->first, use), NIL);
            link = &pair_of(*link)->cdr;
        } else if (part->first->kind == VARIABLE && part->rest->kind == EMPTY) {
            *link = use->slots[part->first->slot];
            return first;
        } else {
            link = fill_repeat(part, link, use);
        }
    }
    *link = fill_end(part, use);
    return first;
}

value syntax_rules_expand(const struct macro *macro, value form, struct scope *scope)
{
    for (const struct rule *rule = macro->rules; rule; rule = rule->next) {
        struct use use = {.macro = macro, .scope = scope};
        use.slots = allocate((size_t)(rule->slots + rule->inserted + 1) * sizeof(value));
        use.inserted = use.slots + rule->slots;
        if (match(rule->pattern, cdr(form), &use))
            return fill(rule->template, &use);
    }
    source.macro = FALSE;
    fail_syntax("no rule of the macro fits", form);
}
