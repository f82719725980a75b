/* The instructions of machine.h for terms and arithmetic: each is a function over the registers, which returns false
 * where the machine is to backtrack. */
#ifndef INSTRUCTION_H
#define INSTRUCTION_H

#include "machine.h"

#include <string.h>

#define INLINE static inline __attribute__((always_inline))

/* In registers of the processor, as all of this is one function when it is compiled. */
struct registers {
    const word *pc, *cp;
    word *e;
    struct choice *b0; /* what a cut of the clause leaves */
    term *s;           /* the next argument of the structure that is unified or built */
    bool writing;
};

#define REGISTER(number) \
    (*((intptr_t)(number) >= 0 ? &vm.x[number] : &r->e[-(intptr_t)(number)]))
#define OPERAND(w) ((w)&7 ? (w) : deref(REGISTER((intptr_t)(w) >> 3)))

/* Goes on behind an instruction of `length` words whose last one is a label. */
INLINE bool branch_unless(struct registers *r, bool condition, int length)
{
    intptr_t label = (intptr_t)r->pc[length - 1];
    if (!condition && label == 0)
        return false;
    r->pc += condition ? length : length - 1 + label;
    return true;
}

#define COMPARE(relation)                                           \
    term a = OPERAND(r->pc[0]), b = OPERAND(r->pc[1]);              \
    if (tag_of(a) == INTEGER && tag_of(b) == INTEGER)               \
        return branch_unless(r, (int64_t)a relation(int64_t) b, 3); \
    return branch_unless(r, number_compare(evaluate(a), evaluate(b)) relation 0, 3)

/* `small` sets n to the result of two small integers, and is true if that overflows. */
#define COMPUTE(name, small)                                                \
    int64_t n;                                                              \
    term a = OPERAND(r->pc[0]), b = OPERAND(r->pc[1]);                      \
    if (tag_of(a) == INTEGER && tag_of(b) == INTEGER && !(small))           \
        REGISTER(r->pc[2]) = (term)n;                                       \
    else                                                                    \
        REGISTER(r->pc[2]) = evaluator_of_##name(evaluate(a), evaluate(b)); \
    r->pc += 3;                                                             \
    return true

#define UNIFY_OR_FAIL(one, other) \
    do {                          \
        if (!unify(one, other))   \
            return false;         \
    } while (0)

static evaluator *evaluator_of_add, *evaluator_of_subtract, *evaluator_of_multiply;

/* ---- Clause heads, and terms that are built ---- */

INLINE bool run_MOVE(struct registers *r)
{
    term a = REGISTER(r->pc[0]);
    REGISTER(r->pc[1]) = deref(a);
    r->pc += 2;
    return true;
}

INLINE bool run_GET_VALUE(struct registers *r)
{
    UNIFY_OR_FAIL(REGISTER(r->pc[0]), REGISTER(r->pc[1]));
    r->pc += 2;
    return true;
}

INLINE bool run_GET_CONSTANT(struct registers *r)
{
    term a = deref(REGISTER(r->pc[1]));
    if (a != r->pc[0]) {
        if (tag_of(a) != REFERENCE)
            return false;
        bind(a, r->pc[0]);
    }
    r->pc += 2;
    return true;
}

INLINE bool run_GET_TERM(struct registers *r)
{
    UNIFY_OR_FAIL(REGISTER(r->pc[1]), r->pc[0]);
    r->pc += 2;
    return true;
}

INLINE bool run_GET_LIST(struct registers *r)
{
    term a = deref(REGISTER(r->pc[0]));
    r->pc += 1;
    if (tag_of(a) == LIST) {
        r->writing = false;
        r->s = address(a);
        return true;
    }
    if (tag_of(a) != REFERENCE)
        return false;
    r->s = check_memory(gc_alloc_inline(2 * sizeof(term)));
    bind(a, tagged(r->s, LIST));
    r->writing = true;
    return true;
}

INLINE bool run_GET_STRUCTURE(struct registers *r)
{
    term a = deref(REGISTER(r->pc[1]));
    r->writing = tag_of(a) == REFERENCE;
    if (r->writing) {
        term built = structure_new((struct functor *)r->pc[0]);
        bind(a, built);
        a = built;
    } else if (tag_of(a) != STRUCTURE || (word)functor_at(a) != r->pc[0]) {
        return false;
    }
    r->s = arguments(a);
    r->pc += 2;
    return true;
}

