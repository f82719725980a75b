/* Scopes: what a name means at some place.
 *
 * Macros are hygienic because each name that a template inserts is a new object, an identifier, which
 * remembers where the macro was defined.  A binding of that object captures nothing else; where nothing
 * binds it, it means what its name means in the macro's scope.
 *
 * What a scope binds is complete before scopes within it are made.  So a scope that has not changed since
 * an identifier was made does not bind it, and neither do those around it. */
#include "syntax.h"

/* Counts identifiers, scopes and bindings. */
static uint64_t now;

/* ---- Identifiers ------------------------------------------------------------------------ */

value identifier_new(value name, struct scope *scope)
{
    struct identifier *new = allocate_object(sizeof *new, TYPE_IDENTIFIER);
    new->name = name;
    new->scope = scope;
    new->time = ++now;
    return &new->object;
}

value system_name(const char *name)
{
    return identifier_new(symbol(name), &system_environment.scope);
}

bool is_identifier(value v)
{
    return is_symbol(v) || has_type(v, TYPE_IDENTIFIER);
}

value original_name(value name)
{
    while (has_type(name, TYPE_IDENTIFIER))
        name = ((struct identifier *)name)->name;
    return name;
}

/* ---- Data without identifiers ------------------------------------------------------------- */

/* `seen` has the pairs and vectors that were looked at, as quoted data may be circular. */
static bool has_identifiers(value datum, struct table *seen)
{
    check_depth();
    for (; is_pair(datum); datum = cdr(datum)) {
        if (table_get(seen, datum, FALSE) != FALSE)
            return false;
        table_put(seen, datum, TRUE);
        if (has_identifiers(car(datum), seen))
            return true;
    }
    if (has_type(datum, TYPE_IDENTIFIER))
        return true;
    if (!has_type(datum, TYPE_VECTOR) || table_get(seen, datum, FALSE) != FALSE)
        return false;
    table_put(seen, datum, TRUE);
    for (size_t i = 0; i < vector_of(datum)->length; i++) {
        if (has_identifiers(vector_of(datum)->items[i], seen))
            return true;
    }
    return false;
}

static value copy_without(value datum, struct table *copies);

static value copy_vector(const struct vector *from, struct table *copies)
{
    value copy = vector_new(from->length, FALSE);
    table_put(copies, (value)(uintptr_t)from, copy);
    for (size_t i = 0; i < from->length; i++)
        vector_of(copy)->items[i] = copy_without(from->items[i], copies);
    return copy;
}

static value copy_without(value datum, struct table *copies)
{
    value first = NIL, *link = &first;
    check_depth();
    for (; is_pair(datum); datum = cdr(datum)) {
        value known = table_get(copies, datum, FALSE);
        if (known != FALSE) {
            *link = known;
            return first;
        }
        *link = cons(NIL, NIL);
        struct pair *copy = pair_of(*link);
        table_put(copies, datum, *link);
        copy->car = copy_without(car(datum), copies);
        link = &copy->cdr;
    }
    if (has_type(datum, TYPE_VECTOR)) {
        value known = table_get(copies, datum, FALSE);
        datum = known != FALSE ? known : copy_vector(vector_of(datum), copies);
    }
    *link = original_name(datum);
    return first;
}

value original_datum(value datum)
{
    if (!is_pair(datum) && !has_type(datum, TYPE_VECTOR))
        return original_name(datum);
    if (!has_identifiers(datum, table_new(false)))
        return datum;
    return copy_without(datum, table_new(false));
}

value vector_items(value vector)
{
    value list = NIL;
    for (size_t i = vector_of(vector)->length; i > 0; i--)
        list = cons(vector_of(vector)->items[i - 1], list);
    return list;
}

value list_to_vector(value list)
{
    value v = vector_new((size_t)list_length(list), FALSE);
    for (size_t i = 0; is_pair(list); list = cdr(list))
        vector_of(v)->items[i++] = car(list);
    return v;
}

/* ---- Scopes -------------------------------------------------------------------------------- */

struct scope *scope_new(struct scope *outer, struct lambda *lambda)
{
    struct scope *scope = allocate(sizeof *scope);
    scope->outer = outer;
    scope->lambda = lambda;
    scope->environment = outer ? outer->environment : NULL;
    scope->time = ++now;
    return scope;
}

static struct binding *find_in(const struct scope *scope, value name)
{
    if (scope->index) {
        value known = table_get(scope->index, name, FALSE);
        return known != FALSE ? (struct binding *)known : NULL;
    }
    struct binding *b = scope->bindings;
    while (b && b->name != name)
        b = b->next;
    return b;
}

/* Looks up names in a table from now on. */
static void make_index(struct scope *scope)
{
    scope->index = table_new(false);
    for (struct binding *b = scope->bindings; b; b = b->next)
        table_put(scope->index, b->name, (value)b);
}

struct binding *scope_bind(struct scope *scope, value name, struct variable *variable)
{
    const int many = 16;
    if (find_in(scope, name))
        fail_syntax("the name is bound twice", name);
    struct binding *binding = allocate(sizeof *binding);
    binding->name = name;
    binding->variable = variable;
    binding->syntax = FALSE;
    binding->next = scope->bindings;
    scope->bindings = binding;
    scope->time = ++now;
    if (scope->index)
        table_put(scope->index, name, (value)binding);
    else if (++scope->binding_count > many)
        make_index(scope);
    return binding;
}

/* The binding in the scope or one around it, or NULL. */
static struct binding *find_binding(value name, const struct scope *scope)
{
    uint64_t made = is_symbol(name) ? 0 : ((struct identifier *)name)->time;
    for (; scope->outer && scope->time > made; scope = scope->outer) {
        struct binding *b = find_in(scope, name);
        if (b)
            return b;
    }
    return NULL;
}

/* Whether the environment, rather than the scope of a macro, says what the name means. */
static bool is_global(value name, const struct environment *environment)
{
    return is_symbol(name) || environment_find(environment, name);
}

struct meaning resolve(value name, const struct scope *scope)
{
    for (;;) {
        struct binding *b = find_binding(name, scope);
        if (b)
            return (struct meaning){.binding = b, .syntax = b->syntax};
        struct environment *e = scope->environment;
        if (is_global(name, e)) {
            struct symbol *global = environment_find(e, name);
            return (struct meaning){.environment = e,
                                    .name = name,
                                    .global = global,
                                    .syntax = global ? global->syntax : FALSE};
        }
        scope = ((struct identifier *)name)->scope;
        name = ((struct identifier *)name)->name;
    }
}

static struct symbol *bound_global(const struct meaning *m)
{
    if (!m->global || (m->global->global == UNDEFINED && m->global->syntax == FALSE))
        return NULL;
    return global_origin(m->global);
}

bool same_meaning(const struct meaning *a, const struct meaning *b)
{
    if (a->binding || b->binding)
        return a->binding == b->binding;
    if (bound_global(a) || bound_global(b))
        return bound_global(a) == bound_global(b);
    return a->name == b->name;
}

static bool has_name(const struct symbol *symbol, const char *name)
{
    size_t i = 0;
    while (i < symbol->name->length && symbol->name->chars[i] == (unsigned char)name[i])
        i++;
    return i == symbol->name->length && !name[i];
}

bool is_keyword(value form, const char *name, const struct scope *scope)
{
    if (!is_identifier(form))
        return false;
    struct meaning m = resolve(form, scope);
    const struct symbol *global = m.global ? global_origin(m.global) : NULL;
    return global && !global->home && has_name(global, name);
}
