/* A place in the code remembers in its cache where it found what it asked for: run() looks there
 * first, and comes here only where another class came along. */
#include "property.h"

#include "machine.h"
#include "vm.h"

static struct closure *find_method(const struct class *c, const struct string *name)
{
    value found = map_get(&c->methods, name);
    return found == UNDEFINED ? NULL : (struct closure *)as_object(found);
}

static void remember_field(struct cache *cache, struct class *c,
                           const struct string *name)
{
    value slot = map_get(&c->slots, name);
    *cache = (struct cache){c, NULL,
                            slot == UNDEFINED ? UINT32_MAX : (uint32_t)as_number(slot),
                            c->version};
}

bool get_property(const struct string *name, struct cache *cache)
{
    if (!is_type(vm.top[-1], INSTANCE))
        return vm_error("Only instances have properties.");
    const struct instance *i = (struct instance *)as_object(vm.top[-1]);
    value field = instance_get(i, name);
    if (field != UNDEFINED) {
        remember_field(cache, i->class, name);
        vm.top[-1] = field;
        return true;
    }
    struct closure *method = find_method(i->class, name);
    if (!method)
        return vm_error("Undefined property '%s'.", name->text);
    vm.top[-1] = object_value(bound_method_new(vm.top[-1], method));
    return true;
}

bool set_property(struct string *name, struct cache *cache)
{
    if (!is_type(vm.top[-2], INSTANCE))
        return vm_error("Only instances have fields.");
    struct instance *i = (struct instance *)as_object(vm.top[-2]);
    instance_set(i, name, vm.top[-1]);
    remember_field(cache, i->class, name);
    vm.top[-2] = vm.top[-1];
    vm.top--;
    return true;
}

bool invoke(const struct string *name, int count, struct cache *cache)
{
    value receiver = vm.top[-count - 1];
    if (!is_type(receiver, INSTANCE))
        return vm_error("Only instances have methods.");
    const struct instance *i = (struct instance *)as_object(receiver);
    value field = instance_get(i, name);
    if (field != UNDEFINED) {
        vm.top[-count - 1] = field;
        return call_value(field, count);
    }
    struct closure *method = find_method(i->class, name);
    if (!method)
        return vm_error("Undefined property '%s'.", name->text);
    if (map_get(&i->class->slots, name) == UNDEFINED)
        *cache = (struct cache){i->class, method, 0, i->class->version};
    return call_closure(method, count);
}

/* The superclass is on top, and is taken off. */
static struct closure *super_method(const struct string *name)
{
    const struct class *super = (struct class *)as_object(*--vm.top);
    struct closure *method = find_method(super, name);
    if (!method)
        vm_error("Undefined property '%s'.", name->text);
    return method;
}

bool get_super(const struct string *name)
{
    struct closure *method = super_method(name);
    if (method)
        vm.top[-1] = object_value(bound_method_new(vm.top[-1], method));
    return method;
}

bool invoke_super(const struct string *name, int count)
{
    const struct closure *method = super_method(name);
    return method && call_closure(method, count);
}

bool inherit(void)
{
    if (!is_type(vm.top[-2], CLASS))
        return vm_error("Superclass must be a class.");
    class_inherit((struct class *)as_object(vm.top[-1]),
                  (struct class *)as_object(vm.top[-2]));
    vm.top--;
    return true;
}

void add_method(struct string *name)
{
    class_add_method((struct class *)as_object(vm.top[-2]), name,
                     (struct closure *)as_object(vm.top[-1]));
    vm.top--;
}
