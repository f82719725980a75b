/* The stack lies in memory of its own, of which only what is in use is a root: a callback names it to
 * the collector.  So no value that was popped keeps anything alive.  What run() has in local variables
 * is stored before anything is called that may allocate. */
#include "vm.h"

#include <gcalloc/gcalloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "code.h"
#include "compiler.h"
#include "machine.h"
#include "property.h"

enum {
    CALLS_MOST = 20000,
    STACK_VALUES = 1 << 20,
    TRACE_MOST = 64, /* lines of calls that an error shows */
};

struct vm vm;

/* ---- Errors ------------------------------------------------------------------------------------- */

static void trace(void)
{
    for (int i = vm.call_count - 1; i >= 0 && i >= vm.call_count - TRACE_MOST; i--) {
        const struct function *f = vm.calls[i].closure->function;
        fprintf(stderr, "[line %d] in ", f->lines[vm.calls[i].ip - f->code - 1]);
        if (f->name)
            fprintf(stderr, "%s()\n", f->name->text);
        else
            fputs("script\n", stderr);
    }
}

value vm_error(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    trace();
    return UNDEFINED;
}

/* ---- Calls ---------------------------------------------------------------------------------------- */

bool call_closure(const struct closure *c, int count)
{
    const struct function *f = c->function;
    if (count != f->arity)
        return vm_error("Expected %d arguments but got %d.", f->arity, count);
    value *slots = vm.top - count - 1;
    if (vm.call_count == CALLS_MOST || slots + f->height + 1 >= vm.limit)
        return vm_error("Stack overflow.");
    vm.calls[vm.call_count++] = (struct call){c, f->code, slots};
    return true;
}

static bool call_class(struct class *c, int count)
{
    vm.top[-count - 1] = object_value(instance_new(c));
    if (c->initializer)
        return call_closure(c->initializer, count);
    return count == 0 || vm_error("Expected 0 arguments but got %d.", count);
}

static bool call_native(const struct native *n, int count)
{
    if (count != n->arity)
        return vm_error("Expected %d arguments but got %d.", n->arity, count);
    value result = n->function(count, vm.top - count);
    vm.top -= count + 1;
    *vm.top++ = result;
    return result != UNDEFINED;
}

bool call_value(value callee, int count)
{
    if (is_type(callee, CLOSURE))
        return call_closure((struct closure *)as_object(callee), count);
    if (is_type(callee, CLASS))
        return call_class((struct class *)as_object(callee), count);
    if (is_type(callee, BOUND_METHOD)) {
        const struct bound_method *b = (struct bound_method *)as_object(callee);
        vm.top[-count - 1] = b->receiver;
        return call_closure(b->method, count);
    }
    if (is_type(callee, NATIVE))
        return call_native((struct native *)as_object(callee), count);
    return vm_error("Can only call functions and classes.");
}

/* ---- Upvalues --------------------------------------------------------------------------------------- */

static struct upvalue *capture(value *place)
{
    struct upvalue **link = &vm.open;
    while (*link && (*link)->place > place)
        link = &(*link)->next;
    if (!*link || (*link)->place != place)
        *link = upvalue_new(place, *link);
    return *link;
}

/* Those from `lowest` up move from the stack into their objects. */
static void close_upvalues(const value *lowest)
{
    while (vm.open && vm.open->place >= lowest) {
        struct upvalue *u = vm.open;
        u->closed = *u->place;
        u->place = &u->closed;
        vm.open = u->next;
        u->next = NULL;
    }
}

/* Reads the operands behind the constant; returns where the next instruction is. */
static const uint8_t *make_closure(const struct call *c, struct function *f,
                                   const uint8_t *ip)
{
    struct closure *made = closure_new(f);
    *vm.top++ = object_value(made);
    for (int i = 0; i < f->upvalue_count; i++, ip += 2)
        made->upvalues[i] =
            ip[0] ? capture(c->slots + ip[1]) : c->closure->upvalues[ip[1]];
    return ip;
}

/* ---- Operators ---------------------------------------------------------------------------------------- */

static bool add_objects(void)
{
    if (!is_type(vm.top[-1], STRING) || !is_type(vm.top[-2], STRING))
        return vm_error("Operands must be two numbers or two strings.");
    const struct string *a = (struct string *)as_object(vm.top[-2]);
    const struct string *b = (struct string *)as_object(vm.top[-1]);
    vm.top[-2] = object_value(string_concatenate(a, b));
    vm.top--;
    return true;
}

static bool define_global(value constant)
{
    ((struct global *)as_object(constant))->value = *--vm.top;
    return true;
}

/* ---- The loop ------------------------------------------------------------------------------------------ */

