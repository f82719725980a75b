#include "object.h"

#include <gcalloc/gcalloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "intern.h"

enum { ARRAY_FIRST = 8, INSTANCE_FIRST = 8 };

void *check_memory(void *object)
{
    if (!object)
        out_of_memory();
    return object;
}

void *allocate(size_t bytes)
{
    return check_memory(gc_alloc(bytes));
}

void *allocate_atomic(size_t bytes)
{
    return check_memory(gc_alloc_atomic(bytes));
}

void *grow_array(void *array, uint32_t count, uint32_t *capacity, size_t element_bytes)
{
    if (count < *capacity)
        return array;
    uint32_t larger = *capacity ? 2 * *capacity : ARRAY_FIRST;
    array = check_memory(gc_realloc(array, larger * element_bytes));
    *capacity = larger;
    return array;
}

static void *new_object(size_t bytes, enum type type)
{
    struct object *o = allocate(bytes);
    o->type = type;
    return o;
}

/* FNV-1a. */
static uint32_t hash_of(const char *text, size_t length)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (uint8_t)text[i]) * 16777619u;
    return hash;
}

static struct string *new_string(size_t length)
{
    if (length > UINT32_MAX)
        out_of_memory();
    struct string *s = allocate_atomic(sizeof *s + length + 1);
    s->object.type = STRING;
    s->length = (uint32_t)length;
    s->text[length] = '\0';
    return s;
}

struct string *string_copy(const char *text, size_t length)
{
    struct string *s = new_string(length);
    memcpy(s->text, text, length);
    s->hash = hash_of(text, length);
    return intern(s);
}

struct string *string_concatenate(const struct string *a, const struct string *b)
{
    struct string *s = new_string((size_t)a->length + b->length);
    memcpy(s->text, a->text, a->length);
    memcpy(s->text + a->length, b->text, b->length);
    if (s->length > SHORT_STRING)
        return s;
    s->hash = hash_of(s->text, s->length);
    return intern(s);
}

bool long_strings_equal(value a, value b)
{
    if (!is_type(b, STRING))
        return false;
    const struct string *one = (struct string *)as_object(a);
    const struct string *other = (struct string *)as_object(b);
    return one->length > SHORT_STRING && one->length == other->length &&
           memcmp(one->text, other->text, one->length) == 0;
}

struct function *function_new(void)
{
    return new_object(sizeof(struct function), FUNCTION);
}

struct closure *closure_new(struct function *f)
{
    struct closure *c =
        new_object(sizeof *c + f->upvalue_count * sizeof c->upvalues[0], CLOSURE);
    c->function = f;
    return c;
}

struct upvalue *upvalue_new(value *place, struct upvalue *next)
{
    struct upvalue *u = new_object(sizeof *u, UPVALUE);
    u->place = place;
    u->next = next;
    return u;
}

struct bound_method *bound_method_new(value receiver, struct closure *method)
{
    struct bound_method *b = new_object(sizeof *b, BOUND_METHOD);
    b->receiver = receiver;
    b->method = method;
    return b;
}

struct native *native_new(native_function *function, int arity)
{
    struct native *n = new_object(sizeof *n, NATIVE);
    n->function = function;
    n->arity = arity;
    return n;
}

static struct map globals;

struct global *global_find(struct string *name)
{
    value known = map_get(&globals, name);
    if (known != UNDEFINED)
        return (struct global *)as_object(known);
    struct global *g = new_object(sizeof *g, GLOBAL);
    g->name = name;
    map_set(&globals, name, object_value(g));
    return g;
}

const char *global_name(size_t n)
{
    for (uint32_t i = 0; i < globals.capacity; i++)
        if (globals.entries[i].key && n-- == 0)
            return globals.entries[i].key->text;
    return NULL;
}

/* ---- Classes and instances ------------------------------------------------------------------- */

struct class *class_new(struct string *name)
{
    struct class *c = new_object(sizeof *c, CLASS);
    c->name = name;
    return c;
}

void class_inherit(struct class *c, const struct class *super)
{
    map_add_all(&c->methods, &super->methods);
    c->initializer = super->initializer;
}

void class_add_method(struct class *c, struct string *name, struct closure *method)
{
    static const char init[] = "init";
    map_set(&c->methods, name, object_value(method));
    if (name->length == sizeof init - 1 && strcmp(name->text, init) == 0)
        c->initializer = method;
    c->version++;
}

/* It has room for the fields that instances of the class have come to have so far. */
struct instance *instance_new(struct class *c)
{
    uint32_t capacity = c->slots.count;
    struct instance *i = new_object(sizeof *i + capacity * sizeof(value), INSTANCE);
    i->class = c;
    i->capacity = capacity;
    i->fields = i->own;
    return i;
}

static uint32_t slot_of(struct class *c, struct string *name)
{
    value known = map_get(&c->slots, name);
    if (known != UNDEFINED)
        return (uint32_t)as_number(known);
    uint32_t slot = c->slots.count;
    map_set(&c->slots, name, number_value(slot));
    c->version++;
    return slot;
}

/* There come to be as many fields as other instances of the class have. */
static void add_room(struct instance *i)
{
    uint32_t count = i->class->slots.count;
    uint32_t larger = count < INSTANCE_FIRST ? INSTANCE_FIRST : 2 * count;
    value *fields = allocate(larger * sizeof(value));
    memcpy(fields, i->fields, i->capacity * sizeof(value));
    i->fields = fields;
    i->capacity = larger;
}

void instance_set(struct instance *i, struct string *name, value v)
{
    uint32_t slot = slot_of(i->class, name);
    if (slot >= i->capacity)
        add_room(i);
    i->fields[slot] = v;
}

value instance_get(const struct instance *i, const struct string *name)
{
    value known = map_get(&i->class->slots, name);
    if (known == UNDEFINED || (uint32_t)as_number(known) >= i->capacity)
        return UNDEFINED;
    return i->fields[(uint32_t)as_number(known)];
}

/* ---- Printing --------------------------------------------------------------------------------- */

static void print_function(const struct function *f)
{
    if (f->name)
        printf("<fn %s>", f->name->text);
    else
        fputs("<script>", stdout);
}

static void print_object(const struct object *o)
{
    switch (o->type) {
    case STRING:
        fputs(((const struct string *)o)->text, stdout);
        break;
    case FUNCTION:
        print_function((const struct function *)o);
        break;
    case CLOSURE:
        print_function(((const struct closure *)o)->function);
        break;
    case BOUND_METHOD:
        print_function(((const struct bound_method *)o)->method->function);
        break;
    case CLASS:
        fputs(((const struct class *)o)->name->text, stdout);
        break;
    case INSTANCE:
        printf("%s instance", ((const struct instance *)o)->class->name->text);
        break;
    case NATIVE:
        fputs("<native fn>", stdout);
        break;
    case UPVALUE:
    case GLOBAL:
        break; /* no values of the language */
    }
}

void print_value(value v)
{
    if (is_number(v))
        printf("%g", as_number(v));
    else if (is_object(v))
        print_object(as_object(v));
    else
        fputs(v == NIL ? "nil" : v == TRUE ? "true" : "false", stdout);
}
