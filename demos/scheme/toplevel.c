/* The top level: evaluating forms one after the other, in the environment of a program, of a library or of
 * the read-eval-print loop. */
#include "hold.h"
#include "port.h"
#include "primitive.h"
#include "syntax.h"

#include <errno.h>
#include <string.h>

/* ---- Forms -------------------------------------------------------------------------------- */

static struct scope *top_scope(struct environment *environment)
{
    struct scope *scope = scope_new(NULL, lambda_new(FALSE, NULL));
    scope->environment = environment;
    return scope;
}

/* A procedure that evaluates the form. */
static value procedure_of(value form, struct scope *scope)
{
    struct lambda *lambda = scope->lambda;
    lambda->body = expand(form, scope);
    struct closure *closure = allocate_object(sizeof *closure, TYPE_CLOSURE);
    closure->code = compile(lambda, source.file);
    return &closure->object;
}

value evaluate_now(value form, struct environment *environment)
{
    return vm_apply(procedure_of(form, top_scope(environment)), 0, NULL);
}

SIMPLE(p_ignore, UNSPECIFIED)

/* Runs a procedure that may return any number of values. */
static void run_ignoring(value procedure)
{
    value args[] = {procedure, symbol_of(symbol("%ignore"))->global};
    vm_apply(symbol_of(symbol("%call-with-values"))->global, 2, args);
}

/* Whether the form begins with this keyword, which programs need not import. */
static bool is_declaration(value form, const char *name, const struct scope *scope)
{
    if (!is_pair(form) || !is_identifier(car(form)))
        return false;
    struct meaning m = resolve(car(form), scope);
    return is_keyword(car(form), name, scope) ||
           (!m.binding && !m.global && m.name == symbol(name));
}

/* Carries out declarations; returns false if the form is something to evaluate. */
static bool declare(value form, struct scope *scope)
{
    if (is_declaration(form, "import", scope))
        import_sets(form, scope->environment);
    else if (is_declaration(form, "define-library", scope))
        library_declare(form);
    else
        return false;
    return true;
}

value evaluate_lazily(value form, struct environment *environment)
{
    value forms = cons(form, NIL);
    while (is_pair(forms)) {
        struct scope *scope = top_scope(environment);
        source.macro = FALSE;
        form = expand_macros(car(forms), scope);
        forms = cdr(forms);
        locate(form);
        if (declare(form, scope))
            continue;
        if (is_special(keyword_of(form, scope), expand_begin)) {
            form_length(form, 1, MANY);
            for (value l = list_reverse(cdr(form)); is_pair(l); l = cdr(l))
                forms = cons(car(l), forms);
        } else if (forms == NIL) {
            return procedure_of(form, scope);
        } else {
            run_ignoring(procedure_of(form, scope));
        }
    }
    return procedure_of(UNSPECIFIED, top_scope(environment));
}

static value compile_in(value form, const char *file, struct table *positions,
                        struct environment *environment)
{
    struct hold hold;
    struct source saved = source;
    front_end_enter(&hold);
    source = (struct source){.file = file,
                             .own_file = file,
                             .positions = positions,
                             .macro = FALSE,
                             .loading = saved.loading};
    value procedure = evaluate_lazily(form, environment);
    source = saved;
    hold_end(&hold);
    return procedure;
}

value compile_form(value form, const char *file, struct table *positions)
{
    source.loading = NULL;
    return compile_in(form, file, positions, interaction_environment);
}

void evaluate_port(struct port *port, const char *file)
{
    for (;;) {
        struct table *positions = table_new(false);
        value form = read_datum(port, file, positions);
        if (form == END_OF_FILE)
            return;
        vm_apply(compile_form(form, file, positions), 0, NULL);
    }
}

/* ---- Files ---------------------------------------------------------------------------------- */

static bool begins_with(value form, const char *name)
{
    return is_pair(form) && car(form) == symbol(name);
}

/* The environment of the forms of a file, from the first one on that declares no library.  A program that begins
 * with an import sees only what it imports. */
static struct environment *environment_of(value form, value *place)
{
    if (*place == FALSE && begins_with(form, "define-library"))
        return interaction_environment;
    if (*place == FALSE)
        *place = &(begins_with(form, "import") ? environment_new(false, true)
                                               : interaction_environment)
                      ->object;
    return (struct environment *)want(*place, TYPE_ENVIRONMENT);
}

/* ---- Primitives ------------------------------------------------------------------------------- */

static struct environment *environment_argument(int argc, value *args)
{
    if (argc < 2)
        return interaction_environment;
    return (struct environment *)want(args[1], TYPE_ENVIRONMENT);
}

/* (eval expression [environment]) */
PRIMITIVE(p_eval)
{
    struct hold hold;
    struct source saved = source;
    front_end_enter(&hold);
    source = (struct source){.macro = FALSE, .loading = saved.loading};
    vm.callee = evaluate_lazily(args[0], environment_argument(argc, args));
    vm.argc = 0;
    source = saved;
    hold_end(&hold);
    return TAIL_CALL;
}

/* (%next-form port name place): a procedure that runs the next form of a file; #f at the end.  The car of `place` is
 * the file's environment, or #f: the first form tells. */
PRIMITIVE(p_next_form)
{
    struct port *port = (struct port *)want(args[0], TYPE_PORT);
    const char *file = string_utf8(want(args[1], TYPE_STRING));
    struct table *positions = table_new(false);
    value form = read_datum(port, file, positions);
    if (form == END_OF_FILE)
        return FALSE;
    return compile_in(form, file, positions,
                      environment_of(form, &pair_of(args[2])->car));
}

/* (%open-source name): a port that reads the file. */
PRIMITIVE(p_open_source)
{
    struct port *port = source_open(string_utf8(want(args[0], TYPE_STRING)));
    if (!port)
        fail_file("load: %v: %s", args[0], strerror(errno));
    return &port->object;
}

/* (%begin-program name): libraries are looked for beside it. */
PRIMITIVE(p_begin_program)
{
    library_program(string_utf8(want(args[0], TYPE_STRING)));
    return UNSPECIFIED;
}

static const struct definition definitions[] = {
    {"eval", p_eval, 1, 2},
    {"%ignore", p_ignore, 0, MANY},
    {"%next-form", p_next_form, 3, 3},
    {"%open-source", p_open_source, 1, 1},
    {"%begin-program", p_begin_program, 1, 1},
};

void define_front_end(void)
{
    DEFINE_PRIMITIVES(definitions);
    define_environments();
    define_basic();
    define_bodies();
    define_derived();
    define_rewritten();
    define_record_syntax();
    define_quasiquote();
    define_macros();
    define_libraries();
    define_features();
}

void start_interaction(void)
{
    interaction_environment = environment_new(true, false);
}