#define READ_BYTE() (*ip++)
#define READ_TWO() (ip += 2, (uint16_t)(ip[-2] << 8 | ip[-1]))
#define READ_CONSTANT() (constants[READ_BYTE()])
#define READ_STRING() ((struct string *)as_object(READ_CONSTANT()))
#define READ_CACHE() (&c->closure->function->caches[READ_TWO()])
#define STORE() (vm.top = top, c->ip = ip)
#define LOAD() (top = vm.top)
/* Something that may allocate, or report an error with a trace. */
#define DO(action)                       \
    do {                                 \
        STORE();                         \
        if (!(action))                   \
            return RESULT_RUNTIME_ERROR; \
        LOAD();                          \
    } while (0)
/* Something after which another call may be on top. */
#define ENTER(action)                                \
    do {                                             \
        DO(action);                                  \
        c = &vm.calls[vm.call_count - 1];            \
        ip = c->ip;                                  \
        slots = c->slots;                            \
        constants = c->closure->function->constants; \
    } while (0)
#define NUMBERS(result)                                        \
    do {                                                       \
        if (!is_number(top[-1]) || !is_number(top[-2]))        \
            DO(vm_error("Operands must be numbers."));         \
        double a = as_number(top[-2]), b = as_number(top[-1]); \
        *--top = UNDEFINED;                                    \
        top[-1] = (result);                                    \
    } while (0)

/* The field that a place in the code knows, if it is one of this value's. */
static inline value *known_field(const struct cache *cache, value v)
{
    if (!is_type(v, INSTANCE))
        return NULL;
    struct instance *i = (struct instance *)as_object(v);
    bool known = i->class == cache->class && !cache->method && cache->slot < i->capacity;
    return known ? &i->fields[cache->slot] : NULL;
}

static inline const struct closure *known_method(const struct cache *cache, value v)
{
    if (!is_type(v, INSTANCE))
        return NULL;
    const struct class *class = ((struct instance *)as_object(v))->class;
    return class == cache->class && class->version == cache->version ? cache->method
                                                                     : NULL;
}

