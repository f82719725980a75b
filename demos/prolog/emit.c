/* Instructions for the terms of heads and of goals. */
#include "compile.h"

/* ---- Writing instructions ---------------------------------------------------------- */

void emit(struct compiler *c, word w)
{
    if (c->length == c->capacity)
        c->code = check_memory(gc_realloc(c->code, (c->capacity *= 2) * sizeof(word)));
    c->code[c->length++] = w;
}

void emit1(struct compiler *c, word op, word a)
{
    emit(c, op);
    emit(c, a);
}

void emit2(struct compiler *c, word op, word a, word b)
{
    emit1(c, op, a);
    emit(c, b);
}

word reg(int place)
{
    return (word)(intptr_t)place;
}

size_t emit_label(struct compiler *c, size_t chain)
{
    emit(c, chain);
    return c->length - 1;
}

void set_labels(struct compiler *c, size_t chain)
{
    while (chain) {
        size_t next = c->code[chain];
        c->code[chain] = c->length - chain;
        chain = next;
    }
}

int register_new(struct compiler *c)
{
    if (c->released_count > 0)
        return c->released[--c->released_count];
    if (c->next_register == REGISTERS)
        resource_error("registers_of_clause");
    return c->next_register++;
}

void register_release(struct compiler *c, int place)
{
    c->released[c->released_count++] = place;
}

void registers_reset(struct compiler *c)
{
    c->next_register = c->arity_max;
    c->released_count = 0;
}

struct variable *variable_at(struct compiler *c, term t)
{
    return &c->variables[t >> 3];
}

/* The variable gets a place; whoever asks gives it its value. */
int first_place(struct compiler *c, struct variable *v)
{
    if (!v->permanent)
        v->place = register_new(c);
    v->seen = true;
    return v->place;
}

/* ---- Heads ------------------------------------------------------------------------- */

static bool is_constant(term t)
{
    return tag_of(t) == ATOM || tag_of(t) == INTEGER;
}

static void emit_get_functor(struct compiler *c, term t, int place)
{
    if (tag_of(t) == LIST)
        emit1(c, OP_GET_LIST, reg(place));
    else
        emit2(c, OP_GET_STRUCTURE, (word)functor_at(t), reg(place));
}

/* One argument of a structure; a compound one comes into a register, which is returned. */
static int emit_unify_argument(struct compiler *c, term t)
{
    if (tag_of(t) == NUMBERED) {
        struct variable *v = variable_at(c, t);
        if (v->seen)
            emit1(c, OP_UNIFY_VALUE, reg(v->place));
        else if (v->occurrences == 1)
            emit(c, OP_UNIFY_VOID);
        else
            emit1(c, OP_UNIFY_VARIABLE, reg(first_place(c, v)));
    } else if (is_constant(t)) {
        emit1(c, OP_UNIFY_CONSTANT, t);
    } else if (is_ground(t)) {
        emit1(c, OP_UNIFY_TERM, t);
    } else {
        int place = register_new(c);
        emit1(c, OP_UNIFY_VARIABLE, reg(place));
        return place;
    }
    return NOWHERE;
}

/* Unifies what a register has with a compound term. */
static void emit_get_compound(struct compiler *c, term t, int place)
{
    deeper(c);
    while (t) {
        size_t arity = arity_of_goal(t);
        int *places = allocate_atomic(arity * sizeof *places);
        emit_get_functor(c, t, place);
        for (size_t i = 0; i < arity; i++)
            places[i] = emit_unify_argument(c, arguments(t)[i]);
        for (size_t i = 0; i + 1 < arity; i++) {
            if (places[i] != NOWHERE) {
                emit_get_compound(c, arguments(t)[i], places[i]);
                register_release(c, places[i]);
            }
        }
        place = places[arity - 1];
        t = place == NOWHERE ? 0 : arguments(t)[arity - 1];
        if (t)
            register_release(c, place);
    }
    c->depth--;
}

