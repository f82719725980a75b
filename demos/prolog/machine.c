/* The abstract machine: a WAM whose terms are objects of the collected heap. */
#include "control.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

struct machine vm;

static jmp_buf handler;

/* ---- Errors ------------------------------------------------------------------------ */

static const word call_code[] = {OP_META_CALL, 1};
static const word success_code[] = {ENVIRONMENT_HEAD, OP_STOP, true};
static const word failure_code[] = {OP_STOP, false};

static bool running;

static _Noreturn void throw_ball(term ball)
{
    vm.ball = ball;
    if (running)
        longjmp(handler, 1);
    fputs("gcprolog: while it started: ", stderr);
    write_term(standard_error, ball, QUOTED, 1200);
    fputc('\n', stderr);
    exit(EXIT_FAILURE);
}

_Noreturn void throw_term(term ball)
{
    throw_ball(copy(ball));
}

static term memory_ball;

_Noreturn void fail_memory(void)
{
    throw_ball(memory_ball);
}

/* The newest catch/3 whose catcher fits becomes the newest choice point; NULL: there is none. */
static struct choice *find_catcher(void)
{
    walks_reset();
    for (; vm.choice->previous; choice_pop()) {
        struct choice *c = vm.choice;
        if (c->alternative != catch_fail_code ||
            tag_of(deref(c->arguments[CATCH_EXITED])) != REFERENCE)
            continue;
        undo_to(c->trail);
        if (unify(c->arguments[CATCHER], vm.ball))
            return c;
        undo_to(c->trail);
    }
    return NULL;
}

/* ---- The instruction loop ---------------------------------------------------------- */

INLINE void backtrack(struct registers *r)
{
    const struct choice *c = vm.choice;
    undo_to(c->trail);
    vm.top = c->top;
    r->e = c->environment;
    r->cp = c->continuation;
    r->pc = c->alternative;
}

#define INSTRUCTION_LABEL(name) &&do_##name,
#define NEXT goto *labels[*registers.pc++]
#define RUN_INSTRUCTION(name)                                       \
    do_##name : if (!run_##name(&registers)) backtrack(&registers); \
    NEXT;

static bool execute(const word *pc, word *e, const word *cp)
{
    static const void *const labels[] = {INSTRUCTIONS(INSTRUCTION_LABEL) && do_STOP};
    struct registers registers = {.pc = pc, .cp = cp, .e = e, .b0 = vm.choice};
    NEXT;
    INSTRUCTIONS(RUN_INSTRUCTION)
do_STOP:
    return registers.pc[0];
}

/* ---- Starting ---------------------------------------------------------------------- */

static void instruction_define(const char *name, size_t arity, const word *code)
{
    struct predicate *p = predicate_of(functor_of(atom_of(name), arity));
    p->instruction = code;
    predicate_define(p);
    p->protected = true;
}

void machine_init(void)
{
    static const word catch_code[] = {OP_CATCH};
    static word call_codes[8][2];
    stacks_init();
    for (size_t i = 0; i < 8; i++) {
        call_codes[i][0] = OP_META_CALL;
        call_codes[i][1] = i + 1;
        instruction_define("call", i + 1, call_codes[i]);
    }
    instruction_define("catch", 3, catch_code);
    evaluator_of_add = evaluator_of(functor_of(atoms.plus, 2));
    evaluator_of_subtract = evaluator_of(functor_of(atoms.minus, 2));
    evaluator_of_multiply = evaluator_of(functor_of(atoms.star, 2));
    term resource =
        structure(atom_of("resource_error"), 1, (term[]){atom(atom_of("memory"))});
    memory_ball = structure(atoms.error, 2, (term[]){resource, atom(atom_of("heap"))});
}

bool run(term goal)
{
    const struct choice *base = stacks_reset(failure_code, success_code + 1);
    vm.x[0] = goal;
    running = true;
    const struct choice *volatile catcher = base;
    if (setjmp(handler)) {
        catcher = find_catcher();
        if (!catcher) {
            running = false;
            return false;
        }
        memset(vm.x, 0, sizeof vm.x); /* what only registers have is garbage now */
        vm.x[0] = catcher->arguments[CATCH_RECOVERY];
        vm.top = catcher->top;
        choice_pop();
    }
    bool succeeded = execute(call_code, catcher->environment, catcher->continuation);
    running = false;
    return succeeded;
}
