/* Expressions, by precedence (Pratt, "Top down operator precedence", 1973). */
#include <stdlib.h>

#include "parser.h"

enum precedence {
    NO_PRECEDENCE,
    ASSIGNMENT,
    OR,
    AND,
    EQUALITY,
    COMPARISON,
    TERM,
    FACTOR,
    UNARY,
    CALL,
};

struct rule {
    void (*prefix)(struct parser *p, bool can_assign);
    void (*infix)(struct parser *p, bool can_assign);
    enum precedence precedence; /* of the infix */
};

static const struct rule *rule_of(enum token_type type);

static void parse_nested(struct parser *p, enum precedence least)
{
    advance(p);
    const struct rule *r = rule_of(p->previous.type);
    bool can_assign = least <= ASSIGNMENT;
    if (!r->prefix) {
        error(p, "Expect expression.");
        return;
    }
    r->prefix(p, can_assign);
    while (least <= rule_of(p->current.type)->precedence) {
        advance(p);
        rule_of(p->previous.type)->infix(p, can_assign);
    }
    if (can_assign && match(p, TOKEN_EQUAL))
        error(p, "Invalid assignment target.");
}

static void parse(struct parser *p, enum precedence least)
{
    if (begin_nested(p, 1))
        parse_nested(p, least);
    end_nested(p, 1);
}

void expression(struct parser *p)
{
    parse(p, ASSIGNMENT);
}

/* ---- Literals and groups ---- */

static void number(struct parser *p, bool can_assign)
{
    (void)can_assign;
    value v = number_value(strtod(p->previous.start, NULL));
    emit_with(p, OP_CONSTANT, make_constant(p, v));
}

static void string(struct parser *p, bool can_assign)
{
    (void)can_assign;
    struct string *s = string_copy(p->previous.start + 1, p->previous.length - 2);
    emit_with(p, OP_CONSTANT, make_constant(p, object_value(s)));
}

static void literal(struct parser *p, bool can_assign)
{
    (void)can_assign;
    enum token_type type = p->previous.type;
    emit(p, type == TOKEN_NIL ? OP_NIL : type == TOKEN_TRUE ? OP_TRUE : OP_FALSE);
}

static void grouping(struct parser *p, bool can_assign)
{
    (void)can_assign;
    expression(p);
    consume(p, TOKEN_RIGHT_PAREN, "Expect ')' after expression.");
}

/* ---- Operators ---- */

static void unary(struct parser *p, bool can_assign)
{
    (void)can_assign;
    enum token_type type = p->previous.type;
    parse(p, UNARY);
    emit(p, type == TOKEN_BANG ? OP_NOT : OP_NEGATE);
}

static void binary(struct parser *p, bool can_assign)
{
    static const enum instruction instructions[TOKEN_TYPES] = {
        [TOKEN_BANG_EQUAL] = OP_NOT_EQUAL,
        [TOKEN_EQUAL_EQUAL] = OP_EQUAL,
        [TOKEN_GREATER] = OP_GREATER,
        [TOKEN_GREATER_EQUAL] = OP_GREATER_EQUAL,
        [TOKEN_LESS] = OP_LESS,
        [TOKEN_LESS_EQUAL] = OP_LESS_EQUAL,
        [TOKEN_PLUS] = OP_ADD,
        [TOKEN_MINUS] = OP_SUBTRACT,
        [TOKEN_STAR] = OP_MULTIPLY,
        [TOKEN_SLASH] = OP_DIVIDE,
    };
    (void)can_assign;
    enum token_type type = p->previous.type;
    parse(p, rule_of(type)->precedence + 1);
    emit(p, instructions[type]);
}

static void and_(struct parser *p, bool can_assign)
{
    (void)can_assign;
    uint32_t end = emit_jump(p, OP_JUMP_IF_FALSE);
    emit(p, OP_POP);
    parse(p, AND);
    patch_jump(p, end);
}

static void or_(struct parser *p, bool can_assign)
{
    (void)can_assign;
    uint32_t end = emit_jump(p, OP_JUMP_IF_TRUE);
    emit(p, OP_POP);
    parse(p, OR);
    patch_jump(p, end);
}

/* ---- Variables, calls, properties ---- */

static void named_variable(struct parser *p, struct token name, bool can_assign)
{
    struct access a = find_variable(p, &name);
    if (can_assign && match(p, TOKEN_EQUAL)) {
        expression(p);
        emit_with(p, a.set, a.operand);
    } else {
        emit_with(p, a.get, a.operand);
    }
}

void get_variable(struct parser *p, struct token name)
{
    named_variable(p, name, false);
}

