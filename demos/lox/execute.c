/* The table of instructions, and those that move values and go elsewhere in the code. */
#include <stdio.h>

#include "instruction.h"

#define DECLARE(name, effect) instruction_function execute_##name;
INSTRUCTIONS(DECLARE)
#undef DECLARE

#define ENTRY(name, effect) execute_##name,
instruction_function *const instructions[INSTRUCTION_COUNT] = {INSTRUCTIONS(ENTRY)};
#undef ENTRY

void execute(void)
{
    const struct call *call = vm.call;
    instructions[*call->ip](call->ip, vm.top, call->slots, call->constants, vm.call);
}

/* ---- Values ---- */

#define PUSH(name, what, length) \
    INSTRUCTION(name)            \
    {                            \
        *top++ = (what);         \
        NEXT(length);            \
    }

PUSH(CONSTANT, constants[ip[1]], 2)
PUSH(NIL, NIL, 1)
PUSH(TRUE, TRUE, 1)
PUSH(FALSE, FALSE, 1)
PUSH(GET_LOCAL, slots[ip[1]], 2)
PUSH(GET_UPVALUE, *call->closure->upvalues[ip[1]]->place, 2)

INSTRUCTION(POP)
{
    top--;
    NEXT(1);
}

INSTRUCTION(GET_LOCALS)
{
    top[0] = slots[ip[1]];
    top[1] = slots[ip[2]];
    top += 2;
    NEXT(3);
}

INSTRUCTION(GET_LOCAL_CONSTANT)
{
    top[0] = slots[ip[1]];
    top[1] = constants[ip[2]];
    top += 2;
    NEXT(3);
}

INSTRUCTION(SET_LOCAL)
{
    slots[ip[1]] = top[-1];
    NEXT(2);
}

INSTRUCTION(SET_LOCAL_POP)
{
    slots[ip[1]] = *--top;
    NEXT(2);
}

INSTRUCTION(SET_UPVALUE)
{
    *call->closure->upvalues[ip[1]]->place = top[-1];
    NEXT(2);
}

/* ---- Global variables ---- */

#define GLOBAL_AT(place) ((struct global *)as_object(constants[ip[place]]))

static _Noreturn void undefined(const struct global *g)
{
    vm_error("Undefined variable '%s'.", g->name->text);
}

INSTRUCTION(GET_GLOBAL)
{
    const struct global *g = GLOBAL_AT(1);
    if (g->value == UNDEFINED)
        LEAVE(2, undefined(g));
    *top++ = g->value;
    NEXT(2);
}

INSTRUCTION(DEFINE_GLOBAL)
{
    GLOBAL_AT(1)->value = *--top;
    NEXT(2);
}

INSTRUCTION(SET_GLOBAL)
{
    struct global *g = GLOBAL_AT(1);
    if (g->value == UNDEFINED)
        LEAVE(2, undefined(g));
    g->value = top[-1];
    NEXT(2);
}

INSTRUCTION(SET_GLOBAL_POP)
{
    struct global *g = GLOBAL_AT(1);
    if (g->value == UNDEFINED)
        LEAVE(2, undefined(g));
    g->value = *--top;
    NEXT(2);
}

/* ---- Output ---- */

static void print_line(value v)
{
    print_value(v);
    putchar('\n');
}

INSTRUCTION(PRINT)
{
    LEAVE(1, print_line(*--vm.top));
}

INSTRUCTION(ECHO)
{
    top--;
    if (*top == NIL)
        NEXT(1);
    LEAVE(1, print_line(*vm.top));
}

/* ---- Jumps ---- */

INSTRUCTION(JUMP)
{
    NEXT(3 + operand_two(ip + 1));
}

INSTRUCTION(JUMP_IF_FALSE)
{
    if (is_falsey(top[-1]))
        NEXT(3 + operand_two(ip + 1));
    NEXT(3);
}

INSTRUCTION(JUMP_IF_TRUE)
{
    if (!is_falsey(top[-1]))
        NEXT(3 + operand_two(ip + 1));
    NEXT(3);
}

INSTRUCTION(POP_JUMP_IF_FALSE)
{
    top--;
    if (is_falsey(*top))
        NEXT(3 + operand_two(ip + 1));
    NEXT(3);
}

INSTRUCTION(LOOP)
{
    if (top >= vm.limit)
        LEAVE(3, vm_no_room());
    NEXT(3 - operand_two(ip + 1));
}
