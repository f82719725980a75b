/* Record types, whose procedures consist of one instruction that knows the type. */
#include "control.h"
#include "port.h"
#include "primitive.h"

static struct record_type *want_record_type(value v)
{
    return (struct record_type *)want(v, TYPE_RECORD_TYPE);
}

struct record *record_new(value type)
{
    struct record_type *t = (struct record_type *)type;
    size_t size = sizeof(struct record) + (size_t)t->count * sizeof(value);
    struct record *record = allocate_object(size, TYPE_RECORD);
    record->type = t;
    for (int i = 0; i < t->count; i++)
        record->fields[i] = UNSPECIFIED;
    return record;
}

void fail_record(const struct closure *procedure, value got)
{
    const struct record_type *type = (struct record_type *)procedure->captured[0];
    fail("%a: expected a record of type %a, got %v", procedure->code->name, type->name,
         got);
}

/* (%make-record-type name field-names) */
PRIMITIVE(p_make_record_type)
{
    intptr_t count = list_length(args[1]);
    if (count < 0)
        fail_type("a list", args[1]);
    struct record_type *type = allocate_object(sizeof *type, TYPE_RECORD_TYPE);
    type->name = args[0];
    type->fields = args[1];
    type->count = (int)count;
    return &type->object;
}

/* ---- Procedures of a type --------------------------------------------------------- */

/* A name such as programs mostly choose, for errors in procedures that no global variable holds:
 * POINT-X for the field X of POINT; with a prefix or suffix. */
static value procedure_name(const struct record_type *type, const char *before,
                            value field, const char *after)
{
    struct port *out = port_new(-1, true);
    port_puts(out, before);
    print(out, type->name, false);
    if (field != FALSE) {
        port_put(out, '-');
        print(out, field, false);
    }
    port_puts(out, after);
    return intern(string_from_utf8(out->data, out->end));
}

static value type_procedure(struct record_type *type, value name, int required,
                            const int32_t *ops, int op_count)
{
    struct closure *closure = closure_over(name, required, ops, op_count, 1);
    closure->captured[0] = &type->object;
    return &closure->object;
}

static int want_field(const struct record_type *type, value index)
{
    return (int)want_index(index, 0, (size_t)type->count - 1);
}

static value field_name(const struct record_type *type, int index)
{
    value fields = type->fields;
    while (index-- > 0)
        fields = cdr(fields);
    return car(fields);
}

/* (%record-constructor type field-indices) */
PRIMITIVE(p_constructor)
{
    struct record_type *type = want_record_type(args[0]);
    intptr_t count = list_length(args[1]);
    int length = 0;
    if (count < 0)
        fail_type("a list", args[1]);
    int32_t *ops = allocate_atomic((size_t)(count + 3) * sizeof *ops);
    ops[length++] = OP_RECORD_NEW;
    ops[length++] = (int32_t)count;
    for (value list = args[1]; is_pair(list); list = cdr(list))
        ops[length++] = want_field(type, car(list));
    ops[length++] = OP_RETURN;
    return type_procedure(type, procedure_name(type, "make-", FALSE, ""), (int)count, ops,
                          length);
}

PRIMITIVE(p_predicate)
{
    static const int32_t ops[] = {OP_RECORD_TEST, OP_RETURN};
    struct record_type *type = want_record_type(args[0]);
    return type_procedure(type, procedure_name(type, "", FALSE, "?"), 1, ops, 2);
}

/* (%record-accessor type index) */
PRIMITIVE(p_accessor)
{
    struct record_type *type = want_record_type(args[0]);
    int field = want_field(type, args[1]);
    const int32_t ops[] = {OP_RECORD_REF, field, OP_RETURN};
    return type_procedure(type, procedure_name(type, "", field_name(type, field), ""), 1,
                          ops, 3);
}

/* (%record-modifier type index) */
PRIMITIVE(p_modifier)
{
    struct record_type *type = want_record_type(args[0]);
    int field = want_field(type, args[1]);
    const int32_t ops[] = {OP_RECORD_SET, field, OP_RETURN};
    return type_procedure(type,
                          procedure_name(type, "set-", field_name(type, field), "!"), 2,
                          ops, 3);
}

static const struct definition definitions[] = {
    {"%make-record-type", p_make_record_type, 2, 2},
    {"%record-constructor", p_constructor, 2, 2},
    {"%record-predicate", p_predicate, 1, 1},
    {"%record-accessor", p_accessor, 2, 2},
    {"%record-modifier", p_modifier, 2, 2},
};

void define_records(void)
{
    DEFINE_PRIMITIVES(definitions);
}
