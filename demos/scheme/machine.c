/* What the machine begins with: procedures of one instruction, to which frames return, and the
 * primitives that are instructions, too. */
#include "control.h"
#include "hold.h"
#include "number.h"

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

/* ---- The machines of all threads -------------------------------------------------- */

struct machine *_Atomic machines;

static pthread_mutex_t machines_lock = PTHREAD_MUTEX_INITIALIZER;

void vm_begin(size_t c_stack, size_t reserve)
{
    check_depth_init(c_stack);
    vm.reserve_bytes = reserve;
    vm.handlers = vm.parameters = vm.winders = NIL;
    integers_begin();
    rationals_begin();
    pthread_mutex_lock(&machines_lock);
    vm.next = machines;
    machines = &vm;
    pthread_mutex_unlock(&machines_lock);
}

static void unlink_machine(void)
{
    if (machines == &vm) {
        machines = vm.next;
        return;
    }
    struct machine *before = machines;
    while (before->next != &vm)
        before = before->next;
    before->next = vm.next;
}

void vm_end(void)
{
    pthread_mutex_lock(&machines_lock);
    unlink_machine();
    pthread_mutex_unlock(&machines_lock);
    rationals_end();
    integers_end();
}

/* ---- The first machine ------------------------------------------------------------- */

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
