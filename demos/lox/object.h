/* Objects of the language, which live on the collected heap and are never freed. */
#ifndef LOX_OBJECT_H
#define LOX_OBJECT_H

#include <stddef.h>

#include "map.h"
#include "value.h"

enum type {
    STRING,
    FUNCTION,
    CLOSURE,
    UPVALUE,
    CLASS,
    INSTANCE,
    BOUND_METHOD,
    NATIVE,
    GLOBAL,
};

struct object {
    enum type type;
};

/* Up to this length two strings of the same text are one object. */
enum { SHORT_STRING = 40 };

/* Atomic: no pointers inside.  Names in programs are one object for each text at any length. */
struct string {
    struct object object;
    uint32_t length, hash;
    char text[];
};

/* What a place in the code knows from the last time: where it asks for a field, its slot in instances of this
 * class; where it calls a method, this. */
struct cache {
    struct class *class;
    struct closure *method;
    uint32_t slot;
    uint32_t version; /* of the class, when the method was looked up */
};

/* Compiled code.  Its arrays are objects of their own. */
struct function {
    struct object object;
    uint16_t arity, upvalue_count;
    uint32_t height; /* of the stack that it needs, its arguments included */
    uint8_t *code;   /* atomic */
    value *constants;
    struct cache *caches; /* one for each place in the code that has one */
    int *lines;           /* of each byte of the code; atomic */
    struct string *name;  /* NULL: the script */
    uint32_t code_count, code_capacity, line_capacity;
    uint32_t constant_count, constant_capacity, cache_count, cache_capacity;
};

/* A variable of an enclosing function: on the stack at first, in here once that has returned. */
struct upvalue {
    struct object object;
    value *place;
    value closed;
    struct upvalue *next; /* of the open ones, from the top of the stack down */
};

struct closure {
    struct object object;
    struct function *function;
    struct upvalue *upvalues[];
};

/* All instances of a class have a field of a name in the same slot. */
struct class
{
    struct object object;
    struct string *name;
    struct map methods;          /* those that it inherits, too */
    struct map slots;            /* of fields, by name: numbers */
    struct closure *initializer; /* NULL: none */
    uint32_t version;            /* changes with every new field or method */
};

struct instance {
    struct object object;
    uint32_t capacity; /* fields that there is room for */
    struct class *class;
    value *fields; /* UNDEFINED: not set.  In here, or elsewhere once there are more */
    value own[];
};

struct bound_method {
    struct object object;
    value receiver;
    struct closure *method;
};

typedef value native_function(const value *arguments);

struct native {
    struct object object;
    int arity;
    native_function *function;
};

/* A global variable: code refers to it directly. */
struct global {
    struct object object;
    struct string *name;
    value value; /* UNDEFINED: not defined yet */
};

static inline struct object *as_object(value v)
{
    return (struct object *)(uintptr_t)v;
}

static inline bool is_type(value v, enum type type)
{
    return is_object(v) && as_object(v)->type == type;
}

static inline value object_value(const void *object)
{
    return (value)(uintptr_t)object;
}

/* The class of an instance; NULL: the value is none. */
static inline const struct class *class_of(value v)
{
    return is_type(v, INSTANCE) ? ((const struct instance *)as_object(v))->class : NULL;
}

/* Whether both are strings too long to be one object, of the same text. */
bool long_strings_equal(value a, value b);

/* Numbers compare as such: not a number is unequal to itself. */
static inline bool values_equal(value a, value b)
{
    if (is_number(a) && is_number(b))
        return as_number(a) == as_number(b);
    return a == b || (is_type(a, STRING) && long_strings_equal(a, b));
}

/* Ends what runs with an error (vm.c). */
_Noreturn void out_of_memory(void);

/* The object; NULL means that there is no memory, and does not return.  Nor do those that make objects then. */
void *check_memory(void *object);
void *allocate(size_t bytes);
void *allocate_atomic(size_t bytes);

/* An array with room for one element more than it has: the same, or a larger one. */
void *grow_array(void *array, uint32_t count, uint32_t *capacity, size_t element_bytes);

struct string *string_copy(const char *text, size_t length);
struct string *string_concatenate(const struct string *a, const struct string *b);

struct function *function_new(void);
struct closure *closure_new(struct function *f);
struct upvalue *upvalue_new(value *place, struct upvalue *next);
struct class *class_new(struct string *name);
struct instance *instance_new(struct class *c);
struct bound_method *bound_method_new(value receiver, struct closure *method);
struct native *native_new(native_function *function, int arity);

/* The global variable of this name, defined or not. */
struct global *global_find(struct string *name);

/* The Nth global variable's name; NULL: there are not so many. */
const char *global_name(size_t n);

/* Gives the instance's field of this name a value. */
void instance_set(struct instance *i, struct string *name, value v);

/* UNDEFINED: it has no such field. */
value instance_get(const struct instance *i, const struct string *name);

void class_inherit(struct class *c, const struct class *super);
void class_add_method(struct class *c, struct string *name, struct closure *method);

/* Writes the value to stdout as `print` does. */
void print_value(value v);

#endif
