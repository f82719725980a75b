/* Values, and what the parts of the interpreter offer each other.
 *
 * A value is one word:
 *
 *     nnnn...nnn1   fixnum, 63 bits
 *     cccc...c010   character: code point
 *     kkkk...k110   constant: FALSE, TRUE, NIL, ...
 *     pppp...p100   pair: its address plus 4, which is inside the pair, so that the
 *                   collector sees it; a pair needs no header and fills 16 bytes
 *     pppp...p000   any other object, which begins with a struct object
 *
 * Everything lives on the collected heap; nothing is ever freed by hand. */
#ifndef SCHEME_H
#define SCHEME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <gcalloc/gcalloc.h>
#include <gcalloc/weakmap.h>

typedef struct object *value;

struct port;       /* port.h */
struct definition; /* primitive.h */

/* ---- Immediate values ------------------------------------------------------------ */

#define CONSTANT(n) ((value)(uintptr_t)((n) << 3 | 6))
#define FALSE CONSTANT(0)
#define TRUE CONSTANT(1)
#define NIL CONSTANT(2)
#define UNSPECIFIED CONSTANT(3)
#define END_OF_FILE CONSTANT(4)
#define UNDEFINED CONSTANT(5) /* in a variable that has no value yet; never seen */
#define DELETED CONSTANT(6)   /* a key removed from a hash table; never seen */
#define TAIL_CALL CONSTANT(7) /* returned by a primitive: "call vm.callee instead" */
#define CLAIMED \
    CONSTANT(8) /* the key of a slot to which a thread is adding one; never seen */

#define FIXNUM_MAX (INTPTR_MAX >> 1)
#define FIXNUM_MIN (INTPTR_MIN >> 1)

#define PAIR_TAG 4

static inline uintptr_t bits(value v)
{
    return (uintptr_t)v;
}

static inline bool is_fixnum(value v)
{
    return bits(v) & 1;
}

static inline value fixnum(intptr_t n)
{
    return (value)((uintptr_t)n << 1 | 1);
}

static inline intptr_t fixnum_of(value v)
{
    return (intptr_t)v >> 1;
}

static inline bool is_char(value v)
{
    return (bits(v) & 7) == 2;
}

static inline value character(uint32_t c)
{
    return (value)((uintptr_t)c << 3 | 2);
}

static inline uint32_t char_of(value v)
{
    return (uint32_t)(bits(v) >> 3);
}

static inline value boolean(bool b)
{
    return b ? TRUE : FALSE;
}

/* ---- Objects --------------------------------------------------------------------- */

enum type {
    TYPE_FLONUM = 1,
    TYPE_STRING,
    TYPE_SYMBOL,
    TYPE_VECTOR,
    TYPE_TABLE,
    TYPE_PORT,
    TYPE_CLOSURE,
    TYPE_PRIMITIVE,
    TYPE_BOX,
    TYPE_SPECIAL,
    TYPE_MACRO,
    TYPE_GUARDIAN,
    TYPE_CONTINUATION,
    TYPE_CONDITION,
    TYPE_PROMISE,
    TYPE_RECORD,
    TYPE_RECORD_TYPE,
    TYPE_IDENTIFIER,
    TYPE_ENVIRONMENT,
    TYPE_CASE_LAMBDA,
    TYPE_BIGNUM,
    TYPE_RATNUM,
    TYPE_BYTEVECTOR,
    TYPE_THREAD,
    TYPE_MUTEX,
    TYPE_CONDITION_VARIABLE,
    TYPE_TIME,
    TYPE_COUNT,
};

struct object {
    enum type type;
};

struct pair {
    value car, cdr;
};

struct flonum { /* atomic */
    struct object object;
    double number;
};

struct string { /* atomic; code points, so that string-ref takes constant time */
    struct object object;
    size_t length;
    uint32_t chars[];
};

struct symbol {
    struct object object;
    struct string *name;
    value global; /* the global variable of this name; UNDEFINED: there is none */
    value syntax; /* its special form or macro; FALSE: it is none */
    _Atomic bool
        fleeting; /* in the symbol table, which does not keep it; symbol_keep does */
    struct symbol *next; /* of those that are kept */
    struct environment
        *home; /* of a global variable: what defines it; NULL: the system */
    struct symbol *
        origin; /* the system's variable of which it is a copy, not changed yet, or NULL */
};

struct vector {
    struct object object;
    size_t length;
    value items[];
};

struct bytevector { /* atomic */
    struct object object;
    size_t length;
    unsigned char bytes[];
};

/* A hash table; or, `weak` not NULL, one of the library's (weaktable.c), and then the other fields mean nothing.
 * Threads that change a table at the same time may lose what others do to it, and do no other harm. */