void emit_get(struct compiler *c, term t, int place)
{
    if (tag_of(t) == NUMBERED) {
        struct variable *v = variable_at(c, t);
        if (v->seen)
            emit2(c, OP_GET_VALUE, reg(v->place), reg(place));
        else
            emit2(c, OP_MOVE, reg(place), reg(first_place(c, v)));
    } else if (is_constant(t)) {
        emit2(c, OP_GET_CONSTANT, t, reg(place));
    } else if (is_ground(t)) {
        emit2(c, OP_GET_TERM, t, reg(place));
    } else {
        emit_get_compound(c, t, place);
    }
}

/* A variable that is an argument, and lives in registers, stays where it comes. */
void emit_head(struct compiler *c, term head)
{
    size_t arity = arity_of_goal(head);
    for (size_t i = 0; i < arity; i++) {
        term t = arguments(head)[i];
        struct variable *v = tag_of(t) == NUMBERED ? variable_at(c, t) : NULL;
        if (v && v->occurrences == 1)
            continue;
        if (v && !v->seen && !v->permanent) {
            v->place = (int)i;
            v->seen = true;
        } else {
            emit_get(c, t, (int)i);
        }
    }
}

/* ---- Building terms ---------------------------------------------------------------- */

/* A structure whose compound arguments are in registers, or NOWHERE; these are released. */
static void emit_put_structure(struct compiler *c, term t, const int *places, int place)
{
    if (tag_of(t) == LIST)
        emit1(c, OP_PUT_LIST, reg(place));
    else
        emit2(c, OP_PUT_STRUCTURE, (word)functor_at(t), reg(place));
    for (size_t i = 0; i < arity_of_goal(t); i++) {
        if (places[i] == NOWHERE) {
            emit_unify_argument(c, arguments(t)[i]);
        } else {
            emit1(c, OP_UNIFY_VALUE, reg(places[i]));
            register_release(c, places[i]);
        }
    }
}

static int put_nested(struct compiler *c, term t)
{
    if (!is_compound(t) || is_ground(t))
        return NOWHERE;
    int place = register_new(c);
    emit_put(c, t, place);
    return place;
}

/* From the innermost on; a long list's cells are built from its end. */
static void emit_put_compound(struct compiler *c, term t, int place)
{
    size_t count = 0, capacity = 16;
    term *spine = allocate(capacity * sizeof(term));
    for (; is_compound(t) && !is_ground(t); t = arguments(t)[arity_of_goal(t) - 1]) {
        if (count == capacity)
            spine = check_memory(gc_realloc(spine, (capacity *= 2) * sizeof(term)));
        spine[count++] = t;
    }
    int tail = NOWHERE;
    while (count-- > 0) {
        size_t arity = arity_of_goal(spine[count]);
        int *places = allocate_atomic(arity * sizeof *places);
        for (size_t i = 0; i + 1 < arity; i++)
            places[i] = put_nested(c, arguments(spine[count])[i]);
        places[arity - 1] = tail;
        tail = count == 0 ? place : register_new(c);
        emit_put_structure(c, spine[count], places, tail);
    }
}

void emit_put(struct compiler *c, term t, int place)
{
    deeper(c);
    if (tag_of(t) == NUMBERED) {
        struct variable *v = variable_at(c, t);
        if (!v->seen && !v->permanent) {
            emit1(c, OP_PUT_VARIABLE, reg(v->place = place));
        } else if (!v->seen) {
            emit1(c, OP_PUT_VARIABLE, reg(v->place));
            emit2(c, OP_MOVE, reg(v->place), reg(place));
        } else if (v->place != place) {
            emit2(c, OP_MOVE, reg(v->place), reg(place));
        }
        v->seen = true;
    } else if (is_ground(t)) {
        emit2(c, OP_PUT_CONSTANT, t, reg(place));
    } else {
        emit_put_compound(c, t, place);
    }
    c->depth--;
}
