/* The machine's beginning, runs and errors.  Its stack lies in memory of its own, of which only what is in use
 * is a root: a callback names it to the collector.  So no value that was popped keeps anything alive.  What the
 * instructions have in registers is stored before anything is called that may allocate. */
#include "vm.h"

#include <gcalloc/gcalloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "compiler.h"
#include "machine.h"

enum {
    CALLS_MOST = 20000,
    STACK_VALUES = 1 << 20,
    TRACE_MOST = 64, /* lines of calls that an error shows */
    RESERVE = 256 << 10,
};

struct vm vm;

/* ---- Errors ---- */

static void trace(void)
{
    for (int i = 0; i < TRACE_MOST && vm.call - i >= vm.calls; i++) {
        const struct call *c = vm.call - i;
        const struct function *f = c->closure->function;
        fprintf(stderr, "[line %d] in ", f->lines[c->ip - f->code - 1]);
        if (f->name)
            fprintf(stderr, "%s()\n", f->name->text);
        else
            fputs("script\n", stderr);
    }
}

void vm_error(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    trace();
    longjmp(*vm.failed, 1);
}

void vm_no_room(void)
{
    vm_error(vm.limit ? "Stack overflow." : "Interrupted.");
}

void vm_interrupt(void)
{
    vm.limit = NULL;
}

/* What is given up when the heap is exhausted, so that the next input can be compiled, which may set a variable
 * to nil. */
static void *reserve;

static void fill_reserve(void)
{
    if (!reserve)
        reserve = gc_alloc_atomic(RESERVE);
}

void out_of_memory(void)
{
    gc_free(reserve);
    reserve = NULL;
    if (vm.failed)
        vm_error("Out of memory.");
    fputs("Out of memory.\n", stderr);
    exit(70);
}

/* ---- Runs ---- */

static void clear(void)
{
    vm.top = vm.stack;
    vm.call = vm.calls - 1;
    vm.open = NULL;
    vm.failed = NULL;
}

static enum result interpret(const char *source, bool echoes)
{
    struct function *f = compile(source, echoes);
    if (!f)
        return RESULT_COMPILE_ERROR;
    const struct closure *script = closure_new(f);
    *vm.top++ = object_value(script);
    call_closure(script, 0);
    execute();
    fill_reserve();
    return RESULT_OK;
}

enum result vm_interpret(const char *source, bool echoes)
{
    jmp_buf failed;
    vm.limit = vm.end;
    vm.failed = &failed;
    if (setjmp(failed))
        return clear(), RESULT_RUNTIME_ERROR;
    enum result result = interpret(source, echoes);
    return clear(), result;
}

/* ---- Beginning ---- */

static value native_clock(const value *arguments)
{
    (void)arguments;
    return number_value((double)clock() / CLOCKS_PER_SEC);
}

static void define_native(const char *name, native_function *function, int arity)
{
    struct global *g = global_find(string_copy(name, strlen(name)));
    g->value = object_value(native_new(function, arity));
}

/* What the collector asks for. */
static void mark_stack(void *data)
{
    (void)data;
    gc_mark_range(vm.stack, vm.top);
    gc_mark_range(vm.calls, vm.call + 1);
}

bool vm_begin(void)
{
    vm.stack = malloc(STACK_VALUES * sizeof(value));
    vm.calls = malloc(CALLS_MOST * sizeof(struct call));
    if (!vm.stack || !vm.calls || gc_root_callback_add(mark_stack, NULL) != 0)
        return false;
    vm.end = vm.stack + STACK_VALUES;
    vm.calls_end = vm.calls + CALLS_MOST;
    clear();
    fill_reserve();
    define_native("clock", native_clock, 0);
    return true;
}
