/* The instructions of machine.h: each is a function over the registers, which returns false where the machine is to
 * backtrack. */
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

static const word retry_code[] = {OP_RETRY};
static const word catch_fail_code[] = {OP_TRUST, OP_FAIL};
static const word soft_cut_code[] = {OP_TRUST, OP_FAIL};
static const word catch_exit_code[] = {ENVIRONMENT_HEAD + 1, OP_CATCH_EXIT};

/* What a catch/3 that is under way keeps in its choice point. */
enum { CATCH_GOAL, CATCHER, CATCH_RECOVERY, CATCH_EXITED, CATCH_COUNT };

static _Noreturn void interrupt(void)
{
    vm.interrupted = 0;
    throw_term(atom(atoms.interrupt));
}

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

/* ---- Calls ---- */

INLINE bool run_ALLOCATE(struct registers *r)
{
    word *new = later(r->e + r->cp[-1], vm.choice->top);
    if (new + r->pc[0] > vm.top_limit)
        resource_error("environments");
    new[0] = (word)r->e;
    new[1] = (word)r->cp;
    r->e = new;
    vm.top = r->e + r->pc[0];
    r->pc++;
    return true;
}

INLINE bool run_DEALLOCATE(struct registers *r)
{
    vm.top = r->e;
    r->cp = (const word *)r->e[1];
    r->e = (word *)r->e[0];
    return true;
}

INLINE bool run_PROCEED(struct registers *r)
{
    r->pc = r->cp;
    return true;
}

INLINE bool run_call(struct registers *r, struct predicate *p)
{
    struct scan scan;
    if (__builtin_expect(vm.interrupted, 0))
        interrupt();
    if (p->first == p->end) {
        if (p->builtin && p->builtin(vm.x))
            return run_PROCEED(r);
        if (p->builtin)
            return false;
        r->b0 = vm.choice;
        r->pc = p->instruction;
        if (!r->pc) {
            check_defined(p);
            return false;
        }
        return true;
    }
    scan_begin(&scan, p, p->functor->arity ? key_of(vm.x[0]) : 0);
    const struct entry *entry = scan.entry;
    if (!entry)
        return false;
    scan_next(&scan);
    r->b0 = vm.choice;
    if (scan.entry)
        choice_push(retry_code, r->e, r->cp, r->e + r->cp[-1], p->functor->arity)->scan =
            scan;
    r->pc = entry->clause->code ? entry->clause->code : compile(entry->clause);
    return true;
}

INLINE bool run_CALL(struct registers *r)
{
    struct predicate *p = (struct predicate *)r->pc[0];
    r->cp = r->pc + 2;
    return run_call(r, p);
}

INLINE bool run_EXECUTE(struct registers *r)
{
    return run_call(r, (struct predicate *)r->pc[0]);
}

INLINE bool run_RETRY(struct registers *r)
{
    struct choice *c = vm.choice;
    const struct entry *entry = c->scan.entry;
    memcpy(vm.x, c->arguments, c->count * sizeof(term));
    r->b0 = c->previous;
    scan_next(&c->scan);
    if (!c->scan.entry)
        choice_pop();
    r->pc = entry->clause->code ? entry->clause->code : compile(entry->clause);
    return true;
}

INLINE bool run_BUILTIN(struct registers *r)
{
    struct predicate *p = (struct predicate *)r->pc[0];
    if (!p->builtin(vm.x))
        return false;
    r->pc++;
    return true;
}

INLINE bool run_META_CALL(struct registers *r)
{
    return run_call(r, prepare_call(r->pc[0]));
}

INLINE bool run_CATCH(struct registers *r)
{
    vm.x[CATCH_EXITED] = variable();
    word *new = later(r->e + r->cp[-1], vm.choice->top);
    if (new + ENVIRONMENT_HEAD + 1 > vm.top_limit)
        resource_error("environments");
    struct choice *c =
        choice_push(catch_fail_code, r->e, r->cp, r->e + r->cp[-1], CATCH_COUNT);
    new[0] = (word)r->e;
    new[1] = (word)r->cp;
    new[ENVIRONMENT_HEAD] = level_of(c);
    r->e = new;
    vm.top = r->e + ENVIRONMENT_HEAD + 1;
    r->cp = catch_exit_code + 1;
    return run_call(r, prepare_call(1));
}

INLINE bool run_CATCH_EXIT(struct registers *r)
{
    struct choice *c = choice_at(r->e[ENVIRONMENT_HEAD]);
    if (vm.choice == c)
        choice_pop();
    else
        bind(deref(c->arguments[CATCH_EXITED]), atom(atoms.yes));
    vm.top = r->e;
    r->cp = (const word *)r->e[1];
    r->e = (word *)r->e[0];
    return run_PROCEED(r);
}

/* ---- Control ---- */

INLINE bool run_TRUST(struct registers *r)
{
    (void)r;
    choice_pop();
    return true;
}

INLINE bool run_NECK_CUT(struct registers *r)
{
    cut_to(r->b0);
    return true;
}

INLINE bool run_GET_LEVEL(struct registers *r)
{
    REGISTER(r->pc[0]) = level_of(r->b0);
    r->pc++;
    return true;
}

INLINE bool run_SAVE_CHOICE(struct registers *r)
{
    REGISTER(r->pc[0]) = level_of(vm.choice);
    r->pc++;
    return true;
}

INLINE bool run_CUT(struct registers *r)
{
    cut_to(choice_at(REGISTER(r->pc[0])));
    r->pc++;
    return true;
}

INLINE bool run_CUT_CHOICE(struct registers *r)
{
    cut_to(choice_at(REGISTER(r->pc[0]))->previous);
    r->pc++;
    return true;
}

INLINE bool run_SOFT_CUT(struct registers *r)
{
    choice_at(REGISTER(r->pc[0]))->alternative = soft_cut_code;
    r->pc++;
    return true;
}

INLINE bool run_TRY_ELSE(struct registers *r)
{
    choice_push(r->pc + (intptr_t)r->pc[0], r->e, r->cp, r->e + r->pc[1], 0);
    r->pc += 2;
    return true;
}

INLINE bool run_FAIL(struct registers *r)
{
    (void)r;
    return false;
}

INLINE bool run_JUMP(struct registers *r)
{
    r->pc += (intptr_t)r->pc[0];
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
