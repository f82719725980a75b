#include "parser.h"

enum { CONSTANTS_MOST = 256 };

static void raise_height(struct unit *u, int effect)
{
    u->height += (uint32_t)effect;
    if (u->height > u->function->height && u->height < UINT32_MAX / 2)
        u->function->height = u->height;
}

void emit_byte(struct parser *p, uint8_t byte)
{
    struct function *f = p->unit->function;
    f->code = grow_array(f->code, f->code_count, &f->code_capacity, 1);
    f->lines = grow_array(f->lines, f->code_count, &f->line_capacity, sizeof *f->lines);
    f->code[f->code_count] = byte;
    f->lines[f->code_count++] = p->previous.line;
}

void emit(struct parser *p, enum instruction op)
{
#define INSTRUCTION_EFFECT(name, effect) effect,
    static const int effects[] = {INSTRUCTIONS(INSTRUCTION_EFFECT)};
#undef INSTRUCTION_EFFECT
    emit_byte(p, (uint8_t)op);
    raise_height(p->unit, effects[op]);
}

void emit_with(struct parser *p, enum instruction op, uint8_t operand)
{
    emit(p, op);
    emit_byte(p, operand);
}

void emit_pops(struct parser *p, int count)
{
    raise_height(p->unit, -count);
}

static void emit_two(struct parser *p, uint32_t number)
{
    emit_byte(p, (uint8_t)(number >> 8));
    emit_byte(p, (uint8_t)number);
}

/* Beyond so many all share the last one, which is right, if slow. */
void emit_cache(struct parser *p)
{
    struct function *f = p->unit->function;
    if (f->cache_count < UINT16_MAX) {
        f->caches =
            grow_array(f->caches, f->cache_count, &f->cache_capacity, sizeof *f->caches);
        f->caches[f->cache_count++] = (struct cache){0};
    }
    emit_two(p, f->cache_count - 1);
}

void emit_return(struct parser *p)
{
    if (p->unit->kind == INITIALIZER)
        emit_with(p, OP_GET_LOCAL, 0);
    else
        emit(p, OP_NIL);
    emit(p, OP_RETURN);
}

static bool is_constant(value a, value b)
{
    return a == b; /* bit by bit: 0 and -0 are two */
}

uint8_t make_constant(struct parser *p, value v)
{
    struct function *f = p->unit->function;
    for (uint32_t i = 0; i < f->constant_count; i++)
        if (is_constant(f->constants[i], v))
            return (uint8_t)i;
    if (f->constant_count == CONSTANTS_MOST)
        return error(p, "Too many constants in one chunk."), 0;
    f->constants = grow_array(f->constants, f->constant_count, &f->constant_capacity,
                              sizeof *f->constants);
    f->constants[f->constant_count] = v;
    return (uint8_t)f->constant_count++;
}

uint8_t name_constant(struct parser *p, const struct token *name)
{
    return make_constant(p, object_value(string_copy(name->start, name->length)));
}

uint8_t global_constant(struct parser *p, const struct token *name)
{
    struct string *s = string_copy(name->start, name->length);
    return make_constant(p, object_value(global_find(s)));
}

uint32_t emit_jump(struct parser *p, enum instruction op)
{
    emit(p, op);
    emit_two(p, 0);
    return p->unit->function->code_count - 2;
}

void patch_jump(struct parser *p, uint32_t place)
{
    struct function *f = p->unit->function;
    uint32_t distance = f->code_count - place - 2;
    if (distance > JUMP_MOST)
        error(p, "Too much code to jump over.");
    f->code[place] = (uint8_t)(distance >> 8);
    f->code[place + 1] = (uint8_t)distance;
}

void emit_loop(struct parser *p, uint32_t start)
{
    emit(p, OP_LOOP);
    uint32_t distance = p->unit->function->code_count - start + 2;
    if (distance > JUMP_MOST)
        error(p, "Loop body too large.");
    emit_two(p, distance);
}
