/* The tree between expander and compiler: names are resolved, derived forms are gone. */
#ifndef SYNTAX_H
#define SYNTAX_H

#include "scheme.h"

/* A local variable. */
struct variable {
    value name;
    struct lambda *owner;
    struct node *init; /* of let and letrec */
    struct variable *next;
    bool captured; /* an inner lambda refers to it */
    bool assigned; /* it changes, or is captured before it has its value; if captured as
                    * well, it lives in a box, since closures copy what they capture */
    bool changed;  /* by set!: it lives in a box, since continuations copy frames */
    int slot;      /* in the frame of its owner; the compiler's */
};

struct capture {
    struct variable *variable;
    struct capture *next;
};

struct lambda {
    value name;
    struct lambda *outer;
    struct variable *parameters;
    int required;
    bool rest;
    struct node *body;
    struct capture *captures; /* variables of outer lambdas */
    int capture_count;
};

/* What names mean at some place. */
struct scope {
    struct scope *outer;
    struct lambda *lambda;
    struct variable *variables;
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
    NODE_LET,        /* variable: the list of them; first: the body */
    NODE_LETREC,     /* as NODE_LET; the inits see the variables */
    NODE_LAMBDA,     /* lambda */
    NODE_CALL,       /* first: procedure, arguments */
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

/* ---- expand.c: nodes and names --------------------------------------------------- */

/* `first` heads the list of the node's parts. */
struct node *node_new(enum node_kind kind, struct node *first);
struct node *node_constant(value datum);
struct node *node_local(struct variable *variable, const struct scope *scope);
struct node *node_call(value procedure, struct node *arguments);
struct node *node_if(struct node *test, struct node *yes, struct node *no);
/* `kind` is NODE_LET or NODE_LETREC. */
struct node *node_let(enum node_kind kind, struct variable *variables, struct node *body);
struct node *node_lambda(value name, value parameters, value body, struct scope *outer);
/* Names the procedure, if the node is a lambda expression without a name. */
struct node *node_named(struct node *node, value name);

struct variable *variable_new(value name, struct lambda *owner, struct node *init);
struct lambda *lambda_new(value name, struct lambda *outer);
void add_parameters(struct lambda *lambda, value parameters);

/* The local variable of this name, or NULL. */
struct variable *scope_find(value name, const struct scope *scope);
/* Whether the form is this symbol, not shadowed by a variable. */
bool is_keyword(value form, const char *name, const struct scope *scope);
/* The name that syntax-rules made this one from, if it did; a datum with such names. */
value original_name(value name);
value original_datum(value datum);

/* ---- expand.c: forms ------------------------------------------------------------- */

typedef struct node *(*expander)(value form, struct scope *scope);

/* A special form. */
struct special {
    struct object object;
    expander expand;
};

void define_special(const char *name, expander expand);

struct node *expand(value form, struct scope *scope);
/* One node for each form, linked. */
struct node *expand_list(value forms, struct scope *scope);
struct node *expand_sequence(value forms, struct scope *scope);
/* A sequence that may begin with definitions. */
struct node *expand_body(value forms, struct scope *outer);
/* A letrec* over variables whose inits are these forms, around expand_rest(body). */
struct node *expand_letrec(struct variable *variables, value inits, value body,
                           struct scope *scope, expander expand_rest);

/* Evaluates an expression at the top level while another form is being expanded. */
value evaluate_now(value form);

/* From here on nodes and errors belong to this form's place in the source. */
void locate(value form);
/* Raises an error there. */
_Noreturn void fail_syntax(const char *what, value form);
/* The length of the form, which must be a proper list of at least `least` items. */
intptr_t form_length(value form, int least);

/* ---- macro.c --------------------------------------------------------------------- */

value macro_expand(const struct macro *macro, value form);
struct node *expand_define_macro(value form, struct scope *scope);
struct node *expand_define_syntax(value form, struct scope *scope);

/* ---- compile.c ------------------------------------------------------------------- */

struct code *compile(struct lambda *lambda, const char *file);

#endif