static enum result run(void)
{
    struct call *c = &vm.calls[vm.call_count - 1];
    const uint8_t *ip = c->ip;
    value *top = vm.top, *slots = c->slots;
    const value *constants = c->closure->function->constants;
    for (;;) {
        switch ((enum instruction)READ_BYTE()) {
        case OP_CONSTANT:
            *top++ = READ_CONSTANT();
            break;
        case OP_NIL:
            *top++ = NIL;
            break;
        case OP_TRUE:
            *top++ = TRUE;
            break;
        case OP_FALSE:
            *top++ = FALSE;
            break;
        case OP_POP:
            top--;
            break;
        case OP_GET_LOCAL:
            *top++ = slots[READ_BYTE()];
            break;
        case OP_SET_LOCAL:
            slots[READ_BYTE()] = top[-1];
            break;
        case OP_GET_GLOBAL: {
            const struct global *g = (struct global *)as_object(READ_CONSTANT());
            if (g->value == UNDEFINED)
                DO(vm_error("Undefined variable '%s'.", g->name->text));
            *top++ = g->value;
            break;
        }
        case OP_DEFINE_GLOBAL:
            DO(define_global(READ_CONSTANT()));
            break;
        case OP_SET_GLOBAL: {
            struct global *g = (struct global *)as_object(READ_CONSTANT());
            if (g->value == UNDEFINED)
                DO(vm_error("Undefined variable '%s'.", g->name->text));
            g->value = top[-1];
            break;
        }
        case OP_GET_UPVALUE:
            *top++ = *c->closure->upvalues[READ_BYTE()]->place;
            break;
        case OP_SET_UPVALUE:
            *c->closure->upvalues[READ_BYTE()]->place = top[-1];
            break;
        case OP_GET_PROPERTY: {
            struct string *name = READ_STRING();
            struct cache *cache = READ_CACHE();
            const value *field = known_field(cache, top[-1]);
            if (field && *field != UNDEFINED)
                top[-1] = *field;
            else
                DO(get_property(name, cache));
            break;
        }
        case OP_SET_PROPERTY: {
            struct string *name = READ_STRING();
            struct cache *cache = READ_CACHE();
            value *field = known_field(cache, top[-2]);
            if (field) {
                *field = top[-2] = top[-1];
                top--;
            } else {
                DO(set_property(name, cache));
            }
            break;
        }
        case OP_GET_SUPER: {
            struct string *name = READ_STRING();
            DO(get_super(name));
            break;
        }
        case OP_EQUAL:
            top--;
            top[-1] = bool_value(values_equal(top[-1], top[0]));
            break;
        case OP_NOT_EQUAL:
            top--;
            top[-1] = bool_value(!values_equal(top[-1], top[0]));
            break;
        case OP_GREATER:
            NUMBERS(bool_value(a > b));
            break;
        case OP_GREATER_EQUAL:
            NUMBERS(bool_value(a >= b));
            break;
        case OP_LESS:
            NUMBERS(bool_value(a < b));
            break;
        case OP_LESS_EQUAL:
            NUMBERS(bool_value(a <= b));
            break;
        case OP_ADD:
            if (is_number(top[-1]) && is_number(top[-2]))
                NUMBERS(number_value(a + b));
            else
                DO(add_objects());
            break;
        case OP_SUBTRACT:
            NUMBERS(number_value(a - b));
            break;
        case OP_MULTIPLY:
            NUMBERS(number_value(a * b));
            break;
        case OP_DIVIDE:
            NUMBERS(number_value(a / b));
            break;
        case OP_NOT:
            top[-1] = bool_value(is_falsey(top[-1]));
            break;
        case OP_NEGATE:
            if (!is_number(top[-1]))
                DO(vm_error("Operand must be a number."));
            top[-1] = number_value(-as_number(top[-1]));
            break;
        case OP_PRINT:
            print_value(*--top);
            putchar('\n');
            break;
        case OP_JUMP: {
            uint16_t distance = READ_TWO();
            ip += distance;
            break;
        }
        case OP_JUMP_IF_FALSE: {
            uint16_t distance = READ_TWO();
            ip += is_falsey(top[-1]) ? distance : 0;
            break;
        }
        case OP_POP_JUMP_IF_FALSE: {
            uint16_t distance = READ_TWO();
            ip += is_falsey(*--top) ? distance : 0;
            break;
        }
        case OP_LOOP: {
            uint16_t distance = READ_TWO();
            ip -= distance;
            break;
        }
        case OP_CALL: {
            int count = READ_BYTE();
            ENTER(call_value(top[-count - 1], count));
            break;
        }
        case OP_INVOKE: {
            struct string *name = READ_STRING();
            int count = READ_BYTE();
            struct cache *cache = READ_CACHE();
            const struct closure *method = known_method(cache, top[-count - 1]);
            ENTER(method ? call_closure(method, count) : invoke(name, count, cache));
            break;
        }
        case OP_INVOKE_SUPER: {
            struct string *name = READ_STRING();
            int count = READ_BYTE();
            ENTER(invoke_super(name, count));
            break;
        }
        case OP_CLOSURE: {
            struct function *f = (struct function *)as_object(READ_CONSTANT());
            STORE();
            ip = make_closure(c, f, ip);
            LOAD();
            break;
        }
        case OP_CLOSE_UPVALUE:
            close_upvalues(--top);
            break;
        case OP_RETURN: {
            value result = *--top;
            if (vm.open)
                close_upvalues(slots);
            top = slots;
            if (--vm.call_count == 0)
                return vm.top = top, RESULT_OK;
            *top++ = result;
            c = &vm.calls[vm.call_count - 1];
            ip = c->ip;
            slots = c->slots;
            constants = c->closure->function->constants;
            break;
        }
        case OP_CLASS: {
            struct string *name = READ_STRING();
            STORE();
            *top++ = object_value(class_new(name));
            break;
        }
        case OP_INHERIT:
            DO(inherit());
            break;
        case OP_METHOD: {
            struct string *name = READ_STRING();
            STORE();
            add_method(name);
            LOAD();
            break;
        }
        case INSTRUCTION_COUNT:
            abort();
        }
    }
}

/* ---- Beginning and end ------------------------------------------------------------------------------- */

enum result vm_interpret(const char *source)
{
    struct function *f = compile(source);
    if (!f)
        return RESULT_COMPILE_ERROR;
    vm.top = vm.stack;
    vm.call_count = 0;
    vm.open = NULL;
    const struct closure *script = closure_new(f);
    *vm.top++ = object_value(script);
    return call_closure(script, 0) ? run() : RESULT_RUNTIME_ERROR;
}

static value native_clock(int count, const value *arguments)
{
    (void)count, (void)arguments;
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
    gc_mark_range(vm.calls, vm.calls + vm.call_count);
}

bool vm_begin(void)
{
    vm.stack = malloc(STACK_VALUES * sizeof(value));
    vm.calls = malloc(CALLS_MOST * sizeof(struct call));
    if (!vm.stack || !vm.calls || gc_root_callback_add(mark_stack, NULL) != 0)
        return false;
    vm.top = vm.stack;
    vm.limit = vm.stack + STACK_VALUES;
    define_native("clock", native_clock, 0);
    return true;
}
