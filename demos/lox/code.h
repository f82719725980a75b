/* The instructions of the machine: a byte each, with operands behind it.  (Nystrom, Crafting
 * Interpreters, chapters 14 to 29, has most of them.) */
#ifndef LOX_CODE_H
#define LOX_CODE_H

/* X(name, effect): by how many the stack is higher afterwards.  Operands: k a constant, n a number
 * of arguments, s a slot, c a cache (16 bits), d a distance to jump (16 bits). */
#define INSTRUCTIONS(X)                                                                \
    X(CONSTANT, 1) /* k */                                                             \
    X(NIL, 1)                                                                          \
    X(TRUE, 1)                                                                         \
    X(FALSE, 1)                                                                        \
    X(POP, -1)                                                                         \
    X(GET_LOCAL, 1)      /* s */                                                       \
    X(SET_LOCAL, 0)      /* s */                                                       \
    X(GET_GLOBAL, 1)     /* k: the struct global */                                    \
    X(DEFINE_GLOBAL, -1) /* k */                                                       \
    X(SET_GLOBAL, 0)     /* k */                                                       \
    X(GET_UPVALUE, 1)    /* s */                                                       \
    X(SET_UPVALUE, 0)    /* s */                                                       \
    X(GET_PROPERTY, 0)   /* k c */                                                     \
    X(SET_PROPERTY, -1)  /* k c */                                                     \
    X(GET_SUPER, -1)     /* k */                                                       \
    X(EQUAL, -1)                                                                       \
    X(NOT_EQUAL, -1)                                                                   \
    X(GREATER, -1)                                                                     \
    X(GREATER_EQUAL, -1)                                                               \
    X(LESS, -1)                                                                        \
    X(LESS_EQUAL, -1)                                                                  \
    X(ADD, -1)                                                                         \
    X(SUBTRACT, -1)                                                                    \
    X(MULTIPLY, -1)                                                                    \
    X(DIVIDE, -1)                                                                      \
    X(NOT, 0)                                                                          \
    X(NEGATE, 0)                                                                       \
    X(PRINT, -1)                                                                       \
    X(JUMP, 0)               /* d */                                                   \
    X(JUMP_IF_FALSE, 0)      /* d: the condition stays */                              \
    X(POP_JUMP_IF_FALSE, -1) /* d */                                                   \
    X(LOOP, 0)               /* d: back */                                             \
    X(CALL, 0)               /* n: less n */                                           \
    X(INVOKE, 0)             /* k n c: less n */                                       \
    X(INVOKE_SUPER, -1)      /* k n: less n */                                         \
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
