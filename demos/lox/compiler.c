/* Declarations and statements, and the functions that they are in. */
#include "compiler.h"

#include <stdio.h>

#include "parser.h"

/* ---- Tokens and errors ------------------------------------------------------------------------ */

void error_at(struct parser *p, const struct token *t, const char *message)
{
    if (p->panics)
        return;
    p->panics = p->had_error = true;
    fprintf(stderr, "[line %d] Error", t->line);
    if (t->type == TOKEN_END)
        fputs(" at end", stderr);
    else if (t->type != TOKEN_ERROR)
        fprintf(stderr, " at '%.*s'", (int)t->length, t->start);
    fprintf(stderr, ": %s\n", message);
}

void error(struct parser *p, const char *message)
{
    error_at(p, &p->previous, message);
}

void advance(struct parser *p)
{
    p->previous = p->current;
    while ((p->current = scanner_next(&p->scanner)).type == TOKEN_ERROR)
        error_at(p, &p->current, p->current.start);
}

bool check(const struct parser *p, enum token_type type)
{
    return p->current.type == type;
}

bool match(struct parser *p, enum token_type type)
{
    if (!check(p, type))
        return false;
    advance(p);
    return true;
}

void consume(struct parser *p, enum token_type type, const char *message)
{
    if (!match(p, type))
        error_at(p, &p->current, message);
}

bool begin_nested(struct parser *p, int weight)
{
    p->nesting += weight;
    if (p->nesting <= NESTING_MOST)
        return true;
    error_at(p, &p->current, "Too much nesting.");
    p->gave_up = true;
    while (!check(p, TOKEN_END))
        advance(p);
    return false;
}

void end_nested(struct parser *p, int weight)
{
    p->nesting -= weight;
}

/* After an error: on to what looks like the beginning of a statement. */
static void synchronize(struct parser *p)
{
    p->panics = p->gave_up;
    while (!check(p, TOKEN_END) && p->previous.type != TOKEN_SEMICOLON) {
        switch (p->current.type) {
        case TOKEN_CLASS:
        case TOKEN_FUN:
        case TOKEN_VAR:
        case TOKEN_FOR:
        case TOKEN_IF:
        case TOKEN_WHILE:
        case TOKEN_PRINT:
        case TOKEN_RETURN:
            return;
        default:
            advance(p);
        }
    }
}

/* ---- Functions ---------------------------------------------------------------------------------- */

/* Slot 0 is the function's own, or has the instance. */
static void begin_unit(struct parser *p, struct unit *u, enum function_kind kind)
{
    u->around = p->unit;
    u->kind = kind;
    u->function = function_new();
    u->local_count = u->depth = 0;
    u->last = NO_INSTRUCTION;
    u->height = u->function->height = 1;
    if (kind != SCRIPT)
        u->function->name = string_copy(p->previous.start, p->previous.length);
    bool has_this = kind == METHOD || kind == INITIALIZER;
    p->unit = u;
    u->locals[u->local_count++] =
        (struct local){.name = synthetic_token(has_this ? "this" : "")};
}

static struct function *end_unit(struct parser *p)
{
    struct function *f = p->unit->function;
    emit_return(p);
    p->unit = p->unit->around;
    return f;
}

static void parameters(struct parser *p)
{
    struct function *f = p->unit->function;
    if (!check(p, TOKEN_RIGHT_PAREN))
        do {
            if (f->arity++ == ARGUMENTS_MOST)
                error_at(p, &p->current, "Can't have more than 255 parameters.");
            consume(p, TOKEN_IDENTIFIER, "Expect parameter name.");
            define_variable(p, declare_variable(p));
        } while (match(p, TOKEN_COMMA));
    consume(p, TOKEN_RIGHT_PAREN, "Expect ')' after parameters.");
    p->unit->height = (uint32_t)p->unit->local_count;
    f->height = p->unit->height;
}

static void declaration(struct parser *p);

static void block(struct parser *p)
{
    while (!check(p, TOKEN_RIGHT_BRACE) && !check(p, TOKEN_END))
        declaration(p);
    consume(p, TOKEN_RIGHT_BRACE, "Expect '}' after block.");
}

