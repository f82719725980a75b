/* Calls, the closures that are called, and the variables that these share. */
#include "instruction.h"
#include "property.h"

/* ---- Calls ---- */

void call_closure(const struct closure *c, int count)
{
    const struct function *f = c->function;
    if (count != f->arity)
        vm_error("Expected %d arguments but got %d.", f->arity, count);
    value *slots = vm.top - count - 1;
    if (vm.call + 1 == vm.calls_end || slots + f->height >= vm.limit)
        vm_no_room();
    *++vm.call = (struct call){c, f->code, slots, f->constants, f->caches};
}

static void call_class(struct class *c, int count)
{
    vm.top[-count - 1] = object_value(instance_new(c));
    if (c->initializer)
        call_closure(c->initializer, count);
    else if (count != 0)
        vm_error("Expected 0 arguments but got %d.", count);
}

static void call_native(const struct native *n, int count)
{
    if (count != n->arity)
        vm_error("Expected %d arguments but got %d.", n->arity, count);
    value result = n->function(vm.top - count);
    vm.top -= count;
    vm.top[-1] = result;
}

static void call_bound(const struct bound_method *b, int count)
{
    vm.top[-count - 1] = b->receiver;
    call_closure(b->method, count);
}

void call_value(value callee, int count)
{
    struct object *o = is_object(callee) ? as_object(callee) : NULL;
    if (o && o->type == CLOSURE)
        call_closure((struct closure *)o, count);
    else if (o && o->type == CLASS)
        call_class((struct class *)o, count);
    else if (o && o->type == BOUND_METHOD)
        call_bound((struct bound_method *)o, count);
    else if (o && o->type == NATIVE)
        call_native((struct native *)o, count);
    else
        vm_error("Can only call functions and classes.");
}

/* The call itself where nothing is in its way: what call_closure() does, without a detour through `vm`. */
#define ENTER(length, callee, count)                               \
    do {                                                           \
        const struct closure *c = (callee);                        \
        const struct function *f = c->function;                    \
        value *base = top - (count)-1;                             \
        if ((count) != f->arity || base + f->height >= vm.limit || \
            call + 1 == vm.calls_end)                              \
            LEAVE(length, call_closure(c, count));                 \
        call->ip = ip + (length);                                  \
        call++;                                                    \
        call->closure = c;                                         \
        call->slots = slots = base;                                \
        call->constants = constants = f->constants;                \
        call->caches = f->caches;                                  \
        ip = f->code;                                              \
        RUN();                                                     \
    } while (0)

INSTRUCTION(CALL)
{
    int count = ip[1];
    value callee = top[-count - 1];
    if (!is_type(callee, CLOSURE))
        LEAVE(2, call_value(callee, count));
    ENTER(2, (struct closure *)as_object(callee), count);
}

INSTRUCTION(INVOKE)
{
    int count = ip[2];
    const struct cache *cache = CACHE_AT(3);
    value receiver = top[-count - 1];
    const struct class *class = class_of(receiver);
    if (!class || class != cache->class || class->version != cache->version)
        LEAVE(5, invoke(STRING_AT(1), count, CACHE_AT(3)));
    ENTER(5, cache->method, count);
}

INSTRUCTION(INVOKE_SUPER)
{
    int count = ip[2];
    const struct cache *cache = CACHE_AT(3);
    const struct class *super = (struct class *)as_object(top[-1]);
    if (super != cache->class || super->version != cache->version)
        LEAVE(5, invoke_super(STRING_AT(1), count, CACHE_AT(3)));
    top--;
    ENTER(5, cache->method, count);
}

INSTRUCTION(RETURN)
{
    value result = top[-1];
    if (vm.open && vm.open->place >= slots)
        close_upvalues(slots);
    top = slots;
    *top++ = result;
    if (call == vm.calls)
        return;
    call--;
    ip = call->ip;
    slots = call->slots;
    constants = call->constants;
    RUN();
}

/* ---- Upvalues ---- */

struct upvalue *capture(value *place)
{
    struct upvalue **link = &vm.open;
    while (*link && (*link)->place > place)
        link = &(*link)->next;
    if (!*link || (*link)->place != place)
        *link = upvalue_new(place, *link);
    return *link;
}

void close_upvalues(const value *lowest)
{
    while (vm.open && vm.open->place >= lowest) {
        struct upvalue *u = vm.open;
        u->closed = *u->place;
        u->place = &u->closed;
        vm.open = u->next;
        u->next = NULL;
    }
}

INSTRUCTION(CLOSE_UPVALUE)
{
    top--;
    close_upvalues(top);
    NEXT(1);
}

/* ---- Closures ---- */

/* Makes one of the function; the upvalues that it has are described where the next instruction is expected. */
static void make_closure(struct function *f)
{
    struct call *call = vm.call;
    struct closure *made = closure_new(f);
    *vm.top++ = object_value(made);
    for (int i = 0; i < f->upvalue_count; i++, call->ip += 2)
        made->upvalues[i] = call->ip[0] ? capture(call->slots + call->ip[1])
                                        : call->closure->upvalues[call->ip[1]];
}

INSTRUCTION(CLOSURE)
{
    LEAVE(2, make_closure((struct function *)as_object(constants[vm.call->ip[-1]])));
}
