/* Values: a word each.  A number is a double whose bits have an offset added, so that none looks like
 * an address; everything else is what it seems: small numbers for nil, false and true, and plain pointers to
 * objects, which a conservative collector sees.  (Boxing as in JavaScriptCore, "pointers first"; with NaN
 * boxing the other way round a pointer would be hidden behind a tag.) */
#ifndef LOX_VALUE_H
#define LOX_VALUE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef uint64_t value;

#define NUMBER_OFFSET (UINT64_C(1) << 49)

enum {
    UNDEFINED = 0, /* no value: a global or field that was never set */
    NIL = 2,
    FALSE = 6,
    TRUE = 7,
    SPECIAL_LAST = 15,
};

static inline bool is_number(value v)
{
    return v >= NUMBER_OFFSET;
}

static inline double as_number(value v)
{
    double number;
    v -= NUMBER_OFFSET;
    memcpy(&number, &v, sizeof number);
    return number;
}

static inline value number_value(double number)
{
    value v;
    memcpy(&v, &number, sizeof v);
    return v + NUMBER_OFFSET;
}

static inline value bool_value(bool b)
{
    return b ? TRUE : FALSE;
}

static inline bool is_falsey(value v)
{
    return v == NIL || v == FALSE;
}

static inline bool is_object(value v)
{
    return v > SPECIAL_LAST && v < NUMBER_OFFSET;
}

#endif
