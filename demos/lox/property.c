/* Fields, methods and classes.  A place in the code remembers in its cache where it found what it asked for:
 * the instructions look there first, and look by name only where another class came along. */
#include "property.h"

#include "instruction.h"

static struct closure *find_method(const struct class *c, const struct string *name)
{
    value found = map_get(&c->methods, name);
    if (found == UNDEFINED)
        vm_error("Undefined property '%s'.", name->text);
    return (struct closure *)as_object(found);
}

static void remember_field(struct cache *cache, struct class *c,
                           const struct string *name)
{
    value slot = map_get(&c->slots, name);
    *cache = (struct cache){.class = c, .slot = (uint32_t)as_number(slot)};
}

static void remember_method(struct cache *cache, struct class *c, struct closure *method)
{
    *cache = (struct cache){.class = c, .method = method, .version = c->version};
}

/* ---- Fields ---- */

/* The field that the place in the code knows, if it is one of this value's. */
static inline value *known_field(const struct cache *cache, value v)
{
    if (!is_type(v, INSTANCE))
        return NULL;
    struct instance *i = (struct instance *)as_object(v);
    bool known = i->class == cache->class && cache->slot < i->capacity;
    return known ? &i->fields[cache->slot] : NULL;
}

/* Replaces the instance on top by its property. */
static void get_property(const struct string *name, struct cache *cache)
{
    if (!is_type(vm.top[-1], INSTANCE))
        vm_error("Only instances have properties.");
    const struct instance *i = (struct instance *)as_object(vm.top[-1]);
    value field = instance_get(i, name);
    if (field != UNDEFINED) {
        remember_field(cache, i->class, name);
        vm.top[-1] = field;
    } else {
        struct closure *method = find_method(i->class, name);
        vm.top[-1] = object_value(bound_method_new(vm.top[-1], method));
    }
}

/* Stores the value on top in the instance below it, and removes that. */
static void set_property(struct string *name, struct cache *cache)
{
    if (!is_type(vm.top[-2], INSTANCE))
        vm_error("Only instances have fields.");
    struct instance *i = (struct instance *)as_object(vm.top[-2]);
    instance_set(i, name, vm.top[-1]);
    remember_field(cache, i->class, name);
    vm.top[-2] = vm.top[-1];
    vm.top--;
}

INSTRUCTION(GET_PROPERTY)
{
    const value *field = known_field(CACHE_AT(2), top[-1]);
    if (!field || *field == UNDEFINED)
        LEAVE(4, get_property(STRING_AT(1), CACHE_AT(2)));
    top[-1] = *field;
    NEXT(4);
}

INSTRUCTION(GET_LOCAL_PROPERTY)
{
    *top = slots[ip[1]];
    const value *field = known_field(CACHE_AT(3), *top);
    top++;
    if (!field || *field == UNDEFINED)
        LEAVE(5, get_property(STRING_AT(2), CACHE_AT(3)));
    top[-1] = *field;
    NEXT(5);
}

INSTRUCTION(SET_PROPERTY)
{
    value *field = known_field(CACHE_AT(2), top[-2]);
    if (!field)
        LEAVE(4, set_property(STRING_AT(1), CACHE_AT(2)));
    *field = top[-2] = top[-1];
    top--;
    NEXT(4);
}

INSTRUCTION(SET_PROPERTY_POP)
{
    value *field = known_field(CACHE_AT(2), top[-2]);
    if (!field)
        LEAVE(4, (set_property(STRING_AT(1), CACHE_AT(2)), vm.top--));
    *field = top[-1];
    top -= 2;
    NEXT(4);
}

/* ---- Methods ---- */

void invoke(const struct string *name, int count, struct cache *cache)
{
    value receiver = vm.top[-count - 1];
    if (!is_type(receiver, INSTANCE))
        vm_error("Only instances have methods.");
    const struct instance *i = (struct instance *)as_object(receiver);
    value field = instance_get(i, name);
    if (field != UNDEFINED) {
        vm.top[-count - 1] = field;
        call_value(field, count);
        return;
    }
    struct closure *method = find_method(i->class, name);
    if (map_get(&i->class->slots, name) == UNDEFINED)
        remember_method(cache, i->class, method);
    call_closure(method, count);
}

void invoke_super(const struct string *name, int count, struct cache *cache)
{
    struct class *super = (struct class *)as_object(*--vm.top);
    struct closure *method = find_method(super, name);
    remember_method(cache, super, method);
    call_closure(method, count);
}

/* Replaces the instance and its superclass, which is on top, by the bound method. */
static void get_super(const struct string *name)
{
    const struct class *super = (struct class *)as_object(*--vm.top);
    struct closure *method = find_method(super, name);
    vm.top[-1] = object_value(bound_method_new(vm.top[-1], method));
}

INSTRUCTION(GET_SUPER)
{
    LEAVE(2, get_super(STRING_AT(1)));
}

/* ---- Classes ---- */

/* The class on top inherits from the one below it, and is removed. */
static void inherit(void)
{
    if (!is_type(vm.top[-2], CLASS))
        vm_error("Superclass must be a class.");
    class_inherit((struct class *)as_object(vm.top[-1]),
                  (struct class *)as_object(vm.top[-2]));
    vm.top--;
}

/* The closure on top becomes a method of the class below it, and is removed. */
static void add_method(struct string *name)
{
    class_add_method((struct class *)as_object(vm.top[-2]), name,
                     (struct closure *)as_object(vm.top[-1]));
    vm.top--;
}

INSTRUCTION(CLASS)
{
    LEAVE(2, *vm.top++ = object_value(class_new(STRING_AT(1))));
}

INSTRUCTION(INHERIT)
{
    LEAVE(1, inherit());
}

INSTRUCTION(METHOD)
{
    LEAVE(2, add_method(STRING_AT(1)));
}
