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

struct port; /* port.h */

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
    TYPE_BIGNUM,
    TYPE_RATNUM,
    TYPE_BYTEVECTOR,
    TYPE_VALUES,
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
    value global;   /* the global variable of this name; UNDEFINED: there is none */
    value syntax;   /* its special form or macro; FALSE: it is none */
    value original; /* of a renamed copy that syntax-rules made; NULL: it is none */
    bool fleeting;  /* in the symbol table, which does not keep it; symbol_keep does */
    struct symbol *next; /* of those that are kept */
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

/* A hash table with open addressing; or, `weak` not NULL, one of the library's (weaktable.c), and then
 * the other fields mean nothing. */
struct table {
    struct object object;
    gc_weakmap *weak;
    bool by_equal;   /* keys are compared by equal?, otherwise by eqv? */
    size_t count;    /* keys present */
    size_t used;     /* slots not empty: keys present and DELETED */
    size_t capacity; /* a power of two */
    struct entry {
        value key, value; /* key NULL: empty */
    } * entries;
};

/* What a lambda expression is compiled to. */
struct code {
    value name; /* a symbol or FALSE */
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

typedef value (*function)(int argc, value *args);

struct primitive {
    struct object object;
    function call;
    int least, most; /* how many arguments it takes; most -1: any number */
    int opcode;      /* the instruction that does the same, or 0 */
    const char *name;
};

struct box {
    struct object object;
    value content;
};

struct macro {
    struct object object;
    value transformer; /* a procedure (define-macro), or a list of syntax-rules */
    value literals;
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
value intern(value name);
/* A new symbol that is not in the symbol table, so that no text can name it. */
value symbol_new(value name);
value symbol(const char *name);
/* To be called when a symbol gets a global variable or a syntax: it is to be found with it again, also if
 * nothing else has the symbol any more. */
void symbol_keep(struct symbol *symbol);
value list_reverse(value list);
/* The length of a proper list, or -1. */
intptr_t list_length(value list);
bool is_procedure(value v);

/* Raises an error when the C stack nears its end: to be called where C recurses. */
void check_depth(void);
void check_depth_init(void);

/* ---- equal.c --------------------------------------------------------------------- */

bool eqv(value a, value b);
/* Comes to an end for circular structures, too, and is indifferent to how deep they are. */
bool equal(value a, value b);

/* ---- error.c --------------------------------------------------------------------- */

/* In `format`, %s is a C string, %d an int, %v a value as written, %a one as displayed.
 */
_Noreturn void fail(const char *format, ...);
_Noreturn void fail_at(const char *file, int line, int column, const char *format, ...);
_Noreturn void fail_type(const char *expected, value got);
_Noreturn void fail_memory(void);

/* Calls body(data).  After an error: reports it, resets the evaluator, returns false. */
bool protect(void (*body)(void *data), void *data);

/* ---- values.c -------------------------------------------------------------------- */

/* What a primitive returns that has several results. */
value scheme_values(int n, const value *v);

/* ---- table.c --------------------------------------------------------------------- */

struct table *table_new(bool by_equal);
value table_get(struct table *table, value key, value otherwise);
void table_put(struct table *table, value key, value content);

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

/* Compiles a form that was read with `positions` (or NULL) from `file`, and runs it. */
value evaluate(value form, const char *file, struct table *positions);

/* Reads and evaluates all of a port. */
void evaluate_port(struct port *port, const char *file);

/* The evaluator's registers.  The stack is not on the collected heap: vm.c has a root
 * callback that shows the collector the part in use. */
struct vm {
    value *stack, *limit;
    value *top; /* the end of the part in use, up to which the collector looks */

    /* Of the running procedure; up to date whenever an error may be raised. */
    value *fp;
    struct closure *closure;
    const int32_t *pc;
    const struct primitive *primitive; /* the one that runs, for messages */

    /* What a primitive wants called when it returns TAIL_CALL; the arguments are where
     * its own were. */
    value callee;
    int argc;
};

extern struct vm vm;

void vm_init(void);
void vm_reset(void);
value vm_apply(value procedure, int argc, const value *args);
/* Raises an error unless `count` values fit on the stack from `from` on. */
void vm_need(const value *from, size_t count);
/* The source position of the instruction before `pc`, or NULL. */
const struct position *code_position(const struct code *code, const int32_t *pc);

/* ---- Primitives, by area --------------------------------------------------------- */

struct definition {
    const char *name;
    function call;
    int least, most;
};

#define MANY (-1)
#define PRIMITIVE(name)                                 \
    static value name(int argc __attribute__((unused)), \
                      value *args __attribute__((unused)))
/* One that is just an expression of its arguments. */
#define SIMPLE(name, expression) \
    PRIMITIVE(name)              \
    {                            \
        return expression;       \
    }
/* One that says whether `holds` is true of the `order` of each argument and the next. */
#define COMPARISON(name, compare, holds)               \
    PRIMITIVE(name)                                    \
    {                                                  \
        bool result = true;                            \
        if (argc == 1)                                 \
            compare(args[0], args[0]);                 \
        for (int i = 0; i + 1 < argc; i++) {           \
            int order = compare(args[i], args[i + 1]); \
            result = result && (holds);                \
        }                                              \
        return boolean(result);                        \
    }
#define DEFINE_PRIMITIVES(table) define_primitives(table, sizeof(table) / sizeof *(table))

void define_primitives(const struct definition *definitions, size_t count);

/* Checks of arguments: each raises an error unless the value is what the name says. */
value want(value v, enum type type);
value want_pair(value v);
uint32_t want_char(value v);
intptr_t want_fixnum(value v);
/* An index in [low, high]. */
size_t want_index(value v, size_t low, size_t high);
/* The range that the optional arguments at args[i] and args[i + 1] select. */
void want_range(int argc, value *args, int i, size_t length, size_t *start, size_t *end);
/* An index from which on `count` elements fit into `length`. */
size_t want_place(value v, size_t length, size_t count);
value want_procedure(value v);

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
void define_values(void);
void define_control(void);
void define_syntax(void);
void define_derived(void);
void define_macros(void);

extern value command_line;
extern const char prelude[], prelude_data[];

#endif
