/* The abstract machine: its instructions, stacks and registers. */
#ifndef MACHINE_H
#define MACHINE_H

#include "database.h"

/* A register r is x[r], or, negative, a place in the environment.  A label is where the code
 * goes on if a test fails; 0: backtrack. */
#define INSTRUCTIONS(X)                                                         \
    X(MOVE)           /* from, to */                                            \
    X(GET_VALUE)      /* r, r: unifies */                                       \
    X(GET_CONSTANT)   /* term, r */                                             \
    X(GET_TERM)       /* ground term, r */                                      \
    X(GET_LIST)       /* r */                                                   \
    X(GET_STRUCTURE)  /* functor, r */                                          \
    X(UNIFY_VARIABLE) /* r */                                                   \
    X(UNIFY_VALUE)    /* r */                                                   \
    X(UNIFY_CONSTANT) /* term */                                                \
    X(UNIFY_TERM)     /* ground term */                                         \
    X(UNIFY_VOID)                                                               \
    X(PUT_VARIABLE)  /* r */                                                    \
    X(PUT_CONSTANT)  /* term, r */                                              \
    X(PUT_LIST)      /* r */                                                    \
    X(PUT_STRUCTURE) /* functor, r */                                           \
    X(ALLOCATE)      /* size */                                                 \
    X(DEALLOCATE)                                                               \
    X(CALL)    /* predicate, how much of the environment is still needed */     \
    X(EXECUTE) /* predicate */                                                  \
    X(PROCEED)                                                                  \
    X(BUILTIN) /* predicate */                                                  \
    X(NECK_CUT)                                                                 \
    X(GET_LEVEL)   /* r: what cutting to it leaves */                           \
    X(SAVE_CHOICE) /* r */                                                      \
    X(CUT)         /* r */                                                      \
    X(CUT_CHOICE)  /* r: that choice point, too */                              \
    X(SOFT_CUT)    /* r */                                                      \
    X(TRY_ELSE)    /* label, how much of the environment is needed */           \
    X(TRUST)                                                                    \
    X(JUMP) /* label */                                                         \
    X(FAIL)                                                                     \
    X(ADD) /* operand, operand, r */                                            \
    X(SUBTRACT)                                                                 \
    X(MULTIPLY)                                                                 \
    X(ARITHMETIC) /* evaluator, operand, operand, r */                          \
    X(VALUE)      /* operand, r: of an expression that is known when it runs */ \
    X(LESS)       /* operand, operand, label */                                 \
    X(NOT_GREATER)                                                              \
    X(SAME_NUMBER)                                                              \
    X(OTHER_NUMBER)                                                             \
    X(IDENTICAL)                                                                \
    X(DIFFERENT)                                                                \
    X(TEST)      /* enum test, operand, label */                                \
    X(RETRY)     /* goes on with the next clause of a choice point */           \
    X(META_CALL) /* call/N */                                                   \
    X(CATCH)     /* catch/3 */                                                  \
    X(CATCH_EXIT)

#define INSTRUCTION_NAME(name) OP_##name,
/* OP_STOP ends the loop; its operand says whether the goal succeeded. */
enum { INSTRUCTIONS(INSTRUCTION_NAME) OP_STOP };

enum test {
    TEST_VAR,
    TEST_NONVAR,
    TEST_ATOM,
    TEST_INTEGER,
    TEST_FLOAT,
    TEST_NUMBER,
    TEST_ATOMIC,
    TEST_COMPOUND,
    TEST_CALLABLE
};

enum { REGISTERS = 1024, ENVIRONMENT_HEAD = 2 };

/* An operand of arithmetic and tests is a constant, or a register, shifted. */
static inline word register_operand(int r)
{
    return (word)((intptr_t)r << 3);
}

struct trail_entry {
    term *cell;
    term content; /* that it had */
};

struct choice {
    struct choice *previous;
    const word *alternative;
    word *environment;
    const word *continuation;
    struct trail_entry *trail;
    word stamp;       /* variables with a smaller one are older */
    word *top;        /* of the environments that it needs */
    struct scan scan; /* from the clause on that is to be tried next */
    size_t count;
    term arguments[];
};

extern struct machine {
    term x[REGISTERS];
    struct choice *choice;
    struct trail_entry *trail;
    word fresh;            /* the content of a new variable */
    word barrier;          /* the newest choice point's stamp: what is older is trailed */
    word *top, *top_limit; /* environments lie below */
    volatile int interrupted;
    term ball;
} vm;

void trail(term *cell, term content);

static inline term *new_cell(void)
{
    term *cell = check_memory(gc_alloc_inline(sizeof *cell));
    *cell = vm.fresh;
    return cell;
}

static inline void bind(term reference, term value)
{
    term *cell = (term *)reference;
    if (*cell < vm.barrier)
        trail(cell, *cell);
    *cell = value;
}

void undo_to(struct trail_entry *mark);

static inline word *later(word *a, word *b)
{
    return a > b ? a : b;
}

/* It keeps the first `count` registers, and the environments below `top`. */
struct choice *choice_push(const word *alternative, word *environment,
                           const word *continuation, word *top, size_t count);

static inline void choice_pop(void)
{
    vm.choice = vm.choice->previous;
    vm.barrier = vm.choice->stamp;
}

/* Removes the choice points above `to`, and of the trail what no older one needs. */
void cut_to(struct choice *to);
/* A choice point as it is kept in an environment. */
word level_of(const struct choice *c);
struct choice *choice_at(word level);

void stacks_init(void);
/* Leaves one choice point, and returns it: where a goal goes on that fails, or succeeds. */
struct choice *stacks_reset(const word *failure, const word *success);

/* Puts the goal of call/N, and its further arguments, into the registers. */
struct predicate *prepare_call(size_t count);
/* Throws unless a predicate without clauses may be called. */
void check_defined(const struct predicate *p);
bool test(enum test kind, term t);

void machine_init(void);
/* Whether the goal succeeded; throws nothing. */
bool run(term goal);

#endif
