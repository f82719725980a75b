/* Multiple values: several of them are an object, which call-with-values takes apart. */
#include "scheme.h"

#include <string.h>

value scheme_values(int n, const value *v)
{
    if (n == 1)
        return v[0];
    value results = vector_new((size_t)n, FALSE);
    memcpy(vector_of(results)->items, v, (size_t)n * sizeof *v);
    results->type = TYPE_VALUES;
    return results;
}

SIMPLE(p_values, scheme_values(argc, args))

/* (call-with-values producer consumer) */
PRIMITIVE(p_call_with_values)
{
    value consumer = want_procedure(args[1]), produced = vm_apply(args[0], 0, NULL);
    bool several = has_type(produced, TYPE_VALUES);
    size_t count = several ? vector_of(produced)->length : 1;
    vm_need(args, count);
    memcpy(args, several ? vector_of(produced)->items : &produced, count * sizeof *args);
    vm.callee = consumer;
    vm.argc = (int)count;
    return TAIL_CALL;
}

static const struct definition definitions[] = {
    {"values", p_values, 0, MANY},
    {"call-with-values", p_call_with_values, 2, 2},
};

void define_values(void)
{
    DEFINE_PRIMITIVES(definitions);
}