static void function(struct parser *p, enum function_kind kind)
{
    struct unit u;
    begin_unit(p, &u, kind);
    begin_scope(p);
    consume(p, TOKEN_LEFT_PAREN, "Expect '(' after function name.");
    parameters(p);
    consume(p, TOKEN_LEFT_BRACE, "Expect '{' before function body.");
    block(p);
    struct function *f = end_unit(p);
    emit_with(p, OP_CLOSURE, make_constant(p, object_value(f)));
    for (int i = 0; i < f->upvalue_count; i++) {
        emit_byte(p, u.captured[i].is_local);
        emit_byte(p, u.captured[i].slot);
    }
}

void compile_function(struct parser *p, enum function_kind kind)
{
    enum { WEIGHT = 40 };
    if (begin_nested(p, WEIGHT))
        function(p, kind);
    end_nested(p, WEIGHT);
}

/* ---- Declarations --------------------------------------------------------------------------------- */

static void method(struct parser *p)
{
    consume(p, TOKEN_IDENTIFIER, "Expect method name.");
    uint8_t name = name_constant(p, &p->previous);
    bool is_initializer =
        p->previous.length == 4 && memcmp(p->previous.start, "init", 4) == 0;
    compile_function(p, is_initializer ? INITIALIZER : METHOD);
    emit_with(p, OP_METHOD, name);
}

/* `super` is a local variable of a scope around the methods. */
static void superclass(struct parser *p, const struct token *name)
{
    consume(p, TOKEN_IDENTIFIER, "Expect superclass name.");
    get_variable(p, p->previous);
    if (name->length == p->previous.length &&
        memcmp(name->start, p->previous.start, name->length) == 0)
        error(p, "A class can't inherit from itself.");
    begin_scope(p);
    add_local(p, synthetic_token("super"));
    define_variable(p, 0);
    get_variable(p, *name);
    emit(p, OP_INHERIT);
    p->class->has_superclass = true;
}

static void class_declaration(struct parser *p)
{
    consume(p, TOKEN_IDENTIFIER, "Expect class name.");
    struct token name = p->previous;
    uint8_t constant = name_constant(p, &name);
    uint8_t global = declare_variable(p);
    emit_with(p, OP_CLASS, constant);
    define_variable(p, global);
    struct class_unit class = {.around = p->class};
    p->class = &class;
    if (match(p, TOKEN_LESS))
        superclass(p, &name);
    get_variable(p, name);
    consume(p, TOKEN_LEFT_BRACE, "Expect '{' before class body.");
    while (!check(p, TOKEN_RIGHT_BRACE) && !check(p, TOKEN_END))
        method(p);
    consume(p, TOKEN_RIGHT_BRACE, "Expect '}' after class body.");
    emit(p, OP_POP);
    if (class.has_superclass)
        end_scope(p);
    p->class = class.around;
}

static void function_declaration(struct parser *p)
{
    consume(p, TOKEN_IDENTIFIER, "Expect function name.");
    uint8_t global = declare_variable(p);
    mark_initialized(p);
    compile_function(p, PLAIN);
    define_variable(p, global);
}

static void variable_declaration(struct parser *p)
{
    consume(p, TOKEN_IDENTIFIER, "Expect variable name.");
    uint8_t global = declare_variable(p);
    if (match(p, TOKEN_EQUAL))
        expression(p);
    else
        emit(p, OP_NIL);
    consume(p, TOKEN_SEMICOLON, "Expect ';' after variable declaration.");
    define_variable(p, global);
}

/* ---- Statements ------------------------------------------------------------------------------------- */

static void statement(struct parser *p);

static void print_statement(struct parser *p)
{
    expression(p);
    consume(p, TOKEN_SEMICOLON, "Expect ';' after value.");
    emit(p, OP_PRINT);
}

static void expression_statement(struct parser *p)
{
    bool is_outermost =
        p->unit->kind == SCRIPT && p->unit->depth == 0 && p->statements == 1;
    bool echoes = p->echoes && is_outermost;
    expression(p);
    if (!echoes || !check(p, TOKEN_END))
        consume(p, TOKEN_SEMICOLON, "Expect ';' after expression.");
    emit(p, echoes ? OP_ECHO : OP_POP);
}

static void return_statement(struct parser *p)
{
    if (p->unit->kind == SCRIPT)
        error(p, "Can't return from top-level code.");
    if (match(p, TOKEN_SEMICOLON))
        return emit_return(p);
    if (p->unit->kind == INITIALIZER)
        error(p, "Can't return a value from an initializer.");
    expression(p);
    consume(p, TOKEN_SEMICOLON, "Expect ';' after return value.");
    emit(p, OP_RETURN);
}