struct table {
    struct object object;
    gc_weakmap *weak;
    bool by_equal;       /* keys are compared by equal?, otherwise by eqv? */
    struct slots *slots; /* table.c */
};

/* What a lambda expression is compiled to. */
struct code {
    value name;    /* a symbol or FALSE */
    bool nameless; /* it gets the name of the first global variable that holds it */
    int required;
    bool rest;
    int frame_size;         /* the most stack slots that an activation uses */
    int32_t *ops;           /* atomic */
    value *constants;       /* what the instructions refer to by number */
    const char *file;       /* NULL: part of the interpreter */
    struct position *where; /* atomic: in the order of their offsets */
    int where_count;
};

/* From which place of the source the instructions from `offset` on come. */
struct position {
    int offset, line, column;
};

struct closure {
    struct object object;
    struct code *code;
    value captured[]; /* values, or boxes of variables that are assigned */
};

#define MANY (-1) /* where there is no limit to how many */

typedef value (*function)(int argc, value *args);

struct primitive {
    struct object object;
    function call;
    int least, most; /* how many arguments it takes */
    int opcode;      /* the instruction that does the same, or 0 */
    function locked; /* what `call` calls under the lock of a port, or NULL */
    const char *name;
    bool control; /* it works on the machine's frames; see control.h */
};

struct box {
    struct object object;
    value content;
};

/* An error that a handler gets. */
struct condition {
    struct object object;
    enum condition_kind {
        ERROR_GENERAL,
        ERROR_READ,
        ERROR_FILE,
        ERROR_JOIN_TIMEOUT,
        ERROR_TERMINATED,
        ERROR_UNCAUGHT,
        ERROR_ABANDONED
    } kind;
    value message; /* a string, unless the program's call of `error` says otherwise */
    value irritants;
    const char *file; /* the place; line 0: unknown */
    int line, column;
};

struct record_type {
    struct object object;
    value name;   /* a symbol or string */
    value fields; /* the list of their names */
    int count;
};

struct record {
    struct object object;
    struct record_type *type;
    value fields[];
};

/* A procedure that passes its arguments on to the first of the clauses that takes so many. */
struct case_lambda {
    struct object object;
    int count;
    value clauses[]; /* closures */
};

static inline bool has_type(value v, enum type type)
{
    return !(bits(v) & 7) && v->type == type;
}

static inline bool is_pair(value v)
{
    return (bits(v) & 7) == PAIR_TAG;
}

static inline struct pair *pair_of(value v)
{
    return (struct pair *)(bits(v) - PAIR_TAG);
}

static inline value car(value v)
{
    return pair_of(v)->car;
}

static inline value cdr(value v)
{
    return pair_of(v)->cdr;
}

static inline bool is_symbol(value v)
{
    return has_type(v, TYPE_SYMBOL);
}

static inline struct symbol *symbol_of(value v)
{
    return (struct symbol *)v;
}

static inline struct string *string_of(value v)
{
    return (struct string *)v;
}

static inline struct vector *vector_of(value v)
{
    return (struct vector *)v;
}

static inline struct bytevector *bytevector_of(value v)
{
    return (struct bytevector *)v;
}

static inline struct closure *closure_of(value v)
{
    return (struct closure *)v;
}

static inline struct box *box_of(value v)
{
    return (struct box *)v;
}

static inline double double_of(value v)
{
    return ((struct flonum *)v)->number;
}

/* ---- value.c --------------------------------------------------------------------- */

/* These raise a Scheme error when there is no memory. */
void *allocate(size_t size);
void *allocate_atomic(size_t size);
void *allocate_object(size_t size, enum type type);

/* A buffer of code points that grows; all zero is an empty one. */
struct text {
    uint32_t *chars;
    size_t length, capacity;
};

void text_add(struct text *text, uint32_t c);

value cons(value a, value d);
value flonum(double number);
value box(value content);
value string_new(size_t length);
value string_from(const uint32_t *chars, size_t length);
value string_from_utf8(const char *bytes, size_t length);
char *string_utf8(value string);
value vector_new(size_t length, value fill);
/* Before any symbol is made. */
void symbols_init(void);
value intern(value name);
/* A new symbol that is not in the symbol table, so that no text can name it. */
value symbol_new(value name);
value symbol(const char *name);
/* To be called when a symbol gets a global variable or a syntax: it is to be found with it again, also if
 * nothing else has the symbol any more. */
void symbol_keep(struct symbol *symbol);
/* Calls visit(symbol, data) for each symbol with a global variable. */
void symbols_visit(void (*visit)(const struct symbol *symbol, void *data), void *data);
/* All that are kept. */
struct symbol *symbol_kept(void);
value list_reverse(value list);
/* The length of a proper list, or -1. */
intptr_t list_length(value list);
bool is_procedure(value v);

