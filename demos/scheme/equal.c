/* eqv? and equal?. */
#include "number.h"

#include <string.h>

static bool bignums_equal(const struct bignum *a, const struct bignum *b)
{
    size_t count = (size_t)(a->size < 0 ? -a->size : a->size);
    return a->size == b->size && !memcmp(a->limbs, b->limbs, count * sizeof *a->limbs);
}

bool eqv(value a, value b)
{
    if (a == b)
        return true;
    if ((bits(a) & 7) || (bits(b) & 7) || a->type != b->type)
        return false;
    switch (a->type) {
    case TYPE_FLONUM: /* 0.0 and -0.0 are different */
        return !memcmp(&((struct flonum *)a)->number, &((struct flonum *)b)->number,
                       sizeof(double));
    case TYPE_BIGNUM:
        return bignums_equal((const struct bignum *)a, (const struct bignum *)b);
    case TYPE_RATNUM:
        return eqv(rational_numerator(a), rational_numerator(b)) &&
               eqv(rational_denominator(a), rational_denominator(b));
    default:
        return false;
    }
}

static bool strings_equal(const struct string *a, const struct string *b)
{
    return a->length == b->length &&
           !memcmp(a->chars, b->chars, a->length * sizeof *a->chars);
}

static bool bytevectors_equal(const struct bytevector *a, const struct bytevector *b)
{
    return a->length == b->length && !memcmp(a->bytes, b->bytes, a->length);
}

/* Of values that have no parts which are values. */
static bool atoms_equal(value a, value b)
{
    if (has_type(a, TYPE_STRING) && has_type(b, TYPE_STRING))
        return strings_equal(string_of(a), string_of(b));
    if (has_type(a, TYPE_BYTEVECTOR) && has_type(b, TYPE_BYTEVECTOR))
        return bytevectors_equal(bytevector_of(a), bytevector_of(b));
    return eqv(a, b);
}

/* ---- Structures ------------------------------------------------------------------ */

/* Two pairs, of which the cdrs are still to be compared, or two vectors, of which the items from `next` on
 * are. */
struct pending {
    value a, b;
    size_t next;
};

/* How many pairs and vectors are compared before those that have been are written down: small structures
 * take no table, and circular ones come to an end. */
#define COUNT_WITHOUT_TABLE 10000

struct comparison {
    struct pending *stack;
    size_t depth, capacity;
    size_t count;
    struct table *
        classes; /* union-find: what each object has been found, or assumed, to be equal to */
};

static void push(struct comparison *c, value a, value b)
{
    if (c->depth == c->capacity) {
        struct pending *stack = allocate(c->capacity * 2 * sizeof *stack);
        memcpy(stack, c->stack, c->depth * sizeof *stack);
        c->stack = stack;
        c->capacity *= 2;
    }
    c->stack[c->depth++] = (struct pending){a, b, 0};
}

static value representative(struct table *classes, value v)
{
    value parent = table_get(classes, v, v);
    while (parent != v) {
        value grandparent = table_get(classes, parent, parent);
        table_put(classes, v, grandparent);
        v = parent;
        parent = grandparent;
    }
    return v;
}

/* Whether the two are already in one class; now they are. */
static bool join(struct comparison *c, value a, value b)
{
    if (++c->count < COUNT_WITHOUT_TABLE)
        return false;
    if (!c->classes)
        c->classes = table_new(false);
    a = representative(c->classes, a);
    b = representative(c->classes, b);
    if (a == b)
        return true;
    table_put(c->classes, a, b);
    return false;
}

/* Compares two values but for their parts, which are pending then. */
static bool compare(struct comparison *c, value a, value b)
{
    if (a == b)
        return true;
    bool pairs = is_pair(a) && is_pair(b);
    bool vectors = has_type(a, TYPE_VECTOR) && has_type(b, TYPE_VECTOR);
    if (!pairs && !vectors)
        return atoms_equal(a, b);
    if (vectors && vector_of(a)->length != vector_of(b)->length)
        return false;
    if (!join(c, a, b))
        push(c, a, b);
    return true;
}

/* Takes the next part of the structure at the top of the stack. */
static bool compare_part(struct comparison *c)
{
    struct pending *top = &c->stack[c->depth - 1];
    value a = top->a, b = top->b;
    size_t i = top->next++;
    if (is_pair(a)) {
        if (i == 0)
            return compare(c, car(a), car(b));
        c->depth--;
        return compare(c, cdr(a), cdr(b));
    }
    if (i < vector_of(a)->length)
        return compare(c, vector_of(a)->items[i], vector_of(b)->items[i]);
    c->depth--;
    return true;
}

bool equal(value a, value b)
{
    struct pending first[16];
    struct comparison c = {.stack = first, .capacity = sizeof first / sizeof *first};
    if (!compare(&c, a, b))
        return false;
    while (c.depth > 0) {
        if (!compare_part(&c))
            return false;
    }
    return true;
}