static void if_statement(struct parser *p)
{
    consume(p, TOKEN_LEFT_PAREN, "Expect '(' after 'if'.");
    expression(p);
    consume(p, TOKEN_RIGHT_PAREN, "Expect ')' after condition.");
    uint32_t other = emit_jump(p, OP_POP_JUMP_IF_FALSE);
    statement(p);
    if (!match(p, TOKEN_ELSE))
        return patch_jump(p, other);
    uint32_t end = emit_jump(p, OP_JUMP);
    patch_jump(p, other);
    statement(p);
    patch_jump(p, end);
}

static void while_statement(struct parser *p)
{
    uint32_t start = label(p);
    consume(p, TOKEN_LEFT_PAREN, "Expect '(' after 'while'.");
    expression(p);
    consume(p, TOKEN_RIGHT_PAREN, "Expect ')' after condition.");
    uint32_t end = emit_jump(p, OP_POP_JUMP_IF_FALSE);
    statement(p);
    emit_loop(p, start);
    patch_jump(p, end);
}

/* The increment stands before the body, which jumps back to it.  Returns where the body does. */
static uint32_t for_increment(struct parser *p, uint32_t start)
{
    if (match(p, TOKEN_RIGHT_PAREN))
        return start;
    uint32_t body = emit_jump(p, OP_JUMP);
    uint32_t increment = label(p);
    expression(p);
    emit(p, OP_POP);
    consume(p, TOKEN_RIGHT_PAREN, "Expect ')' after for clauses.");
    emit_loop(p, start);
    patch_jump(p, body);
    return increment;
}

static void for_initializer(struct parser *p)
{
    consume(p, TOKEN_LEFT_PAREN, "Expect '(' after 'for'.");
    if (match(p, TOKEN_VAR))
        variable_declaration(p);
    else if (!match(p, TOKEN_SEMICOLON))
        expression_statement(p);
}

static void for_statement(struct parser *p)
{
    begin_scope(p);
    for_initializer(p);
    uint32_t start = label(p), end = 0;
    bool has_condition = !match(p, TOKEN_SEMICOLON);
    if (has_condition) {
        expression(p);
        consume(p, TOKEN_SEMICOLON, "Expect ';' after loop condition.");
        end = emit_jump(p, OP_POP_JUMP_IF_FALSE);
    }
    start = for_increment(p, start);
    statement(p);
    emit_loop(p, start);
    if (has_condition)
        patch_jump(p, end);
    end_scope(p);
}

static void block_statement(struct parser *p)
{
    begin_scope(p);
    block(p);
    end_scope(p);
}

static void statement_of_kind(struct parser *p)
{
    if (match(p, TOKEN_PRINT))
        print_statement(p);
    else if (match(p, TOKEN_IF))
        if_statement(p);
    else if (match(p, TOKEN_WHILE))
        while_statement(p);
    else if (match(p, TOKEN_FOR))
        for_statement(p);
    else if (match(p, TOKEN_RETURN))
        return_statement(p);
    else if (match(p, TOKEN_LEFT_BRACE))
        block_statement(p);
    else
        expression_statement(p);
}

static void statement(struct parser *p)
{
    enum { WEIGHT = 2 };
    p->statements++;
    if (begin_nested(p, WEIGHT))
        statement_of_kind(p);
    end_nested(p, WEIGHT);
    p->statements--;
}

/* Whatever a statement left undone in an error, afterwards the stack has the local variables only. */
static void declaration(struct parser *p)
{
    if (match(p, TOKEN_CLASS))
        class_declaration(p);
    else if (match(p, TOKEN_FUN))
        function_declaration(p);
    else if (match(p, TOKEN_VAR))
        variable_declaration(p);
    else
        statement(p);
    p->unit->height = (uint32_t)p->unit->local_count;
    if (p->panics)
        synchronize(p);
}

struct function *compile(const char *source, bool echoes)
{
    struct parser p = {.echoes = echoes};
    struct unit u;
    scanner_begin(&p.scanner, source);
    begin_unit(&p, &u, SCRIPT);
    advance(&p);
    while (!match(&p, TOKEN_END))
        declaration(&p);
    struct function *f = end_unit(&p);
    return p.had_error ? NULL : f;
}
