/* Instructions: operators. */
#include "instruction.h"

/* M(name, left, right, taken, length, ...) for each form of an operator: its operands, how many of them are
 * taken off the stack, and the length of the instruction up to there. */
#define FORMS(M, name, ...)                                          \
    M(name, top[-2], top[-1], 2, 1, __VA_ARGS__)                     \
    M(name##_LOCAL, top[-1], slots[ip[1]], 1, 2, __VA_ARGS__)        \
    M(name##_CONSTANT, top[-1], constants[ip[1]], 1, 2, __VA_ARGS__) \
    M(name##_LOCALS, slots[ip[1]], slots[ip[2]], 0, 3, __VA_ARGS__)  \
    M(name##_LOCAL_CONSTANT, slots[ip[1]], constants[ip[2]], 0, 3, __VA_ARGS__)

#define TAKE(left, right, taken)   \
    value x = (left), y = (right); \
    top -= (taken)

/* For operands that are no numbers `otherwise` is done, with both on the stack. */
#define TAKE_NUMBERS(left, right, taken, length, otherwise) \
    TAKE(left, right, taken);                               \
    if (!is_number(x) || !is_number(y)) {                   \
        top[0] = x;                                         \
        top[1] = y;                                         \
        top += 2;                                           \
        LEAVE(length, otherwise);                           \
    }                                                       \
    double a = as_number(x), b = as_number(y)

#define GO_ON_IF(test, length)                           \
    if (!(test))                                         \
        NEXT((length) + 2 + operand_two(ip + (length))); \
    NEXT((length) + 2)

#define ARITHMETIC(name, left, right, taken, length, result, otherwise) \
    INSTRUCTION(name)                                                   \
    {                                                                   \
        TAKE_NUMBERS(left, right, taken, length, otherwise);            \
        *top++ = number_value(result);                                  \
        NEXT(length);                                                   \
    }

#define COMPARISON(name, left, right, taken, length, test)         \
    INSTRUCTION(name)                                              \
    {                                                              \
        TAKE_NUMBERS(left, right, taken, length, compare_other()); \
        *top++ = bool_value(test);                                 \
        NEXT(length);                                              \
    }

#define COMPARISON_OR_JUMP(name, left, right, taken, length, test) \
    INSTRUCTION(name)                                              \
    {                                                              \
        TAKE_NUMBERS(left, right, taken, length, compare_other()); \
        GO_ON_IF(test, length);                                    \
    }

#define EQUALITY(name, left, right, taken, length, wanted) \
    INSTRUCTION(name)                                      \
    {                                                      \
        TAKE(left, right, taken);                          \
        *top++ = bool_value(values_equal(x, y) == wanted); \
        NEXT(length);                                      \
    }

#define EQUALITY_OR_JUMP(name, left, right, taken, length, wanted) \
    INSTRUCTION(name)                                              \
    {                                                              \
        TAKE(left, right, taken);                                  \
        GO_ON_IF(values_equal(x, y) == wanted, length);            \
    }

static _Noreturn void compare_other(void)
{
    vm_error("Operands must be numbers.");
}

static void add_other(void)
{
    if (!is_type(vm.top[-1], STRING) || !is_type(vm.top[-2], STRING))
        vm_error("Operands must be two numbers or two strings.");
    const struct string *a = (struct string *)as_object(vm.top[-2]);
    const struct string *b = (struct string *)as_object(vm.top[-1]);
    vm.top[-2] = object_value(string_concatenate(a, b));
    vm.top--;
}

FORMS(ARITHMETIC, ADD, a + b, add_other())
FORMS(ARITHMETIC, SUBTRACT, a - b, compare_other())
FORMS(ARITHMETIC, MULTIPLY, a *b, compare_other())
FORMS(ARITHMETIC, DIVIDE, a / b, compare_other())

FORMS(EQUALITY, EQUAL, true)
FORMS(EQUALITY, NOT_EQUAL, false)
FORMS(COMPARISON, GREATER, a > b)
FORMS(COMPARISON, GREATER_EQUAL, a >= b)
FORMS(COMPARISON, LESS, a < b)
FORMS(COMPARISON, LESS_EQUAL, a <= b)

FORMS(EQUALITY_OR_JUMP, EQUAL_OR_JUMP, true)
FORMS(EQUALITY_OR_JUMP, NOT_EQUAL_OR_JUMP, false)
FORMS(COMPARISON_OR_JUMP, GREATER_OR_JUMP, a > b)
FORMS(COMPARISON_OR_JUMP, GREATER_EQUAL_OR_JUMP, a >= b)
FORMS(COMPARISON_OR_JUMP, LESS_OR_JUMP, a < b)
FORMS(COMPARISON_OR_JUMP, LESS_EQUAL_OR_JUMP, a <= b)

INSTRUCTION(IS_NIL)
{
    top[-1] = bool_value(top[-1] == NIL);
    NEXT(1);
}

INSTRUCTION(IS_NOT_NIL)
{
    top[-1] = bool_value(top[-1] != NIL);
    NEXT(1);
}

INSTRUCTION(IS_NIL_OR_JUMP)
{
    top--;
    GO_ON_IF(*top == NIL, 1);
}

INSTRUCTION(IS_NOT_NIL_OR_JUMP)
{
    top--;
    GO_ON_IF(*top != NIL, 1);
}

INSTRUCTION(NOT)
{
    top[-1] = bool_value(is_falsey(top[-1]));
    NEXT(1);
}

INSTRUCTION(NEGATE)
{
    if (!is_number(top[-1]))
        LEAVE(1, vm_error("Operand must be a number."));
    top[-1] = number_value(-as_number(top[-1]));
    NEXT(1);
}
