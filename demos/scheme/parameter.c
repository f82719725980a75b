/* Parameter objects and promises. */
#include "control.h"
#include "primitive.h"

#include <pthread.h>

/* ---- Parameters ------------------------------------------------------------------ */

/* A parameter object is a procedure of one instruction; captured are: */
enum { DEFAULT_VALUE, CONVERTER, CAPTURED_COUNT };

static struct closure *want_parameter(value v)
{
    if (!has_type(v, TYPE_CLOSURE) || closure_of(v)->code->ops[0] != OP_PARAMETER)
        fail_type("a parameter object", v);
    return closure_of(v);
}

value parameter_value(const struct closure *parameter)
{
    for (value list = vm.parameters; is_pair(list); list = cdr(list)) {
        if (car(car(list)) == &parameter->object)
            return cdr(car(list));
    }
    return parameter->captured[DEFAULT_VALUE];
}

value parameter_new(value converted, value converter)
{
    static const int32_t ops[] = {OP_PARAMETER, OP_RETURN};
    struct closure *parameter = closure_over(FALSE, 0, ops, 2, CAPTURED_COUNT);
    parameter->captured[DEFAULT_VALUE] = converted;
    parameter->captured[CONVERTER] = converter;
    return &parameter->object;
}

/* (%make-parameter value converter): the value is converted already. */
SIMPLE(p_make_parameter, parameter_new(args[0], want_procedure(args[1])))

SIMPLE(p_converter, want_parameter(args[0])->captured[CONVERTER])

/* ---- Promises -------------------------------------------------------------------- */

/* Promises that are forced in one chain share what they hold: a pair (done? . value or thunk), which is
 * replaced as a whole, as several threads may force one promise. */
struct promise {
    struct object object;
    struct box *state;
};

static struct promise *want_promise(value v)
{
    return (struct promise *)want(v, TYPE_PROMISE);
}

/* (%make-lazy-promise done? value-or-thunk) */
PRIMITIVE(p_make_lazy)
{
    struct promise *promise = allocate_object(sizeof *promise, TYPE_PROMISE);
    promise->state = box_of(box(cons(args[0], args[1])));
    return &promise->object;
}

SIMPLE(p_is_promise, boolean(has_type(args[0], TYPE_PROMISE)))
SIMPLE(p_promise_state, want_promise(args[0])->state->content)

/* (%promise-follow! promise next): the promise's thunk returned `next`, which does not count if the promise has
 * got a value meanwhile. */
PRIMITIVE(p_promise_follow)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    struct promise *promise = want_promise(args[0]), *next = want_promise(args[1]);
    pthread_mutex_lock(&lock);
    if (car(promise->state->content) == FALSE) {
        promise->state->content = next->state->content;
        next->state = promise->state;
    }
    pthread_mutex_unlock(&lock);
    return UNSPECIFIED;
}

static const struct definition definitions[] = {
    {"%make-parameter", p_make_parameter, 2, 2},
    {"%parameter-converter", p_converter, 1, 1},
    {"%make-lazy-promise", p_make_lazy, 2, 2},
    {"promise?", p_is_promise, 1, 1},
    {"%promise-state", p_promise_state, 1, 1},
    {"%promise-follow!", p_promise_follow, 2, 2},
};

void define_parameters(void)
{
    DEFINE_PRIMITIVES(definitions);
}