INLINE bool run_UNIFY_VARIABLE(struct registers *r)
{
    term a;
    if (r->writing) {
        *r->s = vm.fresh;
        REGISTER(r->pc[0]) = (term)r->s;
    } else {
        a = *r->s;
        REGISTER(r->pc[0]) = tag_of(a) == UNBOUND ? (term)r->s : a;
    }
    r->s++;
    r->pc++;
    return true;
}

INLINE bool run_UNIFY_VALUE(struct registers *r)
{
    term a = deref(REGISTER(r->pc[0]));
    if (r->writing)
        *r->s = a;
    else
        UNIFY_OR_FAIL(a, (term)r->s);
    r->s++;
    r->pc++;
    return true;
}

INLINE bool run_UNIFY_CONSTANT(struct registers *r)
{
    term a;
    if (r->writing) {
        *r->s = r->pc[0];
    } else {
        a = deref((term)r->s);
        if (tag_of(a) == REFERENCE)
            bind(a, r->pc[0]);
        else if (a != r->pc[0])
            return false;
    }
    r->s++;
    r->pc++;
    return true;
}

INLINE bool run_UNIFY_TERM(struct registers *r)
{
    if (r->writing)
        *r->s = r->pc[0];
    else
        UNIFY_OR_FAIL((term)r->s, r->pc[0]);
    r->s++;
    r->pc++;
    return true;
}

INLINE bool run_UNIFY_VOID(struct registers *r)
{
    if (r->writing)
        *r->s = vm.fresh;
    r->s++;
    return true;
}

INLINE bool run_PUT_VARIABLE(struct registers *r)
{
    REGISTER(r->pc[0]) = (term)new_cell();
    r->pc++;
    return true;
}

INLINE bool run_PUT_CONSTANT(struct registers *r)
{
    REGISTER(r->pc[1]) = r->pc[0];
    r->pc += 2;
    return true;
}

INLINE bool run_PUT_LIST(struct registers *r)
{
    r->s = check_memory(gc_alloc_inline(2 * sizeof(term)));
    REGISTER(r->pc[0]) = tagged(r->s, LIST);
    r->writing = true;
    r->pc++;
    return true;
}

INLINE bool run_PUT_STRUCTURE(struct registers *r)
{
    term a = structure_new((struct functor *)r->pc[0]);
    REGISTER(r->pc[1]) = a;
    r->s = arguments(a);
    r->writing = true;
    r->pc += 2;
    return true;
}

/* ---- Arithmetic and tests ---- */

INLINE bool run_ADD(struct registers *r)
{
    COMPUTE(add, __builtin_add_overflow((int64_t)a, (int64_t)(b - INTEGER), &n));
}

INLINE bool run_SUBTRACT(struct registers *r)
{
    COMPUTE(subtract, __builtin_sub_overflow((int64_t)a, (int64_t)(b - INTEGER), &n));
}

INLINE bool run_MULTIPLY(struct registers *r)
{
    COMPUTE(multiply, __builtin_mul_overflow((int64_t)(a - INTEGER), integer_of(b), &n) ||
                          (n += INTEGER, false));
}

INLINE bool run_ARITHMETIC(struct registers *r)
{
    term a = evaluate(OPERAND(r->pc[1])), b = r->pc[2] ? evaluate(OPERAND(r->pc[2])) : 0;
    REGISTER(r->pc[3]) = ((evaluator *)r->pc[0])(a, b);
    r->pc += 4;
    return true;
}

INLINE bool run_VALUE(struct registers *r)
{
    term a = OPERAND(r->pc[0]);
    REGISTER(r->pc[1]) = tag_of(a) == INTEGER ? a : evaluate(a);
    r->pc += 2;
    return true;
}

INLINE bool run_LESS(struct registers *r)
{
    COMPARE(<);
}

INLINE bool run_NOT_GREATER(struct registers *r)
{
    COMPARE(<=);
}

INLINE bool run_SAME_NUMBER(struct registers *r)
{
    COMPARE(==);
}

INLINE bool run_OTHER_NUMBER(struct registers *r)
{
    COMPARE(!=);
}

INLINE bool run_IDENTICAL(struct registers *r)
{
    term a = OPERAND(r->pc[0]), b = OPERAND(r->pc[1]);
    return branch_unless(r, a == b || compare(a, b) == 0, 3);
}

INLINE bool run_DIFFERENT(struct registers *r)
{
    term a = OPERAND(r->pc[0]), b = OPERAND(r->pc[1]);
    return branch_unless(r, a != b && compare(a, b) != 0, 3);
}

INLINE bool run_TEST(struct registers *r)
{
    term a = OPERAND(r->pc[1]);
    return branch_unless(r, test((enum test)r->pc[0], a), 3);
}

#endif
