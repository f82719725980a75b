/* The instructions of the machine: a byte each, with operands behind it.  (Nystrom, Crafting
 * Interpreters, chapters 14 to 29, has those that are no fusions.) */
#ifndef LOX_CODE_H
#define LOX_CODE_H

/* Operators, X(name, effect) for each of the five places that its two operands may come from: the stack,
 * or the right one from a local variable or a constant, or the left one from a local variable, too. */
#define OPERATOR_FORMS(X, name, effect) \
    X(name, effect)                     \
    X(name##_LOCAL, effect + 1)         \
    X(name##_CONSTANT, effect + 1)      \
    X(name##_LOCALS, effect + 2)        \
    X(name##_LOCAL_CONSTANT, effect + 2)

/* Comparisons come with and without a jump where they are not true. */
#define COMPARISONS(X, SUFFIX, effect)               \
    OPERATOR_FORMS(X, EQUAL##SUFFIX, effect)         \
    OPERATOR_FORMS(X, NOT_EQUAL##SUFFIX, effect)     \
    OPERATOR_FORMS(X, GREATER##SUFFIX, effect)       \
    OPERATOR_FORMS(X, GREATER_EQUAL##SUFFIX, effect) \
    OPERATOR_FORMS(X, LESS##SUFFIX, effect)          \
    OPERATOR_FORMS(X, LESS_EQUAL##SUFFIX, effect)

/* X(name, effect): by how many the stack is higher afterwards.  Operands, in this order: k a constant, n a
 * number of arguments, s a slot, c a cache (16 bits), d a distance to jump (16 bits). */
#define INSTRUCTIONS(X)                                                                \
    X(CONSTANT, 1) /* k */                                                             \
    X(NIL, 1)                                                                          \
    X(TRUE, 1)                                                                         \
    X(FALSE, 1)                                                                        \
    X(POP, -1)                                                                         \
    X(GET_LOCAL, 1)          /* s */                                                   \
    X(GET_LOCALS, 2)         /* s s */                                                 \
    X(GET_LOCAL_CONSTANT, 2) /* s k */                                                 \
    X(SET_LOCAL, 0)          /* s */                                                   \
    X(SET_LOCAL_POP, -1)     /* s */                                                   \
    X(GET_GLOBAL, 1)         /* k: the struct global */                                \
    X(DEFINE_GLOBAL, -1)     /* k */                                                   \
    X(SET_GLOBAL, 0)         /* k */                                                   \
    X(SET_GLOBAL_POP, -1)    /* k */                                                   \
    X(GET_UPVALUE, 1)        /* s */                                                   \
    X(SET_UPVALUE, 0)        /* s */                                                   \
    X(GET_PROPERTY, 0)       /* k c */                                                 \
    X(GET_LOCAL_PROPERTY, 1) /* s k c */                                               \
    X(SET_PROPERTY, -1)      /* k c */                                                 \
    X(SET_PROPERTY_POP, -2)  /* k c */                                                 \
    X(GET_SUPER, -1)         /* k */                                                   \
    OPERATOR_FORMS(X, ADD, -1)                                                         \
    OPERATOR_FORMS(X, SUBTRACT, -1)                                                    \
    OPERATOR_FORMS(X, MULTIPLY, -1)                                                    \
    OPERATOR_FORMS(X, DIVIDE, -1)                                                      \
    COMPARISONS(X, , -1)                                                               \
    COMPARISONS(X, _OR_JUMP, -2) /* the operands, then d */                            \
    X(IS_NIL, 0)                                                                       \
    X(IS_NOT_NIL, 0)                                                                   \
    X(IS_NIL_OR_JUMP, -1)     /* d */                                                  \
    X(IS_NOT_NIL_OR_JUMP, -1) /* d */                                                  \
    X(NOT, 0)                                                                          \
    X(NEGATE, 0)                                                                       \
    X(PRINT, -1)                                                                       \
    X(ECHO, -1)              /* prints it unless it is nil, on a line of its own */    \
    X(JUMP, 0)               /* d */                                                   \
    X(JUMP_IF_FALSE, 0)      /* d: the condition stays */                              \
    X(JUMP_IF_TRUE, 0)       /* d: the condition stays */                              \
    X(POP_JUMP_IF_FALSE, -1) /* d */                                                   \
    X(LOOP, 0)               /* d: back */                                             \
    X(CALL, 0)               /* n: less n */                                           \
    X(INVOKE, 0)             /* k n c: less n */                                       \
    X(INVOKE_SUPER, -1)      /* k n c: less n */                                       \
    X(CLOSURE, 1) /* k, then for each upvalue: whether it is a local of the function \
                               around, and its slot */ \
    X(CLOSE_UPVALUE, -1)                                                               \
    X(RETURN, -1)                                                                      \
    X(CLASS, 1) /* k: its name */                                                      \
    X(INHERIT, -1)                                                                     \
    X(METHOD, -1) /* k: its name */

#define INSTRUCTION_NAME(name, effect) OP_##name,
enum instruction { INSTRUCTIONS(INSTRUCTION_NAME) INSTRUCTION_COUNT };
#undef INSTRUCTION_NAME

#endif