/* Raises an error when the C stack nears its end: to be called where C recurses. */
void check_depth(void);
/* The C stack of the calling thread has about so many bytes left. */
void check_depth_init(size_t size);

/* ---- equal.c --------------------------------------------------------------------- */

bool eqv(value a, value b);
/* Comes to an end for circular structures, too, and is indifferent to how deep they are. */
bool equal(value a, value b);

/* ---- error.c --------------------------------------------------------------------- */

/* These raise an error object.  In `format`, %s is a C string, %d an int, %v a value as
 * written, %a one as displayed. */
_Noreturn void fail(const char *format, ...);
_Noreturn void fail_at(const char *file, int line, int column, const char *format, ...);
/* One for which read-error? holds; one for which file-error? holds. */
_Noreturn void fail_read(const char *file, int line, int column, const char *format, ...);
_Noreturn void fail_file(const char *format, ...);
/* An exception of SRFI 18's. */
_Noreturn void fail_thread(enum condition_kind kind, const char *message,
                           value irritants);
_Noreturn void fail_type(const char *expected, value got);
_Noreturn void fail_memory(void);
_Noreturn void fail_undefined(value name);

/* Raises any value; nothing returns to where it was raised. */
_Noreturn void raise_value(value v);
/* Reports what was raised, and leaves the innermost protect. */
_Noreturn void raise_uncaught(value v);

/* What an error object says: its message, and its irritants as written. */
void condition_print(struct port *port, const struct condition *condition);

/* The same without a report, for a thread's program: after an error *raised is what was raised, or NULL if the
 * thread was terminated. */
bool protect_quietly(void (*body)(void *data), void *data, value *raised);
/* Leaves the innermost protect. */
_Noreturn void leave_protection(value raised);
/* Calls body(data).  After an error that nothing handled, which was reported: resets the
 * machine, returns false. */
bool protect(void (*body)(void *data), void *data);

/* ---- parameter.c ----------------------------------------------------------------- */

/* A parameter object; the value is converted already. */
value parameter_new(value converted, value converter);
/* What it has where the machine is. */
value parameter_value(const struct closure *parameter);

/* ---- continuation.c -------------------------------------------------------------------- */

/* What a control primitive returns that has several results. */
value scheme_values(int n, const value *v);

/* ---- table.c --------------------------------------------------------------------- */

struct table *table_new(bool by_equal);
value table_get(struct table *table, value key, value otherwise);
void table_put(struct table *table, value key, value content);
size_t table_count(const struct table *table);
value table_list(const struct table *table); /* of pairs of a key and its content */

/* ---- bytevector.c ---------------------------------------------------------------- */

/* Its bytes are undefined. */
value bytevector_new(size_t length);
value bytevector_from(const void *bytes, size_t length);
unsigned char want_byte(value v);

/* ---- unicode.c ------------------------------------------------------------------- */

bool char_is_space(uint32_t c);
uint32_t char_fold(uint32_t c);

/* ---- weaktable.c ------------------------------------------------------------------ */

/* A table of which the keys are compared by eq? and not kept: an entry goes when nothing but values of
 * such entries has its key any more. */
struct table *weak_table_new(void);
/* The association (key . value), or FALSE. */
value weak_table_find(const struct table *table, value key);
void weak_table_put(struct table *table, value key, value content);
void weak_table_delete(struct table *table, value key);
void weak_table_clear(struct table *table);
/* All associations. */
value weak_table_list(const struct table *table);

/* ---- expand.c, compile.c, vm.c --------------------------------------------------- */

/* A procedure without parameters that runs the form, which was read with `positions` (or
 * NULL) from `file`. */
value compile_form(value form, const char *file, struct table *positions);
/* Reads and evaluates all of a port. */
void evaluate_port(struct port *port, const char *file);

/* ---- Primitives, by area --------------------------------------------------------- */

void define_numbers(void);
void define_lists(void);
void define_chars(void);
void define_strings(void);
void define_string_cases(void);
void define_vectors(void);
void define_bytevectors(void);
void define_tables(void);
void define_ports(void);
void define_guardians(void);
void define_control(void);
void define_errors(void);
void define_records(void);
void define_parameters(void);
void define_continuations(void);
void define_system(void);
void define_threads(void);

/* ---- The front end --------------------------------------------------------------- */

/* Its special forms and primitives; before the prelude is evaluated. */
void define_front_end(void);
/* After the prelude: programs get an environment of their own. */
void start_interaction(void);
/* Libraries are also looked for in this directory. */
void library_path_add(const char *directory);

extern value command_line;
extern const char prelude[], prelude_data[], control_library[];

#endif
