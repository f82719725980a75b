/* The abstract machine: a WAM whose terms are objects of the collected heap. */
#include "machine.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

struct machine vm;

static jmp_buf handler;

/* ---- Errors ------------------------------------------------------------------------ */

static const word call_code[] = {OP_META_CALL, 1};
static const word success_code[] = {ENVIRONMENT_HEAD, OP_STOP, true};
static const word failure_code[] = {OP_STOP, false};
static const word retry_code[] = {OP_RETRY};
static const word catch_fail_code[] = {OP_TRUST, OP_FAIL};
static const word soft_cut_code[] = {OP_TRUST, OP_FAIL};
static const word catch_exit_code[] = {ENVIRONMENT_HEAD + 1, OP_CATCH_EXIT};

/* What a catch/3 that is under way keeps in its choice point. */
enum { CATCH_GOAL, CATCHER, CATCH_RECOVERY, CATCH_EXITED, CATCH_COUNT };

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

static const word *interrupt(void)
{
    vm.interrupted = 0;
    throw_term(atom(atoms.interrupt));
}

/* ---- The instruction loop ---------------------------------------------------------- */

#define INSTRUCTION_LABEL(name) &&do_##name,
#define NEXT goto *labels[*pc++]
#define REGISTER(r) (*((intptr_t)(r) >= 0 ? &vm.x[r] : &e[-(intptr_t)(r)]))
#define OPERAND(w) ((w)&7 ? (w) : deref(REGISTER((intptr_t)(w) >> 3)))

/* Goes on behind an instruction of `length` words whose last one is a label. */
#define BRANCH_UNLESS(condition, length)                 \
    do {                                                 \
        if (condition)                                   \
            pc += (length);                              \
        else if (pc[(length)-1])                         \
            pc += (length)-1 + (intptr_t)pc[(length)-1]; \
        else                                             \
            goto fail;                                   \
        NEXT;                                            \
    } while (0)

#define COMPARE(relation)                                 \
    a = OPERAND(pc[0]);                                   \
    b = OPERAND(pc[1]);                                   \
    if (tag_of(a) == INTEGER && tag_of(b) == INTEGER)     \
        BRANCH_UNLESS((int64_t)a relation(int64_t) b, 3); \
    BRANCH_UNLESS(number_compare(evaluate(a), evaluate(b)) relation 0, 3)

/* `small` sets n to the result of two small integers, and is true if that overflows. */
#define COMPUTE(name, small)                                             \
    a = OPERAND(pc[0]);                                                  \
    b = OPERAND(pc[1]);                                                  \
    if (tag_of(a) == INTEGER && tag_of(b) == INTEGER && !(small))        \
        REGISTER(pc[2]) = (term)n;                                       \
    else                                                                 \
        REGISTER(pc[2]) = evaluator_of_##name(evaluate(a), evaluate(b)); \
    pc += 3;                                                             \
    NEXT

#define UNIFY_OR_FAIL(one, other) \
    do {                          \
        if (!unify(one, other))   \
            goto fail;            \
    } while (0)

static evaluator *evaluator_of_add, *evaluator_of_subtract, *evaluator_of_multiply;

