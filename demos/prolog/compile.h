/* The compiler's parts: looking at a clause (analyse.c), writing instructions for terms (emit.c) and for
 * goals (compile.c).
 *
 * A chunk is a part of a clause that ends with a call. Variables that occur in one chunk only
 * live in registers, the others in the environment, ordered by their last use, so that a
 * call needs no more of the environment than what is used after it. */
#ifndef COMPILE_H
#define COMPILE_H

#include "machine.h"

struct variable {
    int chunk;      /* where it occurs; NOWHERE */
    bool permanent; /* it occurs in several */
    bool seen;      /* it has a value by now */
    int place;      /* a register, or, negative, in the environment */
    int first_goal, last_goal;
    int occurrences;
    int here; /* in the goal that is being looked at */
};

enum { NOWHERE = -1, DEPTH_MAX = 5000 };

struct compiler {
    word *code;
    size_t length, capacity;
    struct variable *variables;
    size_t count,
        named;    /* of them, those that are not the compiler's own: choice points */
    size_t level; /* the choice point of the next control construct */
    int goal, chunk;
    int next_register, released[REGISTERS], released_count;
    int arity_max;
    bool environment, called; /* so far */
    int cut_target;           /* which variable a cut cuts to, or NOWHERE: to the neck */
    int depth;
};

enum kind {
    CONJUNCTION,
    DISJUNCTION,
    IF_THEN,
    SOFT_IF_THEN,
    NEGATION,
    CUT,
    TRUE,
    UNIFY,
    IS,
    COMPARISON,
    TYPE_TEST,
    BUILTIN_CALL,
    USER_CALL
};

struct inlined {
    const char *name;
    size_t arity;
    enum kind kind;
    int operation, swapped; /* instruction, and whether its operands are */
};

typedef void visitor(struct compiler *c, size_t variable);

/* What kind of goal it is. */
const struct inlined *inlined_goal(term goal);
bool is_control(enum kind kind);
/* Whether it binds nothing and calls nothing. */
bool is_test(term goal);
size_t arity_of_goal(term goal);
/* The parts of a control construct; an if-then-else has three. */
size_t parts_of(term goal, term parts[3]);
void each_variable(struct compiler *c, term t, visitor *visit);
/* Notes where the variables occur, and gives those of the environment their places. */
void look_at_clause(struct compiler *c, const struct clause *clause);
/* How much of the environment is needed for goals from `goal` on. */
int environment_needed(const struct compiler *c, int goal);
/* Throws where terms are nested too deeply for the compiler. */
void deeper(struct compiler *c);

void emit(struct compiler *c, word w);
void emit1(struct compiler *c, word op, word a);
void emit2(struct compiler *c, word op, word a, word b);
word reg(int place);
/* Labels are relative to where they are written; those that wait for their target are a chain. */
size_t emit_label(struct compiler *c, size_t chain);
void set_labels(struct compiler *c, size_t chain);
int register_new(struct compiler *c);
/* Where a chunk begins nothing is in registers. */
void registers_reset(struct compiler *c);
struct variable *variable_at(struct compiler *c, term t);
void emit_head(struct compiler *c, term head);
/* Unifies what a register has with a term. */
void emit_get(struct compiler *c, term t, int place);
/* Brings a term into a register. */
void emit_put(struct compiler *c, term t, int place);

#endif
