/* define-record-type: becomes the definitions of a record type and of its procedures. */
#include "syntax.h"

/* The number of the field in the list of their names, or -1. */
static intptr_t field_index(value name, value fields)
{
    for (intptr_t i = 0; is_pair(fields); fields = cdr(fields), i++) {
        if (car(fields) == name)
            return i;
    }
    return -1;
}

/* The names of fields given as `name` or (name accessor [modifier]). */
static value field_names(value specifications)
{
    value names = NIL;
    for (; is_pair(specifications); specifications = cdr(specifications)) {
        value field = car(specifications);
        if (is_pair(field))
            form_length(field, 1, 3);
        value name = is_pair(field) ? car(field) : field;
        if (!is_identifier(name))
            fail_syntax("bad field of a record type", field);
        if (field_index(name, names) >= 0)
            fail_syntax("a record type has a field twice", name);
        names = cons(name, names);
    }
    return list_reverse(names);
}

static value quoted(value datum)
{
    return cons(system_name("quote"), cons(datum, NIL));
}

/* (define name (maker type argument)) */
static value define_procedure(value name, const char *maker, value type, value arguments)
{
    if (!is_identifier(name))
        fail_syntax("bad name of a record type's procedure", name);
    value call = cons(system_name(maker), cons(type, arguments));
    return cons(system_name("define"), cons(name, cons(call, NIL)));
}

/* The constructor's arguments as numbers of fields: those that (name field ...) lists, or all. */
static value constructor_indices(value constructor, value fields)
{
    value indices = NIL, arguments = is_pair(constructor) ? cdr(constructor) : fields;
    form_length(arguments, 0, MANY);
    for (value list = arguments; is_pair(list); list = cdr(list)) {
        intptr_t i = field_index(car(list), fields);
        if (i < 0)
            fail_syntax("the constructor names a field that the record type has not",
                        car(list));
        if (field_index(fixnum(i), indices) >= 0)
            fail_syntax("the constructor names a field twice", car(list));
        indices = cons(fixnum(i), indices);
    }
    return list_reverse(indices);
}

/* Adds the definitions of a field's procedures to the reversed list. */
static value define_field(value field, intptr_t index, value type, value definitions)
{
    value procedures = is_pair(field) ? cdr(field) : NIL;
    for (const char *maker = "%record-accessor"; is_pair(procedures);
         procedures = cdr(procedures), maker = "%record-modifier")
        definitions =
            cons(define_procedure(car(procedures), maker, type, cons(fixnum(index), NIL)),
                 definitions);
    return definitions;
}

/* (define-record-type name constructor predicate field ...), where the constructor and the predicate may
 * be #f, and the name a list that begins with it. */
static value rewrite_record_type(value form, struct scope *scope)
{
    (void)scope;
    form_length(form, 4, MANY);
    value type = car(cdr(form)), constructor = car(cdr(cdr(form)));
    value predicate = car(cdr(cdr(cdr(form)))), fields = cdr(cdr(cdr(cdr(form))));
    value names = field_names(fields);
    if (is_pair(type))
        type = car(type);
    value arguments = cons(quoted(names), NIL);
    value definitions =
        cons(define_procedure(type, "%make-record-type", quoted(type), arguments), NIL);
    if (constructor != FALSE) {
        value name = is_pair(constructor) ? car(constructor) : constructor;
        value indices = quoted(constructor_indices(constructor, names));
        definitions =
            cons(define_procedure(name, "%record-constructor", type, cons(indices, NIL)),
                 definitions);
    }
    if (predicate != FALSE)
        definitions = cons(define_procedure(predicate, "%record-predicate", type, NIL),
                           definitions);
    for (intptr_t i = 0; is_pair(fields); fields = cdr(fields), i++)
        definitions = define_field(car(fields), i, type, definitions);
    return cons(system_name("begin"), list_reverse(definitions));
}

void define_record_syntax(void)
{
    define_rewriter("define-record-type", rewrite_record_type);
}
