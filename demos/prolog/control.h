/* The instructions of machine.h for calls, choice points and cuts. */
#ifndef CONTROL_H
#define CONTROL_H

#include "instruction.h"

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

#endif
