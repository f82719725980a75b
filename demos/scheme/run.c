/* Entering the machine from C and leaving it: runs, errors that are raised in them, and the
 * activations that they consist of. */
#include "control.h"
#include "hold.h"
#include "thread.h"

#include <stdatomic.h>
#include <string.h>

/* ---- Runs ------------------------------------------------------------------------ */

/* Puts frames onto the one that raised the error: one that waits for the handler, which must not
 * return, and the handler's. */
static value call_handler(void)
{
    value raised = vm.raised, handler = car(vm.handlers);
    value *waiting = vm.now.top + FRAME_HEADER;
    frame_header(waiting, vm.now.closure, vm.now.pc, vm.now.fp);
    waiting[0] = raised;
    value *fp = waiting + 1 + FRAME_HEADER;
    frame_header(fp, handler_returned, handler_returned->code->ops, waiting);
    fp[0] = raised;
    vm.handlers = cdr(vm.handlers);
    vm.now.fp = fp;
    vm.now.top = fp + 1;
    return handler;
}

/* Errors in the machine, and continuations that leave runs nested in this one, come back here. */
static value run_from(struct run *run, value procedure, int argc)
{
    switch (setjmp(run->escape)) {
    case 0:
        return vm_run(procedure, argc);
    case ESCAPE_RAISED:
        return vm_run(call_handler(), 1);
    default:
        return vm_run(symbol_of(symbol("%reinstate"))->global, 2);
    }
}

value vm_apply(value procedure, int argc, const value *args)
{
    struct run run = {.outer = vm.run, .interrupted = vm.now, .holds = vm.holds};
    struct hold *outer = vm.run ? vm.run->holds : NULL;
    check_depth();
    if (vm.run)
        run.serial = ++vm.serials;
    stack_begin((size_t)argc);
    if (argc)
        memcpy(vm.now.fp, args, (size_t)argc * sizeof *args);
    vm.run = &run;
    stack_release();
    front_end_pause(outer);
    value result = run_from(&run, procedure, argc);
    stack_hold(run.interrupted.base, run.interrupted.top);
    vm.run = run.outer;
    activation_set(&run.interrupted);
    stack_release();
    front_end_resume(outer);
    return result;
}

void run_throw(size_t serial, value k, value list)
{
    struct activation now = vm.now;
    struct run *run = vm.run;
    for (; run && run->serial != serial; run = run->outer)
        now = run->interrupted;
    if (!run)
        fail("the continuation belongs to a macro expansion or the like that has ended");
    hold_end_to(run->holds);
    vm.run = run;
    activation_set(&now);
    vm.now.fp = stack_bottom();
    vm.now.fp[0] = k;
    vm.now.fp[1] = list;
    vm.now.top = vm.now.fp + 2;
    longjmp(run->escape, ESCAPE_THROWN);
}

void vm_reset(void)
{
    activation_set(&(struct activation){0});
    vm.run = NULL;
    vm.handlers = vm.parameters = vm.winders = NIL;
    vm.overdrawn = vm.interrupted = vm.reporting = false;
    stack_reserve();
}

void vm_interrupt(struct machine *machine)
{
    machine->interrupted = true;
    atomic_thread_fence(memory_order_seq_cst);
    machine->now.limit = NULL;
    if (machine->thread)
        thread_wake(machine->thread);
}

/* ---- Activations ----------------------------------------------------------------- */

static void frame_enter(struct frame *frame, const struct activation *activation)
{
    frame->closure = activation->closure;
    frame->pc = activation->pc;
    frame->fp = activation->fp;
    frame->low = activation->base + FRAME_HEADER;
    frame->below = activation->rest;
}

bool frame_first(struct frame *frame)
{
    frame->run = vm.run;
    if (vm.run)
        frame_enter(frame, &vm.now);
    return vm.run != NULL;
}

bool frame_next(struct frame *frame)
{
    if (frame->fp == frame->low && frame->below.segment) {
        const struct link link = frame->below;
        frame->fp = link.segment->words + link.used;
        frame->low = link.segment->words;
        frame->below = link.segment->below;
    }
    if (frame->fp == frame->low) {
        const struct run *run = frame->run;
        frame->run = run->outer;
        if (frame->run)
            frame_enter(frame, &run->interrupted);
        return frame->run != NULL;
    }
    frame->closure = closure_of(frame->fp[-3]);
    frame->pc = (const int32_t *)frame->fp[-2];
    frame->fp = frame_caller(frame->fp);
    return true;
}