static void variable(struct parser *p, bool can_assign)
{
    named_variable(p, p->previous, can_assign);
}

uint8_t argument_list(struct parser *p)
{
    int count = 0;
    if (!check(p, TOKEN_RIGHT_PAREN))
        do {
            expression(p);
            if (count++ == ARGUMENTS_MOST)
                error(p, "Can't have more than 255 arguments.");
        } while (match(p, TOKEN_COMMA));
    consume(p, TOKEN_RIGHT_PAREN, "Expect ')' after arguments.");
    return (uint8_t)count;
}

static void call(struct parser *p, bool can_assign)
{
    (void)can_assign;
    uint8_t count = argument_list(p);
    emit_with(p, OP_CALL, count);
    emit_pops(p, count);
}

static void dot(struct parser *p, bool can_assign)
{
    consume(p, TOKEN_IDENTIFIER, "Expect property name after '.'.");
    uint8_t name = name_constant(p, &p->previous);
    if (can_assign && match(p, TOKEN_EQUAL)) {
        expression(p);
        emit_with(p, OP_SET_PROPERTY, name);
    } else if (match(p, TOKEN_LEFT_PAREN)) {
        uint8_t count = argument_list(p);
        emit_with(p, OP_INVOKE, name);
        emit_byte(p, count);
        emit_pops(p, count);
    } else {
        emit_with(p, OP_GET_PROPERTY, name);
    }
    emit_cache(p);
}

static void this_(struct parser *p, bool can_assign)
{
    (void)can_assign;
    if (!p->class)
        error(p, "Can't use 'this' outside of a class.");
    else
        get_variable(p, p->previous);
}

static void super_(struct parser *p, bool can_assign)
{
    (void)can_assign;
    if (!p->class)
        error(p, "Can't use 'super' outside of a class.");
    else if (!p->class->has_superclass)
        error(p, "Can't use 'super' in a class with no superclass.");
    consume(p, TOKEN_DOT, "Expect '.' after 'super'.");
    consume(p, TOKEN_IDENTIFIER, "Expect superclass method name.");
    uint8_t name = name_constant(p, &p->previous);
    get_variable(p, synthetic_token("this"));
    if (match(p, TOKEN_LEFT_PAREN)) {
        uint8_t count = argument_list(p);
        get_variable(p, synthetic_token("super"));
        emit_with(p, OP_INVOKE_SUPER, name);
        emit_byte(p, count);
        emit_cache(p);
        emit_pops(p, count);
    } else {
        get_variable(p, synthetic_token("super"));
        emit_with(p, OP_GET_SUPER, name);
    }
}

static const struct rule *rule_of(enum token_type type)
{
    static const struct rule rules[TOKEN_TYPES] = {
        [TOKEN_LEFT_PAREN] = {grouping, call, CALL},
        [TOKEN_DOT] = {NULL, dot, CALL},
        [TOKEN_MINUS] = {unary, binary, TERM},
        [TOKEN_PLUS] = {NULL, binary, TERM},
        [TOKEN_SLASH] = {NULL, binary, FACTOR},
        [TOKEN_STAR] = {NULL, binary, FACTOR},
        [TOKEN_BANG] = {unary, NULL, NO_PRECEDENCE},
        [TOKEN_BANG_EQUAL] = {NULL, binary, EQUALITY},
        [TOKEN_EQUAL_EQUAL] = {NULL, binary, EQUALITY},
        [TOKEN_GREATER] = {NULL, binary, COMPARISON},
        [TOKEN_GREATER_EQUAL] = {NULL, binary, COMPARISON},
        [TOKEN_LESS] = {NULL, binary, COMPARISON},
        [TOKEN_LESS_EQUAL] = {NULL, binary, COMPARISON},
        [TOKEN_IDENTIFIER] = {variable, NULL, NO_PRECEDENCE},
        [TOKEN_STRING] = {string, NULL, NO_PRECEDENCE},
        [TOKEN_NUMBER] = {number, NULL, NO_PRECEDENCE},
        [TOKEN_AND] = {NULL, and_, AND},
        [TOKEN_OR] = {NULL, or_, OR},
        [TOKEN_FALSE] = {literal, NULL, NO_PRECEDENCE},
        [TOKEN_NIL] = {literal, NULL, NO_PRECEDENCE},
        [TOKEN_TRUE] = {literal, NULL, NO_PRECEDENCE},
        [TOKEN_SUPER] = {super_, NULL, NO_PRECEDENCE},
        [TOKEN_THIS] = {this_, NULL, NO_PRECEDENCE},
    };
    return &rules[type];
}
