/* What the parts of the compiler share: the tokens at hand, and the function that is being compiled. */
#ifndef LOX_PARSER_H
#define LOX_PARSER_H

#include "code.h"
#include "object.h"
#include "scanner.h"

enum { SLOTS = 256, ARGUMENTS_MOST = 255, JUMP_MOST = UINT16_MAX, NESTING_MOST = 10000 };

#define NO_INSTRUCTION UINT32_MAX

enum function_kind { SCRIPT, PLAIN, METHOD, INITIALIZER };

struct local {
    struct token name;
    int depth; /* of its block; -1: its initializer is being compiled */
    bool captured;
};

struct captured {
    uint8_t slot;
    bool is_local; /* of the function around; else an upvalue of that */
};

/* A function that is being compiled. */
struct unit {
    struct unit *around;
    struct function *function;
    enum function_kind kind;
    struct local locals[SLOTS];
    int local_count, depth;
    struct captured captured[SLOTS];
    uint32_t height; /* of the stack at this point */
    uint32_t
        last; /* where the last instruction is; NO_INSTRUCTION: a jump may lead here */
};

/* A class that is. */
struct class_unit {
    struct class_unit *around;
    bool has_superclass;
};

struct parser {
    struct scanner scanner;
    struct token current, previous;
    bool echoes;    /* statements of the script itself, if they are expressions */
    int statements; /* that are around the tokens at hand */
    int nesting;    /* of these, of expressions and of functions */
    bool gave_up;   /* after too much nesting, which is the last error */
    bool had_error;
    bool panics; /* until the next statement, further errors are not reported */
    struct unit *unit;
    struct class_unit *class;
};

/* ---- Tokens and errors ---- */

void error_at(struct parser *p, const struct token *t, const char *message);
void error(struct parser *p, const char *message); /* at the previous token */
void advance(struct parser *p);
bool check(const struct parser *p, enum token_type type);
bool match(struct parser *p, enum token_type type);
void consume(struct parser *p, enum token_type type, const char *message);

/* Around what may contain its like, as the C stack has an end.  false: an error, and no token is left; functions
 * take more of the stack than expressions do. */
bool begin_nested(struct parser *p, int weight);
void end_nested(struct parser *p, int weight);

/* ---- Code (emit.c) ---- */

void emit(struct parser *p, enum instruction op);
void emit_byte(struct parser *p, uint8_t byte);
void emit_with(struct parser *p, enum instruction op, uint8_t operand);
void emit_cache(struct parser *p);
void emit_pops(struct parser *p, int count); /* so many arguments are gone */
void emit_return(struct parser *p);
uint8_t make_constant(struct parser *p, value v);
uint8_t name_constant(struct parser *p, const struct token *name);
uint8_t global_constant(struct parser *p, const struct token *name);

/* A place to jump back to: here. */
uint32_t label(struct parser *p);

/* Where a jump's distance is to be filled in, once it is known. */
uint32_t emit_jump(struct parser *p, enum instruction op);
void patch_jump(struct parser *p, uint32_t place);
void emit_loop(struct parser *p, uint32_t start);

/* ---- Variables (scope.c) ---- */

void begin_scope(struct parser *p);
void end_scope(struct parser *p);

/* The variable whose name is the previous token; declared, its initializer comes next.  Returns the
 * constant of a global one. */
uint8_t declare_variable(struct parser *p);
void define_variable(struct parser *p, uint8_t global);
void add_local(struct parser *p, struct token name);
void mark_initialized(struct parser *p);

/* The instructions that get and set a variable, and their operand. */
struct access {
    enum instruction get, set;
    uint8_t operand;
};

struct access find_variable(struct parser *p, const struct token *name);
struct token synthetic_token(const char *text);

/* ---- Expressions (expression.c) ---- */

void expression(struct parser *p);
uint8_t argument_list(struct parser *p);
void get_variable(struct parser *p, struct token name);

/* ---- Statements (compiler.c) ---- */

void compile_function(struct parser *p, enum function_kind kind);

#endif
