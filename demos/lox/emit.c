/* Code into the function that is being compiled: instructions, of which some pairs become one, constants and
 * jumps. */
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

/* Two instructions in one.  CONSTANT, which is never one of these: there is none. */
#define FUSE_OPERATOR(name)                          \
    [OP_GET_LOCAL][OP_##name] = OP_##name##_LOCAL,   \
    [OP_CONSTANT][OP_##name] = OP_##name##_CONSTANT, \
    [OP_GET_LOCALS][OP_##name] = OP_##name##_LOCALS, \
    [OP_GET_LOCAL_CONSTANT][OP_##name] = OP_##name##_LOCAL_CONSTANT
#define FUSE_JUMP(name) [OP_##name][OP_POP_JUMP_IF_FALSE] = OP_##name##_OR_JUMP
#define FUSE_COMPARISON(name)                                                        \
    FUSE_OPERATOR(name), FUSE_JUMP(name),                                            \
        [OP_##name##_LOCAL][OP_POP_JUMP_IF_FALSE] = OP_##name##_OR_JUMP_LOCAL,       \
        [OP_##name##_CONSTANT][OP_POP_JUMP_IF_FALSE] = OP_##name##_OR_JUMP_CONSTANT, \
        [OP_##name##_LOCALS][OP_POP_JUMP_IF_FALSE] = OP_##name##_OR_JUMP_LOCALS,     \
        [OP_##name##_LOCAL_CONSTANT][OP_POP_JUMP_IF_FALSE] =                         \
            OP_##name##_OR_JUMP_LOCAL_CONSTANT
static const uint8_t fusions[INSTRUCTION_COUNT][INSTRUCTION_COUNT] = {
    [OP_GET_LOCAL][OP_GET_LOCAL] = OP_GET_LOCALS,
    [OP_GET_LOCAL][OP_CONSTANT] = OP_GET_LOCAL_CONSTANT,
    [OP_GET_LOCAL][OP_GET_PROPERTY] = OP_GET_LOCAL_PROPERTY,
    [OP_SET_LOCAL][OP_POP] = OP_SET_LOCAL_POP,
    [OP_SET_GLOBAL][OP_POP] = OP_SET_GLOBAL_POP,
    [OP_SET_PROPERTY][OP_POP] = OP_SET_PROPERTY_POP,
    [OP_NIL][OP_EQUAL] = OP_IS_NIL,
    [OP_NIL][OP_NOT_EQUAL] = OP_IS_NOT_NIL,
    FUSE_OPERATOR(ADD),
    FUSE_OPERATOR(SUBTRACT),
    FUSE_OPERATOR(MULTIPLY),
    FUSE_OPERATOR(DIVIDE),
    FUSE_COMPARISON(EQUAL),
    FUSE_COMPARISON(NOT_EQUAL),
    FUSE_COMPARISON(GREATER),
    FUSE_COMPARISON(GREATER_EQUAL),
    FUSE_COMPARISON(LESS),
    FUSE_COMPARISON(LESS_EQUAL),
    FUSE_JUMP(IS_NIL),
    FUSE_JUMP(IS_NOT_NIL),
};

/* The instruction takes the place of the last one where both have a fusion; its operands follow those. */
void emit(struct parser *p, enum instruction op)
{
#define INSTRUCTION_EFFECT(name, effect) effect,
    static const int effects[] = {INSTRUCTIONS(INSTRUCTION_EFFECT)};
#undef INSTRUCTION_EFFECT
    struct unit *u = p->unit;
    uint8_t *last = u->last == NO_INSTRUCTION ? NULL : &u->function->code[u->last];
    raise_height(u, effects[op]);
    if (last && fusions[*last][op]) {
        *last = fusions[*last][op];
    } else {
        u->last = u->function->code_count;
        emit_byte(p, (uint8_t)op);
    }
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

static void put_two(uint8_t *place, uint32_t number)
{
    uint16_t two = (uint16_t)number;
    memcpy(place, &two, sizeof two);
}

static void emit_two(struct parser *p, uint32_t number)
{
    uint8_t bytes[2];
    put_two(bytes, number);
    emit_byte(p, bytes[0]);
    emit_byte(p, bytes[1]);
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

uint32_t label(struct parser *p)
{
    p->unit->last = NO_INSTRUCTION;
    return p->unit->function->code_count;
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
    put_two(f->code + place, distance);
    label(p);
}

void emit_loop(struct parser *p, uint32_t start)
{
    emit(p, OP_LOOP);
    uint32_t distance = p->unit->function->code_count - start + 2;
    if (distance > JUMP_MOST)
        error(p, "Loop body too large.");
    emit_two(p, distance);
}
