/* What the parts of the front end share: environments and scopes, in which names are resolved, and the
 * tree between expander and compiler, in which names are resolved and derived forms are gone. */
#ifndef SYNTAX_H
#define SYNTAX_H

#include "scheme.h"

/* ---- The tree ---------------------------------------------------------------------- */

/* A local variable. */
struct variable {
    value name;
    struct lambda *owner;
    struct node *init; /* of let and letrec */
    struct variable *next;
    bool captured;   /* an inner lambda refers to it */
    bool assigned;   /* it changes, or is captured before it has its value; if captured as
                    * well, it lives in a box, since closures copy what they capture */
    bool changed;    /* by set!: it lives in a box, since continuations copy frames */
    int *early_uses; /* not NULL: it has no value yet; counts what refers to it */
    int slot;        /* in the frame of its owner; the compiler's */
};

struct capture {
    struct variable *variable;
    struct capture *next;
};

struct lambda {
    value name;
    const char *file; /* where it was written */
    struct lambda *outer;
    struct variable *parameters;
    int required;
    bool rest;
    struct node *body;
    struct capture *captures; /* variables of outer lambdas */
    int capture_count;
};

enum node_kind {
    NODE_CONSTANT,   /* datum */
    NODE_LOCAL,      /* variable */
    NODE_GLOBAL,     /* datum: the symbol */
    NODE_SET_LOCAL,  /* variable; first: the value */
    NODE_SET_GLOBAL, /* datum: the symbol; first: the value */
    NODE_DEFINE,     /* as NODE_SET_GLOBAL */
    NODE_IF,         /* first: test, consequent, alternative */
    NODE_OR,         /* first: two expressions */
    NODE_SEQUENCE,   /* first: one expression or more */
    NODE_LET, /* variable: the list of them, which come to be together; first: the body */
    NODE_LET_STAR, /* as NODE_LET, one after the other */
    NODE_LETREC, /* as NODE_LET; the inits see the variables, which get their values together */
    NODE_LETREC_STAR, /* as NODE_LETREC, one after the other */
    NODE_LAMBDA,      /* lambda */
    NODE_CALL,        /* first: procedure, arguments */
};

struct node {
    enum node_kind kind;
    int line, column; /* line 0: unknown */
    value datum;
    struct variable *variable;
    struct lambda *lambda;
    struct node *first;
    struct node *next; /* its sibling */
};

/* ---- Names --------------------------------------------------------------------------- */

/* A name that a macro's template inserted: unless something binds this very object, it means what `name`
 * means in `scope`, where the macro was defined. */
struct identifier {
    struct object object;
    value name; /* a symbol or another identifier */
    struct scope *scope;
    uint64_t time; /* when it was made; see scope.c */
};

/* What a name means within a scope: a local variable or a local macro. */
struct binding {
    value name;
    struct variable *variable; /* NULL: a macro */
    value syntax;
    struct binding *next;
};

/* What names mean at some place. */
struct scope {
    struct scope *outer; /* NULL: this is the top level of the environment */
    struct lambda *lambda;
    struct binding *bindings;
    int binding_count;
    struct table *index; /* of many bindings: from names to them; otherwise NULL */
    uint64_t time;       /* of its last change; see scope.c */
    struct environment *environment;
};

/* The global names of the system, of a library or of a program.  A global variable is a symbol, which
 * holds the value; those of the system are the symbols of their names, others are symbols of their own. */
struct environment {
    struct object object;
    struct table *names; /* from names to global variables */
    bool open;           /* the system's names that the table has not are visible, too */
    bool strict;         /* what is imported cannot be changed */
    struct scope scope;  /* the top level, where its macros' templates are resolved */
};

/* The meaning of a name at some place. */
struct meaning {
    struct binding *binding; /* NULL: it is global */
    struct environment *environment;
    value name;            /* the key in the environment */
    struct symbol *global; /* NULL: there is no such global name */
    value syntax;          /* the special form or macro, or FALSE */
};

/* ---- environment.c ------------------------------------------------------------------- */

