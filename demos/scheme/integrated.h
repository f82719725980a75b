/* The instructions that do what a primitive does, for the usual types of the arguments; for others
 * they call the primitive. */
#ifndef INTEGRATED_H
#define INTEGRATED_H

#include "registers.h"

/* The instruction leaves it to the primitive. */
static value call_integrated(enum opcode opcode, value *args)
{
    const struct integrated *i = &integrated[opcode];
    vm.primitive = i->primitive;
    return i->primitive->call(i->arguments, args);
}

INLINE void integrated_slow(struct registers *r, enum opcode opcode, int arguments)
{
    save(r);
    replace(r, arguments, call_integrated(opcode, r->sp - arguments));
}

INLINE bool both_fixnums(const struct registers *r)
{
    return bits(r->sp[-1]) & bits(r->sp[-2]) & 1;
}

#define ARITHMETIC(name, overflows)                                   \
    INLINE void do_##name(struct registers *r)                        \
    {                                                                 \
        intptr_t a = (intptr_t)r->sp[-2], b = (intptr_t)r->sp[-1], n; \
        if (LIKELY(both_fixnums(r) && !(overflows)))                  \
            replace(r, 2, (value)n);                                  \
        else                                                          \
            integrated_slow(r, OP_##name, 2);                         \
    }

ARITHMETIC(ADD, __builtin_add_overflow(a, b - 1, &n))
ARITHMETIC(SUBTRACT, __builtin_sub_overflow(a, b - 1, &n))
ARITHMETIC(MULTIPLY,
           __builtin_mul_overflow(a - 1, b >> 1, &n) || __builtin_add_overflow(n, 1, &n))
/* A negative divisor is left to the primitive: FIXNUM_MIN / -1 is no fixnum. */
ARITHMETIC(QUOTIENT, b < 0 || b == 1 || (n = (intptr_t)fixnum((a >> 1) / (b >> 1)), 0))
ARITHMETIC(REMAINDER, b < 0 || b == 1 || (n = (intptr_t)fixnum((a >> 1) % (b >> 1)), 0))

#define COMPARE_FIXNUMS(name, relation)                                   \
    INLINE void do_##name(struct registers *r)                            \
    {                                                                     \
        if (LIKELY(both_fixnums(r)))                                      \
            test(r, 2, (intptr_t)r->sp[-2] relation(intptr_t) r->sp[-1]); \
        else                                                              \
            integrated_slow(r, OP_##name, 2);                             \
    }

COMPARE_FIXNUMS(EQUAL, ==)
COMPARE_FIXNUMS(LESS, <)
COMPARE_FIXNUMS(GREATER, >)
COMPARE_FIXNUMS(LESS_EQUAL, <=)
COMPARE_FIXNUMS(GREATER_EQUAL, >=)

/* Predicates that hold for no value that needs the primitive. */
#define PREDICATE(name, operands, condition)       \
    INLINE void do_##name(struct registers *r)     \
    {                                              \
        value a = r->sp[-operands], b = r->sp[-1]; \
        (void)a;                                   \
        test(r, operands, condition);              \
    }

PREDICATE(IS_NULL, 1, b == NIL)
PREDICATE(IS_PAIR, 1, is_pair(b))
PREDICATE(NOT, 1, b == FALSE)
PREDICATE(EQ, 2, a == b)
PREDICATE(EQV, 2, eqv(a, b))

INLINE void do_IS_ZERO(struct registers *r)
{
    if (LIKELY(is_fixnum(r->sp[-1])))
        test(r, 1, r->sp[-1] == fixnum(0));
    else
        integrated_slow(r, OP_IS_ZERO, 1);
}

INLINE void do_CHAR_EQUAL(struct registers *r)
{
    if (LIKELY(is_char(r->sp[-1]) && is_char(r->sp[-2])))
        test(r, 2, r->sp[-2] == r->sp[-1]);
    else
        integrated_slow(r, OP_CHAR_EQUAL, 2);
}

INLINE void do_CONS(struct registers *r)
{
    save(r);
    replace(r, 2, cons(r->sp[-2], r->sp[-1]));
}

INLINE void do_CAR(struct registers *r)
{
    if (LIKELY(is_pair(r->sp[-1])))
        r->sp[-1] = car(r->sp[-1]);
    else
        integrated_slow(r, OP_CAR, 1);
}

INLINE void do_CDR(struct registers *r)
{
    if (LIKELY(is_pair(r->sp[-1])))
        r->sp[-1] = cdr(r->sp[-1]);
    else
        integrated_slow(r, OP_CDR, 1);
}

INLINE bool is_index(value v, size_t length)
{
    return is_fixnum(v) && (size_t)fixnum_of(v) < length;
}

INLINE void do_STRING_REF(struct registers *r)
{
    value s = r->sp[-2], i = r->sp[-1];
    if (LIKELY(has_type(s, TYPE_STRING) && is_index(i, string_of(s)->length)))
        replace(r, 2, character(string_of(s)->chars[fixnum_of(i)]));
    else
        integrated_slow(r, OP_STRING_REF, 2);
}

INLINE void do_VECTOR_REF(struct registers *r)
{
    value v = r->sp[-2], i = r->sp[-1];
    if (LIKELY(has_type(v, TYPE_VECTOR) && is_index(i, vector_of(v)->length)))
        replace(r, 2, vector_of(v)->items[fixnum_of(i)]);
    else
        integrated_slow(r, OP_VECTOR_REF, 2);
}

INLINE void do_VECTOR_SET(struct registers *r)
{
    value v = r->sp[-3], i = r->sp[-2];
    if (LIKELY(has_type(v, TYPE_VECTOR) && is_index(i, vector_of(v)->length))) {
        vector_of(v)->items[fixnum_of(i)] = r->sp[-1];
        replace(r, 3, UNSPECIFIED);
    } else {
        integrated_slow(r, OP_VECTOR_SET, 3);
    }
}

#endif