static bool execute(const word *pc, word *e, const word *cp)
{
    static const void *const labels[] = {INSTRUCTIONS(INSTRUCTION_LABEL)};
    struct choice *b0 = vm.choice, *c;
    struct predicate *p;
    const struct entry *entry;
    struct scan scan;
    term *s = NULL, a, b;
    bool writing = false;
    int64_t n;
    NEXT;

    /* ---- Clause heads, and terms that are built ---- */

do_MOVE:
    a = REGISTER(pc[0]);
    REGISTER(pc[1]) = deref(a);
    pc += 2;
    NEXT;
do_GET_VALUE:
    UNIFY_OR_FAIL(REGISTER(pc[0]), REGISTER(pc[1]));
    pc += 2;
    NEXT;
do_GET_CONSTANT:
    a = deref(REGISTER(pc[1]));
    if (a != pc[0]) {
        if (tag_of(a) != REFERENCE)
            goto fail;
        bind(a, pc[0]);
    }
    pc += 2;
    NEXT;
do_GET_TERM:
    UNIFY_OR_FAIL(REGISTER(pc[1]), pc[0]);
    pc += 2;
    NEXT;
do_GET_LIST:
    a = deref(REGISTER(pc[0]));
    pc += 1;
    if (tag_of(a) == LIST) {
        writing = false;
        s = address(a);
        NEXT;
    }
    if (tag_of(a) != REFERENCE)
        goto fail;
    s = check_memory(gc_alloc_inline(2 * sizeof(term)));
    bind(a, tagged(s, LIST));
    writing = true;
    NEXT;
do_GET_STRUCTURE:
    a = deref(REGISTER(pc[1]));
    writing = tag_of(a) == REFERENCE;
    if (writing) {
        b = structure_new((struct functor *)pc[0]);
        bind(a, b);
        a = b;
    } else if (tag_of(a) != STRUCTURE || (word)functor_at(a) != pc[0]) {
        goto fail;
    }
    s = arguments(a);
    pc += 2;
    NEXT;
do_UNIFY_VARIABLE:
    if (writing) {
        *s = vm.fresh;
        REGISTER(pc[0]) = (term)s;
    } else {
        a = *s;
        REGISTER(pc[0]) = tag_of(a) == UNBOUND ? (term)s : a;
    }
    s++;
    pc++;
    NEXT;
do_UNIFY_VALUE:
    a = deref(REGISTER(pc[0]));
    if (writing)
        *s = a;
    else
        UNIFY_OR_FAIL(a, (term)s);
    s++;
    pc++;
    NEXT;
do_UNIFY_CONSTANT:
    if (writing) {
        *s = pc[0];
    } else {
        a = deref((term)s);
        if (tag_of(a) == REFERENCE)
            bind(a, pc[0]);
        else if (a != pc[0])
            goto fail;
    }
    s++;
    pc++;
    NEXT;
do_UNIFY_TERM:
    if (writing)
        *s = pc[0];
    else
        UNIFY_OR_FAIL((term)s, pc[0]);
    s++;
    pc++;
    NEXT;
do_UNIFY_VOID:
    if (writing)
        *s = vm.fresh;
    s++;
    NEXT;
do_PUT_VARIABLE:
    REGISTER(pc[0]) = (term)new_cell();
    pc++;
    NEXT;
do_PUT_CONSTANT:
    REGISTER(pc[1]) = pc[0];
    pc += 2;
    NEXT;
do_PUT_LIST:
    s = check_memory(gc_alloc_inline(2 * sizeof(term)));
    REGISTER(pc[0]) = tagged(s, LIST);
    writing = true;
    pc++;
    NEXT;
do_PUT_STRUCTURE:
    a = structure_new((struct functor *)pc[0]);
    REGISTER(pc[1]) = a;
    s = arguments(a);
    writing = true;
    pc += 2;
    NEXT;

    /* ---- Calls ---- */

do_ALLOCATE : {
    word *new = later(e + cp[-1], vm.choice->top);
    if (new + pc[0] > vm.top_limit)
        resource_error("environments");
    new[0] = (word)e;
    new[1] = (word)cp;
    e = new;
    vm.top = e + pc[0];
    pc++;
    NEXT;
}
do_DEALLOCATE:
    vm.top = e;
    cp = (const word *)e[1];
    e = (word *)e[0];
    NEXT;
do_CALL:
    p = (struct predicate *)pc[0];
    cp = pc + 2;
    goto call;
do_EXECUTE:
    p = (struct predicate *)pc[0];
call:
    if (__builtin_expect(vm.interrupted, 0))
        interrupt();
    if (p->first == p->end) {
        if (p->builtin && p->builtin(vm.x))
            goto do_PROCEED;
        if (p->builtin)
            goto fail;
        b0 = vm.choice;
        pc = p->instruction;
        if (!pc) {
            check_defined(p);
            goto fail;
        }
        NEXT;
    }
    scan_begin(&scan, p, p->functor->arity ? key_of(vm.x[0]) : 0);
    entry = scan.entry;
    if (!entry)
        goto fail;
    scan_next(&scan);
    b0 = vm.choice;
    if (scan.entry)
        choice_push(retry_code, e, cp, e + cp[-1], p->functor->arity)->scan = scan;
    pc = entry->clause->code ? entry->clause->code : compile(entry->clause);
    NEXT;
do_RETRY:
    c = vm.choice;
    entry = c->scan.entry;
    memcpy(vm.x, c->arguments, c->count * sizeof(term));
    b0 = c->previous;
    scan_next(&c->scan);
    if (!c->scan.entry)
        choice_pop();
    pc = entry->clause->code ? entry->clause->code : compile(entry->clause);
    NEXT;
do_PROCEED:
    pc = cp;
    NEXT;
do_BUILTIN:
    p = (struct predicate *)pc[0];
    if (!p->builtin(vm.x))
        goto fail;
    pc++;
    NEXT;
do_META_CALL:
    p = prepare_call(pc[0]);
    goto call;
do_CATCH : {
    vm.x[CATCH_EXITED] = variable();
    word *new = later(e + cp[-1], vm.choice->top);
    if (new + ENVIRONMENT_HEAD + 1 > vm.top_limit)
        resource_error("environments");
    c = choice_push(catch_fail_code, e, cp, e + cp[-1], CATCH_COUNT);
    new[0] = (word)e;
    new[1] = (word)cp;
    new[ENVIRONMENT_HEAD] = level_of(c);
    e = new;
    vm.top = e + ENVIRONMENT_HEAD + 1;
    cp = catch_exit_code + 1;
    p = prepare_call(1);
    goto call;
}
do_CATCH_EXIT:
    c = choice_at(e[ENVIRONMENT_HEAD]);
    if (vm.choice == c)
        choice_pop();
    else
        bind(deref(c->arguments[CATCH_EXITED]), atom(atoms.yes));
    vm.top = e;
    cp = (const word *)e[1];
    e = (word *)e[0];
    goto do_PROCEED;

    /* ---- Control ---- */

do_TRUST:
    choice_pop();
    NEXT;
do_NECK_CUT:
    cut_to(b0);
    NEXT;
do_GET_LEVEL:
    REGISTER(pc[0]) = level_of(b0);
    pc++;
    NEXT;
do_SAVE_CHOICE:
    REGISTER(pc[0]) = level_of(vm.choice);
    pc++;
    NEXT;
do_CUT:
    cut_to(choice_at(REGISTER(pc[0])));
    pc++;
    NEXT;
do_CUT_CHOICE:
    cut_to(choice_at(REGISTER(pc[0]))->previous);
    pc++;
    NEXT;
do_SOFT_CUT:
    choice_at(REGISTER(pc[0]))->alternative = soft_cut_code;
    pc++;
    NEXT;
do_TRY_ELSE:
    choice_push(pc + (intptr_t)pc[0], e, cp, e + pc[1], 0);
    pc += 2;
    NEXT;
do_JUMP:
    pc += (intptr_t)pc[0];
    NEXT;
do_FAIL:
fail:
    c = vm.choice;
    undo_to(c->trail);
    vm.top = c->top;
    e = c->environment;
    cp = c->continuation;
    pc = c->alternative;
    NEXT;
do_STOP:
    return pc[0];

    /* ---- Arithmetic and tests ---- */

do_ADD:
    COMPUTE(add, __builtin_add_overflow((int64_t)a, (int64_t)(b - INTEGER), &n));
do_SUBTRACT:
    COMPUTE(subtract, __builtin_sub_overflow((int64_t)a, (int64_t)(b - INTEGER), &n));
do_MULTIPLY:
    COMPUTE(multiply, __builtin_mul_overflow((int64_t)(a - INTEGER), integer_of(b), &n) ||
                          (n += INTEGER, false));
do_ARITHMETIC:
    a = evaluate(OPERAND(pc[1]));
    b = pc[2] ? evaluate(OPERAND(pc[2])) : 0;
    REGISTER(pc[3]) = ((evaluator *)pc[0])(a, b);
    pc += 4;
    NEXT;
do_VALUE:
    a = OPERAND(pc[0]);
    REGISTER(pc[1]) = tag_of(a) == INTEGER ? a : evaluate(a);
    pc += 2;
    NEXT;
do_LESS:
    COMPARE(<);
do_NOT_GREATER:
    COMPARE(<=);
do_SAME_NUMBER:
    COMPARE(==);
do_OTHER_NUMBER:
    COMPARE(!=);
do_IDENTICAL:
    a = OPERAND(pc[0]);
    b = OPERAND(pc[1]);
    BRANCH_UNLESS(a == b || compare(a, b) == 0, 3);
do_DIFFERENT:
    a = OPERAND(pc[0]);
    b = OPERAND(pc[1]);
    BRANCH_UNLESS(a != b && compare(a, b) != 0, 3);
do_TEST:
    a = OPERAND(pc[1]);
    BRANCH_UNLESS(test((enum test)pc[0], a), 3);
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
        vm.x[0] = catcher->arguments[CATCH_RECOVERY];
        vm.top = catcher->top;
        choice_pop();
    }
    bool succeeded = execute(call_code, catcher->environment, catcher->continuation);
    running = false;
    return succeeded;
}