extern struct environment system_environment;
/* Where programs without imports and the read-eval-print loop evaluate. */
extern struct environment *interaction_environment;

struct environment *environment_new(bool open, bool strict);
/* The global name's variable or keyword, or NULL. */
struct symbol *environment_find(const struct environment *environment, value name);
/* The variable that the name refers to; it need not be defined yet. */
struct symbol *environment_refer(struct environment *environment, value name);
/* The variable or keyword that a definition of the name gives a new meaning, or NULL: it is imported and
 * cannot be changed. */
struct symbol *environment_define(struct environment *environment, value name);
/* Whether the name is imported and cannot be changed. */
bool environment_is_constant(const struct environment *environment, value name);
/* Returns false if a strict environment has another meaning of the name. */
bool environment_import(struct environment *environment, value name,
                        struct symbol *global);
/* Calls the function with each global name that programs without imports and the read-eval-print loop know. */
void names_visit(void (*visit)(const struct symbol *global, void *data), void *data);
/* The global variable of which this one is an unchanged copy, or itself. */
struct symbol *global_origin(struct symbol *global);

/* ---- scope.c: names ------------------------------------------------------------------- */

value identifier_new(value name, struct scope *scope);
/* An identifier that means what the name means in the system, whatever surrounds it. */
value system_name(const char *name);
bool is_identifier(value v);
/* The symbol behind a name; a datum with such symbols. */
value original_name(value name);
value original_datum(value datum);
/* The items of a vector as a list, and back. */
value vector_items(value vector);
value list_to_vector(value list);

/* A scope within another one; or, `outer` NULL, the top level of an environment, which the caller sets. */
struct scope *scope_new(struct scope *outer, struct lambda *lambda);
/* Raises an error if the scope itself binds the name already. */
struct binding *scope_bind(struct scope *scope, value name, struct variable *variable);
struct meaning resolve(value name, const struct scope *scope);
bool same_meaning(const struct meaning *a, const struct meaning *b);
/* Whether the form is a name that means what this one means in the system. */
bool is_keyword(value form, const char *name, const struct scope *scope);

/* ---- source.c: places in source files -------------------------------------------------- */

/* Where the form comes from that is being expanded. */
struct source {
    const char *file;
    const char *own_file; /* of the positions that do not name another one */
    struct table
        *positions; /* of lists, by position_pack, or with a file: (file . position) */
    int line, column;
    value macro;             /* the name of the macro that made the form, or FALSE */
    struct library *loading; /* the library that is being instantiated, or NULL */
};

extern _Thread_local struct source source;

/* From here on nodes and errors belong to this form's place in the source. */
void locate(value form);
/* Gives a form that was made from another the place where that one is. */
void locate_like(value form, value like);
/* Raises an error there. */
_Noreturn void fail_syntax(const char *what, value form);
/* The length of the form, which must be a proper list of at least `least` items and, unless `most` is
 * MANY, of at most that. */
intptr_t form_length(value form, int least, int most);
/* The data of a file, found from the directory of the file that names it. */
value read_included(value name, bool fold_case);
/* Opens a source file for reading; NULL: there is none. */
struct port *source_open(const char *file);
/* `name` in the directory of `file`. */
const char *path_beside(const char *file, const char *name);

/* ---- node.c ----------------------------------------------------------------------------- */

/* `first` heads the list of the node's parts. */
struct node *node_new(enum node_kind kind, struct node *first);
struct node *node_constant(value datum);
struct node *node_local(struct variable *variable, const struct scope *scope);
/* `first` heads the list of procedure and arguments. */
struct node *node_call(struct node *first);
/* A call of what the name means in the system. */
struct node *node_call_system(const char *name, struct node *arguments);
struct node *node_if(struct node *test, struct node *yes, struct node *no);
/* `kind` is one of those of let and letrec. */
struct node *node_let(enum node_kind kind, struct variable *variables, struct node *body);
struct node *node_global(struct meaning meaning);
struct node *node_set(value name, struct node *content, const struct scope *scope);
/* Names the procedure, if the node is a lambda expression without a name. */
struct node *node_named(struct node *node, value name);

