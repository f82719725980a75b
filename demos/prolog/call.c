/* Goals that are terms: call/N, predicates without clauses, and tests of types. */
#include "machine.h"

#include <string.h>

static bool is_control(const struct functor *f)
{
    const struct atom *n = f->name;
    return (f->arity == 2 && (n == atoms.comma || n == atoms.semicolon ||
                              n == atoms.arrow || n == atoms.soft_arrow)) ||
           (f->arity == 1 && n == atoms.not ) || (f->arity == 0 && n == atoms.cut);
}

/* Control constructs are compiled as the body of a clause with their variables as arguments. */
static struct predicate *compile_goal(term goal)
{
    size_t count;
    struct predicate *p = allocate(sizeof *p);
    term *variables = list_items(variables_of(goal), &count);
    if (count > ARITY_MAX)
        resource_error("variables_of_goal");
    struct clause *clause = clause_new(structure(atoms.call, count, variables), goal);
    memcpy(vm.x, variables, count * sizeof(term));
    p->functor = functor_of(atoms.call, count);
    p->instruction = compile(clause);
    return p;
}

struct predicate *prepare_call(size_t count)
{
    term goal = want_callable(vm.x[0]);
    struct functor *f = functor_of_term(goal);
    if (f->arity + count - 1 > ARITY_MAX)
        representation_error("max_arity");
    memmove(vm.x + f->arity, vm.x + 1, (count - 1) * sizeof(term));
    for (size_t i = 0; i < f->arity; i++)
        vm.x[i] = argument(goal, i);
    if (count > 1) {
        f = functor_of(f->name, f->arity + count - 1);
        if (is_control(f))
            goal = structure(f->name, f->arity, vm.x);
    }
    return is_control(f) ? compile_goal(goal) : predicate_of(f);
}

static _Noreturn void undefined(const struct predicate *p)
{
    term indicator[] = {atom(p->functor->name), integer((int64_t)p->functor->arity)};
    existence_error("procedure", structure(atoms.slash, 2, indicator));
}

void check_defined(const struct predicate *p)
{
    if (p->defined || flags.unknown == atoms.fail)
        return;
    if (flags.unknown == atoms.error)
        undefined(p);
    fflush(stdout);
    fprintf(stderr, "warning: unknown procedure %s/%zu\n", p->functor->name->text,
            p->functor->arity);
}

bool test(enum test kind, term t)
{
    switch (kind) {
    case TEST_VAR:
        return tag_of(t) == REFERENCE;
    case TEST_NONVAR:
        return tag_of(t) != REFERENCE;
    case TEST_ATOM:
        return tag_of(t) == ATOM;
    case TEST_INTEGER:
        return is_integer(t);
    case TEST_FLOAT:
        return is_box(t, FLOAT);
    case TEST_NUMBER:
        return is_number(t);
    case TEST_ATOMIC:
        return tag_of(t) != REFERENCE && !is_compound(t);
    case TEST_COMPOUND:
        return is_compound(t);
    default:
        return is_callable(t);
    }
}
