/* Environments: what the global names of the system, of libraries and of programs mean. */
#include "hold.h"
#include "primitive.h"
#include "syntax.h"

struct environment system_environment = {.object = {TYPE_ENVIRONMENT},
                                         .open = true,
                                         .scope = {.environment = &system_environment}};

struct environment *interaction_environment = &system_environment;

struct environment *environment_new(bool open, bool strict)
{
    struct environment *e = allocate_object(sizeof *e, TYPE_ENVIRONMENT);
    e->names = table_new(false);
    e->open = open;
    e->strict = strict;
    e->scope.environment = e;
    return e;
}

static bool is_bound(const struct symbol *global)
{
    return global->global != UNDEFINED || global->syntax != FALSE;
}

/* The system's table has only the names that macros of the prelude inserted. */
static value look_up(const struct environment *e, value name)
{
    return e->names ? table_get(e->names, name, FALSE) : FALSE;
}

struct symbol *environment_find(const struct environment *e, value name)
{
    value known = look_up(e, name);
    if (known != FALSE)
        return symbol_of(known);
    return e->open && is_symbol(name) && is_bound(symbol_of(name)) ? symbol_of(name)
                                                                   : NULL;
}

static bool is_own(const struct environment *e, const struct symbol *global)
{
    return e == &system_environment || global->home == e;
}

static struct symbol *add(struct environment *e, value name)
{
    if (e == &system_environment && is_symbol(name)) {
        symbol_keep(symbol_of(name));
        return symbol_of(name);
    }
    value global = symbol_new(&symbol_of(original_name(name))->name->object);
    symbol_of(global)->home = e;
    if (!e->names)
        e->names = table_new(false);
    table_put(e->names, name, global);
    return symbol_of(global);
}

/* A program may use a variable of the system and define it afterwards: it has a copy, so that it then sees
 * its own everywhere, while the system keeps its. */
struct symbol *environment_refer(struct environment *e, value name)
{
    struct symbol *known = environment_find(e, name);
    if (known && (known->home || !e->open || e == &system_environment))
        return known;
    struct symbol *new = add(e, name);
    if (known) {
        new->global = known->global;
        new->origin = known;
    }
    return new;
}

bool environment_is_constant(const struct environment *e, value name)
{
    const struct symbol *known = environment_find(e, name);
    return e->strict && known && !is_own(e, known);
}

struct symbol *environment_define(struct environment *e, value name)
{
    struct symbol *global = environment_find(e, name);
    if (environment_is_constant(e, name))
        return NULL;
    if (global && !global->home && e->open)
        global = environment_refer(e, name);
    else if (!global || !is_own(e, global))
        global = add(e, name);
    global->origin = NULL;
    global->syntax = FALSE;
    return global;
}

struct symbol *global_origin(struct symbol *global)
{
    return global->origin ? global->origin : global;
}

bool environment_import(struct environment *e, value name, struct symbol *global)
{
    value known = look_up(e, name);
    if (e->strict && known != FALSE && symbol_of(known) != global)
        return false;
    table_put(e->names, name, &global->object);
    return true;
}

void names_visit(void (*visit)(const struct symbol *global, void *data), void *data)
{
    symbols_visit(visit, data);
    const struct table *names = interaction_environment->names;
    for (value l = names ? table_list(names) : NIL; is_pair(l); l = cdr(l))
        if (is_bound(symbol_of(cdr(car(l)))))
            visit(symbol_of(cdr(car(l))), data);
}

/* ---- Primitives ------------------------------------------------------------------------ */

static struct environment *want_environment(value v)
{
    return (struct environment *)want(v, TYPE_ENVIRONMENT);
}

SIMPLE(p_interaction_environment, &interaction_environment->object)

/* (environment import-set ...) */
PRIMITIVE(p_environment)
{
    struct environment *e = environment_new(false, true);
    struct hold hold;
    value sets = NIL;
    front_end_enter(&hold);
    while (argc > 0)
        sets = cons(args[--argc], sets);
    import_sets(cons(symbol("import"), sets), e);
    hold_end(&hold);
    return &e->object;
}

/* An environment of what the library (scheme r5rs) exports, or of its keywords only. */
static value report_environment(value version, bool keywords_only)
{
    if (version != fixnum(5))
        fail("%s: there is no version %v of the report", vm.primitive->name, version);
    struct environment *e = environment_new(false, true);
    value name = cons(symbol("scheme"), cons(symbol("r5rs"), NIL));
    for (value l = standard_library(name); is_pair(l); l = cdr(l)) {
        struct symbol *global = symbol_of(cdr(car(l)));
        if (!keywords_only || global->syntax != FALSE)
            environment_import(e, car(car(l)), global);
    }
    return &e->object;
}

SIMPLE(p_report_environment, report_environment(args[0], false))
SIMPLE(p_null_environment, report_environment(args[0], true))

/* (environment-bound? environment name): whether the name has a value or is a keyword. */
PRIMITIVE(p_is_bound)
{
    const struct environment *environment = want_environment(args[0]);
    struct hold hold;
    front_end_enter(&hold);
    const struct symbol *known =
        environment_find(environment, want(args[1], TYPE_SYMBOL));
    bool bound = known && is_bound(known);
    hold_end(&hold);
    return boolean(bound);
}

static const struct definition definitions[] = {
    {"environment", p_environment, 0, MANY},
    {"interaction-environment", p_interaction_environment, 0, 0},
    {"scheme-report-environment", p_report_environment, 1, 1},
    {"null-environment", p_null_environment, 1, 1},
    {"environment-bound?", p_is_bound, 2, 2},
};

void define_environments(void)
{
    DEFINE_PRIMITIVES(definitions);
}
