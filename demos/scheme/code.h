/* The instructions of the evaluator, between compiler and evaluator.
 *
 * An instruction is an opcode and its operands, one int32_t each, in code->ops.  It works
 * on a stack of values; a frame on it is
 *
 *     fp[-3]  the caller's closure        fp[0] ...  arguments, then local variables
 *     fp[-2]  where the caller goes on               and temporary values
 *     fp[-1]  how many bytes below fp the caller's is
 *
 * A frame says nothing of where it is, so that it can be moved to the heap and back. */
#ifndef CODE_H
#define CODE_H

#include "machine.h"

#define FRAME_HEADER 3

/* Notation: stack before -> after; k: a number of a constant; n: a count; slot: an index
 * from fp; i: an index into the closure's captured values. */
#define INSTRUCTIONS(X)                                                                 \
    X(CONSTANT)         /* k: -> v */                                                   \
    X(LOCAL)            /* slot: -> v */                                                \
    X(LOCAL_BOX)        /* slot: -> v      the content of the box in the slot */        \
    X(CAPTURED)         /* i: -> v */                                                   \
    X(CAPTURED_BOX)     /* i: -> v */                                                   \
    X(GLOBAL)           /* k: -> v         k: the symbol */                             \
    X(SET_LOCAL)        /* slot: v -> */                                                \
    X(SET_LOCAL_BOX)    /* slot: v -> */                                                \
    X(SET_CAPTURED_BOX) /* i: v -> */                                                   \
    X(SET_GLOBAL)       /* k: v -> */                                                   \
    X(DEFINE)           /* k: v -> */                                                   \
    X(BOX)              /* v -> box */                                                  \
    X(BOX_LOCAL)        /* slot: ->        puts the slot's value into a box */          \
    X(POP)              /* v -> */                                                      \
    X(SLIDE)            /* n: n values, v -> v */                                       \
    X(JUMP)             /* distance: -> */                                              \
    X(JUMP_IF_FALSE)    /* distance: v -> */                                            \
    X(JUMP_IF_TRUE)     /* distance: v -> v if it jumps, v -> if not */                 \
    X(CLOSURE)          /* k n x...: -> v  x: slot to capture, or ~i to pass on */      \
    X(PATCH)            /* slot1 i slot2: -> lets the closure in slot1 capture slot2 */ \
    X(FRAME)            /* -> header       its contents come with the call */           \
    X(CALL)             /* n: header, n values, procedure -> v */                       \
    X(TAIL_CALL)        /* n: n values, procedure -> */                                 \
    X(CALL_GLOBAL)      /* k n: header, n values -> v */                                \
    X(TAIL_CALL_GLOBAL) /* k n: n values -> */                                          \
    X(RETURN)           /* v -> */                                                      \
    X(UNDERFLOW)        /* v ->            returns v to a frame on the heap */          \
    X(RECEIVE) /* v ->            tail call of slot 1 with v, or with several */        \
    X(RESTORE) /* v ->            returns v, with the handlers in slot 0 and the \
                         *                 parameters in slot 1 */      \
    X(HANDLER_RETURNED) /* v ->            raises an error: slot 0 was raised */        \
    X(PARAMETER)        /* -> v            of this parameter object */                  \
    X(RECORD_NEW)       /* n i...: -> v    field i gets what is in the next slot */     \
    X(RECORD_TEST)      /* -> v            whether slot 0 is of the type */             \
    X(RECORD_REF)       /* i: -> v         a field of the record in slot 0 */           \
    X(RECORD_SET)       /* i: ->           gives it what is in slot 1 */

/* Instructions that do what a primitive does, for the usual types of the arguments; for
 * others they call the primitive.  X(opcode, primitive, arguments) */
#define INTEGRATED(X)              \
    X(ADD, "+", 2)                 \
    X(SUBTRACT, "-", 2)            \
    X(MULTIPLY, "*", 2)            \
    X(EQUAL, "=", 2)               \
    X(LESS, "<", 2)                \
    X(GREATER, ">", 2)             \
    X(LESS_EQUAL, "<=", 2)         \
    X(GREATER_EQUAL, ">=", 2)      \
    X(IS_ZERO, "zero?", 1)         \
    X(QUOTIENT, "quotient", 2)     \
    X(REMAINDER, "remainder", 2)   \
    X(CONS, "cons", 2)             \
    X(CAR, "car", 1)               \
    X(CDR, "cdr", 1)               \
    X(IS_NULL, "null?", 1)         \
    X(IS_PAIR, "pair?", 1)         \
    X(NOT, "not", 1)               \
    X(EQ, "eq?", 2)                \
    X(EQV, "eqv?", 2)              \
    X(CHAR_EQUAL, "char=?", 2)     \
    X(STRING_REF, "string-ref", 2) \
    X(VECTOR_REF, "vector-ref", 2) \
    X(VECTOR_SET, "vector-set!", 3)

#define INSTRUCTION_OPCODE(name) OP_##name,
#define INTEGRATED_OPCODE(name, primitive, arguments) OP_##name,

enum opcode {
    OP_HALT, /* v ->  leaves the machine with v */
    INSTRUCTIONS(INSTRUCTION_OPCODE) INTEGRATED(INTEGRATED_OPCODE) OPCODE_COUNT
};

struct integrated {
    const char *name;
    int arguments;
    struct primitive *primitive;
};

/* By opcode; the name is NULL for those not integrated. */
extern struct integrated integrated[OPCODE_COUNT];

#endif
