/* Which pairs and vectors of a structure are to be printed with labels. */
#include "print.h"

#include <string.h>

/* A pair or vector of which the parts from `next` on are still to be looked at. */
struct visit {
    value v;
    size_t next;
};

struct search {
    struct visit *stack;
    size_t depth, capacity;
    struct table
        *states; /* of the pairs and vectors seen: ACTIVE while they are on the stack */
    struct table *labels; /* NULL as long as there are none */
    enum labels which;
};

#define ACTIVE TRUE
#define DONE FALSE

static void add_label(struct search *s, value v)
{
    if (!s->labels)
        s->labels = table_new(false);
    table_put(s->labels, v, FALSE);
}

static void push(struct search *s, value v)
{
    if (s->depth == s->capacity) {
        size_t capacity = s->capacity ? s->capacity * 2 : 64;
        struct visit *stack = allocate(capacity * sizeof *stack);
        if (s->depth)
            memcpy(stack, s->stack, s->depth * sizeof *stack);
        s->stack = stack;
        s->capacity = capacity;
    }
    s->stack[s->depth++] = (struct visit){v, 0};
}

static void enter(struct search *s, value v)
{
    if (!is_structure(v))
        return;
    value state = table_get(s->states, v, NULL);
    if (!state) {
        table_put(s->states, v, ACTIVE);
        push(s, v);
    } else if (state == ACTIVE || s->which == LABEL_SHARED) {
        add_label(s, v);
    }
}

static bool next_part(struct visit *visit, value *part)
{
    size_t i = visit->next++;
    if (is_pair(visit->v)) {
        *part = i == 0 ? car(visit->v) : cdr(visit->v);
        return i < 2;
    }
    const struct vector *vector = vector_of(visit->v);
    *part = i < vector->length ? vector->items[i] : NULL;
    return i < vector->length;
}

/* What is looked at without a table: no cycle ends within these limits. */
#define MOST_PARTS 1000000
#define MOST_DEPTH 1000

/* Takes parts off the budget, and is false when that is used up. */
static bool is_tree(value v, int depth, int *budget)
{
    if (depth == 0)
        return false;
    for (; is_pair(v); v = cdr(v)) {
        if (--*budget < 0 || !is_tree(car(v), depth - 1, budget))
            return false;
    }
    if (has_type(v, TYPE_VECTOR)) {
        for (size_t i = 0; i < vector_of(v)->length; i++) {
            if (--*budget < 0 || !is_tree(vector_of(v)->items[i], depth - 1, budget))
                return false;
        }
    }
    return true;
}

struct table *labels_find(value v, enum labels which)
{
    struct search s = {.which = which};
    int budget = MOST_PARTS;
    value part;
    if (which == LABEL_NOTHING || !is_structure(v) ||
        (which == LABEL_CYCLES && is_tree(v, MOST_DEPTH, &budget)))
        return NULL;
    s.states = table_new(false);
    enter(&s, v);
    while (s.depth > 0) {
        struct visit *top = &s.stack[s.depth - 1];
        if (next_part(top, &part)) {
            enter(&s, part);
        } else {
            table_put(s.states, top->v, DONE);
            s.depth--;
        }
    }
    return s.labels;
}