struct variable *variable_new(value name, struct lambda *owner, struct node *init);
struct lambda *lambda_new(value name, struct lambda *outer);

/* ---- expand.c: forms --------------------------------------------------------------------- */

typedef struct node *(*expander)(value form, struct scope *scope);
/* Makes a form of another one. */
typedef value (*rewriter)(value form, struct scope *scope);

/* A special form: one of the two. */
struct special {
    struct object object;
    expander expand;
    rewriter rewrite;
};

void define_special(const char *name, expander expand);
void define_rewriter(const char *name, rewriter rewrite);

/* The special form or macro that the form is a use of, or FALSE. */
value keyword_of(value form, const struct scope *scope);
bool is_special(value keyword, expander expand);
/* Expands macros and rewritten forms until the form is none. */
value expand_macros(value form, struct scope *scope);
struct node *expand(value form, struct scope *scope);
/* One node for each form, linked. */
struct node *expand_list(value forms, struct scope *scope);
struct node *expand_sequence(value forms, struct scope *scope);
struct node *expand_begin(value form, struct scope *scope);
/* A form that is no expression, such as a definition. */
struct node *expand_misplaced(value form, struct scope *scope);

/* ---- body.c: lambda, definitions and bodies ------------------------------------------------ */

struct node *node_lambda(value name, value parameters, value body, struct scope *outer);
/* Makes parameters of the names, which may end with a rest parameter, and binds them. */
void add_parameters(struct scope *scope, value parameters);
/* A sequence that may begin with definitions. */
struct node *expand_body(value forms, struct scope *outer);
/* A letrec* over variables whose inits are these forms, around expand_rest(body). */
struct node *expand_letrec_star(struct variable *variables, value inits, value body,
                                struct scope *scope, expander expand_rest);
/* A letrec, likewise, around the body. */
struct node *expand_letrec(struct variable *variables, value inits, value body,
                           struct scope *scope);

/* ---- Special forms, by file ------------------------------------------------------------------- */

void define_basic(void);
void define_bodies(void);
void define_derived(void);
void define_rewritten(void);
void define_record_syntax(void);
void define_quasiquote(void);
void define_macros(void);
void define_libraries(void);
void define_features(void);
void define_environments(void);

/* ---- macro.c, syntax_rules.c ----------------------------------------------------------------- */

struct macro {
    struct object object;
    value name;
    value procedure;    /* of define-macro; NULL: syntax-rules */
    struct rule *rules; /* of syntax-rules */
    struct scope *scope;
};

value macro_expand(const struct macro *macro, value form, struct scope *scope);
struct node *expand_define_macro(value form, struct scope *scope);
struct node *expand_define_syntax(value form, struct scope *scope);

value syntax_rules_new(value name, value form, struct scope *scope);
value syntax_rules_expand(const struct macro *macro, value form, struct scope *scope);

/* ---- library.c -------------------------------------------------------------------------------- */

/* Carries out a form (import ...) at the top level of the environment. */
void import_sets(value form, struct environment *environment);
void library_declare(value form);
bool library_exists(value name);
/* Libraries are also looked for beside this file, the program. */
void library_program(const char *file);

/* ---- standard.c, feature.c ---------------------------------------------------------------------- */

/* What a standard library exports, a list of (name . global variable), or FALSE: there is no such. */
value standard_library(value name);
/* The forms of the first clause of cond-expand that holds. */
value cond_expand_forms(value form);

/* ---- toplevel.c ---------------------------------------------------------------------------------- */

/* Evaluates an expression at the top level while another form is being expanded. */
value evaluate_now(value form, struct environment *environment);
/* Evaluates the leading parts of the form; returns a procedure that evaluates the last one. */
value evaluate_lazily(value form, struct environment *environment);

/* ---- compile.c ------------------------------------------------------------------------------------ */

struct code *compile(struct lambda *lambda, const char *file);

#endif
