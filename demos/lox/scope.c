#include "parser.h"

void begin_scope(struct parser *p)
{
    p->unit->depth++;
}

void end_scope(struct parser *p)
{
    struct unit *u = p->unit;
    u->depth--;
    for (; u->local_count > 0 && u->locals[u->local_count - 1].depth > u->depth;
         u->local_count--)
        emit(p, u->locals[u->local_count - 1].captured ? OP_CLOSE_UPVALUE : OP_POP);
}

static bool same_name(const struct token *a, const struct token *b)
{
    return a->length == b->length && memcmp(a->start, b->start, a->length) == 0;
}

void add_local(struct parser *p, struct token name)
{
    struct unit *u = p->unit;
    if (u->local_count == SLOTS) {
        error(p, "Too many local variables in function.");
        return;
    }
    u->locals[u->local_count++] = (struct local){.name = name, .depth = -1};
}

static void declare_local(struct parser *p)
{
    struct unit *u = p->unit;
    for (int i = u->local_count - 1; i >= 0; i--) {
        const struct local *l = &u->locals[i];
        if (l->depth != -1 && l->depth < u->depth)
            break;
        if (same_name(&p->previous, &l->name))
            error(p, "Already a variable with this name in this scope.");
    }
    add_local(p, p->previous);
}

uint8_t declare_variable(struct parser *p)
{
    if (p->unit->depth == 0)
        return global_constant(p, &p->previous);
    declare_local(p);
    return 0;
}

void mark_initialized(struct parser *p)
{
    if (p->unit->depth > 0)
        p->unit->locals[p->unit->local_count - 1].depth = p->unit->depth;
}

/* The value of a local one is where it belongs. */
void define_variable(struct parser *p, uint8_t global)
{
    if (p->unit->depth > 0)
        mark_initialized(p);
    else
        emit_with(p, OP_DEFINE_GLOBAL, global);
}

/* Its slot; -1: it is no local of this function. */
static int find_local(struct parser *p, const struct unit *u, const struct token *name)
{
    for (int i = u->local_count - 1; i >= 0; i--) {
        if (!same_name(name, &u->locals[i].name))
            continue;
        if (u->locals[i].depth == -1)
            error(p, "Can't read local variable in its own initializer.");
        return i;
    }
    return -1;
}

static int add_captured(struct parser *p, struct unit *u, int slot, bool is_local)
{
    int count = u->function->upvalue_count;
    for (int i = 0; i < count; i++)
        if (u->captured[i].slot == slot && u->captured[i].is_local == is_local)
            return i;
    if (count == SLOTS)
        return error(p, "Too many closure variables in function."), 0;
    u->captured[count] = (struct captured){(uint8_t)slot, is_local};
    return u->function->upvalue_count++;
}

/* Its number among the function's upvalues; -1: it is global. */
static int find_captured(struct parser *p, struct unit *u, const struct token *name)
{
    if (!u->around)
        return -1;
    int slot = find_local(p, u->around, name);
    if (slot != -1) {
        u->around->locals[slot].captured = true;
        return add_captured(p, u, slot, true);
    }
    slot = find_captured(p, u->around, name);
    return slot == -1 ? -1 : add_captured(p, u, slot, false);
}

struct access find_variable(struct parser *p, const struct token *name)
{
    int slot = find_local(p, p->unit, name);
    if (slot != -1)
        return (struct access){OP_GET_LOCAL, OP_SET_LOCAL, (uint8_t)slot};
    slot = find_captured(p, p->unit, name);
    if (slot != -1)
        return (struct access){OP_GET_UPVALUE, OP_SET_UPVALUE, (uint8_t)slot};
    return (struct access){OP_GET_GLOBAL, OP_SET_GLOBAL, global_constant(p, name)};
}

struct token synthetic_token(const char *text)
{
    return (
        struct token){.type = TOKEN_IDENTIFIER, .start = text, .length = strlen(text)};
}
