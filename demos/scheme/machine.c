/* What the machine begins with: procedures of one instruction, to which frames return, and the
 * primitives that are instructions, too. */
#include "control.h"

#include <string.h>

struct closure *halt, *underflow, *receive, *restore, *handler_returned;

#define INTEGRATED_ENTRY(opcode, primitive, arguments) \
    [OP_##opcode] = {primitive, arguments, NULL},

struct integrated integrated[OPCODE_COUNT] = {INTEGRATED(INTEGRATED_ENTRY)};

struct closure *closure_new(struct code *code, int count)
{
    size_t size = sizeof(struct closure) + (size_t)count * sizeof(value);
    struct closure *closure = allocate_object(size, TYPE_CLOSURE);
    closure->code = code;
    return closure;
}

struct closure *closure_over(value name, int required, const int32_t *ops, int op_count,
                             int count)
{
    struct code *code = allocate(sizeof *code);
    size_t size = (size_t)op_count * sizeof *ops;
    code->name = name;
    code->nameless = true;
    code->required = required;
    code->frame_size = required + 2;
    code->ops = memcpy(allocate_atomic(size), ops, size);
    return closure_new(code, count);
}

static struct closure *instruction(enum opcode opcode)
{
    const int32_t op = (int32_t)opcode;
    return closure_over(FALSE, 2, &op, 1, 0);
}

void vm_init(void)
{
    halt = instruction(OP_HALT);
    underflow = instruction(OP_UNDERFLOW);
    receive = instruction(OP_RECEIVE);
    restore = instruction(OP_RESTORE);
    handler_returned = instruction(OP_HANDLER_RETURNED);
    stack_init();
    vm_reset();
    for (int i = 0; i < OPCODE_COUNT; i++) {
        if (integrated[i].name) {
            integrated[i].primitive =
                (struct primitive *)symbol_of(symbol(integrated[i].name))->global;
            integrated[i].primitive->opcode = i;
        }
    }
}
